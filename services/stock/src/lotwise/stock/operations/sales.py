"""The only home of what charges do to stock: goods leave by FEFO, come back once, and what no lot covers is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.sales import Disposition, SaleLine, SaleRecorded
from lotwise.contracts.stock import (
    LotTaken,
    ShortageRecorded,
    StockAdjusted,
    StockIssued,
    StockReturned,
    TreatmentConsumed,
)
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park, redrive
from lotwise.kit.outbox import Told
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.cells import Books, Cell, CellKey, Taken
from lotwise.stock.domain.containers import Visitor
from lotwise.stock.domain.lots import FOUND, RETURNED, Lot
from lotwise.stock.domain.movements import RETURN, SALE, TREATMENT, Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.treatments import Settled, Use
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.consumption import (
    Consumption,
    cells_of,
    open_consumption,
    origins_of,
    store_consumption,
    told_of,
)
from lotwise.stock.operations.pledges import Pledged, hand_over, promised
from lotwise.stock.operations.waiting import Judge, Waiting
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim_charges
from lotwise.stock.repository.holds import HeldLine, close_holds, unbroken
from lotwise.stock.repository.lots import LotDraft, ensure_lots
from lotwise.stock.repository.treatments import Charged, UseKey, lock_uses
from lotwise.values import format_quantity, parse_quantity, site_day


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
    consumption: Consumption | None = None
    events: list[Event | Told] = field(default_factory=list)
    causes: dict[CellKey, Message[Any]] = field(default_factory=dict)
    pledged: Pledged = field(default_factory=Pledged)
    judge: Judge | None = None
    waiting: list[Waiting] = field(default_factory=list)


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
    pledged = await promised(tx, ready, known.products.values())
    claimed = await claim_charges(tx, {one.event.charge_id for one in ready})
    fresh = list({one.event.charge_id: one for one in ready if one.event.charge_id in claimed}.values())
    if not fresh:
        return
    held = [charge_id for charge_id, is_held in claimed.items() if is_held]
    batch = await _open(tx, fresh, held, known, exponent)
    batch.pledged = pledged
    for message in fresh:
        _record(batch, message)
    if batch.consumption is not None:
        batch.events += told_of(batch.consumption.opened)
    await close_books(tx, batch.books, batch.events, batch.causes)
    if batch.consumption is not None:
        await store_consumption(tx, batch.consumption)
    if pledged.units:
        await hand_over(tx, pledged, fresh)
    await redrive(tx, "charge", *(str(one.event.charge_id) for one in fresh))


async def _open(
    tx: Tx, fresh: list[Message[SaleRecorded]], held_charges: Sequence[UUID], known: Known, exponent: int
) -> Batch:
    """Uses of treatments, lots, then holds, then levels: the one lock order."""
    now = datetime.now(UTC)
    keys: set[CellKey] = set()
    origins: set[tuple[UUID, str]] = set()
    treated: dict[UseKey, tuple[str, date]] = {}
    is_drawn = False
    for message in fresh:
        for line in message.event.lines:
            if line.effect == "none" or not known.products[line.product_id].is_kept:
                continue
            keys.add((message.event.site, line.product_id))
            is_drawn = is_drawn or known.products[line.product_id].is_drawn
            if line.treatment_id is not None:
                day = site_day(message.event.happened_at, known.sites[message.event.site].zone)
                treated[line.treatment_id, line.product_id] = (message.event.site, day)
            if _effect(line) == "return":
                origins.add((line.product_id, RETURNED))
            elif line.effect == "adjustment" and not line.quantity.startswith("-"):
                origins.add((line.product_id, FOUND))
    uses = await uses_of(tx, known, treated, keys, origins) if treated else {}
    lots = await own_lots(tx, origins, known, now)
    posted = await close_holds(tx, held_charges, "posted", now) if held_charges else []
    held = {(site, product_id) for _, site, product_id, _ in posted}
    unheard = {product_id for _, product_id in held} - known.products.keys()
    if unheard:
        known.products.update(await products_of(tx, unheard))
    books = await open_books(tx, keys | held, known.sites, known.products, now, exponent)
    await release(tx, books, posted)
    batch = Batch(books, known, lots)
    if is_drawn or uses:
        batch.consumption = await open_consumption(
            tx, books, uses, lots, since=min(one.event.happened_at for one in fresh)
        )
    return batch


async def uses_of(
    tx: Tx,
    known: Known,
    wanted: Mapping[UseKey, tuple[str, date]],
    keys: set[CellKey],
    origins: set[tuple[UUID, str]],
) -> dict[UseKey, Use]:
    """Lock the uses of treatments, and add what giving back may need: cells (with their sites) and own lots."""
    uses = await lock_uses(tx, wanted)
    keys |= cells_of(uses.values())
    origins |= origins_of(uses.values())
    known.sites.update(await sites_of(tx, {key[0] for key in keys} - known.sites.keys()))
    return uses


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
    if line.treatment_id is None and not cell.product.is_drawn:
        taken = _take_promised(batch, cell, quantity, entry)
        rest = quantity - sum(one.quantity for one in taken)
        more, missing = batch.books.issue(cell, rest, patient, entry, lot_id=line.lot_id) if rest else ([], 0)
        taken += more
    else:
        taken, missing = _consume(batch, cell, quantity, entry, line, message)
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


def _take_promised(batch: Batch, cell: Cell, quantity: int, entry: Entry) -> list[Taken]:
    """Take the lots of the units that the charge was promised, as far as they lie here (STK-19)."""
    taken: list[Taken] = []
    if batch.pledged.units:
        patient = cell.site.place(places.PATIENT)
        for lot_id, part in batch.pledged.lots(entry.cause_id, cell.product, cell.site.slug, quantity):
            taken += batch.books.take(cell, part, patient, entry, lot_id=lot_id)[0]
    return taken


def _consume(
    batch: Batch, cell: Cell, quantity: int, entry: Entry, line: SaleLine, message: Message[SaleRecorded]
) -> tuple[list[Taken], int]:
    """What a line of a treatment, or of a product drawn from containers, takes: only what was not taken before."""
    done, event = batch.consumption, message.event
    if done is None:
        raise LookupError("a batch that draws has its containers and treatments loaded")
    if line.treatment_id is None:
        visitor = Visitor(event.member_id, event.charge_id)
        sources, missing = done.consume(cell, quantity, entry, visitor, line.lot_id)
        return [one.taken for one in sources], missing
    use = done.uses[line.treatment_id, cell.product.id]
    use.charge(event.charge_id, event.happened_at, quantity)
    use.happened_at = use.happened_at or event.happened_at
    done.charges.append(Charged(event.charge_id, line.line, line.treatment_id, cell.product.id, quantity))
    visitor = Visitor(event.member_id, line.treatment_id)
    settled = done.settle(use, entry, visitor, event.site, line.lot_id)
    tell_back(batch, message, event.charge_id, event.charge_id, backs_of(cell.product, line.line, settled))
    return settled.taken, settled.missing


class Back(NamedTuple):
    """Where something really went, and what it was."""

    disposition: Disposition
    taken: LotTaken


def backs_of(product: Product, line: int, settled: Settled) -> list[Back]:
    """What a settlement gave back, as the others hear it."""
    words: dict[str, Disposition] = {"quarantine": "quarantine", "waste": "waste"}
    return [Back(words.get(one.disposition, "restock"), lot_taken(product, line, one.taken)) for one in settled.back]


def tell_back(
    batch: Batch, message: Message[Any], charge_id: UUID | None, return_id: UUID, back: Sequence[Back]
) -> None:
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


def tell_consumed(
    batch: Batch, message: Message[Any], use: Use, product: Product, taken: Sequence[Taken], line: int = 0
) -> None:
    """What a treatment took by another event than its charge."""
    if taken:
        event = TreatmentConsumed(
            site=message.event.site, treatment_id=use.treatment_id, practitioner=use.practitioner,
            taken=tuple(lot_taken(product, line, one) for one in taken), happened_at=message.event.happened_at,
        )  # fmt: skip
        batch.events.append(Told(event, message))


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
