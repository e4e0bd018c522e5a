"""Transfers over the books: whatever is sent, received, lost, sent back, the chain owns what it owned (N-25)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import uuid7
from lotwise.stock.domain import notes, places
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.levels import Level
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import TRANSFER, Entry
from lotwise.stock.domain.places import KINDS, Place, Product, Site
from lotwise.stock.domain.refusals import NotEnoughStock
from lotwise.stock.domain.resupply import Need, due_level, to_request
from lotwise.stock.domain.transfers import MOVES, STATES, Shipped, left_of, next_state, pick
from lotwise.stock.operations.shipping import leave
from lotwise.stock.operations.trips import Trip, landing_place, out_of_transit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRODUCT = Product(UUID(int=1), "P", "P", "physical", "retail", "U", 0, cost=1_000_000)
LOTS = [Lot(UUID(int=n), PRODUCT.id, str(n), date(2027, 1, n), NOW) for n in (1, 2)]
SITES = ("harley", "soho", "sydney")


def _site(number: int, slug: str) -> Site:
    accounts = {(kind, ""): Place(100 * number + index, slug, kind) for index, kind in enumerate(KINDS)}
    for index, area in enumerate((places.EXPIRED, places.RECALLED), start=90):
        accounts["quarantine", area] = Place(100 * number + index, slug, "quarantine", area)
    return Site(slug, "Europe/London", "block_at_zero", accounts)


class Journeys:
    """Three sites, their books, and what is on its way between them."""

    def __init__(self) -> None:
        self.sites = {slug: _site(number, slug) for number, slug in enumerate(SITES, start=1)}
        self.books = Books([Cell(site, PRODUCT, Level()) for site in self.sites.values()], NOW, 2, uuid7)
        self.moving: list[tuple[Trip, list[Shipped]]] = []
        self.owned = [0, 0]
        self.minutes = 0

    def cell(self, slug: str) -> Cell:
        """A site's cell."""
        return self.books.cells[slug, PRODUCT.id]

    def entry(self) -> Entry:
        """The next minute's deed."""
        self.minutes += 1
        return Entry(NOW + timedelta(minutes=self.minutes), "user:a", TRANSFER, UUID(int=9))

    def receive(self, slug: str, quantity: int, cost: int, lot: Lot) -> None:
        """Goods of a supplier come."""
        site = self.sites[slug]
        source, target = site.place(places.SUPPLIER), site.place(places.SHELF)
        self.books.receive(self.cell(slug), lot, quantity, cost, self.entry(), source=source, target=target)
        self.owned = [self.owned[0] + quantity, self.owned[1] + cost]

    def ship(self, slug: str, to: str, quantity: int) -> None:
        """Goods leave, if there are that many."""
        row: Any = {"id": UUID(int=7), "state": "draft"}
        lots = {lot.id: lot for lot in LOTS}
        trip = Trip(row, "shipped", self.sites[slug], self.sites[to], [], [], self.books, {PRODUCT.id: PRODUCT}, lots)
        try:
            taken = leave(trip, self.cell(slug), quantity, None, self.entry(), date(2026, 11, 21))
        except NotEnoughStock:
            return
        parts = [Shipped(1, PRODUCT.id, one.lot.id, one.quantity, one.cost) for one in taken if one.lot]
        self.moving.append((trip, parts))

    def end(self, deed: str, quantity: int) -> None:
        """A part of the oldest journey arrives, is lost, or goes back on the way or home."""
        if not self.moving:
            return
        trip, left = self.moving.pop(0)
        parts, _ = pick(left, PRODUCT.id, None, quantity)
        here, there = trip.here(PRODUCT.id), trip.there(PRODUCT.id)
        back: list[Shipped] = []
        for part in parts:
            lot = trip.lots[part.lot.lot_id]
            if deed == "arrive":
                out_of_transit(trip, part, landing_place(trip, there, lot), self.entry())
            elif deed == "lose":
                out_of_transit(trip, part, there.site.place(places.LOST_AND_FOUND), self.entry())
                self.owned = [self.owned[0] - part.quantity, self.owned[1] - part.cost]
            elif deed == "call off":
                out_of_transit(trip, part, landing_place(trip, here, lot), self.entry(), into=here)
            else:
                out_of_transit(trip, part, here.site.place(places.TRANSIT), self.entry(), into=here)
                back.append(Shipped(1, PRODUCT.id, lot.id, part.quantity, part.cost))
        rest = [lot for lot in left_of(left, parts) if lot.in_transit]
        if rest:
            self.moving.append((trip, rest))
        if back:
            turned = trip._replace(from_site=trip.to_site, to_site=trip.from_site)
            self.moving.append((turned, back))

    def must_agree(self) -> None:
        """Sites + transit = chain, in goods and in money; what is on its way is what lies in transit, to the cent."""
        balances = [one for cell in self.books.cells.values() for one in cell.balances.values()]
        assert [sum(one.on_hand for one in balances), sum(one.cost for one in balances)] == self.owned
        transit = [one for one in balances if one.place.kind == places.TRANSIT]
        for slug in SITES:
            lying = [one for one in transit if one.place.site == slug]
            going = [lot for trip, lots in self.moving if trip.to_site.slug == slug for lot in lots]
            assert sum(one.on_hand for one in lying) == sum(lot.in_transit for lot in going)
            assert sum(one.cost for one in lying) == sum(lot.left_minor for lot in going)
        assert all(one.on_hand >= 0 and one.cost >= 0 and (one.on_hand or not one.cost) for one in balances)


