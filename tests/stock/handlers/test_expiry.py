"""Lots run out at each site's own midnight, and are told of in time."""

from datetime import UTC, datetime

from tests.stock.chain import BOTOX, Chain

from lotwise.contracts.stock import HoldBroken, LotExpired, LotExpiring, StockBelowMin
from lotwise.kit.outbox import tell
from lotwise.stock.operations.expiry import sweep, warn


async def swept(stock: Chain, at: str) -> list[str]:
    """Sweep as of an instant; the sites where something went so far."""
    async with stock.bench.db.transaction() as tx:
        while await sweep(tx, datetime.fromisoformat(at), 2, 2):
            pass
    return [one.site for one in await stock.told(LotExpired)]


async def test_a_lot_is_over_at_each_sites_midnight(stock: Chain) -> None:
    """STK-17, DESIGN 3.5: given one lot at three sites, last day 10 June;
    then Sydney, London, New York say so in turn.
    """
    for site in ("harley", "soho", "sydney"):
        await stock.receive("5", site=site, lot_number="A", expires_on="2026-06-10")
    assert await swept(stock, "2026-06-10T13:59:59+00:00") == []
    assert await swept(stock, "2026-06-10T14:00:00+00:00") == ["sydney"]
    assert await swept(stock, "2026-06-10T22:59:59+00:00") == ["sydney"]
    assert await swept(stock, "2026-06-10T23:00:00+00:00") == ["sydney", "harley"]
    assert await swept(stock, "2026-06-11T03:59:59+00:00") == ["sydney", "harley"]
    assert await swept(stock, "2026-06-11T04:00:00+00:00") == ["sydney", "harley", "soho"]
    at = {one.site: one.happened_at for one in await stock.told(LotExpired)}
    assert at["harley"] == datetime(2026, 6, 10, 23, tzinfo=UTC)
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"], level["value_minor"]) == ("0", "5", 0)


async def test_expiry_crosses_the_minimum_and_breaks_holds(stock: Chain) -> None:
    """DESIGN 3.7, 3.11: given 5 that end and a hold of 4, minimum 3; when they end;
    then below minimum and the hold broken.
    """
    await stock.receive("5", lot_number="A", expires_on="2026-12-10")
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": "3"})
    body = {
        "hold_id": "01970000-0000-7000-8000-000000000001", "site": "harley", "minutes": 15,
        "lines": [{"product_id": str(BOTOX), "quantity": "4"}],
    }  # fmt: skip
    await stock.bench.post("/v1/holds", body, who="service")
    await swept(stock, "2026-12-11T00:00:00+00:00")
    assert len(await stock.told(StockBelowMin)) == 1
    assert [one.reason for one in await stock.told(HoldBroken)] == ["expiry"]


async def test_a_coming_expiry_is_told_once_per_threshold(stock: Chain) -> None:
    """ALR-03: given a lot of 30 June; when it is looked at on many days;
    then 90, 30 and 7 days ahead are said once each.
    """
    await stock.receive("5", lot_number="A", expires_on="2026-06-30")
    await stock.receive("5", lot_number="B", expires_on="2031-06-30")
    for day in (
        "2026-03-01",
        "2026-04-02",
        "2026-04-03",
        "2026-05-31",
        "2026-06-01",
        "2026-06-22",
        "2026-06-23",
        "2026-06-29",
    ):
        async with stock.bench.db.transaction() as tx:
            await tell(tx, *await warn(tx, datetime.fromisoformat(day + "T12:00:00+00:00"), (90, 30, 7), 100))
    assert [(one.lot_number, one.days_left) for one in await stock.told(LotExpiring)] == [
        ("A", 89),
        ("A", 30),
        ("A", 7),
    ]
