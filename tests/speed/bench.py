"""Prints one table of speeds beside the yardsticks of the same run: python -m tests.speed.bench [--quick] [--json FILE].

Every figure is measured here and now: a fresh onebox with authentication, validation, idempotency and tracing on, the
load generator, PostgreSQL, NATS and all services on the same cores. The bars are stated beside each row.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
import orjson

from lotwise.contracts.ids import uuid7
from lotwise.onebox.account import server_account
from lotwise.onebox.binaries import postgres_bin
from tests.speed.load import Answers, Body, Connection, flood, paced
from tests.speed.system import SITES, System, furnish, running, site, system
from tests.speed.yardstick import Database, publish_rate


@dataclass
class Row:
    """One line of the table: a figure, its unit, the bar it must reach, and what else is known of it."""

    name: str
    value: float
    unit: str
    must: str = ""
    passed: bool | None = None
    note: str = ""


@dataclass
class Table:
    """All rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def add(
        self, name: str, value: float, unit: str, *, must: str = "", passed: bool | None = None, note: str = ""
    ) -> None:
        """Keep a row and show it at once."""
        row = Row(name, value, unit, must, passed, note)
        self.rows.append(row)
        print(self.line(row), flush=True)

    @staticmethod
    def line(row: Row) -> str:
        """The row as text."""
        verdict = {True: "reached", False: "MISSED", None: ""}[row.passed]
        return f"{row.name:<54} {row.value:>10,.1f} {row.unit:<9} {row.must:<34} {verdict:<8} {row.note}"


def charges(products: list[dict[str, Any]], *, hold: bool = False, hot: bool = False) -> Body:
    """Single charges of one line, over all sites and products (or all tills selling one)."""
    turn = itertools.count()

    def body() -> tuple[str, bytes]:
        number = next(turn)
        product = products[0 if hot else number % len(products)]
        key = str(uuid7())
        line = {"product_id": product["product_id"], "quantity": "1"}
        slug = site(0 if hot else number % SITES)
        return key, orjson.dumps({"charge_id": key, "site": slug, "hold": hold, "lines": [line]})

    return body


def batches(products: list[dict[str, Any]], size: int) -> Body:
    """Calls of `size` recorded sales each, as a till sends that was offline."""

    def body() -> tuple[str, bytes]:
        now = datetime.now(UTC).isoformat()
        rows = [
            {
                "charge_id": str(uuid7()),
                "site": site(random.randrange(SITES)),
                "happened_at": now,
                "lines": [{"product_id": random.choice(products)["product_id"], "quantity": "1"}],
            }
            for _ in range(size)
        ]
        return str(uuid7()), orjson.dumps({"charges": rows})

    return body


@dataclass
class Load:
    """What a run of sales cost and brought."""

    answers: Answers
    applied_rate: float
    cpu_us: float
    fsyncs: float


async def sell(
    measured: System, body: Body, *, seconds: float, each: int = 1, path: str = "/v1/charges", connections: int = 64
) -> Load:
    """Flood the sales service, wait until stock and reports have everything, and say what a sale cost."""
    token = await measured.doors.bearer()
    await measured.drained()
    scratch = Database(
        postgres_bin(measured.home.folder, server_account()),
        measured.admin_url("postgres"),
        Path(tempfile.gettempdir()),
    )
    before = await measured.number("stock", "select count(*) from effect")
    cpu, synced, began = measured.cpu_seconds(), scratch.fsyncs(), time.perf_counter()
    answers = await flood(measured.port("sales"), path, token, body, connections=connections, seconds=seconds)
    await measured.drained()
    elapsed = time.perf_counter() - began
    sold = sum(count for status, count in answers.statuses.items() if status < 300) * each
    cost = measured.cpu_seconds() - cpu
    await asyncio.sleep(1.2)
    applied = await measured.number("stock", "select count(*) from effect") - before
    if applied != sold or set(answers.statuses) - {200, 201}:
        raise RuntimeError(f"sold {sold}, applied {applied}, answers {answers.statuses}")
    return Load(answers, sold / elapsed, 1e6 * cost / sold, (scratch.fsyncs() - synced) / sold)


