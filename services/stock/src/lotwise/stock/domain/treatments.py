"""The only home of one consumption per treatment and product: every event moves only the difference to its figure.

The figure is what was drawn if somebody recorded it, else what was charged, else what the recipe expects once the
treatment took place (DESIGN 3.8). It follows from the figures heard so far and never from the order they came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Cell, Taken
from lotwise.stock.domain.containers import Container, Source, Visitor, draw_waste, give_back, shelf_of
from lotwise.stock.domain.draws import Asked, Case, consume
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry

AT_PATIENT = places.PATIENT
APART = places.QUARANTINE
THROWN = places.WASTE
KINDS = (places.BACK_BAR, places.SHELF)
"""A treatment takes from the back bar first."""


@dataclass(slots=True)
class Part:
    """A quantity that one movement took for a treatment, and where it is now: with the patient, apart or thrown away.

    `is_poured` says that a person drew it from this very container: no other event gives it back. `movement_id` is
    the movement that took it. Goods that no lot covered are owed less, not moved, when they leave the patient.
    """

    movement_id: UUID
    site: str
    lot: Lot | None
    container_id: UUID | None
    quantity: int
    cost: int
    place: str = AT_PATIENT
    is_poured: bool = False
    from_location: int = 0

    def split(self, quantity: int) -> int:
        """Take a quantity out of the part; returns the cost that goes with it."""
        cost = costs.share(self.cost, quantity, self.quantity)
        self.quantity -= quantity
        self.cost -= cost
        return cost


class Change(NamedTuple):
    """What a charge said of a use and when: above zero charged, below zero taken back by a return or its void."""

    charge_id: UUID
    happened_at: datetime
    quantity: int


def most_standing(changes: Sequence[Change]) -> int:
    """The most that charges which stood at one time said together, by their own clocks and in any order heard.

    A charge that happened when another had been taken back, or at that very instant, stood in its place.
    """
    charges: dict[UUID, list[Change]] = {}
    for one in changes:
        charges.setdefault(one.charge_id, []).append(one)
    begins = {key: min(one.happened_at for one in many if one.quantity > 0) for key, many in charges.items()}
    most = 0
    for key, begin in begins.items():
        standing = sum(one.quantity for one in charges[key] if one.quantity > 0)
        for other, many in charges.items():
            if other != key and begins[other] <= begin:
                standing += max(0, sum(one.quantity for one in many if one.quantity > 0 or one.happened_at <= begin))
        most = max(most, standing)
    return most


@dataclass(slots=True)
class Use:
    """What is known of a product in a treatment, in smallest units, and the parts that were taken for it.

    `charged` is all that charges said, `returned` and `thrown` what returns and voids took back of it, `changes` the
    same one by one, of which `stored` are kept already; `drawn` is the completed treatment's own word, `poured` what
    persons drew from containers for it. `happened_at` is the instant of the completed treatment, before that of a
    charge: what is taken is taken as of then.
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
    happened_at: datetime | None = None
    parts: list[Part] = field(default_factory=list)
    is_touched: bool = False
    changes: list[Change] = field(default_factory=list)
    stored: int = 0

    @property
    def net_charged(self) -> int:
        """What is charged and was not taken back."""
        return self.charged - self.returned - self.thrown

    def charge(self, charge_id: UUID, happened_at: datetime, quantity: int) -> None:
        """A charge says a quantity."""
        self.charged += quantity
        self.changes.append(Change(charge_id, happened_at, quantity))

    def take_back(self, charge_id: UUID, happened_at: datetime, quantity: int, *, is_thrown: bool) -> None:
        """A return or a void takes a quantity off a charge."""
        if is_thrown:
            self.thrown += quantity
        else:
            self.returned += quantity
        self.changes.append(Change(charge_id, happened_at, -quantity))

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
    and came back is set apart or thrown away as the return said. Of a completed treatment that is what charges which
    stood at one time said above it: what comes back of one of two standing charges lies apart, and a charge made in
    place of a voided one takes nothing anew. Once somebody recorded what was drawn, the rest was never taken.
    """
    if use.stated is not None:
        return Figures(use.stated, 0, 0)
    by_recipe = use.expected if use.is_completed else 0
    consumed = use.net_charged if use.net_charged > 0 else by_recipe
    over = max(0, (most_standing(use.changes) if use.is_completed else use.charged) - consumed)
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
    """Move the difference between what was taken for a use and its figures, and no more.

    What is taken anew is taken at `site`; what goes back goes to where it came from, last in first out. Of what stays
    taken the patient has the first units, then come those set apart, then those thrown away: so it does not matter
    in which order the figures became known.
    """
    done = Settled()
    wanted = figures_of(use)
    use.is_touched = True
    own = wanted.consumed - sum(one.quantity for one in use.parts if one.is_poured)
    difference = own + wanted.apart + wanted.thrown - sum(one.quantity for one in use.parts if not one.is_poured)
    if difference > 0:
        _take(case, use, difference, entry, visitor, site, lot_id, done)
    elif difference < 0:
        _give_back(case, use, -difference, entry, done)
    lacking = _assign(case, use, (own, own + wanted.apart), entry, done)
    if lacking:
        _take(case, use, lacking, entry, visitor, site, lot_id, done)
    return done


def make_room(case: Case, use: Use, poured: int, entry: Entry) -> Settled:
    """Before a person's draw of `poured` more: give back what events had taken by themselves above the new figure."""
    done = Settled()
    use.poured += poured
    use.is_touched = True
    wanted = figures_of(use)
    above = sum(one.quantity for one in use.parts) + poured - wanted.consumed - wanted.apart - wanted.thrown
    if above > 0:
        _give_back(case, use, above, entry, done)
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
    """Take more as of the treatment's own time, first of what this very visit had wasted."""
    entry = entry._replace(happened_at=use.happened_at or entry.happened_at)
    cell = case.books.cells[site, use.product_id]
    sources: list[Source] = []
    for one in [one for one in case.opened.of(cell) if _is_rest_of(one, visitor)]:
        part = min(quantity, one.wasted)
        taken = draw_waste(case.books, case.opened, cell, one, part, entry, visitor)
        sources.append(Source(taken, one.id))
        quantity -= part
        if not quantity:
            break
    if quantity:
        more, missing = consume(case, cell, quantity, Asked(entry, visitor, lot_id, KINDS))
        sources += more
        done.missing += missing
    for taken, container_id, location in sources:
        use.parts.append(
            Part(taken.movement_id, site, taken.lot, container_id, taken.quantity, taken.cost, from_location=location)
        )
        done.taken.append(taken)


