"""The only home of completed treatments: each product is consumed once; what a visit leaves in its vials is waste."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.sales import TreatmentCompleted, TreatmentLine
from lotwise.contracts.stock import LotTaken, TreatmentConsumed
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.kit.outbox import Told
from lotwise.stock.domain.cells import CellKey
from lotwise.stock.domain.containers import VISIT_END, Visitor
from lotwise.stock.domain.movements import TREATMENT, Entry
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.treatments import Settled
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.consumption import Consumption, open_consumption, store_consumption, told_of
from lotwise.stock.operations.sales import Known as Definitions
from lotwise.stock.operations.sales import known_of, lot_taken, own_lots, trace_id, uses_of
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.containers import bound_cells
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.treatments import Known, complete, move_uses, products_used
from lotwise.values import format_quantity, parse_quantity, site_day

SYSTEM = "stock"
Completed = Message[TreatmentCompleted]


async def complete_treatments(tx: Tx, messages: Sequence[Completed], exponent: int) -> None:
    """Consume what treatments took, each product once, by the newest revision; facts are never refused.

    The rest of containers that served only this visit becomes waste: its end has come (STK-37).
    """
    wanted = {one.id: (one.event.site, {line.product_id for line in one.event.lines}) for one in messages}
    ready, known = await known_of(tx, messages, wanted)
    fresh = [one for one in _newest(ready) if await _complete(tx, one, known)]
    if not fresh:
        return
    keys = await _cells(tx, fresh, known)
    treated = {}
    for one in fresh:
        day = site_day(one.event.happened_at, known.sites[one.event.site].zone)
        for product_id in await _products(tx, one, known):
            treated[one.event.treatment_id, product_id] = (one.event.site, day)
            keys.add((one.event.site, product_id))
    origins: set[tuple[UUID, str]] = set()
    uses = await uses_of(tx, known, treated, keys, origins)
    lots = await own_lots(tx, origins, known, datetime.now(UTC))
    books = await open_books(tx, keys, known.sites, known.products, datetime.now(UTC), exponent)
    done = await open_consumption(tx, books, uses, lots, since=min(one.event.happened_at for one in fresh))
    told: list[Event | Told] = []
    for one in fresh:
        told += _consume(done, one, known)
    told += told_of(done.opened)
    causes = {key: one for one in fresh for key in keys if key[0] == one.event.site}
    await close_books(tx, books, told, causes)
    await store_consumption(tx, done)


def _newest(messages: Sequence[Completed]) -> list[Completed]:
    """The newest revision of each treatment of a batch, by treatment id."""
    newest: dict[UUID, Completed] = {}
    for one in messages:
        known = newest.get(one.event.treatment_id)
        if known is None or known.event.revision < one.event.revision:
            newest[one.event.treatment_id] = one
    return [newest[key] for key in sorted(newest)]


async def _complete(tx: Tx, one: Completed, known: Definitions) -> bool:
    event = one.event
    treatment = Known(
        event.treatment_id, event.site, event.service_id, event.appointment_id, event.member_id, event.practitioner,
        event.happened_at, site_day(event.happened_at, known.sites[event.site].zone), event.revision,
    )  # fmt: skip
    if not await complete(tx, treatment):
        return False
    await move_uses(tx, treatment)
    return True


async def _cells(tx: Tx, fresh: Sequence[Completed], known: Definitions) -> set[CellKey]:
    """The cells of containers that these visits leave behind."""
    visits = {one.event.treatment_id for one in fresh}
    keys = set(await bound_cells(tx, visits, {one.event.member_id for one in fresh if one.event.member_id}))
    known.products.update(await products_of(tx, {key[1] for key in keys} - known.products.keys()))
    known.sites.update(await sites_of(tx, {key[0] for key in keys} - known.sites.keys()))
    return keys


async def _products(tx: Tx, one: Completed, known: Definitions) -> set[UUID]:
    """The products of a treatment's lines and those known of it before, as far as they have stock."""
    before = (await products_used(tx, [one.event.treatment_id])).get(one.event.treatment_id, set())
    known.products.update(await products_of(tx, before - known.products.keys()))
    ids = before | {line.product_id for line in one.event.lines}
    return {key for key in ids if known.products[key].is_kept}


def _consume(done: Consumption, message: Completed, known: Definitions) -> list[Told]:
    event = message.event
    lines = {line.product_id: line for line in event.lines}
    visitor = Visitor(event.member_id, event.treatment_id)
    taken: list[LotTaken] = []
    mine = [use for use in done.uses.values() if use.treatment_id == event.treatment_id]
    for number, use in enumerate(mine, start=1):
        product = known.products[use.product_id]
        line = lines.get(use.product_id) or TreatmentLine(product_id=use.product_id)
        use.expected = _quantity(line.expected, product)
        use.drawn = None if line.drawn is None else _quantity(line.drawn, product)
        use.is_completed, use.practitioner, use.happened_at = True, event.practitioner, event.happened_at
        actor = event.practitioner or message.actor or SYSTEM
        entry = Entry(event.happened_at, actor, TREATMENT, event.treatment_id, number, trace_id(message))
        taken += signed(product, number, done.settle(use, entry, visitor, event.site, line.lot_id))
    actor = event.practitioner or message.actor or SYSTEM
    ending = Entry(event.happened_at, actor, VISIT_END, event.treatment_id, 0, trace_id(message))
    done.end_visit(visitor, ending, event.site)
    if not taken:
        return []
    consumed = TreatmentConsumed(
        site=event.site, treatment_id=event.treatment_id, practitioner=event.practitioner, taken=tuple(taken),
        happened_at=event.happened_at,
    )  # fmt: skip
    return [Told(consumed, message)]


def _quantity(text: str, product: Product) -> int:
    """A quantity of a line; what is below zero is nothing."""
    return max(0, parse_quantity(text, product.decimals))


def signed(product: Product, line: int, settled: Settled) -> list[LotTaken]:
    """What a settlement took, and below zero what it gave back."""
    taken = [lot_taken(product, line, one) for one in settled.taken]
    for back in settled.back:
        one = lot_taken(product, line, back.taken)
        quantity = format_quantity(-back.taken.quantity, product.decimals)
        taken.append(one.model_copy(update={"quantity": quantity, "cost_minor": -one.cost_minor}))
    return taken
