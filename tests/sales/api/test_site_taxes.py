"""Products that are taxed otherwise at one site: told by catalog, kept by sales, used wherever a price is taxed."""

from typing import Any

from tests.sales.harness import CREAM, OTHER, SITE, Sales, fact, line

from lotwise.contracts.catalog import ProductDefined, SiteTax, TaxDefined, TaxSlot
from lotwise.contracts.sales import SaleRecorded, SaleReturned


def cream(revision: int, *site_taxes: SiteTax) -> ProductDefined:
    """Cream at 19.99 with both first rates, and what differs at some sites."""
    return ProductDefined(
        product_id=CREAM, code="CREAM", name="Cream", kind="physical", unit_decimals=1, tax_code=5, revision=revision,
        site_taxes=site_taxes,
    )  # fmt: skip


async def define(sales: Sales) -> None:
    """Soho has Harley's taxes of 5 % + 7 %, but cream is exempt there."""
    one, two = TaxSlot(name="GST", rate_1="5"), TaxSlot(name="PST", rate_1="7")
    await sales.hear(
        TaxDefined(slug=OTHER, tax_1=one, tax_2=two, valid_from="2000-01-01", revision=2),
        cream(2, SiteTax(at_site=OTHER, tax_code=0)),
    )
    await sales.selling.prices.load()


async def quote(sales: Sales, site: str) -> Any:
    """What one cream would cost at a site."""
    return await sales.post("/v1/quotes", {"site": site, "lines": [line(CREAM)]})


async def test_a_quote_uses_the_codes_of_its_site(sales: Sales) -> None:
    """CAT-63 CAT-24: 19.99 at code 5 costs 22.39 at Harley; at Soho, where it has code 0, it costs 19.99."""
    await define(sales)
    here, there = await quote(sales, SITE), await quote(sales, OTHER)
    assert (here["net_minor"], here["tax_minor"], here["total_minor"]) == (1999, 240, 2239)
    assert (there["net_minor"], there["tax_minor"], there["total_minor"]) == (1999, 0, 1999)
    assert "GST 5 % on the price = 1.00, rounded per line." in here["lines"][0]["explanation"]
    assert "No tax (tax code 0)." in there["lines"][0]["explanation"]
    assert there["taxes"] == []


async def test_a_charge_and_a_batch_use_the_codes_of_their_site(sales: Sales) -> None:
    """CAT-63 SAL-05: one cream is charged, singly and in a batch, with 2.40 tax at Harley and none at Soho."""
    await define(sales)
    for site in (SITE, OTHER):
        await sales.charge(line(CREAM), site=site)
        await sales.post("/v1/charges:batch", {"charges": [fact(line(CREAM), site=site)]}, who="till")
    told = await sales.told(SaleRecorded)
    assert [(one.site, one.net_minor, one.tax_minor) for one in told] == [
        (SITE, 1999, 240),
        (SITE, 1999, 240),
        (OTHER, 1999, 0),
        (OTHER, 1999, 0),
    ]
    rows = await sales.owner.fetch(
        "SELECT site, tax_code, application_code FROM charge_line JOIN charge USING (charge_id) ORDER BY site"
    )
    assert [tuple(row) for row in rows] == [(SITE, 5, 0), (SITE, 5, 0), (OTHER, 0, 0), (OTHER, 0, 0)]


async def test_only_a_newer_definition_changes_the_codes_of_a_site(sales: Sales) -> None:
    """CAT-63 N-02: an older definition leaves Soho exempt; a newer one stacks Tax 2 there (22.46), then ends it."""
    await define(sales)
    await sales.hear(cream(1))
    await sales.selling.prices.load()
    assert (await quote(sales, OTHER))["total_minor"] == 1999
    await sales.hear(cream(3, SiteTax(at_site=OTHER, tax_code=5, application_code=1)))
    await sales.selling.prices.load()
    assert (await quote(sales, OTHER))["total_minor"] == 2246
    await sales.hear(cream(4))
    await sales.selling.prices.load()
    assert (await quote(sales, OTHER))["total_minor"] == 2239


async def test_a_return_keeps_the_tax_of_its_sale(sales: Sales) -> None:
    """CAT-63 SAL-16: sold with tax at Soho for 22.39, cream comes back for 22.39 though it became exempt meanwhile."""
    await define(sales)
    await sales.hear(cream(3))
    await sales.selling.prices.load()
    charge = await sales.charge(line(CREAM), site=OTHER)
    await sales.hear(cream(4, SiteTax(at_site=OTHER, tax_code=0)))
    await sales.selling.prices.load()
    body = {"charge_id": charge["charge_id"], "site": OTHER, "lines": [{"line": 1, "quantity": "1"}]}
    back = await sales.post("/v1/returns", body, who="till")
    assert (charge["total_minor"], back["total_minor"]) == (2239, 2239)
    (told,) = await sales.told(SaleReturned)
    assert (told.net_minor, told.tax_minor) == (1999, 240)
