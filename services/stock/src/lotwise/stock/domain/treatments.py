"""The only home of one consumption per treatment and product: every event moves only the difference to its figure.

The figure is what was drawn if somebody recorded it, else what was charged, else what the recipe expects once the
treatment took place (DESIGN 3.8). It follows from the figures heard so far and never from the order they came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Balance, Cell, Taken
from lotwise.stock.domain.containers import Container, Source, Visitor, draw_waste, give_back
from lotwise.stock.domain.draws import Case, consume
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry

AT_PATIENT = places.PATIENT
APART = places.QUARANTINE
THROWN = places.WASTE


@dataclass(slots=True)
class Part:
    """A quantity that one movement took for a treatment, and where it is now: with the patient, apart or thrown away.

    `is_poured` says that a person drew it from this very container: no other event gives it back.
    """

    id: UUID
    site: str
    lot: Lot | None
    container_id: UUID | None
    quantity: int
    cost: int
    place: str = AT_PATIENT
    is_poured: bool = False

    def split(self, quantity: int) -> int:
        """Take a quantity out of the part; returns the cost that goes with it."""
        cost = costs.share(self.cost, quantity, self.quantity)
        self.quantity -= quantity
        self.cost -= cost
        return cost


@dataclass(slots=True)
class Use:
    """What is known of a product in a treatment, in smallest units, and the parts that were taken for it.

    `charged` is all that charges said, `returned` and `thrown` what returns and voids took back of it; `drawn` is the
    completed treatment's own word, `poured` what persons drew from containers for it.
    """

    treatment_id: UUID
    product_id: UUID
    site: str
    charged: int = 0
    returned: int = 0
    thrown: int = 0
    drawn: int | None = None
    poured: int = 0
    expected: int = 0
    is_completed: bool = False
    practitioner: str = ""
    parts: list[Part] = field(default_factory=list)
    is_touched: bool = False

    @property
    def net_charged(self) -> int:
        """What is charged and was not taken back."""
        return self.charged - self.returned - self.thrown

    @property
    def stated(self) -> int | None:
        """What was drawn, if anybody recorded it: never less than what left containers for it."""
        if self.drawn is None and not self.poured:
            return None
        return max(self.drawn or 0, self.poured)

    def at(self, place: str) -> int:
        """How much lies at a place."""
        return sum(one.quantity for one in self.parts if one.place == place)

    @property
    def consumed(self) -> int:
        """What the patient has."""
        return self.at(AT_PATIENT)

    @property
    def unattributed(self) -> int:
        """How much of it no lot covered."""
        return sum(one.quantity for one in self.parts if one.place == AT_PATIENT and one.lot is None)

    @property
    def cost(self) -> int:
        """What it cost."""
        return sum(one.cost for one in self.parts if one.place == AT_PATIENT)


class Figures(NamedTuple):
    """Where the goods of a use belong: with the patient, set apart after a return, thrown away after one."""

    consumed: int
    apart: int
    thrown: int


def figures_of(use: Use) -> Figures:
    """The figures that follow from what is known, whatever came first.

    Treated goods that a return brings back never reach the shelf (SAL-19): what was charged above the consumption
    and came back is set apart or thrown away as the return said; the rest was never taken.
    """
    stated = use.stated
    if stated is not None:
        consumed = stated
    elif use.net_charged > 0:
        consumed = use.net_charged
    else:
        consumed = use.expected if use.is_completed else 0
    over = max(0, use.charged - consumed)
    thrown = min(use.thrown, over)
    return Figures(consumed, min(use.returned, over - thrown), thrown)


class Back(NamedTuple):
    """What went back and where: restock, quarantine or waste."""

    disposition: str
    taken: Taken


@dataclass(slots=True)
class Settled:
    """What one event really moved for a use: taken anew, and gone back."""

    taken: list[Taken] = field(default_factory=list)
    back: list[Back] = field(default_factory=list)
    missing: int = 0


def settle(case: Case, use: Use, entry: Entry, visitor: Visitor, site: str, lot_id: UUID | None = None) -> Settled:
    """Move the difference between what was taken for a use and its figure, and no more.

    What is taken anew is taken at `site`; what goes back goes to where it came from.
    """
    done = Settled()
    wanted = figures_of(use)
    use.is_touched = True
    _bring_back(case, use, APART, use.at(APART) - wanted.apart, entry, done)
    _bring_back(case, use, THROWN, use.at(THROWN) - wanted.thrown, entry, done)
    needed = wanted.consumed + max(0, wanted.apart - use.at(APART)) + max(0, wanted.thrown - use.at(THROWN))
    lacking = needed - use.consumed
    if lacking > 0:
        _take(case, use, lacking, entry, visitor, site, lot_id, done)
    elif lacking < 0:
        _give_back(case, use, -lacking, entry, done)
    _put(case, use, APART, wanted.apart - use.at(APART), entry, done)
    _put(case, use, THROWN, wanted.thrown - use.at(THROWN), entry, done)
    use.parts = [one for one in use.parts if one.quantity]
    return done


def make_room(case: Case, use: Use, poured: int, entry: Entry) -> Settled:
    """Before a person's draw of `poured` more: give back what events had taken by themselves above the new figure."""
    done = Settled()
    use.poured += poured
    wanted = figures_of(use)
    above = use.at(AT_PATIENT) + poured - wanted.consumed
    if above > 0:
        _give_back(case, use, above, entry, done)
        use.parts = [one for one in use.parts if one.quantity]
    use.is_touched = True
    return done


