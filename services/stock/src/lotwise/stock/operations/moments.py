"""The only home of looking back: levels and totals as of an instant on either clock, openings of months (N-04)."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.moments import Moment
from lotwise.stock.domain.sums import changed, together
from lotwise.stock.repository.day_openings import Opening, openings
from lotwise.stock.repository.moments import chain_cells, figures_at, one_cell, site_cells, sums_at
from lotwise.stock.repository.openings import first_day, last_opening, make_opening, oldest_writer
from lotwise.stock.repository.sums import Look, changes, look_at, products_kept

OVER_HOURS = 13
"""A month begins last at UTC-12; an hour more for what was being written."""
BEHIND_DAYS_MAX = 3
"""How many days may lie between the latest opening of a day and the moment asked for, for it to be the quick way."""


class Then(NamedTuple):
    """A cell and what it stood at; `figures` is None where nothing was anywhere."""

    cell: asyncpg.Record
    figures: asyncpg.Record | None


async def levels_then(
    tx: Tx, moment: Moment, *, site: str | None, product: UUID | None, sites: Sequence[str] | None, asked: Sequence[Any]
) -> list[Then]:
    """A page of cells as of a moment; `asked` is search, category, the three keys of the page before, limit."""
    search, category, name, after, after_site, limit = asked
    if site is not None and product is None:
        rows = await site_cells(tx, site, search, category, name, after, limit)
    else:
        rows = await chain_cells(tx, sites, search, category, product, name, after, after_site, limit)
    figures = await figures_at(tx, moment, [(row["site"], row["product_id"]) for row in rows]) if rows else {}
    return [Then(row, figures.get((row["site"], row["product_id"]))) for row in rows]


async def level_then(tx: Tx, moment: Moment, site: str, product_id: UUID) -> Then | None:
    """One cell as of a moment; None when there is no such site or product."""
    row = await one_cell(tx, site, product_id)
    if row is None:
        return None
    return Then(row, (await figures_at(tx, moment, [(site, product_id)])).get((site, product_id)))


async def sums_then(tx: Tx, moment: Moment, sites: Collection[str] | None, expiring_by: date) -> dict[str, int]:
    """The totals of sites (None: of the chain) as of a moment: from what they began the day with, and what followed.

    While the openings of days are being made (after an upgrade, after an expiry was corrected) it goes by the openings
    of months: the same figures, more slowly.
    """
    look = await look_at(tx, moment, sites)
    known = await openings(tx, look.days())
    if not _is_near(look, known, datetime.now(UTC).date()):
        return dict(await sums_at(tx, moment, sites, expiring_by))
    since = {site: one.day for site, one in known.items() if one.day is not None}
    began = {site: known[site].sums for site in since}
    totals = changed(began, await changes(tx, look, since))
    return {"products": await products_kept(tx), **together(totals.values(), expiring_by)}


def _is_near(look: Look, known: dict[str, Opening], today: date) -> bool:
    """Whether every site has an opening shortly before the moment, or the moment lies before all of its days."""
    for site, day in look.days().items():
        opening = known[site]
        if opening.day is None and opening.first_day is None:
            return False
        if opening.day is not None and (min(day, today + timedelta(days=1)) - opening.day).days > BEHIND_DAYS_MAX:
            return False
    return True


async def open_month(tx: Tx, now: datetime) -> date | None:
    """Keep the opening of the next month that is due; returns it, None when there is none.

    A month is due when it has begun at every site and nobody writes any more who may have begun before.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtext('opening'))")
    last, first = await last_opening(tx), await first_day(tx)
    if first is None:
        return None
    month = _next(last or first)
    due = datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(hours=OVER_HOURS)
    writer = await oldest_writer(tx)
    if now < due or (writer is not None and writer < due):
        return None
    await make_opening(tx, last, month, now)
    return month


def _next(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
