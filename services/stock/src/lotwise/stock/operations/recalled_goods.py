"""The only home of what becomes of recalled goods: destroyed, returned, and the sites that are rid of them."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotReleased, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import RECALL, SUPPLIER_RETURN, Entry
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import (
    NotEnoughInLot,
    NothingToMove,
    UnknownLot,
    UnknownRecall,
    UnknownSite,
)
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.recalls import (
    active_recalls,
    clear_sites,
    followed,
    recall_lots,
    recall_row,
    stray_cells,
)
from lotwise.stock.repository.traces import add_notices
from lotwise.values import format_quantity

WASTE = "waste"
OVERLAP = timedelta(minutes=10)


class Disposed(NamedTuple):
    """What was destroyed or returned, with its cost in minor units."""

    lot: Lot
    product: Product
    site: str
    quantity: str
    cost_minor: int


async def dispose(
    tx: Tx, recall_id: UUID, lot_id: UUID, site: str, quantity: str | None, how: str, note: str, entry: Entry,
    exponent: int,
) -> Disposed:  # fmt: skip
    """Destroy (`how` "destroy": waste) or send back to the supplier what lies apart of a recalled lot at a site.

    All of it when `quantity` is None. Raises UnknownRecall, UnknownLot, UnknownSite, NothingToMove, NotEnoughInLot or
    BadQuantity.
    """
    cell, books, lot = await _cell(tx, recall_id, lot_id, site, exponent)
    account, reason = (places.WASTE, WASTE) if how == "destroy" else (places.SUPPLIER, SUPPLIER_RETURN)
    parts = _take(books, cell, lot, quantity, account, entry._replace(reason=reason))
    text = format_quantity(sum(one.quantity for one in parts), cell.product.decimals)
    cost = sum(one.cost for one in parts)
    adjusted = StockAdjusted(
        site=site, adjustment_id=entry.cause_id, product_id=cell.product.id, lot_id=lot.id, quantity=f"-{text}",
        cost_minor=-cost, reason=reason, note=note, happened_at=entry.happened_at, actor=entry.actor,
    )  # fmt: skip
    await close_books(tx, books, [adjusted], broken_by="recall")
    await clear(tx, [lot_id])
    return Disposed(lot, cell.product, site, text, cost)


async def _cell(tx: Tx, recall_id: UUID, lot_id: UUID, site: str, exponent: int) -> tuple[Cell, Books, Lot]:
    if await recall_row(tx, recall_id) is None:
        raise UnknownRecall("No recall has this id", recall_id=str(recall_id))
    if lot_id not in {row["lot_id"] for row in await recall_lots(tx, recall_id)}:
        raise UnknownLot("This recall does not name that lot", field="lot_id", lot_id=str(lot_id))
    sites = await sites_of(tx, [site])
    if site not in sites:
        raise UnknownSite("No site has this name", field="site", site=site)
    lot = (await lots_of(tx, [lot_id]))[lot_id]
    products = await products_of(tx, [lot.product_id])
    books = await open_books(tx, [(site, lot.product_id)], sites, products, datetime.now(UTC), exponent)
    return books.cells[site, lot.product_id], books, lot


def _take(books: Books, cell: Cell, lot: Lot, quantity: str | None, account: str, entry: Entry) -> list[Taken]:
    here = sorted(cell.of_lot(lot.id, places.QUARANTINE), key=_recalled_first)
    there = sum(one.on_hand for one in here)
    if not there:
        raise NothingToMove("Nothing of this lot lies apart here", site=cell.site.slug)
    wanted = there if quantity is None else positive(quantity, cell.product)
    if wanted > there:
        text = format_quantity(there, cell.product.decimals)
        raise NotEnoughInLot(f"Only {text} {cell.product.unit} lie apart here", field="quantity", on_hand=text)
    parts: list[Taken] = []
    for balance in here:
        part = min(balance.on_hand, wanted)
        if part > 0:
            cost = costs.share(balance.cost, part, balance.on_hand)
            moved = books.move(cell, balance.place, cell.site.place(account), lot, part, cost, entry)
            parts.append(Taken(lot, part, cost, moved))
            wanted -= part
    return parts


def _recalled_first(one: Balance) -> tuple[bool, int]:
    return one.place.area != places.RECALLED, one.place.id


async def clear(tx: Tx, lots: Collection[UUID] | None = None) -> int:
    """Tell the sites that are rid of a recalled lot: the alert there is over. Returns how many."""
    now = datetime.now(UTC)
    rows = await clear_sites(tx, now, lots)
    await tell(tx, *[_rid(row, now) for row in rows])
    return len(rows)


def _rid(row: Any, now: datetime) -> LotReleased:
    return LotReleased(
        site=row["site"], lot_id=row["lot_id"], product_id=row["product_id"], lot_number=row["number"],
        expires_on=row["expires_on"], quantity="0", cost_minor=0, happened_at=now, reason="nothing of it is left here",
    )  # fmt: skip


async def gather_strays(tx: Tx, rows_max: int, exponent: int) -> int:
    """Set apart what of a recalled lot lies on a shelf, however it came there; returns how many cells were changed."""
    keys = await stray_cells(tx, rows_max)
    if not keys:
        return 0
    sites = await sites_of(tx, {site for site, _ in keys})
    products = await products_of(tx, {product for _, product in keys})
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    for cell in books.cells.values():
        entry = Entry(books.now, "stock", RECALL, uuid7())
        for balance in [one for one in cell.balances.values() if _is_stray(one)]:
            target = cell.site.place(places.QUARANTINE, places.RECALLED)
            books.move(cell, balance.place, target, balance.lot, balance.on_hand, balance.cost, entry)
    await close_books(tx, books, broken_by="recall")
    return len(keys)


def _is_stray(one: Balance) -> bool:
    return one.place.kind in places.SHELVES and one.on_hand > 0 and one.lot is not None and one.lot.is_recalled


async def follow(tx: Tx, now: datetime) -> None:
    """Add to the lists of active recalls whom late charges reached since they were last followed."""
    for row in await active_recalls(tx):
        since = row["followed_at"] or row["begun_at"]
        await add_notices(tx, row["id"], _first_id(since - OVERLAP))
        await followed(tx, row["id"], now)


def _first_id(at: datetime) -> UUID:
    """The lowest id that a movement recorded at an instant can have: UUIDv7 begins with the milliseconds."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
