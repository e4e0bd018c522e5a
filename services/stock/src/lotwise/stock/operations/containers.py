"""The only home of what happens to opened containers: drawn from and discarded."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.stock import TreatmentConsumed
from lotwise.kit.database import Tx
from lotwise.stock.domain.cells import Books, Cell, CellKey
from lotwise.stock.domain.containers import OPEN, Container, Visitor, discard, draw, fill_over
from lotwise.stock.domain.movements import TREATMENT, Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import (
    AnotherPatients,
    BadDate,
    BadQuantity,
    ContainerClosed,
    ContainerOver,
    LotIsRecalled,
    NotEnoughLeft,
    PatientNeeded,
    UnknownContainer,
)
from lotwise.stock.domain.treatments import Part, Settled, Use, make_room
from lotwise.stock.operations.consumption import Consumption, close_consumption, open_consumption
from lotwise.stock.operations.receipts import positive
from lotwise.stock.operations.sales import Known, own_lots, uses_of
from lotwise.stock.operations.treatments import signed
from lotwise.stock.operations.waiting import Waiting, judge_of, wait_for_witness
from lotwise.stock.repository.adjustments import pending_of_container
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.containers import cell_of_container
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.effects import claim
from lotwise.stock.repository.treatments import members_of
from lotwise.values import format_quantity, site_day


class Discarded(NamedTuple):
    """What was thrown away, in smallest units and minor units."""

    quantity: int
    cost: int


class Pouring(NamedTuple):
    """Units that somebody draws: `overfill` is what the container held above its label and is drawn as well."""

    draw_id: UUID
    container_id: UUID
    quantity: str
    overfill: str | None
    visitor: Visitor
    practitioner: str
    happened_at: datetime
    actor: str
    trace_id: str = ""


async def books_of(tx: Tx, keys: Sequence[tuple[str, UUID]], exponent: int) -> Books:
    """The books of these cells, under their locks."""
    sites = await sites_of(tx, {key[0] for key in keys})
    products = await products_of(tx, {key[1] for key in keys})
    return await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)


async def draw_from(tx: Tx, one: Pouring, exponent: int) -> bool:
    """Draw units from a container for a patient; False when it was done under this id before.

    For a treatment it is its consumption: what its charge or its recipe had taken by itself above that goes back.
    Raises UnknownContainer, BadQuantity, ContainerClosed, ContainerOver, LotIsRecalled, NotEnoughLeft, PatientNeeded or
    AnotherPatients, and BadDate for an instant before it was opened.
    """
    key = await cell_of_container(tx, one.container_id)
    if key is None:
        raise _unknown(one.container_id)
    site, product = (await sites_of(tx, [key[0]]))[key[0]], (await products_of(tx, [key[1]]))[key[1]]
    quantity = positive(one.quantity, product)
    overfill = positive(one.overfill, product) if one.overfill is not None else 0
    if not await claim(tx, {(one.draw_id, 0)}):
        return False
    done, use, visitor = await _for_draw(tx, one, site, product, exponent)
    cell = done.books.cells[key]
    container = done.opened.find(cell, one.container_id)
    if container is None:
        raise _unknown(one.container_id)
    _may_draw(container, visitor, one.happened_at, cell)
    entry = Entry(one.happened_at, one.actor, TREATMENT, one.draw_id, 0, one.trace_id)
    settled = Settled()
    if use is not None:
        use.practitioner = use.practitioner or one.practitioner
        settled = make_room(done.case(product.id), use, quantity, entry)
    if overfill:
        if overfill > container.label or container.left >= quantity:
            raise BadQuantity(
                "Overfill is what was drawn above what is left, and never more than the label",
                field="overfill",
                left=format_quantity(container.left, product.decimals),
                label=format_quantity(container.label, product.decimals),
            )
        fill_over(done.books, done.opened, cell, container, overfill, entry)
    if quantity > container.left:
        raise _not_enough(container, quantity, cell)
    taken = draw(done.books, done.opened, cell, container, quantity, entry, visitor)
    container.is_automatic = False
    done.practitioner = one.practitioner
    settled.taken.append(taken)
    if use is not None:
        use.parts.append(
            Part(taken.movement_id, site.slug, taken.lot, container.id, quantity, taken.cost, is_poured=True)
        )
        rest = done.settle(use, entry, visitor, site.slug)
        settled.taken += rest.taken
        settled.back += rest.back
    consumed = TreatmentConsumed(
        site=site.slug, treatment_id=visitor.visit_id or one.draw_id, practitioner=one.practitioner,
        taken=tuple(signed(product, 0, settled)), happened_at=one.happened_at,
    )  # fmt: skip
    await close_consumption(tx, done, [consumed])
    return True


async def _for_draw(
    tx: Tx, one: Pouring, site: Site, product: Product, exponent: int
) -> tuple[Consumption, Use | None, Visitor]:
    """The books of a draw, with the use of its treatment, and the member whom the treatment is known to be for."""
    known = Known({site.slug: site}, {product.id: product})
    keys: set[CellKey] = {(site.slug, product.id)}
    origins: set[tuple[UUID, str]] = set()
    visitor, use = one.visitor, None
    uses = {}
    if visitor.visit_id is not None:
        day = site_day(one.happened_at, site.zone)
        uses = await uses_of(tx, known, {(visitor.visit_id, product.id): (site.slug, day)}, keys, origins)
        use = uses[visitor.visit_id, product.id]
        member = (await members_of(tx, [visitor.visit_id])).get(visitor.visit_id, (None, ""))[0]
        visitor = visitor._replace(member_id=visitor.member_id or member)
    lots = await own_lots(tx, origins, known, datetime.now(UTC))
    books = await open_books(tx, keys, known.sites, known.products, datetime.now(UTC), exponent)
    return await open_consumption(tx, books, uses, lots, [one.container_id]), use, visitor


def _unknown(container_id: UUID) -> UnknownContainer:
    return UnknownContainer("No container has this id", container_id=str(container_id))


def _may_draw(container: Container, visitor: Visitor, at: datetime, cell: Cell) -> None:
    if container.state != OPEN:
        raise ContainerClosed(
            "The container was used up or discarded",
            container_id=str(container.id),
            left=format_quantity(container.left, cell.product.decimals),
            ways_out=("open another container",),
        )
    if at < container.opened_at:
        raise BadDate("It was not open then", field="happened_at", opened_at=container.opened_at.isoformat())
    if container.lot.is_recalled:
        raise LotIsRecalled(f"Lot {container.lot.number} is recalled", lot_number=container.lot.number)
    if container.use_by is not None and container.is_over(at):
        raise ContainerOver(
            f"Its use-by was {container.use_by.isoformat()}",
            use_by=container.use_by.isoformat(),
            left=format_quantity(container.left, cell.product.decimals),
            ways_out=("discard it", "open another container"),
        )
    if container.is_shared:
        return
    if visitor.is_nobody:
        raise PatientNeeded("A container for one patient is drawn for a member or a treatment", field="member_id")
    if not container.serves(visitor):
        raise AnotherPatients(
            "It was opened for another patient",
            field="member_id",
            left=format_quantity(container.left, cell.product.decimals),
            ways_out=("open another container", "discard the rest"),
        )


def _not_enough(container: Container, quantity: int, cell: Cell) -> NotEnoughLeft:
    decimals = cell.product.decimals
    return NotEnoughLeft(
        f"{format_quantity(container.left, decimals)} {cell.product.unit} are left",
        field="quantity",
        wanted=format_quantity(quantity, decimals),
        left=format_quantity(container.left, decimals),
        label=format_quantity(container.label, decimals),
        drawn=format_quantity(container.drawn, decimals),
        ways_out=("draw what is left and open another", "state the overfill"),
    )


async def discard_container(
    tx: Tx,
    container_id: UUID,
    reason: str,
    note: str,
    at: datetime,
    actor: str,
    exponent: int,
    trace_id: str = "",
    witnessed: int | None = None,
) -> Discarded | None:
    """Throw away what is left of a container; None when it was closed before, or waits for a witness (N-22).

    `witnessed` is how much a second person saw (smallest units). Raises UnknownContainer, or NotEnoughLeft when
    another quantity than that is left by now.
    """
    key = await cell_of_container(tx, container_id)
    if key is None:
        raise _unknown(container_id)
    books = await books_of(tx, [key], exponent)
    done = await open_consumption(tx, books, {}, {}, [container_id])
    container = done.opened.find(books.cells[key], container_id)
    cell = books.cells[key]
    if container is None or container.state != OPEN:
        if container is not None and witnessed:
            raise _not_enough(container, witnessed, cell)
        return None
    if witnessed is None:
        judge = await judge_of(tx, [key[0]])
        needed = judge.why(key[0], reason, cell.product.drug_class, container.cost) if container.left else ""
        if needed:
            deed = Waiting(
                key[0], key[1], container.lot.id, "", container.left, container.cost, reason, note, needed, at, actor,
                trace_id, container_id=container_id,
            )  # fmt: skip
            if await pending_of_container(tx, container_id) is None:
                await wait_for_witness(tx, [deed], judge, books.now)
            return None
    elif witnessed != container.left:
        raise _not_enough(container, witnessed, cell)
    container.is_automatic, container.note = False, note or container.note
    entry = Entry(max(at, container.opened_at), actor, reason, container_id, 0, trace_id)
    quantity, cost = container.left, container.cost
    discard(books, done.opened, cell, container, entry)
    await close_consumption(tx, done)
    return Discarded(quantity, cost)
