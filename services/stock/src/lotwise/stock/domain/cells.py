"""The only home of a batch's working copy: locked cells whose balances and levels move in memory and are stored once.

A cell is a product at a site. Every writer loads its cells under their locks, moves goods here, and stores the books.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import consignments, costs, places
from lotwise.stock.domain.allocations import allocate, fefo
from lotwise.stock.domain.consignments import Owed
from lotwise.stock.domain.levels import Level
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import COST_CORRECTION, LATE_SALE, SETTLEMENT, Entry, Movement
from lotwise.stock.domain.places import Place, Product, Site
from lotwise.stock.domain.refusals import BadQuantity
from lotwise.values import BIGINT_MAX, day_bounds, site_day

NO_LOT = UUID(int=0)
CellKey = tuple[str, UUID]
DayKey = tuple[int, UUID, UUID | None, date, date]


@dataclass(slots=True)
class Balance:
    """What lies of one lot at one place: quantity in smallest units and its cost in minor units."""

    place: Place
    lot: Lot | None
    on_hand: int = 0
    cost: int = 0
    row_id: int | None = None
    is_touched: bool = False

    @property
    def expires_on(self) -> date | None:
        """The lot's last usable day."""
        return self.lot.expires_on if self.lot else None

    @property
    def received_at(self) -> datetime:
        """When the lot first arrived; only lots are candidates."""
        if self.lot is None:
            raise LookupError("the unattributed account has no lot")
        return self.lot.received_at

    @property
    def lot_key(self) -> UUID:
        """The lot's id for ordering."""
        return self.lot.id if self.lot else NO_LOT


class Correction(NamedTuple):
    """What goods sold before they came cost more (or less) than was known: settled quantity and signed cost."""

    key: CellKey
    quantity: int
    cost: int
    entry: Entry


class Taken(NamedTuple):
    """A quantity of one lot that moved, with its cost; `lot` None is the unattributed account."""

    lot: Lot | None
    quantity: int
    cost: int
    movement_id: UUID


@dataclass(slots=True)
class Cell:
    """One product at one site: its level and all balances that are not empty."""

    site: Site
    product: Product
    level: Level
    balances: dict[tuple[int, UUID | None], Balance] = field(default_factory=dict)
    was_on_hand: int = 0
    is_touched: bool = False
    is_silent: bool = False
    last_at: datetime | None = None
    _order: list[Balance] | None = None

    def at(self, place: Place, lot: Lot | None) -> Balance:
        """The balance of a lot at a place, empty when there was none."""
        key = (place.id, lot.id if lot else None)
        found = self.balances.get(key)
        if found is None:
            found = self.balances[key] = Balance(place, lot)
            self._order = None
        return found

    def of_lot(self, lot_id: UUID, *kinds: str) -> list[Balance]:
        """The balances of one lot in places of these kinds."""
        return [one for one in self.balances.values() if one.lot and one.lot.id == lot_id and one.place.kind in kinds]

    def in_order(self) -> list[Balance]:
        """Shelves, and what the expiry sweep set apart (for late sales), in FEFO order."""
        if self._order is None:
            self._order = fefo([one for one in self.balances.values() if is_candidate(one.place, one.lot)])
        return self._order

    def usable(self, day: date) -> int:
        """What lies on the shelves and is usable on a day: the sweep may not have come by yet."""
        return sum(
            one.on_hand
            for one in self.balances.values()
            if one.place.kind == places.SHELF
            and (one.expires_on is None or one.expires_on >= day)
            and not (one.lot and one.lot.is_recalled)
        )

    def opened(self) -> int:
        """What is left in opened containers that serve several patients: available, though on no shelf (N-07)."""
        if not self.product.is_drawn:
            return 0
        return sum(
            one.on_hand
            for one in self.balances.values()
            if one.place.kind == places.IN_USE
            and one.place.area == places.SHARED
            and not (one.lot and one.lot.is_recalled)
        )

    def lacks_for_holds(self) -> int:
        """How much less lies here, opened containers included, than holds set aside; below zero when there is more."""
        return self.level.held - self.level.on_hand - self.opened()

    def last_cost(self) -> int:
        """The last known cost per unit in micros: of the last receipt here, else the catalog's, else 0."""
        level = self.level.last_cost
        return level if level is not None else (self.product.cost or 0)


def is_candidate(place: Place, lot: Lot | None = None) -> bool:
    """Whether a sale may look there: a shelf, or the sweep's quarantine for a sale from before the expiry.

    Never at a recalled lot, wherever it lies: only a fact that names it takes it (DESIGN 3.7).
    """
    if lot is not None and lot.is_recalled:
        return False
    return place.kind == places.SHELF or (place.kind == places.QUARANTINE and place.area == places.EXPIRED)


