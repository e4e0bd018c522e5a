"""The engine that prices and taxes a charge."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.charges import Asked, Priced, Rights, check_moment, price_charge
from lotwise.sales.domain.definitions import Price, Product, Site, TaxSlots
from lotwise.sales.domain.explanations import explain
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.receipts import charge_number, return_number, tax_totals
from lotwise.sales.domain.refusals import (
    AmountTooLarge,
    BadMoment,
    BadPrice,
    BadQuantity,
    NoPrice,
    NotForSale,
    NotPermitted,
    ProductIsArchived,
    UnknownProduct,
    UnknownSite,
)
from lotwise.values import Refusal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERSON, TILL = Rights(state_facts=False, set_prices=False), Rights(state_facts=True, set_prices=False)
BOTOX = Product(named_id("b"), "BOTOX", "Botox", "physical", "retail", None, "U", 0, 5, 0, False, False, 1)
SERUM = Product(named_id("s"), "SERUM", "Serum", "physical", "retail", None, "ml", 1, 1, 0, True, False, 3)
UNPRICED = BOTOX._replace(product_id=named_id("u"), code="NEW")
ARCHIVED = BOTOX._replace(product_id=named_id("a"), code="OLD", is_archived=True)
GAUZE = BOTOX._replace(product_id=named_id("g"), code="GAUZE", purpose="back_bar")


def book(rounding: str = "line") -> PriceBook:
    """Harley with 5 % + 7 %, Botox at 12.00, serum at 3.33 with tax inside."""
    made = PriceBook()
    made.sites["harley"] = Site("harley", "Harley", "Europe/London", "sell", rounding, 1)
    made.taxes["harley"] = (TaxSlots(date(2000, 1, 1), "GST", 5_000_000, 0, "PST", 7_000_000, 0, 2),)
    for product in (BOTOX, SERUM, UNPRICED, ARCHIVED, GAUZE):
        made.put_product(product, [product.code])
    for product, micros in ((BOTOX, 12_000_000), (SERUM, 3_330_000), (ARCHIVED, 1_000_000), (GAUZE, 1_000_000)):
        made.prices[product.product_id] = (Price(named_id(micros), None, micros, NOW - timedelta(days=9), None),)
    return made


def charge(*lines: Asked, rights: Rights = PERSON, is_fact: bool = False, rounding: str = "line") -> Priced:
    """Price lines at Harley now."""
    return price_charge(book(rounding), "harley", lines, NOW, rights, is_fact=is_fact)


def test_fixed_price_times_quantity() -> None:
    """CAT-08 SAL-05: Botox 12 x 20 is 240.00 for everybody, with 5 % and 7 % on top 268.80."""
    priced = charge(Asked(BOTOX.product_id, None, "20"))
    assert (priced.net_minor, priced.tax_1_minor, priced.tax_2_minor, priced.total_minor) == (24000, 1200, 1680, 26880)
    (line,) = priced.lines
    assert (line.unit_price, line.list_price, line.quantity) == (12_000_000, 12_000_000, 20)


def test_a_tax_inclusive_line_costs_its_price() -> None:
    """CAT-25: 1.5 ml at 3.33 with the tax inside is 5.00 (4.995 half-up) to pay, 4.76 net and .24 tax."""
    (line,) = charge(Asked(None, "SERUM", "1.5")).lines
    assert (line.net_minor, line.tax_1_minor, line.tax_2_minor, line.total_minor) == (476, 24, 0, 500)


def test_a_charge_names_the_definitions_it_used() -> None:
    """SAL-05: line and charge keep the revisions of product, price and tax they were made with."""
    priced = charge(Asked(SERUM.product_id, None, "1"))
    assert (priced.lines[0].product_revision, priced.lines[0].price_id) == (3, named_id(3_330_000))
    assert (priced.slots.valid_from, priced.slots.revision) == (date(2000, 1, 1), 2)


@pytest.mark.parametrize(
    ("asked", "rights", "is_fact", "refusal"),
    [
        (Asked(named_id("?"), None, "1"), PERSON, False, UnknownProduct),
        (Asked(None, "botox", "1"), PERSON, False, UnknownProduct),
        (Asked(BOTOX.product_id, None, "0"), PERSON, False, BadQuantity),
        (Asked(BOTOX.product_id, None, "-1"), PERSON, False, BadQuantity),
        (Asked(BOTOX.product_id, None, "1.5"), PERSON, False, BadQuantity),
        (Asked(SERUM.product_id, None, "1.25"), PERSON, False, BadQuantity),
        (Asked(BOTOX.product_id, None, "1e400"), PERSON, False, BadQuantity),
        (Asked(BOTOX.product_id, None, "9999999999999999999"), PERSON, False, BadQuantity),
        (Asked(BOTOX.product_id, None, "1", "return"), TILL, True, BadQuantity),
        (Asked(BOTOX.product_id, None, "1", "adjustment"), TILL, True, BadQuantity),
        (Asked(BOTOX.product_id, None, "-1", "return"), PERSON, False, NotPermitted),
        (Asked(BOTOX.product_id, None, "1", "none"), PERSON, False, NotPermitted),
        (Asked(BOTOX.product_id, None, "1", "sale", "11.99"), PERSON, False, NotPermitted),
        (Asked(BOTOX.product_id, None, "1", "sale", "-1"), TILL, True, BadPrice),
        (Asked(BOTOX.product_id, None, "1", "sale", "1e3"), TILL, True, BadPrice),
        (Asked(UNPRICED.product_id, None, "1"), PERSON, False, NoPrice),
        (Asked(ARCHIVED.product_id, None, "1"), PERSON, False, ProductIsArchived),
        (Asked(GAUZE.product_id, None, "1"), PERSON, False, NotForSale),
        (Asked(BOTOX.product_id, None, "9000000000000000000", "sale", "9000000000000"), TILL, True, AmountTooLarge),
    ],
)
def test_lines_that_cannot_be_charged(asked: Asked, rights: Rights, refusal: type[Refusal], *, is_fact: bool) -> None:
    """SAL-01 CAT-33: unknown, zero, negative, too fine, too large, not for sale: each has its own refusal."""
    with pytest.raises(refusal):
        charge(asked, rights=rights, is_fact=is_fact)


def test_a_fact_may_be_odd() -> None:
    """SAL-01: what happened is recorded: archived goods, back bar, a price of the till's, a correction below zero."""
    priced = charge(
        Asked(ARCHIVED.product_id, None, "1"),
        Asked(GAUZE.product_id, None, "2"),
        Asked(BOTOX.product_id, None, "1", "sale", "0"),
        Asked(UNPRICED.product_id, None, "1", "none", "-11062.06"),
        Asked(BOTOX.product_id, None, "-10", "adjustment", "0"),
        rights=TILL,
        is_fact=True,
    )
    assert [line.net_minor for line in priced.lines] == [100, 200, 0, -1106206, 0]
    assert [line.list_price for line in priced.lines] == [1_000_000, 1_000_000, 12_000_000, None, 12_000_000]


