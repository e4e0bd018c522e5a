"""The only home of the system under measure: a whole onebox of its own, filled with stock, and its meters."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psutil

from lotwise.contracts.ids import named_id
from lotwise.onebox.access import Access, access
from lotwise.onebox.account import server_account
from lotwise.onebox.binaries import postgres_bin
from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Home
from lotwise.onebox.ports import free_port
from lotwise.onebox.status import admin_url

_APPLIED = """
select cause_id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from effect where cause_id = any($1::uuid[])
"""
_LAST_APPLIED = "select extract(epoch from max(pg_xact_commit_timestamp(xmin))) from effect"
PRODUCTS = 200
SITES = 5
LOTWISE = str(Path(sys.executable).with_name("lotwise"))


def site(number: int) -> str:
    """The slug of a site of the benchmark."""
    return f"bench-{number}"


@contextmanager
def running(extra: dict[str, str] | None = None) -> Iterator[Home]:
    """A fresh onebox without the demo, stopped and removed afterwards; `extra` goes into its environment.

    On a database of one's own (LOTWISE_POSTGRES_URL) the instants of commits are the owner's to keep.
    """
    with tempfile.TemporaryDirectory(prefix="lotwise-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103, PTH101 - the servers' account passes through
        home = Path(folder) / "home"
        environment = {**os.environ, "LOTWISE_HOME": str(home), "LOTWISE_PORT": str(free_port()), **(extra or {})}
        os.environ.update({key: environment[key] for key in ("LOTWISE_HOME", "LOTWISE_PORT")})
        up = [LOTWISE, "up", "--detach", "--no-demo"]
        subprocess.run(up, check=True, env=environment, stdout=subprocess.DEVNULL)
        try:
            if "LOTWISE_POSTGRES_URL" not in environment:
                _note_commits(Home.find())
                subprocess.run([LOTWISE, "down"], check=True, env=environment, stdout=subprocess.DEVNULL)
                subprocess.run(up, check=True, env=environment, stdout=subprocess.DEVNULL)
            yield Home.find()
        finally:
            subprocess.run([LOTWISE, "down"], check=False, env=environment, stdout=subprocess.DEVNULL)


def _note_commits(home: Home) -> None:
    """Let the database keep the instant of each commit (from its next start on): when a sale was visible in stock."""
    psql = postgres_bin(home.folder, server_account()) / "psql"
    wish = "alter system set track_commit_timestamp = on"
    subprocess.run([str(psql), "-qX", "-c", wish, admin_url(Chain.of(home))], check=True)


class System:
    """The running system: clients, databases by name, and what its processes used so far."""

    def __init__(self, home: Home, doors: Access) -> None:
        self.home = home
        self.doors = doors
        self.chain: Chain = doors.chain
        self.root = psutil.Process(int(home.note()["pid"]))

    def port(self, service: str) -> int:
        """Where a service listens."""
        return self.chain.ports[service]

    def admin_url(self, database: str) -> str:
        """The superuser's address of one database."""
        return f"{admin_url(self.chain).rpartition('/')[0]}/{database}"

    async def applied(self, charges: Sequence[UUID]) -> dict[UUID, float]:
        """When stock's ledger had each of these charges: the instant of the commit, in seconds since 1970."""
        return {row[0]: row[1] for row in await self.rows("stock", _APPLIED, charges)}

    async def last_applied(self) -> float:
        """When stock's ledger last took a charge, in seconds since 1970."""
        return float((await self.rows("stock", _LAST_APPLIED))[0][0])

    async def operator(self) -> str:
        """A token that may rebuild."""
        async with access("operator", self.home) as doors:
            return await doors.bearer()

    async def rows(self, database: str, sql: str, *args: Any) -> list[asyncpg.Record]:
        """What a service's database answers."""
        connection = await asyncpg.connect(self.admin_url(database))
        try:
            return list(await connection.fetch(sql, *args))
        finally:
            await connection.close()

    async def number(self, database: str, sql: str) -> int:
        """One number out of a service's database."""
        return int((await self.rows(database, sql))[0][0] or 0)

    def processes(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        return [self.root, *self.root.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """CPU used so far by all processes that run."""
        total = 0.0
        for process in self.processes():
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system
        return total

    def memory(self) -> dict[str, float]:
        """Proportional memory in MiB by process title; PostgreSQL's backends are added up."""
        found: dict[str, float] = {}
        heads = {int(process["pid"]): name for name, process in self.home.note()["processes"].items()}
        for process in self.processes():
            try:
                name = heads.get(process.pid) or heads.get(process.ppid()) or "supervisor"
                found[name] = found.get(name, 0.0) + process.memory_full_info().pss / 2**20
            except psutil.Error:
                continue
        return found

    async def drained(self, patience_seconds: float = 180) -> None:
        """Wait until no outbox row is unpublished and no consumer lags. Raises TimeoutError."""
        end = time.monotonic() + patience_seconds
        quiet = 0
        while quiet < 2:
            if time.monotonic() > end:
                raise TimeoutError("the system did not come to rest")
            quiet = quiet + 1 if await self._is_idle() else 0
            await asyncio.sleep(0.05)

    async def _is_idle(self) -> bool:
        for service in ("sales", "stock", "reporting", "alerts", "purchasing", "catalog"):
            status = await self.doors[service].get("/v1/ops/status", timeout=10)
            if status["outbox_depth"] or any(one["lag"] or one["in_hand"] for one in status["consumers"]):
                return False
        return True


@asynccontextmanager
async def system(home: Home) -> AsyncIterator[System]:
    """Speak to the running system as the importer."""
    async with access("importer", home) as doors:
        yield System(home, doors)


async def furnish(system: System, quantity: str = "1000000000") -> list[dict[str, Any]]:
    """Five sites and two hundred products with a price, and two lots of each at every site; returns the products."""
    catalog, stock = system.doors["catalog"], system.doors["stock"]
    for number in range(SITES):
        body = {"slug": site(number), "name": f"Bench {number}", "time_zone": "Europe/London"}
        await catalog.post("/v1/sites", json=body, key=str(named_id("bench-site", number)))
    rows = [
        {
            "code": f"B{number:05}",
            "name": f"Product {number:05}",
            "kind": "physical",
            "purpose": "retail",
            "price": "12.50",
        }
        for number in range(PRODUCTS)
    ]
    made = await catalog.post(
        "/v1/products:batch", json={"rows": rows}, key=str(named_id("bench-products")), timeout=30
    )
    products = [{"product_id": row["product_id"], "code": row["code"]} for row in made["rows"]]
    await system.drained()
    for number in range(SITES):
        receipts = [_receipt(site(number), product, lot, quantity) for product in products for lot in (1, 2)]
        key = str(named_id("bench-receipts", number))
        await stock.post("/v1/receipts:batch", json={"receipts": receipts}, key=key, timeout=30)
    await system.drained()
    return products


def _receipt(slug: str, product: dict[str, Any], lot: int, quantity: str) -> dict[str, Any]:
    return {
        "receipt_id": str(named_id("bench-receipt", slug, product["code"], lot)),
        "site": slug,
        "product_id": product["product_id"],
        "quantity": quantity,
        "unit_cost": "5",
        "lot_number": f"L{lot}",
        "expires_on": f"{2030 + lot}-01-01",
        "happened_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
    }
