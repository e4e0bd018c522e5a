"""What lay in cells as days began is kept where instants of those days have to know it, and is what a replay says."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stock.api.test_time_travel import compare_sums, moments, written
from tests.stock.chain import SITES, Chain
from tests.stock.past import DAYS, FIRST, Leg, Pen

from lotwise.stock.repository.day_cells import LATE_DAYS_MAX
from lotwise.values import site_day

__all__ = ["written"]
CELLS = """
select c.site, c.day, u.product_id, l.kind, u.lot_id, u.quantity, c.learnt_on from day_cells c
cross join lateral unnest(c.locations, c.products, c.lots, c.quantities) as u(location_id, product_id, lot_id, quantity)
join location l on l.id = u.location_id
"""
Lots = dict[tuple[Any, ...], int]


def began(legs: Sequence[Leg], site: str, day: date) -> dict[Any, Lots]:
    """By product what lay of each lot at a site as a day began: what happened and was recorded before it."""
    found: dict[Any, Lots] = defaultdict(lambda: defaultdict(int))
    for leg in legs:
        days = [site_day(instant, SITES[site]) for instant in (leg.happened_at, leg.recorded_at)]
        if leg.site == site and leg.kind in {"shelf", "unattributed"} and max(days) < day:
            found[leg.product_id][leg.kind, leg.lot_id] += leg.quantity
    return {product: {lot: quantity for lot, quantity in lots.items() if quantity} for product, lots in found.items()}


async def check_kept(pen: Pen, legs: Sequence[Leg]) -> Counter[str]:
    """Every kept cell against the replay: whole, and kept once; counts those of days themselves and of late entries."""
    cells: dict[tuple[str, date, Any], Lots] = defaultdict(dict)
    learnt: dict[tuple[str, date, Any], set[date]] = defaultdict(set)
    for site, day, product, kind, lot, quantity, on in await pen.stock.bench.owner.fetch(CELLS):
        assert (kind, lot) not in cells[site, day, product]
        cells[site, day, product][kind, lot] = quantity
        learnt[site, day, product].add(on)
    found = {key: began(legs, *key) for key in {key[:2] for key in cells}}
    for (site, day, product), lots in cells.items():
        assert {lot: quantity for lot, quantity in lots.items() if quantity} == found[site, day].get(product, {})
        assert len(learnt[site, day, product]) == 1
        assert (learnt[site, day, product].pop() - day).days <= LATE_DAYS_MAX
    rows = await pen.stock.bench.owner.fetch("select day = learnt_on as own from day_cells")
    return Counter("own" if row["own"] else "late" for row in rows)


@pytest.mark.parametrize("seed", [21, 22])
async def test_what_cells_held_as_days_began_is_kept_whole(written: Chain, seed: int) -> None:
    """N-04: given weeks of deeds in three zones, a third late or ahead of the clock; when the job keeps the days, with
    and without openings of months, and some anew; then each cell that it kept holds what a replay says, once, and
    totals are the same with those of late entries and without.
    """
    pen = Pen(written, seed)
    await pen.story(160)
    legs = await pen.legs()
    await pen.keep_days(most=40)
    await pen.keep_openings()
    await pen.keep_days()
    kept = await check_kept(pen, legs)
    assert min(kept["own"], kept["late"]) > 20
    asked = moments(pen, legs, 30)
    for one in asked:
        await compare_sums(pen, legs, one)
    await pen.stock.bench.owner.execute("delete from day_opening where day >= '2026-03-20'")
    await pen.keep_days()
    assert await check_kept(pen, legs) == kept
    await pen.stock.bench.owner.execute("delete from day_cells where learnt_on > day")
    for one in asked:
        await compare_sums(pen, legs, one)


async def test_what_is_recorded_late_today_is_kept_before_the_day_is_over(written: Chain) -> None:
    """N-04: given the openings of all days; when an entry of two days ago comes today and the job runs, twice; then its
    cell is kept for the days between at once, no opening is made, and the second run adds nothing.
    """
    pen = Pen(written, 23)
    await pen.story(60)
    now = FIRST + timedelta(days=2 * DAYS + 3, hours=20)
    await pen.keep_openings()
    await pen.keep_days(now)
    before = await check_kept(pen, await pen.legs())
    openings = await written.bench.owner.fetchval("select count(*) from day_opening")
    for number in range(12):
        recorded = now - timedelta(hours=2, minutes=number)
        await pen.write(recorded, recorded - timedelta(days=2))
    assert await pen.keep_days(now) == 0
    legs = await pen.legs()
    after = await check_kept(pen, legs)
    assert after["late"] > before["late"]
    assert after["own"] == before["own"]
    state = (await written.bench.state())["day_cells"]
    assert await pen.keep_days(now) == 0
    assert (await written.bench.state())["day_cells"] == state
    assert await written.bench.owner.fetchval("select count(*) from day_opening") == openings
    for one in ({"as_of": now - timedelta(days=2, hours=number)} for number in range(0, 30, 3)):
        await compare_sums(pen, legs, one)
    assert datetime.now(UTC) > now