async def visible(measured: System, body: Body, *, rate: float, seconds: float) -> tuple[Answers, list[float]]:
    """Sales at a fixed rate; milliseconds from the moment each was due until stock said on the bus what left."""
    token = await measured.doors.bearer()
    sent: dict[str, float] = {}
    seen: list[float] = []
    user, password = measured.chain.bus_login("ops")
    bus = await nats.connect(measured.chain.bus_url(), user=user, password=password)

    async def issued(message: Any) -> None:
        started = sent.pop(orjson.loads(message.data)["charge_id"], None)
        if started is not None:
            seen.append(1000 * (time.perf_counter() - started))

    await bus.subscribe("lotwise.*.stock.stock-issued.v1", cb=issued)

    def noted() -> tuple[str, bytes]:
        key, payload = body()
        sent[key] = time.perf_counter()
        return key, payload

    answers = await paced(measured.port("sales"), "/v1/charges", token, noted, rate=rate, seconds=seconds)
    await measured.drained()
    await asyncio.sleep(0.2)
    await bus.close()
    if sent:
        raise RuntimeError(f"{len(sent)} sales were never issued")
    return answers, sorted(seen)


def quantile(ordered: list[float], share: float) -> float:
    """The value under which `share` of the sorted values lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def yardsticks(measured: System, table: Table, seconds: int) -> tuple[float, float]:
    """L and B: what the bare database does in this run; and what the bare bus does."""
    with tempfile.TemporaryDirectory() as folder:
        await measured.number("postgres", "select 1")
        import asyncpg

        admin = await asyncpg.connect(measured.admin_url("postgres"))
        await admin.execute("drop database if exists yardstick")
        await admin.execute("create database yardstick")
        database = Database(
            postgres_bin(measured.home.folder, server_account()), measured.admin_url("yardstick"), Path(folder)
        )
        database.prepare()
        ledger = statistics.median(database.tps(seconds=seconds, clients=8, ledger=True) for _ in range(3))
        bank = statistics.median(database.tps(seconds=seconds, clients=8, ledger=False) for _ in range(3))
        await admin.execute("drop database yardstick")
        await admin.close()
    table.add("L  ledger sale in one statement, pgbench, 8 clients", ledger, "tps")
    table.add("B  TPC-B-like, pgbench, 8 clients", bank, "tps")
    user, password = measured.chain.bus_login("ops")
    rate = await publish_rate(measured.chain.bus_url(), str(user), str(password))
    table.add("   JetStream publish, windows of 500, fsync always", rate, "msg/s")
    return ledger, bank


async def measure(measured: System, table: Table, quick: bool) -> None:
    """All rows."""
    seconds, rounds = (4.0, 1) if quick else (8.0, 3)
    ledger, bank = await yardsticks(measured, table, 3 if quick else 5)
    products = await furnish(measured)
    await sell(measured, charges(products), seconds=2.0)
    runs = [await sell(measured, charges(products), seconds=seconds) for _ in range(rounds)]
    spread = sorted(runs, key=lambda run: run.applied_rate)[len(runs) // 2]
    rate = spread.applied_rate
    table.add(
        "1  single POST, durable → ledger → report", rate, "sales/s", must="≥ 0.12 L and ≥ 0.25 B",
        passed=rate >= 0.12 * ledger and rate >= 0.25 * bank,
        note=f"{rate / ledger:.2f} L, {rate / bank:.2f} B; answer p50 {spread.answers.quantile(0.5):.0f} p99 {spread.answers.quantile(0.99):.0f} ms",
    )  # fmt: skip
    table.add("2  CPU per sale, all processes", spread.cpu_us, "µs", must="≤ 650", passed=spread.cpu_us <= 650)
    table.add(
        "3  WAL fsyncs per sale",
        spread.fsyncs,
        "",
        must="≤ 0.3",
        passed=spread.fsyncs <= 0.3,
        note=f"{spread.fsyncs:.3f}",
    )
    held = await sell(measured, charges(products, hold=True), seconds=seconds)
    table.add(
        "1b charges with holds",
        held.applied_rate,
        "sales/s",
        note=f"{held.applied_rate / rate:.2f} of row 1; CPU {held.cpu_us:.0f} µs",
    )
    answers, _ = await visible(measured, charges(products, hold=True), rate=held.applied_rate / 2, seconds=seconds)
    table.add(
        "1b POST p99 at half of that rate",
        answers.quantile(0.99),
        "ms",
        must="≤ 100",
        passed=answers.quantile(0.99) <= 100,
    )
    bulk = await sell(
        measured, batches(products, 500), seconds=seconds, each=500, path="/v1/charges:batch", connections=3
    )
    table.add("4  batch POST of 500, applied in stock", bulk.applied_rate, "sales/s", must="≥ 5,000", passed=bulk.applied_rate >= 5000,
              note=f"CPU {bulk.cpu_us:.0f} µs")  # fmt: skip
    answers, seen = await visible(measured, charges(products), rate=200, seconds=10)
    table.add("5  at 200/s: POST answer p50", answers.quantile(0.5), "ms", note=f"p99 {answers.quantile(0.99):.1f} ms")
    table.add(
        "5  at 200/s: POST → issued by stock p50",
        quantile(seen, 0.5),
        "ms",
        must="≤ 10",
        passed=quantile(seen, 0.5) <= 10,
    )
    table.add(
        "5  at 200/s: POST → issued by stock p99",
        quantile(seen, 0.99),
        "ms",
        must="≤ 60",
        passed=quantile(seen, 0.99) <= 60,
    )
    _, seen = await visible(measured, charges(products), rate=rate / 2, seconds=seconds)
    table.add(
        "6  at half of row 1: POST → issued p99",
        quantile(seen, 0.99),
        "ms",
        must="≤ 150",
        passed=quantile(seen, 0.99) <= 150,
    )
    hot = await sell(measured, charges(products, hot=True), seconds=seconds)
    share = hot.applied_rate / rate
    table.add(
        "7  hot product: all tills sell one",
        hot.applied_rate,
        "sales/s",
        must="≥ 0.6 of row 1",
        passed=share >= 0.6,
        note=f"{share:.2f}",
    )
    await rebuild(measured, table)
    for name, mebibytes in sorted(measured.memory().items()):
        table.add(f"   memory: {name}", mebibytes, "MiB PSS")
    total = sum(measured.memory().values())
    table.add("   memory: all", total, "MiB PSS", note="after the load; the bar of 1,200 is for idle after the demo")


async def rebuild(measured: System, table: Table) -> None:
    """Row 12: how fast reporting folds its journal anew."""
    events = await measured.number("reporting", "select count(*) from journal")
    link = await Connection("127.0.0.1", measured.port("reporting"), await measured.operator()).open()
    began = time.perf_counter()
    status, answer = await link.send("POST", "/v1/rebuild", str(uuid7()), b"{}")
    elapsed = time.perf_counter() - began
    link.close()
    if status >= 300:
        raise RuntimeError(f"rebuild: {status} {answer[:300]!r}")
    table.add("12 rebuild of the reports from the journal", events / elapsed, "events/s", must="≥ 20,000", passed=events / elapsed >= 20_000,
              note=f"{events:,} events in {elapsed:.1f} s")  # fmt: skip


async def main() -> int:
    """Run everything, print the table, keep it as JSON; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round a row")
    parser.add_argument("--full", action="store_true", help="three rounds a row (the default)")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    chosen = parser.parse_args()
    table = Table()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    with running() as home:
        async with system(home) as measured:
            await measure(measured, table, chosen.quick)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps([asdict(row) for row in table.rows], indent=1))
    return int(any(row.passed is False for row in table.rows))


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
