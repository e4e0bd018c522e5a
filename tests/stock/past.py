"""The only home of what the tests of looking back share: a ledger written at chosen instants, and its replay."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tests.catalog.harness import Bench
from tests.stock.chain import BOTOX, CREAM, SERUM, SITES, Chain

from lotwise.contracts.ids import uuid7
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import Books
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.moments import id_at
from lotwise.stock.domain.movements import Entry
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.day_openings import open_day
from lotwise.stock.operations.moments import open_month
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import LotDraft, ensure_lots

FIRST = datetime(2026, 1, 28, tzinfo=UTC)
DAYS = 75


class Leg(NamedTuple):
    """One half of a movement, as a replay adds it up."""

    happened_at: datetime
    recorded_at: datetime
    site: str
    kind: str
    product_id: UUID
    lot_id: UUID | None
    quantity: int
    cost: int


class Pen:
    """Writes movements as if the clock stood elsewhere: `recorded` goes on, `happened` may lie days before."""

    def __init__(self, stock: Chain, seed: int) -> None:
        self.stock = stock
        self.random = random.Random(seed)
        self.lots: list[Lot] = []

    async def stock_up(self) -> None:
        """Lots of every product, some of a supplier's own, some without a date."""
        async with self.stock.bench.db.transaction() as tx:
            drafts = [
                LotDraft(
                    product, "", f"L{number}", None if number == 0 else date(2026, 2 + number, 11),
                    "lender" if number == 2 else "", None, "", FIRST, 5_000_000,
                )
                for product in (BOTOX, CREAM, SERUM)
                for number in range(4)
            ]  # fmt: skip
            self.lots = await ensure_lots(tx, drafts)
        for source in SITES:
            for target in SITES:
                if source != target:
                    line = {"product_id": str(BOTOX), "quantity": "1"}
                    body = {"from_site": source, "to_site": target, "lines": [line]}
                    await self.stock.bench.post("/v1/transfers", body)

    async def write(self, recorded: datetime, happened: datetime) -> None:
        """One deed by chance: goods come, go, are set apart, travel to another site, or are missing."""
        site, other = self.random.sample(list(SITES), 2)
        lot = self.random.choice(self.lots)
        async with self.stock.bench.db.transaction() as tx:
            sites = await sites_of(tx, [site, other])
            products = await products_of(tx, [lot.product_id])
            keys = [(site, lot.product_id), (other, lot.product_id)]
            books = await open_books(tx, keys, sites, products, recorded, 2)
            stamps = _ids(recorded, self.random)
            books._new_id = lambda: next(stamps)
            entry = Entry(happened, "user:test", "receipt", uuid7())
            self._deed(books, lot, keys, entry)
            await close_books(tx, books)

    def _deed(self, books: Books, lot: Lot, keys: list[tuple[str, UUID]], entry: Entry) -> None:
        cell, away = books.cells[keys[0]], books.cells[keys[1]]
        place = cell.site.place
        shelf, quantity = place(places.SHELF), self.random.randint(1, 40)
        kind = self.random.choice(("receive", "receive", "issue", "issue", "apart", "ship", "arrive"))
        if kind == "receive":
            cost = self.random.randint(0, 900)
            books.receive(cell, lot, quantity, cost, entry, source=place(places.SUPPLIER), target=shelf)
        elif kind == "issue":
            books.issue(cell, quantity, place(places.PATIENT), entry, lot_id=lot.id)
        elif kind == "apart":
            books.take(cell, quantity, place(places.QUARANTINE), entry, usable_on=entry.happened_at.date())
        elif kind == "ship":
            books.take(cell, quantity, away.site.place(places.TRANSIT), entry, lot_id=lot.id, into=away)
        else:
            for one in cell.of_lot(lot.id, places.TRANSIT):
                books.move(cell, one.place, shelf, lot, one.on_hand, one.cost, entry)

    async def story(self, deeds: int) -> None:
        """Deeds over eleven weeks in the order of recording, a third of them late, a few ahead of the clock."""
        await self.stock_up()
        recorded = FIRST
        for _ in range(deeds):
            recorded += timedelta(seconds=self.random.randint(60, 2 * DAYS * 86_400 // deeds))
            late = self.random.choice((0, 0, 0, 0, 3600, 90_000, 20 * 86_400, -180, -200_000))
            await self.write(recorded, recorded - timedelta(seconds=late))

    async def legs(self) -> list[Leg]:
        """The whole ledger in halves."""
        rows = await self.stock.bench.owner.fetch(
            "select m.happened_at, m.recorded_at, p.site, p.kind, m.product_id,"
            " case when p.kind = 'unattributed' then null else m.lot_id end, l.sign * m.quantity,"
            " l.sign * m.cost_minor from movement m"
            " cross join lateral (values (m.to_location, 1), (m.from_location, -1)) l(location_id, sign)"
            " join location p on p.id = l.location_id"
        )
        return [Leg(*row) for row in rows]

    async def keep_openings(self) -> int:
        """Keep the openings of all months that are over by June 2026; returns how many."""
        made = 0
        while True:
            async with self.stock.bench.db.transaction() as tx:
                if await open_month(tx, datetime(2026, 6, 2, tzinfo=UTC)) is None:
                    return made
            made += 1

    async def keep_days(self, until: datetime = datetime(2026, 6, 2, tzinfo=UTC), most: int = 1000) -> int:
        """Keep what sites began every day with that is over by then; returns how many times a day was kept."""
        for made in range(most):
            async with self.stock.bench.db.transaction() as tx:
                if await open_day(tx, until) is None:
                    return made
        return most


async def storied(bench: Bench, seed: int, deeds: int) -> Pen:
    """A chain defined anew whose ledger has a story of so many deeds."""
    await bench.empty()
    chain = Chain(bench)
    await chain.define()
    pen = Pen(chain, seed)
    await pen.story(deeds)
    return pen


def _ids(instant: datetime, source: random.Random) -> Iterator[UUID]:
    number = 0
    while True:
        number += 1
        yield UUID(int=id_at(instant).int | 0x7 << 76 | number << 64 | 0x2 << 62 | source.getrandbits(60))


def replay(legs: Iterable[Leg], as_of: datetime | None, known_at: datetime | None) -> dict[tuple[Any, ...], list[int]]:
    """What lay of each lot in places of each kind: quantity and cost, added up from the beginning."""
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for leg in legs:
        if (as_of is None or leg.happened_at <= as_of) and (known_at is None or leg.recorded_at <= known_at):
            total = found[leg.site, leg.kind, leg.product_id, leg.lot_id]
            total[0] += leg.quantity
            total[1] += leg.cost
    return {key: total for key, total in found.items() if total != [0, 0]}
