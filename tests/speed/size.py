"""Prints one table of speeds of a large ledger over HTTP: python -m tests.speed.size [--movements 10000000].

Forty sites, five thousand products and a year of history made by `history`, first a hundredth, then a tenth of it, then
all, each in a running system of its own with authentication, validation and tracing on. Rows are numbered as in the
performance targets; every figure is measured here and now, and the data is removed afterwards, or kept with --keep.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from tests.speed.bench import Table, quantile, sell
from tests.speed.history import Made
from tests.speed.kept import SITES, filled, slug, standing
from tests.speed.load import Body, Connection
from tests.speed.rebuilds import balances_anew, days_anew
from tests.speed.system import System, system

from lotwise.contracts.ids import uuid7
from lotwise.stock.repository.books import _BALANCES

ASKED = 300
FEW = 40
SELL_SECONDS = 5.0
SELL_ROUNDS = 3
SELL_PRODUCTS = 50
FREE_BYTES_A_MOVEMENT = 2500
TOKEN_SECONDS = 120
SHARES = (100, 10, 1)

Growth = dict[str, float]


class Asker:
    """Asks stock one question after the other over a kept connection; its token is renewed before it runs out."""

    def __init__(self, measured: System) -> None:
        self.measured = measured
        self.link: Connection | None = None
        self.since = 0.0

    async def ask(self, path: str, body: bytes = b"") -> Any:
        """The JSON of one answer; with a body it is a question that is posted. Raises RuntimeError unless it is 200."""
        if self.link is None or time.monotonic() - self.since > TOKEN_SECONDS:
            self.close()
            token = await self.measured.operator()
            self.link = await Connection("127.0.0.1", self.measured.port("stock"), token).open()
            self.since = time.monotonic()
        status, answer = await self.link.send("POST" if body else "GET", path, str(uuid7()), body)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {answer[:300]!r}")
        return orjson.loads(answer)

    def close(self) -> None:
        """Let the connection go."""
        if self.link is not None:
            self.link.close()

    async def times(
        self,
        paths: Callable[[], str],
        count: int = ASKED,
        bodies: Callable[[], bytes] = bytes,
        settle: int = 3,
    ) -> list[float]:
        """Sorted milliseconds of so many questions, after a few that nobody counts."""
        found: list[float] = []
        for number in range(count + settle):
            path, body = paths(), bodies()
            began = time.perf_counter()
            await self.ask(path, body)
            if number >= settle:
                found.append(1000 * (time.perf_counter() - began))
        return sorted(found)

    async def twice(self, paths: Callable[[], str], count: int = ASKED) -> list[float]:
        """Sorted milliseconds of questions asked a second time: the first brought the pages from the disk, a matter of
        memory and not of the ledger's size.
        """
        found: list[float] = []
        for _ in range(count):
            path = paths()
            found += await self.times(partial(str, path), 1, settle=1)
        return sorted(found)


class Ledger:
    """One size of the ledger under measure."""

    def __init__(self, measured: System, made: Made, products: Sequence[str], table: Table, asker: Asker) -> None:
        self.measured, self.made, self.table, self.asker = measured, made, table, asker
        self.products = products[: made.products]
        self.random = random.Random(made.movements)
        self.size = f"{made.movements / 1e6:.1f} M"

    def site(self) -> str:
        """Any site."""
        return slug(self.random.randrange(SITES))

    def cell(self) -> str:
        """The path of any cell that has stock."""
        return f"{self.site()}/{self.random.choice(self.products)}"

    def here(self) -> str:
        """The query of any cell that has stock."""
        return f"site={self.site()}&product={self.random.choice(self.products)}"

    async def row(
        self,
        name: str,
        paths: Callable[[], str],
        must_ms: float | None = None,
        *,
        count: int = ASKED,
        bodies: Callable[[], bytes] = bytes,
    ) -> float:
        """Measure one question; its p50, beside a bar on its p99. Returns the p50."""
        times = await self.asker.times(paths, count, bodies)
        p50, p99 = quantile(times, 0.5), quantile(times, 0.99)
        self.table.add(
            name, p50, "ms p50", note=f"p99 {p99:.1f} ms", must=f"p99 ≤ {must_ms:g}" if must_ms else "",
            passed=None if must_ms is None else p99 <= must_ms,
        )  # fmt: skip
        return p50

    async def drawn(self, statement: str) -> list[str]:
        """Ids out of stock's database, in no order."""
        found = [str(row[0]) for row in await self.measured.rows("stock", statement)]
        self.random.shuffle(found)
        return found

    async def growth(self) -> Growth:
        """What must not grow with the ledger: CPU of a sale, the pick of a lot, a page of movements, one cell.

        The bar of a sale was set over two thousand cells at every size, so as many are sold here; what sales of all
        cells cost stands beside it, with whatever of their pages does not fit into memory.
        """
        few = await self.cost_of_sale(self.products[:SELL_PRODUCTS])
        if len(self.products) > SELL_PRODUCTS:
            await self.cost_of_sale(self.products)
        picks = await self.picks()
        page = await self.asker.twice(lambda: f"/v1/movements?{self.here()}")
        one = await self.asker.times(lambda: f"/v1/levels/{self.cell()}")
        found = {"sale": few, "pick": picks, "page": quantile(page, 0.5), "cell": quantile(one, 0.5)}
        self.table.add(f"   {self.size}: lots of 20 cells in FEFO order, SQL", 1000 * picks, "µs p50")
        self.table.add(f"   {self.size}: page of 50 movements of a cell, again", found["page"], "ms p50")
        self.table.add(f"   {self.size}: one cell", found["cell"], "ms p50")
        return found

    async def cost_of_sale(self, products: Sequence[str]) -> float:
        """Microseconds of CPU that a sale costs in all processes together, single sales of these at every site: the
        median of the rounds.
        """
        body = self.sales(products)
        await sell(self.measured, body, seconds=1.5)
        rounds = [await sell(self.measured, body, seconds=SELL_SECONDS) for _ in range(SELL_ROUNDS)]
        run = sorted(rounds, key=lambda one: one.cpu_us)[SELL_ROUNDS // 2]
        cells = len(products) * SITES
        note = f"{run.stock_rate:,.0f} sales/s; rounds {', '.join(f'{one.cpu_us:.0f}' for one in rounds)}"
        self.table.add(f"   {self.size}: CPU of a sale, {cells:,} cells", run.cpu_us, "µs", note=note)
        return run.cpu_us

    def sales(self, products: Sequence[str]) -> Body:
        """Single recorded sales of any of these products at any site."""
        turn = itertools.count()

        def body() -> tuple[str, bytes]:
            """The next charge."""
            key = str(uuid7())
            product = products[next(turn) * 7 % len(products)]
            line = {"product_id": product, "quantity": "1"}
            return key, orjson.dumps({"charge_id": key, "site": self.site(), "hold": False, "lines": [line]})

        return body

    async def picks(self) -> float:
        """Milliseconds to load what lies of twenty cells, asked a second time: what every batch of sales does.

        The first time brings the pages from the disk: a matter of memory, not of the ledger's size.
        """
        connection = await asyncpg.connect(self.measured.admin_url("stock"))
        times = []
        for _ in range(ASKED):
            cells = [(self.site(), self.random.choice(self.products)) for _ in range(20)]
            for _ in range(2):
                began = time.perf_counter()
                await connection.fetch(_BALANCES, [one[0] for one in cells], [one[1] for one in cells])
            times.append(1000 * (time.perf_counter() - began))
        await connection.close()
        return statistics.median(times)

    async def reads(self) -> None:
        """Rows 8 and 9: no lot is asked for twice."""
        lots = iter(await self.drawn("select id from lot"))
        await self.row("8  trace of a lot (500) to places and charges", lambda: f"/v1/lots/{next(lots)}/trace", 40)
        await self.row("8  movements of a lot, page of 50", lambda: f"/v1/movements?lot={next(lots)}", 40)
        await self.row("   movements of a lot, 500 at once", lambda: f"/v1/movements?limit=500&lot={next(lots)}")
        charges = await self.drawn("select cause_id from movement tablesample system (0.05) where reason = 'sale'")
        await self.row(
            "8  lots behind a member's 20 charges",
            lambda: "/v1/trace:charges",
            40,
            bodies=lambda: orjson.dumps({"charges": self.random.sample(charges, 20)}),
        )
        await self.row("9  one cell", lambda: f"/v1/levels/{self.cell()}", 5)
        await self.row("9  page of 50 levels of a site", lambda: f"/v1/levels?site={self.site()}", 40)
        await self.row("9  totals of a site", lambda: f"/v1/summary?site={self.site()}", 40)
        await self.row("9  totals of the chain", lambda: "/v1/summary", count=20)
        await self.pages()

    async def pages(self) -> None:
        """What else a person opens on a large chain: no bar of its own, the one of a page is shown beside it."""
        await self.row("   stock card: history of 90 days", lambda: f"/v1/levels/{self.cell()}/history", 40)
        await self.row("   stock card: page of 50 steps", lambda: f"/v1/card?{self.here()}", 40)
        await self.row("   why a count differs", lambda: f"/v1/explain/count?{self.here()}", 40)
        await self.row("   lots of a cell", lambda: f"/v1/lots?product={self.random.choice(self.products)}", 40)
        await self.row("   lots of a site, first page", lambda: f"/v1/lots?site={self.site()}", count=FEW)
        await self.row("   lots of the chain, first page", lambda: "/v1/lots", count=FEW)
        await self.row(
            "   money at risk at a site, 365 days", lambda: f"/v1/risks?site={self.site()}&within=365", count=FEW
        )
        await self.row("   money at risk in the chain, 365 days", lambda: "/v1/risks?within=365", count=FEW // 4)

    async def past(self) -> None:
        """Row 10: the same of the past, on either clock and both."""
        now = datetime.now(UTC)
        yesterday, year = now - timedelta(days=1, hours=3), now - timedelta(days=365, hours=5)

        def asked(as_of: datetime | None, known_at: datetime | None) -> str:
            """The query of a moment."""
            given = {"as_of": as_of, "known_at": known_at}
            return "&".join(f"{name}={at:%Y-%m-%dT%H:%M:%SZ}" for name, at in given.items() if at)

        def any_day() -> str:
            """A moment anywhere in the year."""
            return asked(now - timedelta(minutes=self.random.randrange(390 * 1440)), None)

        before, long_ago = asked(yesterday, None), asked(year, None)
        await self.row("10 one cell as of yesterday", lambda: f"/v1/levels/{self.cell()}?{before}", 10)
        await self.row("10 one cell as of a year ago", lambda: f"/v1/levels/{self.cell()}?{long_ago}", 10)
        await self.row("10 one cell as of any instant", lambda: f"/v1/levels/{self.cell()}?{any_day()}", 10)
        both = asked(year, yesterday)
        await self.row("10 one cell as of a year ago, known yesterday", lambda: f"/v1/levels/{self.cell()}?{both}", 10)
        known = asked(None, year)
        await self.row("10 one cell as known a year ago", lambda: f"/v1/levels/{self.cell()}?{known}", 10)
        await self.row("10 page of 50 as of any instant", lambda: f"/v1/levels?site={self.site()}&{any_day()}", 500)
        await self.row(
            "10 totals of a site (all its cells), any instant",
            lambda: f"/v1/summary?site={self.site()}&{any_day()}",
            500,
        )
        await self.row(
            "10 totals of the chain (all cells), yesterday",
            lambda: f"/v1/summary?{asked(yesterday, None)}",
            500,
            count=20,
        )
        await self.row("10 totals of the chain (all cells), any instant", lambda: f"/v1/summary?{any_day()}", 500)

    async def rebuilds(self) -> None:
        """Rows 13 and 14: everything kept, computed anew from the ledger; and what a movement weighs on disk."""
        url = self.measured.admin_url("stock")
        for name, anew in (("balances", balances_anew), ("daily totals", days_anew)):
            elapsed = await anew(url)
            self.table.add(
                f"13 {name} anew from the ledger, and compared", elapsed, "s", must="≤ 30", passed=elapsed <= 30
            )
        connection = await asyncpg.connect(url, command_timeout=600)
        (weights,) = await connection.fetch(WEIGHTS)
        ledger, totals, openings = weights
        count = await connection.fetchval("select count(*) from movement")
        await connection.close()
        each = ledger / count
        self.table.add("14 ledger with indexes, a movement", each, "bytes", must="≤ 600", passed=each <= 600)
        self.table.add("14 daily totals with indexes, a movement", totals / count, "bytes")
        self.table.add("14 openings of months, a movement", openings / count, "bytes")

    async def audit(self) -> None:
        """The audit of the whole ledger: its rate, and what it holds in memory meanwhile."""
        before = self.measured.memory()
        peak: dict[str, float] = dict(before)
        asker = Asker(self.measured)
        began = time.perf_counter()
        running_audit = asyncio.create_task(asker.ask("/v1/audit"))
        while not running_audit.done():
            await asyncio.sleep(0.5)
            for name, mebibytes in self.measured.memory().items():
                peak[name] = max(peak.get(name, 0.0), mebibytes)
        proof = running_audit.result()
        elapsed = time.perf_counter() - began
        asker.close()
        if not proof["is_clean"]:
            raise RuntimeError(f"the audit of made history found {proof['findings'][:3]}")
        self.table.add(
            "   audit of the whole ledger", proof["movements"] / elapsed, "rows/s", note=f"{elapsed:.1f} s, clean"
        )
        for name in ("stock", "postgres"):
            self.table.add(
                f"   audit: memory of {name} at its peak", peak.get(name, 0.0), "MiB PSS",
                note=f"{before.get(name, 0.0):.0f} before",
            )  # fmt: skip


WEIGHTS = """
select (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'movement'::regclass)::bigint,
       pg_total_relation_size('daily_total'), pg_total_relation_size('opening_balance')
"""


async def measure(measured: System, table: Table, movements: int, note: Path | None, *, is_whole: bool) -> Growth:
    """One size: its growth figures, and at the largest its reads, rebuilds and audit too."""
    made, products = await filled(measured, movements, note)
    asker = Asker(measured)
    ledger = Ledger(measured, made, products, table, asker)
    words = f"{made.seconds:.0f} s; slowest opening of a month {made.opening_seconds:.1f} s"
    table.add(
        f"   made: {ledger.size} movements, {made.lots:,} lots", made.movements / made.seconds, "rows/s", note=words
    )
    if is_whole:
        await ledger.reads()
        await ledger.past()
    growth = await ledger.growth()
    if is_whole:
        await ledger.rebuilds()
        await ledger.audit()
    asker.close()
    return growth


def compare(table: Table, grown: Sequence[Growth], *, with_growth: bool) -> None:
    """What the largest ledger costs beside the smallest."""
    for name, words in (
        ("sale", "CPU of a sale"),
        ("pick", "pick of lots"),
        ("page", "page of movements"),
        ("cell", "one cell"),
    ):
        ratio = grown[-1][name] / grown[0][name]
        table.add(
            f"   growth to the whole: {words}", ratio, "x", must="≤ 1.3", passed=ratio <= 1.3 if with_growth else None
        )


async def main() -> int:
    """Run everything, print the table, keep it as JSON; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movements", type=int, default=10_000_000)
    parser.add_argument("--only-whole", action="store_true", help="leave out the smaller sizes")
    parser.add_argument("--keep", type=Path, help="keep the data below this folder and take up what lies there")
    parser.add_argument("--json", type=Path, default=Path("var/bench-size.json"))
    chosen = parser.parse_args()
    if shutil.disk_usage(".").free < chosen.movements * FREE_BYTES_A_MOVEMENT:
        print(f"Needs {chosen.movements * FREE_BYTES_A_MOVEMENT / 1e9:.0f} GB of free disk.")
        return 1
    table = Table()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    grown: list[Growth] = []
    for share in SHARES[-1:] if chosen.only_whole else SHARES:
        movements = chosen.movements // share
        room = chosen.keep and chosen.keep.resolve() / str(movements)
        with standing(room) as home:
            async with system(home) as measured:
                note = room and room / "made.json"
                grown.append(await measure(measured, table, movements, note, is_whole=share == 1))
    compare(table, grown, with_growth=not chosen.only_whole)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps([asdict(row) for row in table.rows], indent=1))
    return int(any(row.passed is False for row in table.rows))


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
