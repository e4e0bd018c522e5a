"""The only home of lots set apart and released: not usable while they lie in quarantine (STK-16, STK-42)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import LotEvent, LotQuarantined, LotReleased
from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import QUARANTINE, RELEASE, Entry
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotIsExpired,
    NothingToMove,
    UnknownArea,
    UnknownLot,
    UnknownSite,
)
from lotwise.stock.operations.adjustments import take_of, too_little
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.recalls import refuse_recalled
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.values import format_quantity, parse_quantity


class Apart(NamedTuple):
    """A lot set apart or released at a site."""

    lot: Lot
    product: Product
    site: str
    quantity: str
    cost_minor: int


async def set_apart(
    tx: Tx, lot_id: UUID, site: str, quantity: str | None, reason: str, entry: Entry, exponent: int
) -> Apart:
    """Move a lot, or a quantity of it, from a site's shelves to its quarantine (STK-16).

    Raises UnknownLot, UnknownSite, NothingToMove, NotEnoughInLot or BadQuantity.
    """
    books, cell, lot = await _cell_of_lot(tx, lot_id, site, exponent)
    balances = cell.of_lot(lot_id, *places.SHELVES)
    target = cell.site.place(places.QUARANTINE)
    moved = _move_of(books, cell, balances, quantity, target, entry._replace(reason=QUARANTINE))
    apart, event = _apart(cell, lot, moved, entry, reason, LotQuarantined)
    await close_books(tx, books, [event], broken_by="quarantine")
    return apart


async def release_lot(
    tx: Tx, lot_id: UUID, site: str, quantity: str | None, reason: str, entry: Entry, exponent: int
) -> Apart:
    """Move a lot back from quarantine to the site's shelf.

    Raises LotIsExpired, LotIsRecalled (a recall is released as one), and what `set_apart` raises.
    """
    await refuse_recalled(tx, [lot_id])
    books, cell, lot = await _cell_of_lot(tx, lot_id, site, exponent)
    if not is_usable(lot.expires_on, books.day(books.now, cell.site)):
        raise LotIsExpired(
            f"The lot expired on {lot.expires_on}",
            expires_on=str(lot.expires_on),
            ways_out=("write it off", "send it back"),
        )
    balances = [one for one in cell.of_lot(lot_id, places.QUARANTINE) if one.place.area != places.DAMAGED]
    moved = _move_of(books, cell, balances, quantity, cell.site.place(places.SHELF), entry._replace(reason=RELEASE))
    apart, event = _apart(cell, lot, moved, entry, reason, LotReleased)
    await close_books(tx, books, [event])
    return apart


async def _cell_of_lot(tx: Tx, lot_id: UUID, site: str, exponent: int) -> tuple[Books, Cell, Lot]:
    lot = (await lots_of(tx, [lot_id])).get(lot_id)
    if lot is None:
        raise UnknownLot("No lot has this id", lot_id=str(lot_id))
    sites = await sites_of(tx, [site])
    if site not in sites:
        raise UnknownSite("No site has this name", field="site", site=site)
    products = await products_of(tx, [lot.product_id])
    books = await open_books(tx, [(site, lot.product_id)], sites, products, datetime.now(UTC), exponent)
    return books, books.cells[site, lot.product_id], lot


def _move_of(
    books: Books, cell: Cell, balances: Sequence[Balance], quantity: str | None, target: places.Place, entry: Entry
) -> list[Taken]:
    there = sum(one.on_hand for one in balances)
    if not there:
        raise NothingToMove("There is nothing of this lot at that place", site=cell.site.slug)
    wanted = there
    if quantity is not None:
        try:
            wanted = parse_quantity(quantity, cell.product.decimals)
        except ValueError as error:
            raise BadQuantity(str(error), field="quantity") from error
        if wanted <= 0:
            raise BadQuantity("The quantity must be above zero", field="quantity")
        if wanted > there:
            raise too_little(cell, there, wanted)
    return take_of(books, cell, balances, wanted, target, entry)


def _apart(
    cell: Cell, lot: Lot, moved: Sequence[Taken], entry: Entry, reason: str, kind: type[LotEvent]
) -> tuple[Apart, LotEvent]:
    quantity = format_quantity(sum(one.quantity for one in moved), cell.product.decimals)
    cost = sum(one.cost for one in moved)
    event = kind(
        site=cell.site.slug,
        lot_id=lot.id,
        product_id=cell.product.id,
        lot_number=lot.number,
        expires_on=lot.expires_on,
        quantity=quantity,
        cost_minor=cost,
        happened_at=entry.happened_at,
        reason=reason,
    )
    return Apart(lot, cell.product, cell.site.slug, quantity, cost), event


async def set_area_apart(tx: Tx, site: str, area: str, reason: str, entry: Entry, exponent: int) -> list[Apart]:
    """Set apart all lots of one storage area in one action: the fridge was warm (STK-42). Raises UnknownArea."""
    sites = await sites_of(tx, [site])
    if site not in sites:
        raise UnknownSite("No site has this name", field="site", site=site)
    if (places.SHELF, area) not in sites[site].places:
        raise UnknownArea(f"{site} has no storage area {area!r}", field="area")
    place = sites[site].place(places.SHELF, area)
    rows = await tx.fetch("select distinct product_id from balance where location_id = $1 and on_hand <> 0", place.id)
    products = await products_of(tx, [row[0] for row in rows])
    books = await open_books(tx, {(site, key) for key in products}, sites, products, datetime.now(UTC), exponent)
    result: list[Apart] = []
    events: list[Event] = []
    for cell in books.cells.values():
        for balance in [one for one in cell.balances.values() if one.place == place and one.on_hand and one.lot]:
            lot = balance.lot
            if lot is None:
                continue
            target = cell.site.place(places.QUARANTINE)
            moved = take_of(books, cell, [balance], balance.on_hand, target, entry._replace(reason=QUARANTINE))
            apart, event = _apart(cell, lot, moved, entry, reason, LotQuarantined)
            result.append(apart)
            events.append(event)
    await close_books(tx, books, events, broken_by="quarantine")
    return result