def test_an_unknown_site_is_refused() -> None:
    """SAL-01: a charge needs a site that exists."""
    with pytest.raises(UnknownSite):
        price_charge(book(), "nowhere", [Asked(BOTOX.product_id, None, "1")], NOW, PERSON, is_fact=False)


@pytest.mark.parametrize(("minutes", "may_backdate", "refusal"), [(6, True, BadMoment), (-6, False, NotPermitted)])
def test_moments_out_of_reach(minutes: int, refusal: type[Refusal], *, may_backdate: bool) -> None:
    """SAL-01: nobody charges in the future, and only those who may state facts charge in the past."""
    with pytest.raises(refusal):
        check_moment(NOW + timedelta(minutes=minutes), NOW, may_backdate=may_backdate)
    check_moment(NOW + timedelta(minutes=4), NOW, may_backdate=False)
    check_moment(NOW - timedelta(days=9000), NOW, may_backdate=True)


@given(
    st.lists(
        st.tuples(st.sampled_from([BOTOX, SERUM]), st.integers(1, 10**6), st.integers(0, 10**9)),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(["line", "invoice"]),
)
def test_the_invoice_is_the_sum_of_its_lines(lines: list[tuple[Product, int, int]], rounding: str) -> None:
    """SAL-05: totals are sums of lines, and lines with the tax inside cost exactly quantity times price."""
    asked = [
        Asked(product.product_id, None, str(quantity), "sale", f"{price // 100}.{price % 100:02}")
        for product, quantity, price in lines
    ]
    priced = charge(*asked, rights=TILL, is_fact=True, rounding=rounding)
    assert priced.total_minor == sum(line.total_minor for line in priced.lines)
    assert priced.net_minor == sum(line.net_minor for line in priced.lines)
    for line, (product, quantity, price) in zip(priced.lines, lines, strict=True):
        paid = line.total_minor if product.tax_inclusive else line.net_minor
        assert paid == quantity * price


def test_a_line_explains_itself() -> None:
    """SAL-13: the explanation names list price, quantity, each tax with its rate, and the total."""
    priced = charge(Asked(BOTOX.product_id, None, "20"))
    assert explain(priced, priced.lines[0], BOTOX) == [
        "List price 12.00 per U.",
        "20 at 12.00 = 240.00.",
        "GST 5 % on the price = 12.00, rounded per line.",
        "PST 7 % on the price = 16.80, rounded per line.",
        "Line total 268.80.",
    ]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"name_2": "", "rate_2_1": 0}, []),
        ({"name_2": "PST", "rate_2_1": 0}, ["PST 0 % on the price = 0.00, rounded per line."]),
        ({"name_2": "", "rate_2_1": 7_000_000}, ["Tax 2 7 % on the price = 16.80, rounded per line."]),
    ],
)
def test_a_tax_the_site_does_not_have_is_not_explained(second: dict[str, Any], said: list[str]) -> None:
    """SAL-13 N-17: where a site has one tax, the second, without name and rate, is no sentence; one that is named and
    takes 0 % is, as on the receipt.
    """
    made = book()
    (slots,) = made.taxes["harley"]
    made.taxes["harley"] = (slots._replace(**second),)
    priced = price_charge(made, "harley", [Asked(BOTOX.product_id, None, "20")], NOW, PERSON, is_fact=False)
    taxes = ["GST 5 % on the price = 12.00, rounded per line.", *said]
    assert explain(priced, priced.lines[0], BOTOX)[2:-1] == taxes
    assert len(tax_totals(priced.lines, priced.slots)) == len(taxes)


