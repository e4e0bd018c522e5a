"""The only home of opened containers: opened, drawn from, given back to, discarded; drawn + wasted = label + overfill.

A container lies in the site's in-use account with its own share of that account's cost. One that serves several
patients lies in the shared account, whose rest is available to whoever comes; one that serves a single patient lies
in the bound account and is never offered to another. All of a cell's containers are guarded by its level's lock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import costs, places
from lotwise.stock.domain.cells import Balance, Books, Cell, Taken
from lotwise.stock.domain.expiry import expired_at
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.values import day_bounds, site_day

OPEN = "open"
USED_UP = "used_up"
DISCARDED = "discarded"
UNOPENED = "unopened"
"""The states: what an automatic opening turned out not to have opened is closed up again."""

OPENING = "opening"
OVERFILL = "overfill"
USE_BY = "use_by"
VISIT_END = "visit_end"
CLOSED_UP = "closed_up"
GIVEN_BACK = "given_back"
"""Reasons of movements; what a person discards has a reason of the managed list."""


class Visitor(NamedTuple):
    """Whom something is drawn for: the member, and the visit (a treatment, or the charge without one)."""

    member_id: UUID | None = None
    visit_id: UUID | None = None

    @property
    def is_nobody(self) -> bool:
        """Neither member nor visit is known."""
        return self.member_id is None and self.visit_id is None


@dataclass(slots=True)
class Container:
    """An opened vial, syringe or pot. Quantities in smallest units; `cost` belongs to what is left of it."""

    id: UUID
    lot: Lot
    place: places.Place
    label: int
    opened_at: datetime
    opened_by: str
    use_by: datetime | None = None
    cost: int = 0
    overfill: int = 0
    drawn: int = 0
    wasted: int = 0
    wasted_cost: int = 0
    state: str = OPEN
    member_id: UUID | None = None
    visit_id: UUID | None = None
    diluent: str = ""
    approved_by: str = ""
    note: str = ""
    from_location: int = 0
    is_automatic: bool = False
    is_confirmed: bool = False
    proposed_lot_id: UUID | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    close_reason: str = ""
    revision: int = 0
    is_set_apart: bool = False
    is_touched: bool = False

    @property
    def left(self) -> int:
        """What can still be drawn: label and overfill, less drawn and wasted."""
        return self.label + self.overfill - self.drawn - self.wasted

    @property
    def is_shared(self) -> bool:
        """Whether several patients may be served from it; its rest may lie among what serves nobody by now."""
        return self.place.area == places.SHARED or self.is_set_apart

    def is_usable(self, at: datetime) -> bool:
        """Whether anything can be drawn at an instant: open, not empty, not over, not recalled."""
        return self.state == OPEN and self.left > 0 and not self.is_over(at) and not self.lot.is_recalled

    def is_over(self, at: datetime) -> bool:
        """Whether its use-by has come."""
        return self.use_by is not None and self.use_by <= at

    def end(self, at: datetime) -> None:
        """Let it be over right after an instant, unless it was before: the same instant may still draw."""
        end = at + timedelta(microseconds=1)
        if self.use_by is None or self.use_by > end:
            self.use_by, self.is_touched = end, True

    def serves(self, visitor: Visitor) -> bool:
        """Whether it may be offered to a visitor: shared, not bound yet, or bound to the same member or visit."""
        if self.is_shared or (self.member_id is None and self.visit_id is None):
            return True
        if self.visit_id is not None and self.visit_id == visitor.visit_id:
            return True
        return self.member_id is not None and self.member_id == visitor.member_id

    def bind(self, visitor: Visitor) -> None:
        """Make it the visitor's own when it serves one patient: the first draw decides."""
        if not self.is_shared and self.member_id is None and self.visit_id is None:
            self.member_id, self.visit_id = visitor.member_id, visitor.visit_id


class Source(NamedTuple):
    """What was taken for a patient and, when it was drawn, from which container."""

    taken: Taken
    container_id: UUID | None = None
    from_location: int = 0


class Draw(NamedTuple):
    """One line of a container's story: above zero drawn, below zero given back. `id` is the movement's."""

    id: UUID
    container_id: UUID
    quantity: int
    cost: int
    entry: Entry
    visitor: Visitor


class Happening(NamedTuple):
    """What happened to a container besides draws: opened, discarded (below zero: used after all), filled over.

    `id` is the movement's; `reason` is why something is waste, whatever event found out.
    """

    id: UUID
    cell: Cell
    container: Container
    quantity: int
    cost: int
    entry: Entry
    reason: str


