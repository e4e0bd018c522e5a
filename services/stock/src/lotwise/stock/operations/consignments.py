"""The only home of ending a consignment: a supplier's goods are bought, or go back (STK-34, STK-43)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import StockAdjusted
from lotwise.kit.database import Tx
from lotwise.stock.domain import consignments, costs, places
from lotwise.stock.domain.cells import Balance, Books, Cell
from lotwise.stock.domain.consignments import Owed
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.refusals import LotMismatch, NotConsigned, NothingToMove, UnknownLot, UnknownSite
from lotwise.stock.operations.adjustments import too_little
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.receipts import positive
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.lots import LotDraft, ensure_lots, lot_row
from lotwise.values import format_quantity


class Ending(NamedTuple):
    """A consigned lot at a site, or a quantity of it (all when None), and how it ends: bought, or sent back."""

    consignment_id: UUID
    site: str
    lot_id: UUID
    quantity: str | None
    reason: str
    note: str
    happened_at: datetime
    actor: str
    trace_id: str = ""


class Ended(NamedTuple):
    """What became of it: the quantity, what is owed for it in minor units, and our own lot when it was bought."""

    quantity: str
    liability_minor: int
    own_lot_id: UUID | None = None
    is_repeat: bool = False


async def end(tx: Tx, one: Ending, exponent: int) -> Ended:
    """Buy a supplier's lot, or send it back, once per id.

    Raises UnknownLot, UnknownSite, NotConsigned, NothingToMove, NotEnoughInLot, BadQuantity or LotMismatch.
    """
    row = await lot_row(tx, one.lot_id)
    if row is None:
        raise UnknownLot("No lot has this id", field="lot_id", lot_id=str(one.lot_id))
    if not row["owner"]:
        raise NotConsigned("The lot is our own", field="lot_id", lot_number=row["number"])
    sites = await sites_of(tx, [one.site])
    if one.site not in sites:
        raise UnknownSite("No site has this name", field="site", site=one.site)
    products = await products_of(tx, [row["product_id"]])
    if not await claim(tx, [(one.consignment_id, 0)]):
        return Ended(one.quantity or "0", 0, is_repeat=True)
    own = None if one.reason == consignments.SENT_BACK else await _own_lot(tx, row)
    books = await open_books(tx, [(one.site, row["product_id"])], sites, products, datetime.now(UTC), exponent)
    cell = books.cells[one.site, row["product_id"]]
    kept = [part for part in cell.of_lot(one.lot_id, *places.SHELVES, places.QUARANTINE) if part.on_hand]
    quantity = _wanted(cell, kept, one.quantity)
    entry = Entry(one.happened_at, one.actor, one.reason, one.consignment_id, 0, one.trace_id)
    owed = _move(books, cell, kept, quantity, own, entry)
    text = format_quantity(quantity, cell.product.decimals)
    events: list[Event] = [] if own else [_sent_back(one, cell, text)]
    await close_books(tx, books, events, broken_by="consignment")
    return Ended(text, owed, own.id if own else None)


def _wanted(cell: Cell, kept: Sequence[Balance], text: str | None) -> int:
    there = sum(part.on_hand for part in kept)
    if not there:
        raise NothingToMove("There is nothing of this lot at that place", site=cell.site.slug)
    quantity = there if text is None else positive(text, cell.product)
    if quantity > there:
        raise too_little(cell, there, quantity)
    return quantity


async def _own_lot(tx: Tx, row: Any) -> Lot:
    """The same goods as our own lot: the same number and expiry. Raises LotMismatch when ours expires otherwise."""
    draft = LotDraft(
        row["product_id"], row["manufacturer"], row["number"], row["expires_on"], "", row["supplier_id"],
        row["purchase_order"], row["received_at"], row["unit_cost"], row["origin"],
    )  # fmt: skip
    own = (await ensure_lots(tx, [draft]))[0]
    if own.expires_on != row["expires_on"]:
        raise LotMismatch(
            f"Our own lot {own.number} is known to expire on {own.expires_on or 'no date'}",
            field="lot_id",
            lot_number=own.number,
            known=str(own.expires_on) if own.expires_on else None,
            given=str(row["expires_on"]) if row["expires_on"] else None,
            ways_out=("correct the lot's expiry first",),
        )
    return own


def _move(books: Books, cell: Cell, kept: Sequence[Balance], quantity: int, own: Lot | None, entry: Entry) -> int:
    """Give goods back to their owner and, when they are bought, take them in as ours; returns what is owed."""
    supplier, owed = cell.site.place(places.SUPPLIER), 0
    for part in sorted(kept, key=lambda one: (one.place.kind != places.SHELF, one.place.id)):
        moved = min(part.on_hand, quantity)
        if not moved or part.lot is None:
            continue
        cost = costs.share(part.cost, moved, part.on_hand)
        place, lot = part.place, part.lot
        movement_id = books.move(cell, place, supplier, lot, moved, cost, entry)
        quantity -= moved
        if own is not None:
            books.move(cell, supplier, place, own, moved, cost, entry)
            site, product_id = cell.site.slug, cell.product.id
            books.owed.append(
                Owed(movement_id, site, product_id, lot, moved, cost, entry.reason, entry.cause_id, entry.happened_at)
            )
            owed += cost
    return owed


def _sent_back(one: Ending, cell: Cell, quantity: str) -> StockAdjusted:
    """Goods of others left without a sale: their quantity counts, their value never was ours."""
    return StockAdjusted(
        site=one.site, adjustment_id=one.consignment_id, product_id=cell.product.id, lot_id=one.lot_id,
        quantity=f"-{quantity}", cost_minor=0, reason=one.reason, note=one.note, happened_at=one.happened_at,
        actor=one.actor,
    )  # fmt: skip
