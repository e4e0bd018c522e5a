"""The only home of goods that come back: to their own lots at the issued cost, or to quarantine or waste (SAL-19)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.sales import Disposition, SaleReturned, SaleVoided
from lotwise.contracts.stock import LotTaken, StockReturned
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park
from lotwise.kit.outbox import Told
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Cell, Taken
from lotwise.stock.domain.lots import RETURNED, Lot
from lotwise.stock.domain.movements import RETURN, TREATMENT, VOID, Entry
from lotwise.stock.domain.places import Place
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.sales import (
    Batch,
    Known,
    known_of,
    lot_taken,
    own_lots,
    put_in_own_lot,
    release,
    trace_id,
)
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.effects import claim, taken
from lotwise.stock.repository.holds import close_holds
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.movements import moved_by
from lotwise.values import parse_quantity


class Moved:
    """A movement of a charge and what of it has not come back yet."""

    __slots__ = ("cost", "from_kind", "id", "line", "lot", "product_id", "quantity", "reason", "site", "to_kind")

    def __init__(self, row: Any, lots: dict[UUID, Lot]) -> None:
        self.id: UUID = row["id"]
        self.line: int = row["line"]
        self.site: str = row["site"]
        self.product_id: UUID = row["product_id"]
        self.lot = lots[row["lot_id"]] if row["lot_id"] else None
        self.reason: str = row["reason"]
        self.from_kind: str = row["from_kind"]
        self.to_kind: str = row["to_kind"]
        self.quantity: int = row["quantity"]
        self.cost: int = row["cost"]

    @property
    def left_the_site(self) -> bool:
        """Goods went from where they lie to where they are gone."""
        return self.from_kind in places.HOLDING and self.to_kind not in places.HOLDING

    @property
    def came_in(self) -> bool:
        """Goods came from outside to where they lie."""
        return self.to_kind in places.HOLDING and self.from_kind not in places.HOLDING

    def part(self, quantity: int) -> int:
        """Take a quantity out of what has not come back; returns the cost that goes with it."""
        cost = costs.share(self.cost, quantity, self.quantity)
        self.quantity -= quantity
        self.cost -= cost
        return cost


class Back(NamedTuple):
    """Where something really went, and what it was."""

    disposition: Disposition
    taken: LotTaken


async def _charges_known(tx: Tx, messages: Sequence[Message[Any]]) -> list[Message[Any]]:
    """The messages whose charge took its effect here; the others wait for it."""
    named = {one.event.charge_id for one in messages if one.event.charge_id}
    done = await taken(tx, named) if named else set()
    ready = []
    for one in messages:
        if one.event.charge_id and one.event.charge_id not in done:
            await park(tx, one, "charge", str(one.event.charge_id))
        else:
            ready.append(one)
    return ready


async def _moved(tx: Tx, charges: set[UUID]) -> dict[tuple[UUID, UUID], list[Moved]]:
    """What charges moved, by (charge, product)."""
    rows = await moved_by(tx, charges)
    lots = await lots_of(tx, {row["lot_id"] for row in rows if row["lot_id"]}) if rows else {}
    found: dict[tuple[UUID, UUID], list[Moved]] = defaultdict(list)
    for row in rows:
        found[row["cause_id"], row["product_id"]].append(Moved(row, lots))
    return found


async def return_sales(tx: Tx, messages: Sequence[Message[SaleReturned]], exponent: int) -> None:
    """Take goods back, each return once: from the lots the charge took, else into an own lot at the last known cost."""
    wanted = {
        one.id: (one.event.site, {line.product_id for line in one.event.lines if line.moves_stock}) for one in messages
    }
    ready, known = await known_of(tx, messages, wanted)
    ready = await _charges_known(tx, ready)
    claimed = await claim(tx, {(one.event.return_id, 0) for one in ready})
    fresh = list({one.event.return_id: one for one in ready if (one.event.return_id, 0) in claimed}.values())
    if not fresh:
        return
    now = datetime.now(UTC)
    keys = {
        (one.event.site, product) for one in fresh for product in wanted[one.id][1] if known.products[product].is_kept
    }
    lots = await own_lots(tx, {(product, RETURNED) for _, product in keys}, known, now)
    books = await open_books(tx, keys, known.sites, known.products, now, exponent)
    batch = Batch(books, known, lots)
    moved = await _moved(tx, {one.event.charge_id for one in fresh if one.event.charge_id})
    for message in fresh:
        _return(batch, message, moved)
    await close_books(tx, books, batch.events, batch.causes)


def _return(batch: Batch, message: Message[SaleReturned], moved: dict[tuple[UUID, UUID], list[Moved]]) -> None:
    event, back = message.event, list[Back]()
    for line in event.lines:
        product = batch.known.products.get(line.product_id)
        if not line.moves_stock or product is None or not product.is_kept:
            continue
        wanted = abs(parse_quantity(line.quantity, product.decimals))
        cell = batch.books.cells[event.site, product.id]
        batch.causes[event.site, product.id] = message
        entry = Entry(
            event.happened_at, event.actor or event.source, RETURN, event.return_id, line.line, trace_id(message)
        )
        for one in moved.get((event.charge_id, product.id), ()) if event.charge_id else ():
            part = min(one.quantity, wanted) if one.left_the_site and one.to_kind == places.PATIENT else 0
            if part:
                back += _give_back(batch, cell, one, part, line.disposition, entry)
                wanted -= part
        if wanted:
            back.append(_to_own_lot(batch, cell, wanted, line.disposition, entry))
    _tell_back(batch, message, event.charge_id, event.return_id, back)


def _to_own_lot(batch: Batch, cell: Cell, quantity: int, disposition: Disposition, entry: Entry) -> Back:
    target, really = _target(batch, cell, batch.own_lots[cell.product.id, RETURNED], disposition, entry)
    patient = cell.site.place(places.PATIENT)
    return Back(really, put_in_own_lot(batch, cell, quantity, entry, patient, target, RETURNED))


def _target(batch: Batch, cell: Cell, lot: Lot, disposition: Disposition, entry: Entry) -> tuple[Place, Disposition]:
    """The account for what comes back: expired goods and goods of a treatment never reach the shelf."""
    if disposition == "waste":
        return cell.site.place(places.WASTE), "waste"
    if not is_usable(lot.expires_on, batch.books.day(batch.books.now, cell.site)):
        return cell.site.place(places.QUARANTINE, places.EXPIRED), "quarantine"
    if disposition == "quarantine" or entry.reason == TREATMENT:
        return cell.site.place(places.QUARANTINE), "quarantine"
    return cell.site.place(places.SHELF), "restock"


def _give_back(
    batch: Batch, cell: Cell, one: Moved, quantity: int, disposition: Disposition, entry: Entry
) -> list[Back]:
    """Reverse a part of a movement that left the site, into the lot it came from, at the cost it left with."""
    source = cell.site.place(one.to_kind)
    if one.lot is None:
        return _owe_less(batch, cell, one, quantity, disposition, entry)
    entry_of_lot = entry._replace(reason=TREATMENT) if one.reason == TREATMENT else entry
    target, really = _target(batch, cell, one.lot, disposition, entry_of_lot)
    cost = one.part(quantity)
    movement_id = batch.books.move(cell, source, target, one.lot, quantity, cost, entry, reverses=one.id)
    return [Back(really, lot_taken(cell.product, entry.line, Taken(one.lot, quantity, cost, movement_id)))]


def _owe_less(
    batch: Batch, cell: Cell, one: Moved, quantity: int, disposition: Disposition, entry: Entry
) -> list[Back]:
    """What the unattributed account gave goes back to it while it owes; what was settled since becomes an own lot."""
    back: list[Back] = []
    account, source = cell.site.place(places.UNATTRIBUTED), cell.site.place(one.to_kind)
    owed = min(quantity, -cell.level.unattributed)
    if owed > 0 and disposition == "restock":
        debt = cell.at(account, None)
        cost = costs.share(-debt.cost, owed, -debt.on_hand)
        one.part(owed)
        movement_id = batch.books.move(cell, source, account, None, owed, cost, entry, reverses=one.id)
        back.append(Back("restock", lot_taken(cell.product, entry.line, Taken(None, owed, cost, movement_id))))
        quantity -= owed
    if quantity:
        one.part(quantity)
        back.append(_to_own_lot(batch, cell, quantity, disposition, entry))
    return back


async def void_sales(tx: Tx, messages: Sequence[Message[SaleVoided]], exponent: int) -> None:
    """Reverse all that a charge moved and that has not come back, each charge once, and let go what it held."""
    wanted = {
        one.id: (one.event.site, {line.product_id for line in one.event.lines if line.effect != "none"})
        for one in messages
    }
    ready, known = await known_of(tx, messages, wanted)
    ready = await _charges_known(tx, ready)
    claimed = await claim(tx, {(one.event.charge_id, -1) for one in ready})
    fresh = list({one.event.charge_id: one for one in ready if (one.event.charge_id, -1) in claimed}.values())
    if not fresh:
        return
    now = datetime.now(UTC)
    keys = {
        (one.event.site, product) for one in fresh for product in wanted[one.id][1] if known.products[product].is_kept
    }
    lots = await own_lots(tx, {(product, RETURNED) for _, product in keys}, known, now)
    held = await close_holds(tx, [one.event.charge_id for one in fresh], "void", now)
    await _hear_of(tx, known, {product_id for _, _, product_id, _ in held})
    keys |= {(site, product_id) for _, site, product_id, _ in held}
    books = await open_books(tx, keys, known.sites, known.products, now, exponent)
    await release(tx, books, held)
    batch = Batch(books, known, lots)
    moved = await _moved(tx, {one.event.charge_id for one in fresh})
    for message in fresh:
        _void(batch, message, moved)
    await close_books(tx, books, batch.events, batch.causes)


async def _hear_of(tx: Tx, known: Known, products: set[UUID]) -> None:
    unheard = products - known.products.keys()
    if unheard:
        known.products.update(await products_of(tx, unheard))


def _void(batch: Batch, message: Message[SaleVoided], moved: dict[tuple[UUID, UUID], list[Moved]]) -> None:
    event, back = message.event, list[Back]()
    for (charge_id, product_id), movements in moved.items():
        cell = batch.books.cells.get((event.site, product_id)) if charge_id == event.charge_id else None
        if cell is None:
            continue
        batch.causes[event.site, product_id] = message
        for one in movements:
            entry = Entry(event.happened_at, event.actor, VOID, event.void_id, one.line, trace_id(message))
            if one.left_the_site and one.quantity:
                back += _give_back(batch, cell, one, one.quantity, event.disposition, entry)
            elif one.came_in and one.quantity:
                batch.books.issue(
                    cell, one.quantity, cell.site.place(one.from_kind), entry, lot_id=one.lot.id if one.lot else None
                )
    _tell_back(batch, message, event.charge_id, event.void_id, back)


def _tell_back(batch: Batch, message: Message[Any], charge_id: UUID | None, return_id: UUID, back: list[Back]) -> None:
    """One event per place the goods really went to."""
    for disposition in ("restock", "quarantine", "waste"):
        part = tuple(one.taken for one in back if one.disposition == disposition)
        if part:
            event = StockReturned(
                site=message.event.site, charge_id=charge_id, return_id=return_id,
                happened_at=message.event.happened_at,
                disposition=disposition, taken=part,
            )  # fmt: skip
            batch.events.append(Told(event, message))