def _cell(case: Case, use: Use, part: Part) -> Cell:
    return case.books.cells[part.site, use.product_id]


def _take(
    case: Case,
    use: Use,
    quantity: int,
    entry: Entry,
    visitor: Visitor,
    site: str,
    lot_id: UUID | None,
    done: Settled,
) -> None:
    cell = case.books.cells[site, use.product_id]
    sources: list[Source] = []
    for one in [one for one in case.opened.of(cell) if _is_rest_of(one, visitor)]:
        part = min(quantity, one.wasted)
        taken = draw_waste(case.books, case.opened, cell, one, part, entry, visitor)
        sources.append(Source(taken, one.id))
        quantity -= part
        if not quantity:
            break
    missing = 0
    if quantity:
        more, missing = consume(case, cell, quantity, entry, visitor, lot_id)
        sources += more
    for taken, container_id in sources:
        part_of = Part(taken.movement_id, site, taken.lot, container_id, taken.quantity, taken.cost)
        use.parts.append(part_of)
        done.taken.append(taken)
    done.missing += missing


def _is_rest_of(one: Container, visitor: Visitor) -> bool:
    """Whether its waste was this very visit's: then the visit used more than was known."""
    is_own = one.visit_id is not None and one.visit_id == visitor.visit_id
    return is_own and not one.is_shared and one.wasted > 0 and one.drawn > 0


def _newest(parts: Sequence[Part], place: str) -> list[Part]:
    """What an event may move on from a place, last in first out; what persons poured stays."""
    return [one for one in reversed(parts) if one.place == place and one.quantity and not one.is_poured]


def _give_back(case: Case, use: Use, quantity: int, entry: Entry, done: Settled) -> None:
    """It was not consumed after all: back into its container, its lot, or off what the unattributed account owes."""
    for one in _newest(use.parts, AT_PATIENT):
        part = min(one.quantity, quantity)
        cost = one.split(part)
        quantity -= part
        done.back += _back(case, _cell(case, use, one), one, part, cost, entry)
        if not quantity:
            return


def _back(case: Case, cell: Cell, one: Part, quantity: int, cost: int, entry: Entry) -> list[Back]:
    if one.lot is None:
        return _owe_less(case, cell, quantity, cost, entry)
    container = case.opened.find(cell, one.container_id) if one.container_id else None
    if container is not None:
        movement_id = give_back(case.books, case.opened, cell, container, quantity, cost, entry)
        return [Back("restock", Taken(one.lot, quantity, cost, movement_id))]
    usable = is_usable(one.lot.expires_on, case.books.day(case.books.now, cell.site))
    target = cell.site.place(places.SHELF) if usable else cell.site.place(places.QUARANTINE, places.EXPIRED)
    patient = cell.site.place(places.PATIENT)
    movement_id = case.books.move(cell, patient, target, one.lot, quantity, cost, entry, reverses=one.id)
    return [Back("restock" if usable else "quarantine", Taken(one.lot, quantity, cost, movement_id))]