def test_a_site_without_taxes_says_so() -> None:
    """SAL-13 N-17: where no tax has a name or a rate, a taxable product's line says that the site has none."""
    made = book()
    made.taxes["harley"] = (TaxSlots(date(2000, 1, 1), "", 0, 0, "", 0, 0, 1),)
    priced = price_charge(made, "harley", [Asked(BOTOX.product_id, None, "20")], NOW, PERSON, is_fact=False)
    assert explain(priced, priced.lines[0], BOTOX)[2:] == ["No tax: this site has none.", "Line total 240.00."]


@pytest.mark.parametrize("rounding", ["line", "invoice"])
@pytest.mark.parametrize(
    ("site", "codes", "parts"),
    [("harley", (5, 0), (1999, 100, 140)), ("soho", (0, 0), (1999, 0, 0)), ("mayfair", (5, 1), (1999, 100, 147))],
)
def test_a_product_is_taxed_by_the_codes_it_has_at_the_site(
    site: str, codes: tuple[int, int], parts: tuple[int, int, int], rounding: str
) -> None:
    """CAT-63 CAT-24 SAL-05: 19.99 at 5 % + 7 % is 22.39 at Harley, exempt 19.99 at Soho, stacked 22.46 at Mayfair."""
    made = book(rounding)
    for slug in ("soho", "mayfair"):
        made.sites[slug] = made.sites["harley"]._replace(slug=slug)
        made.taxes[slug] = made.taxes["harley"]
    made.put_product(BOTOX._replace(site_taxes={"soho": (0, 0), "mayfair": (5, 1)}), [BOTOX.code])
    asked = [Asked(BOTOX.product_id, None, "1", "sale", "19.99")]
    priced = price_charge(made, site, asked, NOW, TILL, is_fact=True)
    (line,) = priced.lines
    assert (line.net_minor, line.tax_1_minor, line.tax_2_minor) == parts
    assert (line.tax_code, line.application_code) == codes
    assert priced.total_minor == sum(parts)


def test_an_exempt_line_explains_itself() -> None:
    """CAT-24 SAL-13: where the site's own code is 0 the explanation says that there is no tax."""
    made = book()
    exempt = BOTOX._replace(site_taxes={"harley": (0, 0)})
    made.put_product(exempt, [BOTOX.code])
    priced = price_charge(made, "harley", [Asked(BOTOX.product_id, None, "20")], NOW, PERSON, is_fact=False)
    assert explain(priced, priced.lines[0], exempt)[2:] == ["No tax (tax code 0).", "Line total 240.00."]
    assert tax_totals(priced.lines, priced.slots) == []


def test_a_receipt_sums_each_tax_by_name_and_rate() -> None:
    """SAL-22: the receipt lists GST and PST with what they were taken on; numbers count per site.

    A second tax that the site does not have is no row; one that is named and takes nothing is.
    """
    priced = charge(Asked(BOTOX.product_id, None, "20"), Asked(SERUM.product_id, None, "1.5"))
    assert [tuple(one) for one in tax_totals(priced.lines, priced.slots)] == [
        ("GST", 5_000_000, 24476, 1224),
        ("PST", 7_000_000, 24000, 1680),
    ]
    without = priced.slots._replace(name_2="", rate_2_1=0, rate_2_2=0)
    assert [one.name for one in tax_totals(priced.lines, without)] == ["GST"]
    assert [one.name for one in tax_totals(priced.lines, without._replace(name_2="Zero"))] == ["GST", "Zero"]
    assert (charge_number("harley", 42), return_number("harley", 7)) == ("harley-000042", "harley-R000007")