class Books:
    """The cells of one transaction, the movements made and the daily totals they add to.

    `now` is the one recorded instant; `exponent` the currency's decimals; `new_id` makes movement ids in order.
    """

    def __init__(self, cells: Iterable[Cell], now: datetime, exponent: int, new_id: Callable[[], UUID]) -> None:
        self.cells: dict[CellKey, Cell] = {(cell.site.slug, cell.product.id): cell for cell in cells}
        self.now = now
        self.exponent = exponent
        self.movements: list[Movement] = []
        self.corrections: list[Correction] = []
        self.owed: list[Owed] = []
        self.days: dict[DayKey, list[int]] = {}
        self._new_id = new_id
        self._site_days: dict[tuple[datetime, str], date] = {}

    def day(self, at: datetime, site: Site) -> date:
        """The site's calendar day at an instant."""
        key = (at, site.zone)
        found = self._site_days.get(key)
        if found is None:
            found = self._site_days[key] = site_day(at, site.zone)
        return found

    def move(
        self,
        cell: Cell,
        source: Place,
        target: Place,
        lot: Lot | None,
        quantity: int,
        cost: int,
        entry: Entry,
        *,
        into: Cell | None = None,
        reverses: UUID | None = None,
    ) -> UUID:
        """Write one movement and both its legs; `into` is the cell of the target when it lies at another site.

        Goods of a recalled lot that were to land on a shelf land in quarantine instead, whoever moves them.
        """
        if target.kind == places.SHELF:
            target = landing(into or cell, target, lot)
        movement_id = self._new_id()
        self.movements.append(
            Movement(
                movement_id, self.now, entry.happened_at, cell.site.slug, cell.product.id, lot.id if lot else None,
                source.id, target.id, quantity, cost, entry.actor, entry.reason, entry.cause_id, entry.line,
                entry.trace_id, reverses,
            )
        )  # fmt: skip
        self._leg(cell, source, lot, -quantity, -cost, entry.happened_at)
        self._leg(into or cell, target, lot, quantity, cost, entry.happened_at)
        if lot is not None and lot.owner:
            self._owe(movement_id, cell, source, target, lot, quantity, cost, entry)
        return movement_id

    def _owe(
        self,
        movement_id: UUID,
        cell: Cell,
        source: Place,
        target: Place,
        lot: Lot,
        quantity: int,
        cost: int,
        entry: Entry,
    ) -> None:
        """Note what a movement of a supplier's goods makes us owe, or takes back (STK-43)."""
        sign = consignments.sign(source.kind, target.kind)
        if sign and quantity:
            self.owed.append(
                Owed(
                    movement_id, cell.site.slug, cell.product.id, lot, sign * quantity, sign * cost, entry.reason,
                    entry.cause_id, entry.happened_at,
                )
            )  # fmt: skip

    def _leg(self, cell: Cell, place: Place, lot: Lot | None, quantity: int, cost: int, at: datetime) -> None:
        """Change one account; the unattributed one keeps no lots, whatever lot settles it."""
        if place.kind == places.UNATTRIBUTED:
            lot = None
        if place.kind in places.HOLDING:
            balance = cell.at(place, lot)
            balance.on_hand += quantity
            balance.cost += cost
            balance.is_touched = True
            _weigh(cell.level, place, lot, quantity, cost)
            if max(balance.on_hand, abs(balance.cost), cell.level.on_hand) > BIGINT_MAX:
                raise BadQuantity("That is more than any stock", field="quantity")
        cell.is_touched = True
        if cell.last_at is None or at > cell.last_at:
            cell.last_at = at
        key = (
            place.id, cell.product.id, lot.id if lot else None, self.day(at, cell.site), self.day(self.now, cell.site),
        )  # fmt: skip
        total = self.days.get(key)
        if total is None:
            self.days[key] = [quantity, cost]
        else:
            total[0] += quantity
            total[1] += cost

    def take(
        self,
        cell: Cell,
        wanted: int,
        target: Place,
        entry: Entry,
        *,
        lot_id: UUID | None = None,
        into: Cell | None = None,
        usable_on: date | None = None,
    ) -> tuple[list[Taken], int]:
        """Move `wanted` from the shelves to `target` by FEFO as of `entry.happened_at`, a named lot before all others.

        Of a named lot what lies on a shelf goes first, then what lies apart: there it may be of a recalled unit.

        Returns what was taken and what no lot covers; that remainder is not moved. `usable_on` replaces the site's day
        for a deed of today: then only shelves are looked at, not what the sweep set apart for sales that come late.
        """
        taken: list[Taken] = []
        if lot_id is not None:
            named = cell.of_lot(lot_id, places.SHELF, places.QUARANTINE)
            for balance in sorted(named, key=lambda one: one.place.kind != places.SHELF):
                part = min(balance.on_hand, wanted)
                if part > 0:
                    taken.append(self._take(cell, balance, part, target, entry, into))
                    wanted -= part
        if not wanted:
            return taken, 0
        order = cell.in_order()
        day = usable_on
        if day is None:
            day = self.day(entry.happened_at, cell.site)
        else:
            order = [one for one in order if one.place.kind == places.SHELF]
        plan = allocate(order, wanted, day, entry.happened_at)
        taken += [self._take(cell, order[pick.position], pick.quantity, target, entry, into) for pick in plan.picks]
        return taken, plan.missing

    def _take(
        self, cell: Cell, balance: Balance, quantity: int, target: Place, entry: Entry, into: Cell | None
    ) -> Taken:
        cost = costs.share(balance.cost, quantity, balance.on_hand)
        source = balance.place
        lot = balance.lot
        if lot and source.area == places.EXPIRED and lot.expires_on and not lot.is_recalled:
            shelf = cell.site.place(places.SHELF)
            swept_at = day_bounds(lot.expires_on, cell.site.zone)[1]
            self.move(cell, source, shelf, lot, quantity, cost, entry._replace(happened_at=swept_at, reason=LATE_SALE))
            source = shelf
        return Taken(lot, quantity, cost, self.move(cell, source, target, lot, quantity, cost, entry, into=into))

    def issue(
        self, cell: Cell, wanted: int, target: Place, entry: Entry, *, lot_id: UUID | None = None
    ) -> tuple[list[Taken], int]:
        """Take for a fact: what no lot covers comes from the unattributed account at the last known cost.

        Returns all that was taken (the unattributed part last) and how much of it no lot covers.
        """
        taken, missing = self.take(cell, wanted, target, entry, lot_id=lot_id)
        if missing:
            cost = costs.value_of(cell.last_cost(), missing, cell.product.decimals, self.exponent)
            account = cell.site.place(places.UNATTRIBUTED)
            taken.append(Taken(None, missing, cost, self.move(cell, account, target, None, missing, cost, entry)))
        return taken, missing

    def receive(
        self, cell: Cell, lot: Lot, quantity: int, cost: int, entry: Entry, *, source: Place, target: Place
    ) -> UUID:
        """Bring goods of a lot in; when they land on a shelf they first settle what the unattributed account owes."""
        movement_id = self.move(cell, source, target, lot, quantity, cost, entry)
        if target.kind == places.SHELF and cell.level.unattributed < 0:
            self.settle(cell, lot, target, entry)
        return movement_id

    def settle(self, cell: Cell, lot: Lot, shelf: Place, entry: Entry, *, most: int = BIGINT_MAX) -> int:
        """Give the unattributed account what it owes from a lot on a shelf, at most so much; returns the correction.

        The goods move at the lot's own cost; the difference to the cost they were sold at goes on to the patients'
        account as a correction of value alone, so that an account that owes nothing has no cost left.
        """
        account = cell.site.place(places.UNATTRIBUTED)
        debt, held = cell.at(account, None), cell.at(shelf, lot)
        quantity = min(-debt.on_hand, held.on_hand, most)
        if quantity <= 0:
            return 0
        known = costs.share(-debt.cost, quantity, -debt.on_hand)
        cost = costs.share(held.cost, quantity, held.on_hand)
        settling = entry._replace(reason=SETTLEMENT)
        self.move(cell, shelf, account, lot, quantity, cost, settling)
        if cost != known:
            correction = entry._replace(reason=COST_CORRECTION)
            self.move(cell, account, cell.site.place(places.PATIENT), None, 0, cost - known, correction)
            key = (cell.site.slug, cell.product.id)
            self.corrections.append(Correction(key, quantity, cost - known, correction))
        return cost - known


def landing(cell: Cell, target: Place, lot: Lot | None) -> Place:
    """Where goods of a lot really land: a recalled lot reaches no shelf (STK-12, STK-41)."""
    if lot is None or target.kind != places.SHELF:
        return target
    recalled = lot.is_recalled or any(
        one.lot.is_recalled for one in cell.balances.values() if one.lot and one.lot.id == lot.id
    )
    return cell.site.place(places.QUARANTINE, places.RECALLED) if recalled else target


def _weigh(level: Level, place: Place, lot: Lot | None, quantity: int, cost: int) -> None:
    if place.kind == places.SHELF:
        level.on_hand += quantity
        if lot is None or not lot.owner:
            level.value_minor += cost
    elif place.kind == places.UNATTRIBUTED:
        level.unattributed += quantity