def _owe_less(case: Case, cell: Cell, quantity: int, cost: int, entry: Entry) -> list[Back]:
    """What no lot covered is owed less; what was settled meanwhile comes back as goods of unknown origin."""
    patient, account = cell.site.place(places.PATIENT), cell.site.place(places.UNATTRIBUTED)
    debt = cell.at(account, None)
    owed = min(quantity, -debt.on_hand)
    back: list[Back] = []
    if owed > 0:
        known = costs.share(-debt.cost, owed, -debt.on_hand)
        movement_id = case.books.move(cell, patient, account, None, owed, known, entry)
        back.append(Back("restock", Taken(None, owed, known, movement_id)))
    rest = quantity - owed
    if rest:
        if case.own_lot is None:
            raise LookupError("what was settled comes back into an own lot, which the caller makes")
        cost = costs.share(cost, rest, quantity)
        shelf = cell.site.place(places.SHELF)
        movement_id = case.books.move(cell, patient, shelf, case.own_lot, rest, cost, entry)
        back.append(Back("restock", Taken(case.own_lot, rest, cost, movement_id)))
    return back


def _put(case: Case, use: Use, place: str, quantity: int, entry: Entry, done: Settled) -> None:
    """Move what came back of the patient's part to where a return sent it."""
    if quantity <= 0:
        return
    for one in _newest(use.parts, AT_PATIENT):
        part = min(one.quantity, quantity)
        quantity -= part
        cost = one.split(part)
        cell = _cell(case, use, one)
        if one.lot is None:
            back = _owe_less(case, cell, part, cost, entry)
            use.parts.append(Part(case.new_id(), one.site, None, None, part, cost, place))
            done.back += back
        else:
            patient, target = cell.site.place(places.PATIENT), _apart(case, cell, one.lot, place)
            movement_id = case.books.move(cell, patient, target, one.lot, part, cost, entry, reverses=one.id)
            use.parts.append(Part(movement_id, one.site, one.lot, one.container_id, part, cost, place))
            word = "waste" if place == THROWN else "quarantine"
            done.back.append(Back(word, Taken(one.lot, part, cost, movement_id)))
        if not quantity:
            return


def _apart(case: Case, cell: Cell, lot: Lot, place: str) -> places.Place:
    if place == THROWN:
        return cell.site.place(places.WASTE)
    usable = is_usable(lot.expires_on, case.books.day(case.books.now, cell.site))
    return cell.site.place(places.QUARANTINE, "" if usable else places.EXPIRED)


def _cost_there(there: Balance, quantity: int, known: int) -> int:
    """The cost that a quantity takes along: what it came with, unless others changed what lies there since."""
    if quantity < there.on_hand and known <= there.cost:
        return known
    return costs.share(there.cost, quantity, there.on_hand)


def _bring_back(case: Case, use: Use, place: str, quantity: int, entry: Entry, done: Settled) -> None:
    """What a return had set apart or thrown away was consumed after all: it goes back to the patient.

    What somebody moved on meanwhile (released, written off) is not there any more; it is taken anew.
    """
    for one in _newest(use.parts, place):
        if quantity <= 0:
            return
        part = min(one.quantity, quantity)
        if one.lot is None:
            one.split(part)
            quantity -= part
            continue
        cell = _cell(case, use, one)
        source = _apart(case, cell, one.lot, place)
        if place == APART:
            part = min(part, cell.at(source, one.lot).on_hand)
        if part <= 0:
            continue
        cost = one.split(part)
        if place == APART:
            cost = _cost_there(cell.at(source, one.lot), part, cost)
        movement_id = case.books.move(cell, source, cell.site.place(places.PATIENT), one.lot, part, cost, entry)
        use.parts.append(Part(movement_id, one.site, one.lot, one.container_id, part, cost))
        done.taken.append(Taken(one.lot, part, cost, movement_id))
        quantity -= part
