"""The only home of keeping what sites began their days with: day by day, each from the one before (N-04)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.sums import Sums, changed
from lotwise.stock.repository.day_cells import keep_cells
from lotwise.stock.repository.day_openings import first_days, keep_openings, openings, take_turn
from lotwise.stock.repository.moments import zones_of
from lotwise.stock.repository.openings import first_day, oldest_writer
from lotwise.stock.repository.sums import changes, look_at_days
from lotwise.values import site_day

SLACK = timedelta(hours=1)
"""How much longer than its transaction a deed may have been under way that was recorded before midnight."""
Row = tuple[str, date, Sums]


async def open_day(tx: Tx, now: datetime) -> date | None:
    """Keep what sites began their next day with, where one is due; returns the latest day kept, None when none was.

    A day is due at a site when it has begun there and nobody writes any more who may have begun before: then nothing
    that happened and was recorded before it can be added. A site without any begins with its first movement. Where none
    is due, the cells of what was recorded late on days that are not over are kept.
    """
    await take_turn(tx)
    writer, first = await oldest_writer(tx), await first_day(tx)
    if first is None:
        return None
    zones = await zones_of(tx, None)
    due = {one.site: site_day((now if writer is None else min(now, writer)) - SLACK, one.zone) for one in zones}
    known = await openings(tx, due)
    kept = await _first(tx, first, {site: day for site, day in due.items() if known[site].day is None})
    since = {site: one.day for site, one in known.items() if one.day is not None and one.day < due[site]}
    if since:
        found = await changes(tx, look_at_days(zones, since), since)
        sums = changed({site: known[site].sums for site in since}, (one for one in found if one.product_id is None))
        turning: dict[str, list[UUID]] = {site: [] for site in since}
        for one in found:
            if one.product_id is not None:
                turning[one.site].append(one.product_id)
        kept += [(site, day + timedelta(days=1), sums[site]) for site, day in since.items()]
        await keep_cells(tx, since, turning)
    elif not kept:
        await keep_cells(tx, due, {})
    await keep_openings(tx, kept, now)
    return max((row[1] for row in kept), default=None)


async def _first(tx: Tx, ledger: date, due: Mapping[str, date]) -> list[Row]:
    """The day before which nothing happened, or nothing was recorded, at sites without any: all zeros."""
    if not due:
        return []
    began = await first_days(tx, due)
    earliest = ledger - timedelta(days=1)
    return [(site, min(day, max(earliest, began[site] or day)), Sums()) for site, day in due.items()]
