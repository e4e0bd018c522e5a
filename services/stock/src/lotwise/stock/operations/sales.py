"""The only home of what charges do to stock: goods leave by FEFO, come back once, and what no lot covers is told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.sales import SaleLine, SaleRecorded
from lotwise.contracts.stock import LotTaken, ShortageRecorded, StockAdjusted, StockIssued, StockReturned
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park, redrive
from lotwise.kit.outbox import Told
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.cells import Books, Cell, CellKey, Taken
from lotwise.stock.domain.lots import FOUND, RETURNED, Lot
from lotwise.stock.domain.movements import RETURN, SALE, TREATMENT, Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim_charges
from lotwise.stock.repository.holds import HeldLine, close_holds, unbroken
from lotwise.stock.repository.lots import LotDraft, ensure_lots
from lotwise.values import format_quantity, parse_quantity


@dataclass(slots=True)
class Known:
    """The definitions of a batch: what its messages need, already heard of."""

    sites: dict[str, Site]
    products: dict[UUID, Product]


@dataclass(slots=True)
class Batch:
    """What one batch of charges gathers while it is applied."""

    books: Books
    known: Known
    own_lots: dict[tuple[UUID, str], Lot]
    events: list[Event | Told] = field(default_factory=list)
    causes: dict[CellKey, Message[Any]] = field(default_factory=dict)


def trace_id(message: Message[Any]) -> str:
    """The 32 hex digits of the trace that a message belongs to, "" without one."""
    parts = (message.traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else ""


async def known_of(
    tx: Tx, messages: Iterable[Message[Any]], wanted: dict[UUID, tuple[str, set[UUID]]]
) -> tuple[list[Message[Any]], Known]:
    """The messages whose site and products are known; the others are parked on what they miss.

    `wanted` gives, by message id, the site and the products of its lines that touch stock.
    """
    messages = list(messages)
    sites = await sites_of(tx, {wanted[one.id][0] for one in messages})
    products = await products_of(tx, {product for one in messages for product in wanted[one.id][1]})
    ready = []
    for one in messages:
        slug, ids = wanted[one.id]
        missing = next((product for product in ids if product not in products), None)
        if slug not in sites:
            await park(tx, one, "site", slug)
        elif missing is not None:
            await park(tx, one, "product", str(missing))
        else:
            ready.append(one)
    return ready, Known(sites, products)


async def own_lots(tx: Tx, wanted: set[tuple[UUID, str]], known: Known, now: datetime) -> dict[tuple[UUID, str], Lot]:
    """The own lots of products for goods whose origin is unknown: one for returns, one for what was found."""
    keys = sorted(wanted)
    lots = await ensure_lots(
        tx,
        [
            LotDraft(product_id, known.products[product_id].manufacturer, origin, None, "", None, "", now, 0, origin)
            for product_id, origin in keys
        ],
    )
    return dict(zip(keys, lots, strict=True))


def _effect(line: SaleLine) -> str:
    if line.effect == "sale" and line.quantity.startswith("-"):
        return "return"
    return line.effect


async def record_sales(tx: Tx, messages: Sequence[Message[SaleRecorded]], exponent: int) -> None:
    """Apply recorded charges, each once, whatever delivers them how often; facts are never refused."""
    wanted = {
        one.id: (one.event.site, {line.product_id for line in one.event.lines if line.effect != "none"})
        for one in messages
    }
    ready, known = await known_of(tx, messages, wanted)
    claimed = await claim_charges(tx, {one.event.charge_id for one in ready})
    fresh = list({one.event.charge_id: one for one in ready if one.event.charge_id in claimed}.values())
    if not fresh:
        return
    held = [charge_id for charge_id, is_held in claimed.items() if is_held]
    batch = await _open(tx, fresh, held, known, exponent)
    for message in fresh:
        _record(batch, message)
    await close_books(tx, batch.books, batch.events, batch.causes)
    await redrive(tx, "charge", *(str(one.event.charge_id) for one in fresh))


async def _open(
    tx: Tx, fresh: list[Message[SaleRecorded]], held_charges: Sequence[UUID], known: Known, exponent: int
) -> Batch:
    """Lots, then holds, then levels: the one lock order."""
    now = datetime.now(UTC)
    keys: set[CellKey] = set()
    origins: set[tuple[UUID, str]] = set()
    for message in fresh:
        for line in message.event.lines:
            if line.effect == "none" or not known.products[line.product_id].is_kept:
                continue
            keys.add((message.event.site, line.product_id))
            if _effect(line) == "return":
                origins.add((line.product_id, RETURNED))
            elif line.effect == "adjustment" and not line.quantity.startswith("-"):
                origins.add((line.product_id, FOUND))
    lots = await own_lots(tx, origins, known, now)
    posted = await close_holds(tx, held_charges, "posted", now) if held_charges else []
    held = {(site, product_id) for _, site, product_id, _ in posted}
    unheard = {product_id for _, product_id in held} - known.products.keys()
    if unheard:
        known.products.update(await products_of(tx, unheard))
    books = await open_books(tx, keys | held, known.sites, known.products, now, exponent)
    await release(tx, books, posted)
    return Batch(books, known, lots)


async def release(tx: Tx, books: Books, closed: Sequence[HeldLine]) -> None:
    """Take what closed holds held from their levels, now that these are locked and nobody breaks a hold any more."""
    for _, site, product_id, quantity in await unbroken(tx, {line[0] for line in closed}):
        cell = books.cells[site, product_id]
        cell.level.held -= quantity
        cell.is_touched = True


def _record(batch: Batch, message: Message[SaleRecorded]) -> None:
    event, products = message.event, batch.known.products
    trace = trace_id(message)
    actor = event.actor or message.actor or event.source
    taken: list[LotTaken] = []
    returned: list[LotTaken] = []
    for line in event.lines:
        if line.effect == "none":
            continue
        product = products[line.product_id]
        if not product.is_kept:
            continue
        quantity = parse_quantity(line.quantity, product.decimals)
        cell = batch.books.cells[event.site, product.id]
        batch.causes[event.site, product.id] = message
        effect = _effect(line)
        reason = RETURN if effect == "return" else TREATMENT if line.treatment_id else SALE
        entry = Entry(event.happened_at, actor, reason, event.charge_id, line.line, trace)
        if not quantity:
            continue
        if effect == "sale":
            taken += _issue(batch, cell, quantity, entry, line, message)
        elif effect == "return":
            returned.append(give_to_own_lot(batch, cell, abs(quantity), entry, places.PATIENT, RETURNED))
        else:
            _adjust(batch, cell, quantity, entry, message)
    if taken:
        issued = StockIssued(
            site=event.site, charge_id=event.charge_id, happened_at=event.happened_at, taken=tuple(taken)
        )
        batch.events.append(Told(issued, message))
    if returned:
        back = StockReturned(
            site=event.site, charge_id=event.charge_id, return_id=event.charge_id, happened_at=event.happened_at,
            disposition="restock", taken=tuple(returned),
        )  # fmt: skip
        batch.events.append(Told(back, message))


def _issue(
    batch: Batch, cell: Cell, quantity: int, entry: Entry, line: SaleLine, message: Message[SaleRecorded]
) -> list[LotTaken]:
    patient = cell.site.place(places.PATIENT)
    taken, missing = batch.books.issue(cell, quantity, patient, entry, lot_id=line.lot_id)
    if missing:
        shortage = ShortageRecorded(
            site=cell.site.slug,
            charge_id=entry.cause_id,
            product_id=cell.product.id,
            quantity=format_quantity(missing, cell.product.decimals),
            happened_at=entry.happened_at,
        )
        batch.events.append(Told(shortage, message))
    return [lot_taken(cell.product, line.line, one) for one in taken]


def lot_taken(product: Product, line: int, one: Taken) -> LotTaken:
    """A taken quantity as the others hear it."""
    lot = one.lot
    return LotTaken(
        line=line,
        product_id=product.id,
        lot_id=lot.id if lot else None,
        lot_number=lot.number if lot else "",
        expires_on=lot.expires_on if lot else None,
        quantity=format_quantity(one.quantity, product.decimals),
        cost_minor=one.cost,
        is_unattributed=lot is None,
    )


def give_to_own_lot(batch: Batch, cell: Cell, quantity: int, entry: Entry, source: str, origin: str) -> LotTaken:
    """Goods of unknown origin come onto the shelf in the product's own lot for that, at the last known cost."""
    return put_in_own_lot(batch, cell, quantity, entry, cell.site.place(source), cell.site.place(places.SHELF), origin)