def _is_rest_of(one: Container, visitor: Visitor) -> bool:
    """Whether its waste was this very visit's: then the visit used more than was known."""
    is_own = one.visit_id is not None and one.visit_id == visitor.visit_id
    return is_own and not one.is_shared and one.wasted > 0 and one.drawn > 0


def _give_back(case: Case, use: Use, quantity: int, entry: Entry, done: Settled) -> None:
    """It was not taken after all: back into its container, its lot, or off what the unattributed account owes."""
    for one in reversed([one for one in use.parts if not one.is_poured]):
        part = min(one.quantity, quantity)
        quantity -= part
        tail = _tail(one, part)
        if tail.place == AT_PATIENT or _shift(case, use, tail, AT_PATIENT, entry, done):
            done.back += _back(case, _cell(case, use, tail), tail, entry)
        if not quantity:
            break
    use.parts = [one for one in use.parts if one.quantity]


def _tail(one: Part, quantity: int) -> Part:
    """The last units of a part, as a part of their own."""
    cost = one.split(quantity)
    return replace(one, quantity=quantity, cost=cost)


def _back(case: Case, cell: Cell, one: Part, entry: Entry) -> list[Back]:
    quantity, cost = one.quantity, one.cost
    if one.lot is None:
        return _owe_less(case, cell, one, entry)
    container = case.opened.find(cell, one.container_id) if one.container_id else None
    if container is not None:
        movement_id = give_back(case.books, case.opened, cell, container, quantity, cost, entry)
        return [Back("restock", Taken(one.lot, quantity, cost, movement_id))]
    usable = is_usable(one.lot.expires_on, case.books.day(case.books.now, cell.site))
    shelf = shelf_of(cell.site, one.from_location)
    target = shelf if usable else cell.site.place(places.QUARANTINE, places.EXPIRED)
    patient, taker = cell.site.place(places.PATIENT), one.movement_id
    movement_id = case.books.move(cell, patient, target, one.lot, quantity, cost, entry, reverses=taker)
    return [Back("restock" if usable else "quarantine", Taken(one.lot, quantity, cost, movement_id))]


