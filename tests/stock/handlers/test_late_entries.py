"""Late entries amid a large ledger: nothing that was written is written again (N-05)."""

from typing import Any

from tests.speed.history import make
from tests.stock.chain import Chain, product

from lotwise.contracts.ids import named_id
from lotwise.contracts.stock import CostCorrected

PRODUCTS = 660
MOVEMENTS = 101_000


async def ledger(stock: Chain, rows: int) -> str:
    """What the contents of the first so many movements hash to."""
    found: str = await stock.bench.owner.fetchval(
        "select md5(string_agg(encode(sha256(record_send(row(m.id, m.recorded_at, m.happened_at, m.site,"
        " m.product_id, m.lot_id, m.from_location, m.to_location, m.quantity, m.cost_minor, m.actor, m.reason,"
        " m.cause_id, m.line, m.trace_id, m.reverses)) || m.content_hash), 'hex'), '' order by m.id))"
        " from (select * from movement order by id limit $1) m",
        rows,
    )
    return found


async def added(stock: Chain, before: int) -> list[tuple[Any, ...]]:
    """What was written after so many movements: reason, quantity, cost."""
    rows = await stock.bench.owner.fetch(
        "select reason, quantity, cost_minor from movement order by id offset $1", before
    )
    return [tuple(row) for row in rows]


async def test_a_late_receipt_amid_100_000_later_movements_changes_none(stock: Chain) -> None:
    """N-05: given 100,000 movements of a year and a sale of 5 that no lot covered, at the last known cost of 12.50;
    when 8 come in at 5.00 that were delivered before all of them; then every earlier row and daily total is as it was,
    the settlement and the correction of cost are new movements, and the past tells the late goods on its own clock.
    """
    await stock.hear(*[product(named_id("late", n), f"L{n:04}", f"Late {n}", cost="1.00") for n in range(PRODUCTS)])
    made = await make(stock.bench.owner, MOVEMENTS, 1)
    assert made.movements >= 100_000
    short = named_id("short")
    await stock.hear(product(short, "SHORT", "Sold before it came", cost="12.50"))
    await stock.sell("5", short)
    owner = stock.bench.owner
    rows = await owner.fetchval("select count(*) from movement")
    last_total = await owner.fetchval("select max(id) from daily_total")
    of_totals = "select sum(hashtextextended(d::text, 0)) from daily_total d where id <= $1"
    before, totals = await ledger(stock, rows), await owner.fetchval(of_totals, last_total)
    openings = (await stock.bench.state())["opening_balance"]

    receipt = {"receipt_id": str(named_id("late receipt")), "happened_at": "2025-06-01T08:00:00Z"}
    await stock.receive("8", short, lot_number="LATE", expires_on="2031-01-01", **receipt)

    assert await ledger(stock, rows) == before
    assert await added(stock, rows) == [
        ("receipt", 8, 4000),
        ("settlement", 5, 2500),
        ("cost_correction", 0, -3750),
    ]
    assert await owner.fetchval(of_totals, last_total) == totals
    assert (await stock.bench.state())["opening_balance"] == openings
    (corrected,) = await stock.told(CostCorrected)
    assert (corrected.cost_minor, corrected.quantity) == (-3750, "5")
    assert await stock.on_hand(short) == "3"
    where = f"/v1/levels/harley/{short}"
    day_after = {"as_of": "2025-06-02T00:00:00Z"}
    assert (await stock.bench.get(where, params=day_after))["on_hand"] == "3"
    as_known = day_after | {"known_at": "2026-06-02T00:00:00Z"}
    assert (await stock.bench.get(where, params=as_known))["on_hand"] == "0"
