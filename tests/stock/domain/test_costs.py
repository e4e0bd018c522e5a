"""What goods cost: by lot, beside first-in-first-out and the weighted average, and conserved to the cent (N-08)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stock.domain.test_cells import books, entry

from lotwise.stock.domain import costs, places
from lotwise.stock.domain.cells import Books, Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.values import half_up

DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
LAYERS = ((10, 500), (10, 650), (10, 800))
"""Ten at 5.00, ten at 6.50, ten at 8.00."""


def received(layers: tuple[tuple[int, int], ...], expiries: tuple[date | None, ...] = ()) -> tuple[Books, Cell]:
    """Books with a lot per layer of (quantity, unit cost in cents), received a day apart."""
    book, cell = books()
    shelf, supplier = cell.site.place(places.SHELF), cell.site.place(places.SUPPLIER)
    for number, (quantity, unit) in enumerate(layers):
        ends = expiries[number] if number < len(expiries) else None
        lot = Lot(UUID(int=number + 1), cell.product.id, str(number + 1), ends, DAY + timedelta(days=number))
        book.receive(cell, lot, quantity, quantity * unit, entry(), source=supplier, target=shelf)
    return book, cell


def sold(book: Books, cell: Cell, quantity: int, lot: int | None = None) -> list[Taken]:
    """Sell a quantity, of a named lot first when one is named."""
    named = UUID(int=lot) if lot else None
    taken, missing = book.issue(cell, quantity, cell.site.place(places.PATIENT), entry(), lot_id=named)
    assert missing == 0
    return taken


def first_in_first_out(layers: tuple[tuple[int, int], ...], quantity: int) -> int:
    """The textbook: the oldest layers go first."""
    cost = 0
    for there, unit in layers:
        part = min(there, quantity)
        cost, quantity = cost + part * unit, quantity - part
    return cost


def weighted_average(layers: tuple[tuple[int, int], ...], quantity: int) -> int:
    """The textbook: every unit costs the mean."""
    return half_up(quantity * sum(there * unit for there, unit in layers), sum(there for there, _ in layers))


def test_lots_cost_is_specific_identification() -> None:
    """ORACLES 3: given 10@5.00, 10@6.50, 10@8.00 and 15 sold as ten of lot 3 and five of lot 1; then they cost 105.00
    and 90.00 are left, where first-in-first-out says 82.50 and the weighted average 97.50.
    """
    book, cell = received(LAYERS)
    taken = sold(book, cell, 10, lot=3) + sold(book, cell, 5, lot=1)
    assert sum(one.cost for one in taken) == 10500
    assert cell.level.value_minor == 9000
    assert first_in_first_out(LAYERS, 15) == 8250
    assert weighted_average(LAYERS, 15) == 9750
    assert 19500 - 8250 == 11250


def test_lots_that_expire_as_they_came_cost_first_in_first_out() -> None:
    """ORACLES 3: given the same lots, none named; when 15 are sold; then by soonest expiry, which here is the order of
    receipt, they cost what first-in-first-out says: 82.50, and 112.50 are left.
    """
    book, cell = received(LAYERS, (date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)))
    assert sum(one.cost for one in sold(book, cell, 15)) == first_in_first_out(LAYERS, 15) == 8250
    assert cell.level.value_minor == 11250


def test_expiry_decides_not_receipt() -> None:
    """ORACLES 3: given the dearest lot expires first; then 15 cost 10 of it and 5 of the cheapest: 105.00 again."""
    book, cell = received(LAYERS, (date(2027, 2, 1), date(2027, 3, 1), date(2027, 1, 1)))
    assert sum(one.cost for one in sold(book, cell, 15)) == 10500


def test_a_lot_that_is_received_again_costs_its_moving_average() -> None:
    """ORACLES 3: one lot: 100@10, 30 sold, 50@12.80, 60 sold, 40@9.25, 90 sold: 300.00, 670.00, 936.00; the 10 that
    are left are worth 104.00.
    """
    book, cell = books()
    shelf, supplier = cell.site.place(places.SHELF), cell.site.place(places.SUPPLIER)
    lot = Lot(UUID(int=1), cell.product.id, "1", None, DAY)
    costs_of_sales = []
    for quantity, cost, out in ((100, 100_000, 30), (50, 64_000, 60), (40, 37_000, 90)):
        book.receive(cell, lot, quantity, cost, entry(), source=supplier, target=shelf)
        costs_of_sales.append(sum(one.cost for one in sold(book, cell, out)))
    assert costs_of_sales == [30_000, 67_000, 93_600]
    assert (cell.level.on_hand, cell.level.value_minor) == (10, 10_400)


@pytest.mark.parametrize("parts", [1, 3, 7, 9])
def test_a_box_that_does_not_divide_leaves_no_dust(parts: int) -> None:
    """N-08: given one box of 9 for 10.00; when it is used in equal parts, then the rest; then the parts sum to 10.00
    and an empty shelf is worth 0.00.
    """
    book, cell = received(((9, 0),))
    shelf = cell.site.place(places.SHELF)
    cell.at(shelf, next(iter(cell.balances.values())).lot).cost = 1000
    total = sum(one.cost for _ in range(9 // parts) for one in sold(book, cell, parts))
    total += sum(one.cost for one in sold(book, cell, 9 % parts)) if 9 % parts else 0
    assert total == 1000


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["box", "vial", "unit", "charge", "give back", "waste", "set apart", "release"]),
        st.integers(1, 30),
        st.integers(0, 5),
    ),
    max_size=60,
)
PACKS = {"box": 1000, "vial": 100, "unit": 1}


class Clinic:
    """A cell worked on by deeds in packs and units, with what came in and what left it, in units and cents."""

    def __init__(self, price: int) -> None:
        self.book, self.cell = books()
        self.price = price
        self.lots = [Lot(UUID(int=n + 1), self.cell.product.id, str(n), date(2027, 1, 1 + n), DAY) for n in range(6)]
        self.charges: list[Taken] = []
        self.came, self.gone = [0, 0], [0, 0]

    def do(self, deed: str, number: int, which: int) -> None:
        """One deed; what cannot be done here does nothing."""
        if deed in PACKS:
            self.receive(number * PACKS[deed], which)
        elif deed in {"charge", "waste"}:
            self.take(7 * number - 3, deed)
        elif deed == "give back":
            self.give_back(number, which)
        else:
            self.shift(number, which, deed)

    def receive(self, quantity: int, which: int) -> None:
        """Receive a pack's units at a price per unit that differs by lot."""
        cost = costs.value_of(self.price * (which + 1), quantity, 0, 2)
        source, shelf = self.cell.site.place(places.SUPPLIER), self.cell.site.place(places.SHELF)
        self.book.receive(self.cell, self.lots[which], quantity, cost, entry(), source=source, target=shelf)
        self.came = [self.came[0] + quantity, self.came[1] + cost]

    def take(self, quantity: int, deed: str) -> None:
        """Charge or waste by FEFO what there is of a quantity."""
        target = self.cell.site.place(places.PATIENT if deed == "charge" else places.WASTE)
        for one in self.book.take(self.cell, quantity, target, entry())[0]:
            self.gone = [self.gone[0] + one.quantity, self.gone[1] + one.cost]
            if deed == "charge":
                self.charges.append(one)

    def give_back(self, number: int, which: int) -> None:
        """Take a part of a charge back at its share of exactly what it cost."""
        if not self.charges:
            return
        position = which % len(self.charges)
        one = self.charges[position]
        part = min(one.quantity, number)
        if part:
            share = costs.share(one.cost, part, one.quantity)
            patient, shelf = self.cell.site.place(places.PATIENT), self.cell.site.place(places.SHELF)
            self.book.move(self.cell, patient, shelf, one.lot, part, share, entry())
            self.charges[position] = one._replace(quantity=one.quantity - part, cost=one.cost - share)
            self.gone = [self.gone[0] - part, self.gone[1] - share]

    def shift(self, number: int, which: int, deed: str) -> None:
        """Set a part of a lot apart, or release it."""
        here, there = places.SHELF, places.QUARANTINE
        if deed == "release":
            here, there = there, here
        for one in self.cell.of_lot(self.lots[which].id, here):
            part = min(one.on_hand, number)
            if part:
                share = costs.share(one.cost, part, one.on_hand)
                self.book.move(self.cell, one.place, self.cell.site.place(there), one.lot, part, share, entry())


@given(DEEDS, st.integers(0, 10**7))
def test_packs_units_and_returns_conserve_quantity_and_cost(todo: list[tuple[str, int, int]], price: int) -> None:
    """N-08: given any mix of boxes of 10 vials of 100 U, single units, charges of odd numbers of units, returns of
    parts of them, waste and quarantine; then what came in is what lies here plus what left, in units and in cents, and
    nothing that is empty has a cost.
    """
    clinic = Clinic(price)
    for deed in todo:
        clinic.do(*deed)
    here = [one for one in clinic.cell.balances.values() if one.place.kind in (places.SHELF, places.QUARANTINE)]
    lying = [sum(one.on_hand for one in here), sum(one.cost for one in here)]
    assert [lying[0] + clinic.gone[0], lying[1] + clinic.gone[1]] == clinic.came
    assert all(one.cost == 0 for one in here if not one.on_hand)
    assert all(one.on_hand >= 0 and one.cost >= 0 for one in here)
    assert clinic.cell.level.value_minor == sum(one.cost for one in here if one.place.kind == places.SHELF)
