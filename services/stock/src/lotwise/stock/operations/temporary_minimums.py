"""The only home of a minimum for some days: set, and back by itself at its site's midnight (STK-46)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.kit import audit
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.stock.domain.refusals import (
    BadDate,
    NotPending,
    TemporaryExists,
    UnknownSite,
    UnknownTemporary,
)
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.minimums import Minimum, levels_of, set_levels
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.temporary_minimums import (
    add_temporary,
    close_temporary,
    due_temporaries,
    lock_temporary,
    temporaries_page,
)
from lotwise.values import day_bounds, site_day

MINIMUM = "stock.minimum"
DAYS_MAX = 366
ACTIVE = "active"
ENDED = "ended"
SUPERSEDED = "superseded"
LAST = UUID(int=2**128 - 1)


class Temporary(NamedTuple):
    """Two levels for some days; `ends_on` is the last day, at the site's date, on which they hold."""

    temporary_id: UUID
    site: str
    product_id: UUID
    minimum: str | None
    reorder_at: str | None
    ends_on: date
    reason: str
    actor: str


async def begin(tx: Tx, one: Temporary, exponent: int) -> bool:
    """Set levels until a day; what a crossing makes of it is told at once. False when this id was used before.

    Raises UnknownSite, UnknownProduct, NotKept, LevelsCrossed, BadDate or TemporaryExists.
    """
    sites, products = await sites_of(tx, [one.site]), await products_of(tx, [one.product_id])
    site = sites.get(one.site)
    if site is None:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    wanted = Minimum(one.site, one.product_id, one.minimum, one.reorder_at)
    levels = levels_of(wanted, products.get(one.product_id))
    now = datetime.now(UTC)
    today = site_day(now, site.zone)
    if not today <= one.ends_on <= today + timedelta(days=DAYS_MAX):
        raise BadDate(f"It ends today at the earliest, and within {DAYS_MAX} days", field="ends_on")
    if await temporaries_page(tx, None, None, None, one.temporary_id, LAST, 1):
        return False
    books = await open_books(tx, [(one.site, one.product_id)], sites, products, now, exponent)
    cell = books.cells[one.site, one.product_id]
    was = cell.level.minimum, cell.level.own_reorder_at
    events: list[Event] = [set_levels(cell, levels)]
    kept = await add_temporary(
        tx, one.temporary_id, one.site, one.product_id, *levels, *was, cell.level.setting_revision, one.ends_on,
        day_bounds(one.ends_on, site.zone)[1], one.reason, one.actor, now,
    )  # fmt: skip
    if not kept:
        raise TemporaryExists(
            "This product has a temporary minimum here already",
            ways_out=("end that one first", "change the minimum for good"),
            product_id=str(one.product_id),
        )
    await close_books(tx, books, events)
    return True


async def end_now(tx: Tx, temporary_id: UUID, who: Principal, exponent: int) -> str:
    """End one before its time. Returns its site; raises UnknownTemporary, Forbidden or NotPending."""
    row = await lock_temporary(tx, temporary_id)
    if row is None:
        raise UnknownTemporary("No temporary minimum has this id", temporary_id=str(temporary_id))
    who.at(MINIMUM, row["site"])
    if row["state"] != ACTIVE:
        raise NotPending(f"It is {row['state']}", state=row["state"])
    await _return(tx, [row], who.actor, exponent)
    return str(row["site"])


async def return_minimums(tx: Tx, now: datetime, limit: int, exponent: int) -> int:
    """Bring back the levels of all whose last day is over, each with its row in the audit trail; returns how many."""
    rows = await due_temporaries(tx, now, limit)
    await _return(tx, rows, "service:stock", exponent)
    return len(rows)


async def _return(tx: Tx, rows: Sequence[Any], by: str, exponent: int) -> None:
    """Levels that somebody set for good meanwhile stay: the temporary one is superseded."""
    if not rows:
        return
    now = datetime.now(UTC)
    sites = await sites_of(tx, {row["site"] for row in rows})
    products = await products_of(tx, {row["product_id"] for row in rows})
    keys = {(row["site"], row["product_id"]) for row in rows}
    books = await open_books(tx, keys, sites, products, now, exponent)
    events: list[Event] = []
    entries = []
    for row in rows:
        cell = books.cells[row["site"], row["product_id"]]
        is_ours = cell.level.setting_revision == row["setting_revision"]
        if is_ours:
            events.append(set_levels(cell, (row["was_minimum"], row["was_reorder_at"])))
        state = ENDED if is_ours else SUPERSEDED
        await close_temporary(tx, row["id"], state, now, by)
        entries.append(_entry(row, by, state))
    await audit.record(tx, *entries)
    await close_books(tx, books, events)


def _entry(row: Any, by: str, state: str) -> audit.Entry:
    details = {
        "was": {"minimum": row["minimum"], "reorder_at": row["reorder_at"]},
        "now": {"minimum": row["was_minimum"], "reorder_at": row["was_reorder_at"]} if state == ENDED else None,
        "product_id": str(row["product_id"]),
        "state": state,
    }
    return audit.Entry(by, MINIMUM, "return minimum", row["site"], str(row["id"]), details, row["reason"])
