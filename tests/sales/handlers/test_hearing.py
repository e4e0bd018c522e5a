"""What sales hears: definitions in any order and any number of times, and outside tills."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.catalog.harness import said
from tests.sales.harness import BOTOX, CREAM, SITE, Sales, definitions, line

from lotwise.contracts.catalog import (
    CategoryDefined,
    PriceChanged,
    ProductArchived,
    ProductDefined,
    ProductPurposeChanged,
    SiteDefined,
)
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.contracts.till import ReportedLine, SaleReported

NOW = datetime.now(UTC)


def report(code: str = "BOTOX", quantity: str = "2", **more: Any) -> SaleReported:
    """A till's report of one line at 11.50."""
    values: dict[str, Any] = {
        "site": SITE,
        "sale_id": uuid7(),
        "happened_at": NOW - timedelta(hours=3),
        "lines": (ReportedLine(code=code, quantity=quantity, unit_price="11.50"),),
    }
    return SaleReported(**(values | more))


async def test_definitions_twice_or_older_change_nothing(sales: Sales) -> None:
    """N-02: definitions heard again, or in an older revision, leave every row as it is."""
    await sales.hear(ProductDefined(product_id=BOTOX, code="BTX", name="New", kind="physical", unit="U", revision=5))
    before = await sales.state()
    await sales.hear(*definitions())
    await sales.hear(ProductDefined(product_id=BOTOX, code="OLD", name="Old", kind="physical", revision=4))
    assert await sales.state() == before


async def test_a_new_price_counts_at_once(sales: Sales) -> None:
    """CAT-07: the running service takes a changed price over without a restart, told by the database."""
    await sales.hear(
        PriceChanged(price_id=uuid7(), product_id=BOTOX, price="15", valid_from=NOW - timedelta(minutes=1))
    )
    charged = []
    for _ in range(100):
        charged.append((await sales.charge())["lines"][0]["unit_price"])
        await asyncio.sleep(0.02 if charged[-1] == "12.00" else 0)
    assert charged[-1] == "15.00"


async def test_a_product_just_defined_can_be_charged_at_once(sales: Sales) -> None:
    """SAL-01: a product whose notice is still on its way is looked up before it is called unknown."""
    product = named_id("brand new")
    await sales.hear(ProductDefined(product_id=product, code="NEW", name="New", kind="physical"))
    answer = await sales.charge(line(product, "1", unit_price="3"))
    assert answer["net_minor"] == 300


async def test_a_purpose_or_an_archive_never_hides_the_definition_of_the_same_revision(sales: Sales) -> None:
    """CAT-32: the definition of revision 2 is taken over although its purpose change came first."""
    await sales.hear(ProductPurposeChanged(product_id=CREAM, was="retail", now="back_bar", revision=2))
    await sales.hear(ProductArchived(product_id=CREAM, revision=2))
    await sales.hear(
        ProductDefined(
            product_id=CREAM, code="CREAM2", name="C", kind="physical", purpose="back_bar", is_archived=True, revision=2
        )
    )
    row = await sales.owner.fetchrow(
        "SELECT code, purpose, is_archived, revision FROM product WHERE product_id = $1", CREAM
    )
    assert row is not None
    assert tuple(row) == ("CREAM2", "back_bar", True, 2)


async def test_a_renamed_category_shows_its_new_name(sales: Sales) -> None:
    """CAT-03: the desk shows a category's new name, whichever of name and product came first."""
    category = uuid7()
    await sales.hear(
        ProductDefined(
            product_id=BOTOX,
            code="BOTOX",
            name="B",
            kind="physical",
            category_id=category,
            category_name="Old",
            revision=2,
        )
    )
    await sales.hear(CategoryDefined(category_id=category, name="Toxins", revision=2))
    await sales.selling.prices.load()
    assert (await sales.get(f"/v1/codes/BOTOX?site={SITE}"))["category_name"] == "Toxins"


async def test_a_report_becomes_a_charge_with_the_same_engine(sales: Sales) -> None:
    """DESIGN 4: a till's report is priced at the till's price, taxed by the site, recorded under the till's id."""
    reported = report()
    message = said(reported)
    await sales.hear(message)
    (told,) = await sales.told(SaleRecorded)
    assert (told.charge_id, told.source, told.is_held, told.happened_at) == (
        reported.sale_id, "till", False, reported.happened_at,
    )  # fmt: skip
    assert (told.net_minor, told.tax_minor, told.total_minor) == (2300, 276, 2576)
    assert (told.lines[0].unit_price, told.lines[0].list_price) == ("11.50", "12.00")
    row = await sales.owner.fetchrow("SELECT cause_id, correlation_id FROM outbox")
    assert row is not None
    assert (row["cause_id"], row["correlation_id"]) == (message.id, "story")


async def test_a_report_twice_is_one_charge(sales: Sales) -> None:
    """N-02: the same sale told under other message ids, or also posted, is one charge and one event."""
    reported = report()
    await sales.hear(said(reported), said(reported))
    await sales.hear(said(reported))
    assert len(await sales.told(SaleRecorded)) == 1
    assert await sales.owner.fetchval("SELECT count(*) FROM charge") == 1


async def test_reports_and_posts_share_the_numbers(sales: Sales) -> None:
    """SAL-01: charges of the bus and of HTTP are numbered in one row, without a gap or a double."""
    await sales.charge()
    await sales.hear(report(), report())
    last = await sales.charge()
    assert last["number"] == "harley-000004"


async def test_a_report_of_an_unknown_code_waits_for_it(sales: Sales) -> None:
    """DESIGN 4: early is not poison: the report waits, others of its batch go on, the definition lets it follow."""
    early = report("LATER")
    await sales.hear(early, report())
    assert [one.charge_id for one in await sales.told(SaleRecorded)] != [early.sale_id]
    assert await sales.owner.fetchval("SELECT count(*) FROM waiting") == 1
    await sales.hear(ProductDefined(product_id=uuid7(), code="LATER", name="Later", kind="physical"))
    assert [one.charge_id for one in await sales.told(SaleRecorded)][-1] == early.sale_id
    assert await sales.owner.fetchval("SELECT count(*) FROM waiting") == 0


async def test_a_report_of_an_unknown_site_waits_for_it(sales: Sales) -> None:
    """DESIGN 4: a report of a site not yet heard of follows its definition."""
    await sales.hear(report(site="later"))
    assert await sales.told(SaleRecorded) == []
    await sales.hear(SiteDefined(slug="later", name="Later", time_zone="UTC"))
    assert [one.site for one in await sales.told(SaleRecorded)] == ["later"]


@pytest.mark.parametrize(
    "poison",
    [
        report(quantity="1.5"),
        report(happened_at=NOW + timedelta(days=2)),
        report(lines=(ReportedLine(code="BOTOX", quantity="9" * 19, unit_price="1"),)),
    ],
    ids=["too many decimals", "the future", "beyond bigint"],
)
async def test_a_report_that_can_be_no_charge_is_a_dead_letter(sales: Sales, poison: SaleReported) -> None:
    """F7: one bad report is set aside with its reason; those around it become charges."""
    good = [report(), report()]
    await sales.hear(good[0], poison, good[1])
    assert {one.charge_id for one in await sales.told(SaleRecorded)} == {one.sale_id for one in good}
    rows = await sales.owner.fetch("SELECT reason, error FROM dead_letter")
    assert len(rows) == 1
