"""The only home of what tests of containers and treatments stand on: one cell in memory and its accounts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID

from lotwise.stock.domain import places
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.containers import Opened
from lotwise.stock.domain.draws import Case
from lotwise.stock.domain.levels import Level
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import KINDS, Place, Product, Site

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MULTI, SINGLE, NONE = "multi_patient", "single_patient", "none"
AREAS = (("quarantine", "expired"), ("quarantine", "recalled"), ("in_use", "patient"))


class Ground:
    """A cell of toxin whose lots A (soonest) and B hold so many units at 5.00 each."""

    def __init__(self, rule: str, lots: Sequence[int], sizes: tuple[int, ...] = (100,)) -> None:
        numbers = count(1)
        self.product = Product(
            UUID(int=1), "BTX", "Toxin", "physical", "retail", "U", 0, cost=5_000_000, container_rule=rule,
            use_by_hours=24, container_sizes=sizes,
        )  # fmt: skip
        accounts = {(kind, ""): Place(number, "harley", kind) for number, kind in enumerate(KINDS)}
        for number, (kind, area) in enumerate(AREAS, start=90):
            accounts[kind, area] = Place(number, "harley", kind, area)
        self.site = Site("harley", "Europe/London", "block_at_zero", accounts)
        self.cell = Cell(self.site, self.product, Level())
        self.books = Books([self.cell], NOW, 2, lambda: UUID(int=1000 + next(numbers)))
        self.lots = [
            Lot(UUID(int=n), self.product.id, "AB"[n - 1], date(2027, n, 1), NOW) for n, _ in enumerate(lots, 1)
        ]
        self.opened = Opened()
        ids = count(50_000)
        self.case = Case(self.books, self.opened, lambda: UUID(int=next(ids)))
        for lot, quantity in zip(self.lots, lots, strict=True):
            source, target = self.site.place("supplier"), self.site.place("shelf")
            if quantity:
                received = entry("receipt", 1)
                self.books.receive(self.cell, lot, quantity, 500 * quantity, received, source=source, target=target)

    def balances(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Quantity and cost by kind, area and lot, as the legs of all movements sum up."""
        sums: dict[tuple[str, str, str], list[int]] = {}
        names = {place.id: place for place in self.site.places.values()}
        numbers = {lot.id: lot.number for lot in self.lots}
        for one in self.books.movements:
            for place_id, sign in ((one.from_location, -1), (one.to_location, 1)):
                place = names[place_id]
                lot = "" if one.lot_id is None or place.kind == places.UNATTRIBUTED else numbers[one.lot_id]
                total = sums.setdefault((place.kind, place.area, lot), [0, 0])
                total[0] += sign * one.quantity
                total[1] += sign * one.cost_minor
        return {key: (total[0], total[1]) for key, total in sums.items() if any(total)}

    def must_agree(self) -> None:
        """The containers' figures are the in-use accounts', to the unit and the cent; nothing appears or vanishes."""
        found = self.balances()
        assert [sum(one[i] for one in found.values()) for i in (0, 1)] == [0, 0]
        for area in ("", "patient"):
            mine = [one for one in self.opened.of(self.cell) if one.place.area == area and one.state == "open"]
            lies = [one for (kind, of, _), one in found.items() if (kind, of) == ("in_use", area)]
            sums = [sum(one[i] for one in lies) for i in (0, 1)]
            assert [sum(one.left for one in mine), sum(one.cost for one in mine)] == sums
        for one in self.opened.of(self.cell):
            assert one.left >= 0 <= one.cost
            if one.state in {"discarded", "used_up"}:
                assert (one.drawn + one.wasted, one.cost) == (one.label + one.overfill, 0)
        for balance in self.cell.balances.values():
            assert balance.on_hand >= 0 or balance.place.kind == places.UNATTRIBUTED
            assert balance.on_hand or not balance.cost


def entry(reason: str, cause: int, at: datetime = NOW) -> Entry:
    """What a deed says of itself."""
    return Entry(at, "user:a", reason, UUID(int=cause))
