"""The only home of goods that move within a site: between storage areas, and retail to back bar and back (STK-44)."""

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import MOVE, Entry
from lotwise.stock.domain.places import Place, Product
from lotwise.stock.domain.refusals import (
    LotIsApart,
    LotIsExpired,
    NotEnoughInLot,
    NotEnoughStock,
    SamePlace,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.domain.shelves import shelf_of
from lotwise.stock.operations.adjustments import take_of
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.lots import lots_of
from lotwise.values import format_quantity


class Move(NamedTuple):
    """A quantity of one lot from one place of a site to another; places are (purpose, area)."""

    move_id: UUID
    site: str
    product_id: UUID
    lot_id: UUID
    quantity: str
    source: tuple[str, str]
    target: tuple[str, str]
    happened_at: datetime
    actor: str
    trace_id: str = ""


class Moved(NamedTuple):
    """What moved; `is_repeat` when it had moved before."""

    product: Product
    lot: Lot
    quantity: str
    cost_minor: int
    is_repeat: bool = False


async def move(tx: Tx, one: Move, exponent: int) -> Moved:
    """Move a quantity of one lot within a site: its total there stays, what is for sale may change.

    Raises UnknownSite, UnknownProduct, UnknownLot, UnknownArea, SamePlace, BadQuantity, LotIsExpired, LotIsApart,
    NotEnoughInLot, and NotEnoughStock when what is held for charges would leave the retail shelves.
    """
    sites, products = await sites_of(tx, [one.site]), await products_of(tx, [one.product_id])
    if one.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    if one.product_id not in products:
        raise UnknownProduct("No product has this id", field="product_id", product_id=str(one.product_id))
    lot = (await lots_of(tx, [one.lot_id])).get(one.lot_id)
    if lot is None or lot.product_id != one.product_id:
        raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(one.lot_id))
    site, product = sites[one.site], products[one.product_id]
    source, target = shelf_of(site, *one.source, "source"), shelf_of(site, *one.target, "target")
    if source == target:
        raise SamePlace("The goods lie at that place already", field="target")
    wanted = positive(one.quantity, product)
    fresh = await claim(tx, {(one.move_id, 0)})
    if not fresh:
        return Moved(product, lot, format_quantity(wanted, product.decimals), 0, is_repeat=True)
    books = await open_books(tx, [(site.slug, product.id)], sites, products, datetime.now(UTC), exponent)
    cell = books.cells[site.slug, product.id]
    _must_be_good(lot, cell, books.day(books.now, site))
    _must_be_there(cell, source, target, lot, wanted)
    entry = Entry(one.happened_at, one.actor, MOVE, one.move_id, 0, one.trace_id)
    balances = [balance for balance in cell.of_lot(lot.id, source.kind) if balance.place == source]
    taken: list[Taken] = take_of(books, cell, balances, wanted, target, entry)
    if target.kind == places.SHELF and cell.level.unattributed < 0:
        books.settle(cell, lot, target, entry)
    await close_books(tx, books, broken_by="move")
    return Moved(product, lot, format_quantity(wanted, product.decimals), sum(part.cost for part in taken))


def _must_be_good(lot: Lot, cell: Cell, day: date) -> None:
    name = f"Lot {lot.number}" if lot.number else "The lot"
    if lot.is_recalled:
        raise LotIsApart(f"{name} is recalled", field="lot_id", lot_id=str(lot.id))
    if not is_usable(lot.expires_on, day):
        raise LotIsExpired(
            f"{name} expired on {lot.expires_on}",
            field="lot_id",
            expires_on=str(lot.expires_on),
            site=cell.site.slug,
            ways_out=("write it off",),
        )


def _must_be_there(cell: Cell, source: Place, target: Place, lot: Lot, wanted: int) -> None:
    decimals = cell.product.decimals
    there = sum(one.on_hand for one in cell.of_lot(lot.id, source.kind) if one.place == source)
    if wanted > there:
        raise NotEnoughInLot(
            f"Only {format_quantity(there, decimals)} of the lot lie there",
            field="quantity",
            on_hand=format_quantity(there, decimals),
            wanted=format_quantity(wanted, decimals),
            ways_out=("move what lies there",),
        )
    leaves_retail = source.kind == places.SHELF and target.kind != places.SHELF
    free = max(0, cell.level.available)
    if leaves_retail and wanted > free:
        raise NotEnoughStock(
            f"{format_quantity(free, decimals)} are not held for charges",
            field="quantity",
            wanted=format_quantity(wanted, decimals),
            available=format_quantity(free, decimals),
            held=format_quantity(cell.level.held, decimals),
            ways_out=("move less", "void a hold"),
        )