@dataclass(slots=True)
class Opened:
    """The containers of the books' cells, and what happened to them: it is stored and told with the books."""

    containers: dict[tuple[str, UUID], list[Container]] = field(default_factory=dict)
    openings: list[Happening] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)
    discards: list[Happening] = field(default_factory=list)
    overfills: list[Happening] = field(default_factory=list)
    unopened: list[Happening] = field(default_factory=list)

    def of(self, cell: Cell) -> list[Container]:
        """The containers of a cell that are loaded."""
        return self.containers.setdefault((cell.site.slug, cell.product.id), [])

    def find(self, cell: Cell, container_id: UUID) -> Container | None:
        """One container of a cell."""
        return next((one for one in self.of(cell) if one.id == container_id), None)

    def usable(self, cell: Cell, at: datetime, visitor: Visitor) -> list[Container]:
        """What may be drawn for a visitor, in the order of opening one first: soonest use-by, then opened first."""
        return in_order(one for one in self.of(cell) if one.is_usable(at) and one.serves(visitor))

    def swept(self, cell: Cell, at: datetime, visitor: Visitor) -> list[Container]:
        """What lay open at an instant and whose rest was swept since: a fact that comes late drew from it."""
        found = [
            one
            for one in self.of(cell)
            if one.close_reason == USE_BY and one.wasted and one.opened_at <= at and not one.is_over(at)
        ]
        return in_order(one for one in found if one.serves(visitor) and not one.lot.is_recalled)

    def touched(self) -> Iterator[tuple[tuple[str, UUID], Container]]:
        """The containers that changed, with their cell."""
        return ((key, one) for key, many in self.containers.items() for one in many if one.is_touched)


def in_order(containers: Iterable[Container]) -> list[Container]:
    """Open one first: the earliest use-by, those without one last; then what was opened first."""
    return sorted(containers, key=lambda one: (one.use_by is None, one.use_by or one.opened_at, one.opened_at, one.id))


def shelf_of(site: Site, location: int) -> places.Place:
    """The shelf or back bar that something came from; the site's main shelf when it came from elsewhere."""
    for place in site.places.values():
        if place.id == location and place.kind in places.SHELVES:
            return place
    return site.place(places.SHELF)


def use_by_of(product: Product, site: Site, lot: Lot, opened_at: datetime, *, is_shared: bool) -> datetime | None:
    """Until when an opened container may be used: the product's hours, never past the lot's last day at the site.

    What serves one patient and has no hours is over with the site's day.
    """
    ends = []
    if product.use_by_hours is not None:
        ends.append(opened_at + timedelta(hours=product.use_by_hours))
    elif not is_shared:
        ends.append(day_bounds(site_day(opened_at, site.zone), site.zone)[1])
    if lot.expires_on is not None:
        ends.append(expired_at(lot.expires_on, site.zone))
    return min(ends, default=None)


def label_of(product: Product, on_hand: int) -> int:
    """How much the next container of a lot holds of which `on_hand` lie closed: the largest size that divides it.

    Sizes are the product's label quantity and its smaller packs. What no size fits was broken before: its rest, at
    most a label, is one container.
    """
    for size in product.container_sizes:
        if on_hand % size == 0:
            return size
    return min(on_hand, product.container_sizes[0])


def open_one(
    books: Books, opened: Opened, cell: Cell, balance: Balance, container: Container, entry: Entry
) -> Container:
    """Move a container's label quantity from its lot on a shelf into use; `balance` holds at least that much."""
    container.cost = costs.share(balance.cost, container.label, balance.on_hand)
    entry = entry._replace(reason=OPENING, cause_id=container.id, line=0)
    label, cost = container.label, container.cost
    movement_id = books.move(cell, balance.place, container.place, balance.lot, label, cost, entry)
    container.is_touched, container.from_location = True, balance.place.id
    opened.of(cell).append(container)
    opened.openings.append(Happening(movement_id, cell, container, label, cost, entry, OPENING))
    return container


def draw(
    books: Books, opened: Opened, cell: Cell, container: Container, quantity: int, entry: Entry, visitor: Visitor
) -> Taken:
    """Draw from a container that holds at least that much; the last unit takes the cost that is left."""
    cost = costs.share(container.cost, quantity, container.left)
    movement_id = books.move(
        cell, container.place, cell.site.place(places.PATIENT), container.lot, quantity, cost, entry
    )
    container.drawn += quantity
    container.cost -= cost
    container.bind(visitor)
    _close_if_empty(container, entry)
    opened.draws.append(Draw(movement_id, container.id, quantity, cost, entry, visitor))
    return Taken(container.lot, quantity, cost, movement_id)


def _close_if_empty(container: Container, entry: Entry) -> None:
    container.is_touched = True
    if container.left == 0 and container.state == OPEN:
        container.state, container.closed_at, container.closed_by = USED_UP, entry.happened_at, entry.actor


