"""The only home of goods that come back: to their own lots at the issued cost, or to quarantine or waste (SAL-19)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import Disposition, SaleReturned, SaleVoided
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Cell, CellKey, Taken
from lotwise.stock.domain.containers import Visitor
from lotwise.stock.domain.lots import RETURNED, Lot
from lotwise.stock.domain.movements import RETURN, TREATMENT, VOID, Entry
from lotwise.stock.domain.places import Place
from lotwise.stock.domain.reasons import SCRAP, WASTE
from lotwise.stock.domain.treatments import Use
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.consumption import open_consumption, store_consumption, told_of
from lotwise.stock.operations.sales import (
    Back,
    Batch,
    Known,
    backs_of,
    known_of,
    lot_taken,
    own_lots,
    put_in_own_lot,
    release,
    tell_back,
    tell_consumed,
    trace_id,
    uses_of,
)
from lotwise.stock.operations.waiting import Judge, Waiting, judge_of, wait_for_witness
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.damages import add_damages
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.effects import claim, taken, voided
from lotwise.stock.repository.holds import close_holds
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.movements import moved_by
from lotwise.stock.repository.treatments import Charged, UseKey, charges_of
from lotwise.values import parse_quantity, site_day


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
        """Goods went from where they lie to where they are gone; a late charge drew from what had been swept."""
        return self.to_kind not in places.HOLDING and (self.from_kind in places.HOLDING or self.was_swept)

    @property
    def was_swept(self) -> bool:
        """A patient got what had been thrown away as the rest of a vial."""
        return self.from_kind == places.WASTE and self.to_kind == places.PATIENT

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


async def _moved(
    tx: Tx, charges: set[UUID], treated: dict[tuple[UUID, UUID], list[Charged]]
) -> dict[tuple[UUID, UUID], list[Moved]]:
    """What charges moved, by (charge, product), without the lines that belong to treatments."""
    lines = {(one.charge_id, one.line) for many in treated.values() for one in many}
    rows = [row for row in await moved_by(tx, charges) if (row["cause_id"], row["line"]) not in lines]
    lots = await lots_of(tx, {row["lot_id"] for row in rows if row["lot_id"]}) if rows else {}
    found: dict[tuple[UUID, UUID], list[Moved]] = defaultdict(list)
    for row in rows:
        found[row["cause_id"], row["product_id"]].append(Moved(row, lots))
    return found


async def return_sales(tx: Tx, messages: Sequence[Message[SaleReturned]], exponent: int) -> None:
    """Take goods back, each return once: from the lots the charge took, else into an own lot at the last known cost.

    What belongs to a charge whose void was heard first came back with it: such a return brings nothing more.
    """
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
    charges = {one.event.charge_id for one in fresh if one.event.charge_id}
    uses = await _uses_of(tx, known, charges, fresh, keys)
    lots = await own_lots(tx, {(product, RETURNED) for _, product in keys}, known, now)
    books = await open_books(tx, keys, known.sites, known.products, now, exponent)
    batch = Batch(books, known, lots)
    treated = await _open_uses(tx, batch, uses, charges)
    moved = await _moved(tx, charges, treated)
    gone = await voided(tx, charges)
    thrown = {one.event.site for one in fresh if any(line.disposition == "waste" for line in one.event.lines)}
    batch.judge = await judge_of(tx, thrown) if thrown else None
    for message in fresh:
        if message.event.charge_id not in gone:
            _return(batch, message, moved, treated)
    await _close(tx, batch)


async def _close(tx: Tx, batch: Batch) -> None:
    """Store and tell what came back, with what that did to treatments and containers."""
    if batch.consumption is not None:
        batch.events += told_of(batch.consumption.opened)
    if batch.judge is not None and batch.waiting:
        await _ask_for_witness(tx, batch, batch.judge)
    await close_books(tx, batch.books, batch.events, batch.causes)
    if batch.consumption is not None:
        await store_consumption(tx, batch.consumption)


async def _ask_for_witness(tx: Tx, batch: Batch, judge: Judge) -> None:
    """Goods to be thrown away after a second look: set apart as damaged, their scrapping waits for a witness (N-22)."""
    await add_damages(
        tx,
        [
            (
                one.damage_id,
                one.site,
                one.product_id,
                one.lot_id,
                one.quantity,
                one.note,
                False,
                one.happened_at,
                one.actor,
            )
            for one in batch.waiting
        ],
    )
    await wait_for_witness(tx, batch.waiting, judge, batch.books.now)


def _needs_witness(batch: Batch, cell: Cell, cost: int) -> str:
    """Why what a return would throw away needs a second person, "" when it does not."""
    if batch.judge is None:
        return ""
    return batch.judge.why(cell.site.slug, WASTE, cell.product.drug_class, cost)


def _let_wait(batch: Batch, cell: Cell, taken: Taken, needed: str, entry: Entry) -> None:
    if taken.lot is not None:
        batch.waiting.append(
            Waiting(
                cell.site.slug, cell.product.id, taken.lot.id, places.DAMAGED, taken.quantity, taken.cost, SCRAP,
                "came back and is to be destroyed", needed, entry.happened_at, entry.actor, entry.trace_id,
                damage_id=uuid7(),
            )
        )  # fmt: skip


async def _uses_of(
    tx: Tx, known: Known, charges: set[UUID], messages: Sequence[Message[Any]], keys: set[CellKey]
) -> dict[UseKey, Use]:
    """Lock the uses of the treatments that these charges belong to; their cells are added to `keys`."""
    lines = await charges_of(tx, charges) if charges else []
    if not lines:
        return {}
    where = {one.event.charge_id: one.event for one in messages}
    wanted = {}
    for one in lines:
        event = where[one.charge_id]
        wanted[one.key] = (event.site, site_day(event.happened_at, known.sites[event.site].zone))
        keys.add((event.site, one.product_id))
    await _hear_of(tx, known, {one.product_id for one in lines})
    return await uses_of(tx, known, wanted, keys, set())


async def _open_uses(
    tx: Tx, batch: Batch, uses: dict[UseKey, Use], charges: set[UUID]
) -> dict[tuple[UUID, UUID], list[Charged]]:
    """The lines of these charges that belong to treatments, by (charge, product), with their uses and containers."""
    found: dict[tuple[UUID, UUID], list[Charged]] = defaultdict(list)
    if uses:
        batch.consumption = await open_consumption(tx, batch.books, uses, batch.own_lots)
        for one in await charges_of(tx, charges):
            found[one.charge_id, one.product_id].append(one)
    return found


def _take_back(
    batch: Batch, message: Message[Any], lines: list[Charged], wanted: int, disposition: Disposition, entry: Entry
) -> tuple[list[Back], int]:
    """Take a quantity off what charges said of treatments: only what was not drawn comes back. Returns what is left."""
    back: list[Back] = []
    done, event = batch.consumption, message.event
    for index, one in enumerate(lines):
        part = min(one.quantity - one.back, wanted)
        if done is None or not part:
            continue
        lines[index] = one._replace(back=one.back + part)
        done.returned.append(lines[index])
        use = done.uses[one.key]
        cell = batch.books.cells[event.site, one.product_id]
        cost = costs.share(use.cost, min(part, use.consumed), use.consumed) if use.consumed else 0
        is_thrown = disposition == "waste" and not _needs_witness(batch, cell, cost)
        use.take_back(one.charge_id, event.happened_at, part, is_thrown=is_thrown)
        settled = done.settle(use, entry, Visitor(None, one.treatment_id), event.site)
        product = batch.known.products[one.product_id]
        back += backs_of(product, entry.line, settled)
        tell_consumed(batch, message, use, product, settled.taken)
        wanted -= part
    return back, wanted


def _return(
    batch: Batch,
    message: Message[SaleReturned],
    moved: dict[tuple[UUID, UUID], list[Moved]],
    treated: dict[tuple[UUID, UUID], list[Charged]],
) -> None:
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
        if wanted and event.charge_id:
            lines = treated.get((event.charge_id, product.id), [])
            more, wanted = _take_back(batch, message, lines, wanted, line.disposition, entry)
            back += more
        if wanted:
            back.append(_to_own_lot(batch, cell, wanted, line.disposition, entry))
    tell_back(batch, message, event.charge_id, event.return_id, back)


def _to_own_lot(batch: Batch, cell: Cell, quantity: int, disposition: Disposition, entry: Entry) -> Back:
    lot = batch.own_lots[cell.product.id, RETURNED]
    cost = costs.value_of(cell.last_cost(), quantity, cell.product.decimals, batch.books.exponent)
    needed = _needs_witness(batch, cell, cost) if disposition == "waste" else ""
    target, really = _target(batch, cell, lot, disposition, entry)
    if needed:
        target, really = cell.site.place(places.QUARANTINE, places.DAMAGED), "quarantine"
        _let_wait(batch, cell, Taken(lot, quantity, cost, entry.cause_id), needed, entry)
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
    was_opened = one.reason == TREATMENT or one.from_kind == places.IN_USE or one.was_swept
    entry_of_lot = entry._replace(reason=TREATMENT) if was_opened else entry
    target, really = _target(batch, cell, one.lot, disposition, entry_of_lot)
    cost = one.part(quantity)
    needed = _needs_witness(batch, cell, cost) if disposition == "waste" else ""
    if needed:
        target, really = cell.site.place(places.QUARANTINE, places.DAMAGED), "quarantine"
    movement_id = batch.books.move(cell, source, target, one.lot, quantity, cost, entry, reverses=one.id)
    taken = Taken(one.lot, quantity, cost, movement_id)
    if needed:
        _let_wait(batch, cell, taken, needed, entry)
    return [Back(really, lot_taken(cell.product, entry.line, taken))]


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
    charges = {one.event.charge_id for one in fresh}
    uses = await _uses_of(tx, known, charges, fresh, keys)
    lots = await own_lots(tx, {(product, RETURNED) for _, product in keys}, known, now)
    held = await close_holds(tx, [one.event.charge_id for one in fresh], "void", now)
    await _hear_of(tx, known, {product_id for _, _, product_id, _ in held})
    keys |= {(site, product_id) for _, site, product_id, _ in held}
    books = await open_books(tx, keys, known.sites, known.products, now, exponent)
    await release(tx, books, held)
    batch = Batch(books, known, lots)
    treated = await _open_uses(tx, batch, uses, charges)
    moved = await _moved(tx, charges, treated)
    thrown = {one.event.site for one in fresh if one.event.disposition == "waste"}
    batch.judge = await judge_of(tx, thrown) if thrown else None
    for message in fresh:
        _void(batch, message, moved, treated)
    await _close(tx, batch)


async def _hear_of(tx: Tx, known: Known, products: set[UUID]) -> None:
    unheard = products - known.products.keys()
    if unheard:
        known.products.update(await products_of(tx, unheard))


def _void(
    batch: Batch,
    message: Message[SaleVoided],
    moved: dict[tuple[UUID, UUID], list[Moved]],
    treated: dict[tuple[UUID, UUID], list[Charged]],
) -> None:
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
    for (charge_id, product_id), lines in treated.items():
        if charge_id != event.charge_id:
            continue
        batch.causes[event.site, product_id] = message
        for charged in lines:
            entry = Entry(event.happened_at, event.actor, VOID, event.void_id, charged.line, trace_id(message))
            more, _ = _take_back(batch, message, [charged], charged.quantity, event.disposition, entry)
            back += more
    tell_back(batch, message, event.charge_id, event.void_id, back)
