"""The only home of lots that run out: swept at each site's midnight, and told of in time (STK-17, ALR-03)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotExpired, LotExpiring
from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.expiry import due_threshold, expired_at, is_expired
from lotwise.stock.domain.lots import Lot, days_left
from lotwise.stock.domain.movements import EXPIRY, Entry
from lotwise.stock.operations.adjustments import take_of
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import all_sites, products_of
from lotwise.stock.repository.expiry import expired_cells, expiring_lots, tell_threshold
from lotwise.values import format_quantity, site_day


async def sweep(tx: Tx, now: datetime, rows_max: int, exponent: int) -> int:
    """Quarantine what is past its last day at its site, at most `rows_max` cells; returns how many lots went.

    The movement is dated at the site's midnight: that is when the lot stopped being usable.
    """
    sites = await all_sites(tx)
    today = {site.slug: site_day(now, site.zone) for site in sites}
    keys = await expired_cells(tx, today, rows_max)
    if not keys:
        return 0
    products = await products_of(tx, {key[1] for key in keys})
    books = await open_books(tx, keys, {site.slug: site for site in sites}, products, datetime.now(UTC), exponent)
    events = [event for cell in books.cells.values() for event in _sweep_cell(books, cell, now)]
    await close_books(tx, books, events, broken_by="expiry")
    return len(events)


def _sweep_cell(books: Books, cell: Cell, now: datetime) -> list[Event]:
    events: list[Event] = []
    lots: dict[UUID, Lot] = {}
    for one in cell.balances.values():
        if (
            one.lot
            and one.place.kind in places.SHELVES
            and one.on_hand
            and is_expired(one.expires_on, now, cell.site.zone)
        ):
            lots[one.lot.id] = one.lot
    for lot in lots.values():
        if lot.expires_on is None:
            continue
        entry = Entry(expired_at(lot.expires_on, cell.site.zone), "stock", EXPIRY, uuid7())
        balances = [one for one in cell.of_lot(lot.id, *places.SHELVES) if one.on_hand]
        quantity = sum(one.on_hand for one in balances)
        target = cell.site.place(places.QUARANTINE, places.EXPIRED)
        moved = take_of(books, cell, balances, quantity, target, entry)
        events.append(
            LotExpired(
                site=cell.site.slug,
                lot_id=lot.id,
                product_id=cell.product.id,
                lot_number=lot.number,
                expires_on=lot.expires_on,
                quantity=format_quantity(quantity, cell.product.decimals),
                cost_minor=sum(part.cost for part in moved),
                happened_at=entry.happened_at,
                reason="expired",
            )
        )
    return events


async def warn(tx: Tx, now: datetime, thresholds: Sequence[int], rows_max: int) -> list[LotExpiring]:
    """Say of lots that will run out within a threshold, once per lot, site and threshold; returns what was said."""
    sites = {site.slug: site for site in await all_sites(tx)}
    said: list[LotExpiring] = []
    today = {slug: site_day(now, site.zone) for slug, site in sites.items()}
    for row in await expiring_lots(tx, today, max(thresholds), rows_max, thresholds):
        left = days_left(row["expires_on"], site_day(now, sites[row["site"]].zone))
        due = due_threshold(left, thresholds, row["threshold_days"])
        if due is None:
            continue
        await tell_threshold(tx, row["site"], row["lot_id"], due)
        said.append(
            LotExpiring(
                site=row["site"],
                lot_id=row["lot_id"],
                product_id=row["product_id"],
                lot_number=row["number"],
                expires_on=row["expires_on"],
                quantity=format_quantity(row["on_hand"], row["unit_decimals"]),
                cost_minor=row["cost_minor"],
                happened_at=now,
                days_left=left,
                reason=f"within {due} days",
            )
        )
    return said