def fill_over(books: Books, opened: Opened, cell: Cell, container: Container, quantity: int, entry: Entry) -> None:
    """Let a container hold more than its label promised: the overfill came for nothing."""
    entry = entry._replace(reason=OVERFILL, cause_id=container.id, line=0)
    source = cell.site.place(places.LOST_AND_FOUND)
    movement_id = books.move(cell, source, container.place, container.lot, quantity, 0, entry)
    container.overfill += quantity
    container.is_touched = True
    opened.overfills.append(Happening(movement_id, cell, container, quantity, 0, entry, OVERFILL))


def discard(books: Books, opened: Opened, cell: Cell, container: Container, entry: Entry) -> Taken | None:
    """Throw the rest of a container away, with its cost; None when nothing was left."""
    quantity, cost = container.left, container.cost
    taken = None
    if quantity:
        told = entry._replace(cause_id=container.id, line=0)
        target = cell.site.place(places.WASTE)
        movement_id = books.move(cell, container.place, target, container.lot, quantity, cost, told)
        container.wasted += quantity
        container.wasted_cost += cost
        container.cost = 0
        taken = Taken(container.lot, quantity, cost, movement_id)
        opened.discards.append(Happening(movement_id, cell, container, quantity, cost, told, entry.reason))
    container.state, container.closed_at = DISCARDED, entry.happened_at
    container.closed_by, container.close_reason, container.is_touched = entry.actor, entry.reason, True
    return taken


def set_apart(books: Books, cell: Cell, container: Container, entry: Entry) -> None:
    """Take the rest of a container that is over out of what is available: it waits for the witness of its waste.

    What serves one patient is offered to nobody already: nothing of it moves.
    """
    if container.place.area != places.SHARED:
        return
    bound = cell.site.place(places.IN_USE, places.BOUND)
    told = entry._replace(cause_id=container.id, line=0)
    books.move(cell, container.place, bound, container.lot, container.left, container.cost, told)
    container.place, container.is_set_apart, container.is_touched = bound, True, True


def draw_waste(
    books: Books, opened: Opened, cell: Cell, container: Container, quantity: int, entry: Entry, visitor: Visitor
) -> Taken:
    """Count as drawn what had been counted as the container's waste: the visit used more than was known."""
    cost = costs.share(container.wasted_cost, quantity, container.wasted)
    places_of = cell.site.place(places.WASTE), cell.site.place(places.PATIENT)
    movement_id = books.move(cell, *places_of, container.lot, quantity, cost, entry)
    container.wasted -= quantity
    container.wasted_cost -= cost
    container.drawn += quantity
    container.is_touched = True
    opened.draws.append(Draw(movement_id, container.id, quantity, cost, entry, visitor))
    opened.discards.append(Happening(movement_id, cell, container, -quantity, -cost, entry, container.close_reason))
    return Taken(container.lot, quantity, cost, movement_id)


def give_back(
    books: Books, opened: Opened, cell: Cell, container: Container, quantity: int, cost: int, entry: Entry
) -> UUID:
    """Take back that something was drawn: into the container, or to its waste when it was discarded.

    What was used up is open again; should its use-by be over, the sweep finds it.
    """
    if container.state == USED_UP:
        container.state, container.closed_at, container.closed_by = OPEN, None, ""
    source = cell.site.place(places.PATIENT)
    target = container.place if container.state == OPEN else cell.site.place(places.WASTE)
    movement_id = books.move(cell, source, target, container.lot, quantity, cost, entry)
    container.drawn -= quantity
    container.is_touched = True
    if container.state == OPEN:
        container.cost += cost
    else:
        container.wasted += quantity
        container.wasted_cost += cost
        opened.discards.append(Happening(movement_id, cell, container, quantity, cost, entry, container.close_reason))
    opened.draws.append(Draw(movement_id, container.id, -quantity, -cost, entry, Visitor()))
    if container.is_automatic and not container.drawn and not container.overfill:
        _close_up(books, opened, cell, container, entry)
    return movement_id


def _close_up(books: Books, opened: Opened, cell: Cell, container: Container, entry: Entry) -> None:
    """Nothing was drawn after all from what an event had opened by itself: its goods lie on the shelf, closed."""
    entry = entry._replace(reason=CLOSED_UP, cause_id=container.id, line=0)
    shelf = shelf_of(cell.site, container.from_location)
    if container.left:
        books.move(cell, container.place, shelf, container.lot, container.left, container.cost, entry)
    quantity, cost = container.wasted, container.wasted_cost
    if quantity:
        movement_id = books.move(cell, cell.site.place(places.WASTE), shelf, container.lot, quantity, cost, entry)
        was = container.close_reason
        opened.discards.append(Happening(movement_id, cell, container, -quantity, -cost, entry, was))
    opened.unopened.append(Happening(container.id, cell, container, 0, 0, entry, CLOSED_UP))
    container.state, container.closed_at, container.close_reason = UNOPENED, entry.happened_at, CLOSED_UP
    container.closed_by = entry.actor
    container.cost = container.wasted = container.wasted_cost = 0