deeds = st.lists(
    st.one_of(
        st.tuples(
            st.just("receive"), st.sampled_from(SITES), st.integers(1, 50), st.integers(0, 9999), st.sampled_from(LOTS)
        ),
        st.tuples(st.just("ship"), st.permutations(SITES), st.integers(1, 60)),
        st.tuples(st.sampled_from(["arrive", "lose", "call off", "send back"]), st.integers(1, 40)),
    ),
    max_size=30,
)


@given(deeds)
def test_sites_and_transit_are_the_chain_at_every_instant(todo: list[Any]) -> None:
    """N-25: given any receipts, shipments, arrivals, losses, returns and calls-off; after each of them
    sites + transit = chain in quantity and cost, and each journey's cost lies in transit to the cent.
    """
    chain = Journeys()
    for deed, *what in todo:
        if deed == "receive":
            chain.receive(*what)
        elif deed == "ship":
            chain.ship(what[0][0], what[0][1], what[1])
        else:
            chain.end(deed, what[0])
        chain.must_agree()


def test_each_move_is_allowed_in_its_states_alone() -> None:
    """STK-27: what may be done when: a request is not shipped unapproved, a closed transfer only finds and returns."""
    allowed = {state: {move for move in MOVES if next_state(state, move)} for state in STATES}
    assert allowed == {
        "requested": {"edit", "approve", "decline", "cancel"},
        "declined": set(),
        "approved": {"ship", "cancel"},
        "draft": {"edit", "ship", "cancel"},
        "shipped": {"receive", "explain", "find", "return", "cancel"},
        "received": {"find", "return"},
        "cancelled": set(),
    }
    assert next_state("received", "find") == "received"


def test_a_request_covers_the_need_and_no_more() -> None:
    """STK-39: at and above the level nothing is asked; below it the normal quantity, or more to rise above it."""
    assert [due_level(10, None), due_level(10, 4), due_level(None, None)] == [9, 4, None]
    assert [to_request(Need(on_hand, 0, 10, None, 3)) for on_hand in (10, 9, 2)] == [0, 3, 8]
    assert [to_request(Need(4, coming, 10, None, 3)) for coming in (5, 6)] == [3, 0]
    assert to_request(Need(0, 0, None, None, 3)) == 0


lines = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 10**6)), min_size=1, max_size=4)


@given(lines, st.integers(0, 50_000_000), st.integers(0, 30_000_000), st.lists(st.integers(1, 9), max_size=6))
def test_credits_of_all_goods_take_back_exactly_what_was_billed(
    goods: list[tuple[int, int]], markup: int, tax: int, steps: list[int]
) -> None:
    """STK-38: given a note; when its goods come back in any parts; then the credits sum to it, to the cent."""
    billed = [
        {"line": n, "lot_id": str(n), "units": units, "cost_minor": cost, "price_minor": notes.price_of(cost, markup)}
        for n, (units, cost) in enumerate(goods)
    ]
    sums = notes.sums_of(billed, tax)
    before: list[dict[str, Any]] = []
    gone: list[notes.Sums] = []
    for step in [*steps, 10**6]:
        back = {(n, str(n)): step for n in range(len(billed))}
        made = [one for one in notes.credited(billed, before, back) if one["units"]]
        price = sum(one["price_minor"] for one in made)
        credit_tax = notes.credited_tax(sums, gone, price)
        gone.append(notes.Sums(sum(one["cost_minor"] for one in made), price, credit_tax))
        before += made
    assert [-sum(one[part] for one in gone) for part in range(2)] == [sums.cost, sums.price]
    assert -sum(one.tax for one in gone) == (sums.tax if sums.price else 0)
    assert -sum(one["units"] for one in before) == sum(units for units, _ in goods)
