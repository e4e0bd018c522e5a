"""The only home of how a batch draws from containers and settles treatments: loaded, moved, stored, told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import ContainerDiscarded, ContainerOpened, StockAdjusted
from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.containers import OPEN, VISIT_END, Happening, Opened, Source, Visitor, discard
from lotwise.stock.domain.draws import Asked, Case, consume
from lotwise.stock.domain.lots import RETURNED, Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.treatments import Settled, Use, settle
from lotwise.stock.domain.witness import CONTROLLED
from lotwise.stock.operations.closing import close_books
from lotwise.stock.repository.containers import open_containers, store_containers
from lotwise.stock.repository.treatments import Charged, UseKey, add_charges, set_back, store_uses
from lotwise.values import format_quantity


@dataclass(slots=True)
class Consumption:
    """The uses and containers of one transaction, and what happened to them."""

    books: Books
    opened: Opened
    uses: dict[UseKey, Use]
    own_lots: Mapping[tuple[UUID, str], Lot]
    charges: list[Charged] = field(default_factory=list)
    returned: list[Charged] = field(default_factory=list)
    practitioner: str = ""

    def case(self, product_id: UUID) -> Case:
        """What the rules work on for a product."""
        return Case(self.books, self.opened, uuid7, self.own_lots.get((product_id, RETURNED)))

    def settle(self, use: Use, entry: Entry, visitor: Visitor, site: str, lot_id: UUID | None = None) -> Settled:
        """Move the difference that a use's figures ask for; once the visit is over its own containers are waste."""
        done = settle(self.case(use.product_id), use, entry, visitor, site, lot_id)
        if use.is_completed:
            self.end_visit(Visitor(None, use.treatment_id), entry._replace(reason=VISIT_END))
        return done

    def end_visit(self, visitor: Visitor, entry: Entry, site: str | None = None) -> None:
        """Throw away what is left of containers that served only this visit, or its member without another one.

        The rest of a controlled drug needs a witness (STK-40): it is over then, and the clock lets it wait for one.
        """
        for key, containers in self.opened.containers.items():
            for one in containers:
                if one.is_shared or one.state != OPEN or site not in {None, key[0]}:
                    continue
                is_members = one.visit_id is None and one.member_id is not None and one.member_id == visitor.member_id
                if one.visit_id != visitor.visit_id and not is_members:
                    continue
                cell = self.books.cells[key]
                if one.left and cell.product.drug_class == CONTROLLED:
                    one.end(entry.happened_at)
                else:
                    discard(self.books, self.opened, cell, one, entry)

    def consume(
        self, cell: Cell, quantity: int, entry: Entry, visitor: Visitor, lot_id: UUID | None
    ) -> tuple[list[Source], int]:
        """Take for a charge without a treatment: from what is open, then from what is opened next."""
        return consume(self.case(cell.product.id), cell, quantity, Asked(entry, visitor, lot_id))


def origins_of(uses: Iterable[Use]) -> set[tuple[UUID, str]]:
    """The own lots that giving back may need: what no lot covered may have been settled meanwhile."""
    return {(use.product_id, RETURNED) for use in uses if any(part.lot is None for part in use.parts)}


def cells_of(uses: Iterable[Use]) -> set[tuple[str, UUID]]:
    """The cells to which parts of these uses may go back."""
    return {(part.site, use.product_id) for use in uses for part in use.parts}


async def open_consumption(
    tx: Tx,
    books: Books,
    uses: dict[UseKey, Use],
    own_lots: Mapping[tuple[UUID, str], Lot],
    containers: Iterable[UUID] = (),
    since: datetime | None = None,
) -> Consumption:
    """Load the open containers of the books' cells, these others, those the uses drew from and their visits opened."""
    ids = {part.container_id for use in uses.values() for part in use.parts if part.container_id} | set(containers)
    sites = {cell.site.slug: cell.site for cell in books.cells.values()}
    opened = await open_containers(tx, books, sites.values(), ids, {use.treatment_id for use in uses.values()}, since)
    return Consumption(books, opened, uses, own_lots)


async def store_consumption(tx: Tx, done: Consumption) -> None:
    """Write what happened to containers and uses; their movements are stored with the books."""
    await store_containers(tx, done.opened, done.practitioner)
    await store_uses(tx, done.uses.values())
    await add_charges(tx, done.charges)
    await set_back(tx, done.returned)


async def close_consumption(tx: Tx, done: Consumption, events: Sequence[Event | Told] = ()) -> None:
    """Close the books of a consumption with what happened to its containers, then store its own rows."""
    await close_books(tx, done.books, [*told_of(done.opened), *events], broken_by="container")
    await store_consumption(tx, done)


def told_of(opened: Opened) -> list[Event]:
    """What others hear of containers: opened and discarded, and waste or overfill as corrections with their cost."""
    events: list[Event] = [_opened(one) for one in opened.openings]
    for one in opened.discards:
        if one.quantity > 0:
            events.append(_discarded(one))
        events.append(_adjusted(one, -1))
    events += [_adjusted(one, 1) for one in opened.overfills]
    return events + [_discarded(one) for one in opened.unopened]


def _opened(one: Happening) -> ContainerOpened:
    container = one.container
    return ContainerOpened(**_said(one), use_by=container.use_by, diluent=container.diluent)


def _discarded(one: Happening) -> ContainerDiscarded:
    return ContainerDiscarded(**_said(one), reason=one.reason)


def _said(one: Happening) -> dict[str, Any]:
    return {
        "site": one.cell.site.slug,
        "container_id": one.container.id,
        "product_id": one.cell.product.id,
        "lot_id": one.container.lot.id,
        "lot_number": one.container.lot.number,
        "quantity": format_quantity(one.quantity, one.cell.product.decimals),
        "cost_minor": one.cost,
        "actor": one.entry.actor,
        "happened_at": one.entry.happened_at,
    }


def _adjusted(one: Happening, sign: int) -> StockAdjusted:
    return StockAdjusted(
        site=one.cell.site.slug,
        adjustment_id=one.id,
        product_id=one.cell.product.id,
        lot_id=one.container.lot.id,
        quantity=format_quantity(sign * one.quantity, one.cell.product.decimals),
        cost_minor=sign * one.cost,
        reason=one.reason,
        note=one.container.note,
        happened_at=one.entry.happened_at,
        actor=one.entry.actor,
    )