def _owe_less(case: Case, cell: Cell, one: Part, entry: Entry) -> list[Back]:
    """What no lot covered is owed less; what was settled meanwhile comes back as goods of unknown origin."""
    patient, account = cell.site.place(places.PATIENT), cell.site.place(places.UNATTRIBUTED)
    debt = cell.at(account, None)
    owed = min(one.quantity, -debt.on_hand)
    back: list[Back] = []
    if owed > 0:
        known = costs.share(-debt.cost, owed, -debt.on_hand)
        movement_id = case.books.move(cell, patient, account, None, owed, known, entry)
        back.append(Back("restock", Taken(None, owed, known, movement_id)))
    rest = one.quantity - owed
    if rest:
        if case.own_lot is None:
            raise LookupError("what was settled comes back into an own lot, which the caller makes")
        cost = costs.share(one.cost, rest, one.quantity)
        shelf = cell.site.place(places.SHELF)
        movement_id = case.books.move(cell, patient, shelf, case.own_lot, rest, cost, entry)
        back.append(Back("restock", Taken(case.own_lot, rest, cost, movement_id)))
    return back


def _assign(case: Case, use: Use, ends: tuple[int, int], entry: Entry, done: Settled) -> int:
    """Let each unit lie where the figures say; returns how many the patient lacks because others moved them on."""
    kept: list[Part] = []
    at, lacking = 0, 0
    for one in use.parts:
        if one.is_poured:
            kept.append(one)
            continue
        for place, end in ((AT_PATIENT, ends[0]), (APART, ends[1]), (THROWN, at + one.quantity)):
            part = min(one.quantity, max(0, end - at))
            if not part:
                continue
            at += part
            segment = _tail(one, part)
            if segment.place == place or _shift(case, use, segment, place, entry, done):
                kept.append(segment)
            elif place == AT_PATIENT:
                lacking += part
    use.parts = kept
    return lacking


def _shift(case: Case, use: Use, one: Part, place: str, entry: Entry, done: Settled) -> bool:
    """Move a part to another place. False when it is not where it was: somebody released it or wrote it off."""
    cell = _cell(case, use, one)
    if one.lot is None:
        if one.place == AT_PATIENT:
            done.back += _owe_less(case, cell, one, entry)
        one.place, was_patient = place, one.place == AT_PATIENT
        return was_patient or place != AT_PATIENT
    source = _lies(cell, one)
    if source is None:
        return False
    patient, taker = cell.site.place(places.PATIENT), None
    if one.place == AT_PATIENT:
        source, taker = patient, one.movement_id
    target = patient if place == AT_PATIENT else _apart(case, cell, one.lot, place)
    movement_id = case.books.move(cell, source, target, one.lot, one.quantity, one.cost, entry, reverses=taker)
    taken = Taken(one.lot, one.quantity, one.cost, movement_id)
    if one.place != AT_PATIENT:
        done.taken.append(taken)
        one.movement_id = movement_id
    if place != AT_PATIENT:
        done.back.append(Back("waste" if place == THROWN else "quarantine", taken))
    one.place = place
    return True


def _lies(cell: Cell, one: Part) -> places.Place | None:
    """Where a part that left the patient lies, with the cost it takes along from there; None when it is gone."""
    if one.place != APART or one.lot is None:
        return cell.site.place(places.WASTE)
    for there in cell.of_lot(one.lot.id, places.QUARANTINE):
        if there.on_hand >= one.quantity:
            if there.on_hand == one.quantity or one.cost > there.cost:
                one.cost = costs.share(there.cost, one.quantity, there.on_hand)
            return there.place
    return None


def _apart(case: Case, cell: Cell, lot: Lot, place: str) -> places.Place:
    if place == THROWN:
        return cell.site.place(places.WASTE)
    usable = is_usable(lot.expires_on, case.books.day(case.books.now, cell.site))
    return cell.site.place(places.QUARANTINE, "" if usable else places.EXPIRED)