def put_in_own_lot(
    batch: Batch, cell: Cell, quantity: int, entry: Entry, source: places.Place, target: places.Place, origin: str
) -> LotTaken:
    """As `give_to_own_lot`, between any two accounts of the site."""
    lot = batch.own_lots[cell.product.id, origin]
    cost = costs.value_of(cell.last_cost(), quantity, cell.product.decimals, batch.books.exponent)
    movement_id = batch.books.move(cell, source, target, lot, quantity, cost, entry)
    return lot_taken(cell.product, entry.line, Taken(lot, quantity, cost, movement_id))


def _adjust(batch: Batch, cell: Cell, quantity: int, entry: Entry, message: Message[SaleRecorded]) -> None:
    """A line that corrects stock: below zero written off, above zero found."""
    entry = entry._replace(reason="correction")
    if quantity > 0:
        cost = give_to_own_lot(batch, cell, quantity, entry, places.LOST_AND_FOUND, FOUND).cost_minor
    else:
        taken, _ = batch.books.issue(cell, -quantity, cell.site.place(places.LOST_AND_FOUND), entry)
        cost = -sum(one.cost for one in taken)
    adjusted = StockAdjusted(
        site=cell.site.slug, adjustment_id=entry.cause_id, product_id=cell.product.id, lot_id=None,
        quantity=format_quantity(quantity, cell.product.decimals), cost_minor=cost, reason="correction", note="",
        happened_at=entry.happened_at, actor=entry.actor,
    )  # fmt: skip
    batch.events.append(Told(adjusted, message))
