"""What looking back starts from is proven too: openings of months and of days, and the cells kept with them."""

import asyncpg
import pytest
from tests.catalog.harness import Bench
from tests.stock.chain import SITES, Chain
from tests.stock.past import storied

from lotwise.stock.operations.audit import prove_live
from lotwise.stock.repository import kept_openings
from lotwise.stock.repository.audit import Finding
from lotwise.stock.repository.kept_openings import drawn_days


@pytest.fixture
async def kept(stock_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Chain:
    """Eleven weeks of deeds, a third late or ahead of the clock, with the openings of all their months and days."""
    monkeypatch.setattr(kept_openings, "DAYS_A_PROOF", 1000)
    pen = await storied(stock_bench, 17, 120)
    await pen.keep_days(most=60)
    await pen.keep_openings()
    await pen.keep_days()
    return pen.stock


async def changed(chain: Chain, statement: str, *arguments: object) -> asyncpg.Record:
    """The one row that a statement changes by SQL, behind the service's back."""
    row: asyncpg.Record
    (row,) = await chain.bench.owner.fetch(statement, *arguments)
    return row


async def found(chain: Chain) -> list[Finding]:
    """What the live proof finds of openings."""
    findings = (await prove_live(chain.bench.db)).findings
    return [one for one in findings if one.check in {"openings", "day_openings", "day_cells"}]


async def test_openings_of_every_month_and_day_are_what_the_ledger_says(kept: Chain) -> None:
    """N-01: given openings of five months and of all days, kept before and after the months; when the books are proven;
    then nothing is found.
    """
    months, days, cells = [
        await kept.bench.owner.fetchval(f"select count(*) from {table}")
        for table in ("opening", "day_opening", "day_cells")
    ]
    assert months == 5
    assert min(days, cells) > 90
    assert await found(kept) == []


@pytest.mark.parametrize("month", ["2026-02-01", "2026-03-01", "2026-06-01"])
async def test_exactly_the_altered_opening_of_a_month_is_named(kept: Chain, month: str) -> None:
    """N-01: given one opening balance altered by SQL; when proven; then it alone is named, with both figures."""
    row = await changed(
        kept,
        "update opening_balance o set quantity = quantity + 5 from location p where p.id = o.location_id"
        " and o.id = (select min(id) from opening_balance where month = $1::text::date and lot_id is not null)"
        " returning p.site, p.kind, o.product_id, o.lot_id, o.quantity, o.cost_minor",
        month,
    )
    named = f"{row['kind']} at {row['site']}, product {row['product_id']}, lot {row['lot_id']}"
    (finding,) = await found(kept)
    assert (finding.check, finding.row) == ("openings", f"opening of {month} of {named}")
    assert finding.expected == f"{row['quantity'] - 5} / {row['cost_minor']}"
    assert finding.found == f"{row['quantity']} / {row['cost_minor']}"


async def test_an_opening_balance_that_is_gone_is_named(kept: Chain) -> None:
    """N-01: given an opening balance deleted by SQL; when proven; then the month and place are named."""
    row = await changed(
        kept, "delete from opening_balance where id = (select max(id) from opening_balance) returning month, lot_id"
    )
    (finding,) = await found(kept)
    assert finding.row.startswith(f"opening of {row['month']} of ")
    assert finding.found == "0 / 0"


@pytest.mark.parametrize(
    "change",
    [
        "stocked = stocked + 1",
        "unattributed = unattributed + 1",
        "value_minor = value_minor - 1",
        "consigned_minor = consigned_minor + 1",
        "quarantined_minor = quarantined_minor + 1",
        "in_transit_minor = in_transit_minor + 1",
        "expiring_lots = array_replace(expiring_lots, expiring_lots[1], expiring_lots[1] + 1)",
    ],
)
async def test_exactly_the_altered_opening_of_a_day_is_named(kept: Chain, change: str) -> None:
    """N-01: given any figure of a day's opening altered by SQL; when proven; then exactly that day of that site is."""
    site, day = await changed(
        kept,
        f"update day_opening set {change} where (site, day) = (select site, day from day_opening"
        " where cardinality(expiring_lots) > 0 order by day offset 40 limit 1) returning site, day",
    )
    assert [(one.check, one.row) for one in await found(kept)] == [("day_openings", f"opening of {day} at {site}")]


async def test_exactly_the_altered_cell_of_a_day_is_named(kept: Chain) -> None:
    """N-01: given a kept quantity altered by SQL; when proven; then its site, day, product and lot are named."""
    site, day, product, lot = await changed(
        kept,
        "update day_cells set quantities[1] = quantities[1] + 3 where (site, day, learnt_on) = ("
        " select site, day, learnt_on from day_cells where lots[1] is not null order by day offset 20 limit 1)"
        " returning site, day, products[1], lots[1]",
    )
    assert [(one.check, one.row) for one in await found(kept)] == [
        ("day_cells", f"cell kept for {day} at {site}, product {product}, lot {lot}")
    ]


async def test_a_proof_of_many_days_draws_the_latest_of_each_site_and_some_more(
    kept: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N-01: given more days than a proof goes over; when they are drawn; then the latest of every site is among them,
    beside others, none twice.
    """
    monkeypatch.setattr(kept_openings, "DAYS_A_PROOF", 12)
    latest = await kept.bench.owner.fetch("select site, max(day) from day_opening group by site")
    async with kept.bench.db.reading() as tx:
        drawn = await drawn_days(tx)
    assert {tuple(row) for row in latest} <= set(drawn)
    assert len(drawn) == len(set(drawn))
    assert 12 <= len(drawn) <= 12 + len(SITES)
