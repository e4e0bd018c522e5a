"""Events become figures: every line counts with its sign, in any order, once."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.reporting.conftest import said, uid

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.contracts.sales import ReturnLine, SaleLine, SaleRecorded, SaleReturned, SaleVoided
from lotwise.contracts.stock import (
    CostCorrected,
    LevelNow,
    LotExpired,
    LotTaken,
    StockAdjusted,
    StockIssued,
    StockLevelChanged,
    StockReturned,
    TreatmentConsumed,
)
from lotwise.kit.apply import Applier
from lotwise.kit.database import Database
from lotwise.kit.message import Message
from lotwise.kit.migrate import drift, upgrade
from lotwise.reporting.handlers import on_events
from lotwise.reporting.operations.rebuild import rebuild, rebuild_if_due
from lotwise.reporting.repository import levels, sales, waste
from lotwise.reporting.repository.pages import Sheet, Sorted
from lotwise.reporting.repository.sales import Window
from lotwise.reporting.tables import Base

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VIAL, CREAM = uid(1), uid(2)
BY_REVENUE = Sorted("revenue", is_text=False, is_descending=True)
ALL = Sheet(None, 100)


def charge(number: int, lines: tuple[SaleLine, ...], at: datetime = NOON, site: str = "harley") -> SaleRecorded:
    """A charge with these lines."""
    net = sum(line.net_minor for line in lines)
    return SaleRecorded(
        site=site, charge_id=uid(1000 + number), number=str(number), happened_at=at, lines=lines, net_minor=net,
        tax_minor=0, total_minor=net,
    )  # fmt: skip


def line(number: int, product: Any, quantity: str, net: int, effect: Any = "sale") -> SaleLine:
    """A line with a product, a quantity and its money."""
    return SaleLine(
        line=number, product_id=product, quantity=quantity, effect=effect, unit_price="1", net_minor=net, tax_1_minor=0
    )


async def hear(db: Database, *messages: "Message[Any]") -> Applier:
    """Apply messages as the consumer does."""
    applier = Applier("reporting-all", db, {}, on_events)
    await applier.apply(messages)
    return applier


async def totals(db: Database, window: Window = Window()) -> dict[str, Any]:
    """The totals as plain values."""
    async with db.reading() as tx:
        return dict(await sales.totals(tx, window))


async def test_every_line_counts_with_its_sign(db: Database) -> None:
    """REP-01: sale, write-off, correction and return lines all count in units and revenue, with their signs."""
    # given a charge with a sale, a priceless write-off and a correction line
    recorded = charge(
        1,
        (line(1, VIAL, "2.5", 1000), line(2, CREAM, "-3", 0, "adjustment"), line(3, CREAM, "1", -250, "none")),
    )
    returned = SaleReturned(
        site="harley", return_id=uid(50), charge_id=uid(1001), number="R1", happened_at=NOON,
        lines=(ReturnLine(line=1, product_id=VIAL, quantity="0.5", unit_price="4", net_minor=200, tax_1_minor=7),),
        net_minor=200, tax_minor=7,
    )  # fmt: skip
    # when both are heard
    await hear(db, said(recorded), said(returned))
    # then 2.5 - 3 + 1 - 0.5 units and 10.00 - 2.50 - 2.00 of revenue remain
    found = await totals(db)
    assert (found["units"], found["revenue"], found["tax"]) == (Decimal("0.000000"), 550, -7)
    assert (found["lines"], found["charges"], found["returns"], found["voids"]) == (4, 1, 1, 0)


async def test_a_void_takes_back_all_of_its_charge(db: Database) -> None:
    """REP-01: a voided charge leaves no units and no revenue, and is counted as a void."""
    lines = (line(1, VIAL, "2", 1000),)
    void = SaleVoided(
        site="harley", charge_id=uid(1001), void_id=uid(60), happened_at=NOON, reason="mistake", lines=lines,
        net_minor=1000, tax_minor=0,
    )  # fmt: skip
    await hear(db, said(void), said(charge(1, lines)))
    found = await totals(db)
    assert (found["units"], found["revenue"], found["voids"]) == (0, 0, 1)


async def test_hearing_twice_changes_nothing(db: Database) -> None:
    """N-02: an event delivered again, alone or in a batch, counts once in the figures and in the journal."""
    message = said(charge(1, (line(1, VIAL, "2", 1000),)))
    await hear(db, message)
    applier = await hear(db, message, message)
    assert (await totals(db))["units"] == 2
    async with db.reading() as tx:
        assert await tx.fetchval("select count(*) from journal") == 1
    assert applier.tally.duplicates == 2


async def test_cost_comes_from_the_lots_really_taken(db: Database) -> None:
    """REP-03, REP-08: cost of goods sold is what stock took, less what came back, with late corrections."""
    taken = LotTaken(line=1, product_id=VIAL, lot_id=uid(9), quantity="2", cost_minor=700)
    back = LotTaken(line=1, product_id=VIAL, lot_id=uid(9), quantity="1", cost_minor=350)
    await hear(
        db,
        said(charge(1, (line(1, VIAL, "2", 1000),))),
        said(StockIssued(site="harley", charge_id=uid(1001), happened_at=NOON, taken=(taken,))),
        said(StockReturned(site="harley", return_id=uid(3), happened_at=NOON, disposition="restock", taken=(back,))),
        said(
            CostCorrected(
                site="harley", product_id=VIAL, quantity="1", cost_minor=25, cause_id=uid(1001), happened_at=NOON
            )
        ),
    )
    async with db.reading() as tx:
        (row,) = await sales.report(tx, "product", Window(), BY_REVENUE, ALL)
    assert (row["revenue"], row["cogs"], row["margin"]) == (1000, 375, 625)


async def test_what_a_treatment_drew_is_a_cost_and_may_be_given_back(db: Database) -> None:
    """N-14, REP-03: what a treatment took beside its charge is cost of goods; what it gives back lowers it."""
    drawn = LotTaken(product_id=VIAL, lot_id=uid(9), quantity="30", cost_minor=900)
    back = LotTaken(product_id=VIAL, lot_id=uid(9), quantity="-10", cost_minor=-300)
    events = [
        TreatmentConsumed(site="harley", treatment_id=uid(5), taken=(part,), happened_at=NOON) for part in (drawn, back)
    ]
    await hear(db, *(said(event) for event in events))
    async with db.reading() as tx:
        (row,) = await sales.report(tx, "product", Window(), BY_REVENUE, ALL)
    assert (row["revenue"], row["cogs"]) == (0, 600)


async def test_days_follow_the_zone_even_when_it_is_told_late(db: Database) -> None:
    """REP-01: a sale at 01:30 UTC is the day before in Vancouver, whether the site was defined before or after it."""
    night = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    defined = SiteDefined(site="coast", slug="coast", name="Coast", time_zone="America/Vancouver")
    await hear(db, said(charge(1, (line(1, VIAL, "2", 1000),), night, "coast")))
    assert (await totals(db, Window(to_day=date(2026, 3, 1))))["units"] == 0
    # when the definition arrives late
    await hear(db, said(defined))
    # then the day moves, and later sales follow it
    assert (await totals(db, Window(to_day=date(2026, 3, 1))))["units"] == 2
    await hear(db, said(charge(2, (line(1, VIAL, "1", 500),), night, "coast")))
    assert (await totals(db, Window(to_day=date(2026, 3, 1))))["units"] == 3


async def test_names_are_joined_when_they_become_known(db: Database) -> None:
    """REP-02: sales of a product not yet defined are reported, and bear its name once it is."""
    await hear(db, said(charge(1, (line(1, VIAL, "2", 1000),))))
    async with db.reading() as tx:
        (row,) = await sales.report(tx, "product", Window(), BY_REVENUE, ALL)
    assert row["code"] is None
    await hear(db, said(ProductDefined(product_id=VIAL, code="TOX", name="Toxin", kind="physical")))
    async with db.reading() as tx:
        (row,) = await sales.report(tx, "product", Window(), BY_REVENUE, ALL)
    assert (row["code"], row["name"], row["units"]) == ("TOX", "Toxin", 2)


async def test_the_newest_level_wins(db: Database) -> None:
    """REP-01: levels heard out of order end at the highest revision; below its minimum a product is listed."""

    def level(revision: int, on_hand: str) -> StockLevelChanged:
        """A level as stock tells it."""
        now = LevelNow(
            product_id=VIAL, on_hand=on_hand, held="0", available=on_hand, minimum="5", value_minor=100,
            revision=revision,
        )  # fmt: skip
        return StockLevelChanged(site="harley", levels=(now,))

    await hear(db, said(level(3, "4")), said(level(2, "9")))
    await hear(db, said(level(1, "7")))
    by_missing = Sorted("missing", is_text=False, is_descending=True)
    async with db.reading() as tx:
        (row,) = await levels.below_minimum(tx, Window(), by_missing, ALL)
    assert (row["on_hand"], row["missing"]) == (4, 1)


async def test_expired_goods_are_waste_once(db: Database) -> None:
    """REP-01: a lot that expires is waste at its cost; that it is thrown away afterwards adds nothing."""
    expired = LotExpired(site="harley", lot_id=uid(9), product_id=VIAL, quantity="3", cost_minor=900, happened_at=NOON)
    thrown = StockAdjusted(
        site="harley", adjustment_id=uid(4), product_id=VIAL, lot_id=uid(9), quantity="-3", cost_minor=-900,
        reason="expiry", happened_at=NOON,
    )  # fmt: skip
    broken = thrown.model_copy(update={"reason": "damage", "quantity": "-1", "cost_minor": -300})
    await hear(db, said(expired), said(thrown), said(broken))
    by_cost = Sorted("cost", is_text=False, is_descending=True)
    async with db.reading() as tx:
        rows = await waste.report(tx, Window(), None, by_cost, ALL)
    assert [(row["reason"], row["units"], row["cost"]) for row in rows] == [("expired", 3, 900), ("damage", 1, 300)]


async def test_one_bad_event_stands_alone(db: Database) -> None:
    """N-03: an event that cannot be counted becomes a dead letter; its batch counts."""
    good = said(charge(1, (line(1, VIAL, "2", 1000),)))
    bad = said(charge(2, (line(1, VIAL, "2", 1000),)))
    bad.body = b'{"happened_at": "never"}'
    await hear(db, good, bad)
    async with db.reading() as tx:
        assert await tx.fetchval("select count(*) from dead_letter") == 1
        assert await tx.fetchval("select count(*) from journal") == 1
    assert (await totals(db))["units"] == 2


async def test_a_rebuild_equals_to_the_bit(db: Database) -> None:
    """N-19: figures folded anew hash the same as the live ones; an altered figure is named, then healed."""
    night = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    lines = (line(1, VIAL, "2", 1000), line(2, CREAM, "1.25", 99))
    await hear(db, *(said(charge(n, lines, night, "coast")) for n in range(5)))
    await hear(db, said(SiteDefined(site="coast", slug="coast", name="Coast", time_zone="America/Vancouver")))
    await hear(db, said(charge(9, lines, NOON, "coast")))
    # when verified with nothing wrong
    clean = await rebuild(db, is_swapped=False, portion_rows=2)
    assert (clean.events, clean.differing) == (7, [])
    # when a figure was altered
    async with db.transaction() as tx:
        await tx.execute("update sale_day set net_minor = net_minor + 1")
    wrong = await rebuild(db, is_swapped=True, portion_rows=2)
    assert wrong.differing == ["sale_day"]
    # then the swap healed it
    assert (await totals(db))["revenue"] == 6 * 1099
    assert (await rebuild(db, is_swapped=False, portion_rows=2)).differing == []


async def test_a_rebuild_that_is_due_happens_once_by_itself(db: Database) -> None:
    """N-19: after an upgrade that added figures the service makes them anew once; a process that died leaves it due."""
    await hear(db, said(charge(1, (line(1, VIAL, "2", 1000),))))
    async with db.transaction() as tx:
        # given an installed database whose new read models are empty, and a rebuild that was cut off half way
        await tx.execute("delete from charge_day")
        await tx.execute("update projection set due_since = now(), last = last + 1")
        await tx.execute(
            "insert into charge_day values ((select last from projection), '2026-03-02', 'harley', 9, 9, 9)"
        )
    # when two processes come to it
    first, second = await asyncio.gather(rebuild_if_due(db), rebuild_if_due(db))
    # then one did it (the other found it done or going on), the figures are whole and nothing is left behind
    done = [one for one in (first, second) if one is not None]
    assert [(one.events, one.differing, one.is_swapped) for one in done][:1] == [(1, ["charge_day"], True)]
    async with db.reading() as tx:
        assert [tuple(row) for row in await tx.fetch("select charges, returns, voids from charge_day")] == [(1, 0, 0)]
        live = await tx.fetchval("select live from projection")
    # and nothing is due any more
    assert await rebuild_if_due(db) is None
    async with db.reading() as tx:
        assert await tx.fetchval("select live from projection") == live


async def test_an_upgrade_of_a_database_with_a_journal_leaves_a_rebuild_due(postgres: Any) -> None:
    """N-19: the migration asks for a rebuild where something was heard, and for none in a new database."""
    import asyncpg

    owner_url, app_url = postgres.database("reporting")
    role = app_url.split("//")[1].split(":")[0]
    await upgrade("lotwise.reporting", owner_url, role)
    assert await drift(owner_url, Base.metadata) == []
    owner = await asyncpg.connect(owner_url)
    try:
        # given a new database, nothing is due
        assert await owner.fetchval("select due_since from projection") is None
        # when one of before that has heard something is upgraded
        await owner.execute(
            "alter table projection drop column due_since; update alembic_version set version_num = '0002'"
        )
        await owner.execute(
            "insert into journal (at, id, subject, stream, sequence, body)"
            " values (now(), gen_random_uuid(), '', '', 1, '')"
        )
        await upgrade("lotwise.reporting", owner_url, role)
        # then its figures are due, from now on
        assert await owner.fetchval("select due_since > now() - interval '1 minute' from projection")
    finally:
        await owner.close()


async def test_the_journal_cannot_be_altered(db: Database) -> None:
    """DESIGN 1: the journal is append-only: the service's own role may not change or delete an entry."""
    import asyncpg

    await hear(db, said(charge(1, (line(1, VIAL, "2", 1000),))))
    for statement in ("delete from journal", "update journal set subject = ''", "delete from journal_ref"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction() as tx:
                await tx.execute(statement)
