"""Speaker, hearer, bus and database are killed at random while sales are told: each counts exactly once (F1, F2)."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import Databases
from tests.kit.conftest import open_shop, sale, until

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Database
from lotwise.kit.outbox import Told, tell
from lotwise.kit.provision import apply
from lotwise.onebox.servers import NatsServer, PostgresServer, Server

SALES = 3000
BATCH = 50
STRIKES = 12
ROOT = Path(__file__).parents[2]
SITES = ("harley", "kings", "soho")
SETTLED_SECONDS = 30.0


@dataclass
class Ends:
    """The two worker processes, started again whenever they were killed."""

    commands: dict[str, list[str]] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, role: str) -> None:
        """Start one of them."""
        self.running[role] = subprocess.Popen(
            self.commands[role], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, role: str) -> None:
        """Kill one without a word, and start it again."""
        self.running[role].send_signal(signal.SIGKILL)
        self.running[role].wait()
        self.start(role)

    def end(self) -> None:
        """Kill both."""
        for process in self.running.values():
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Workers that do not outlive the test."""
    ends = Ends()
    yield ends
    ends.end()


def crash(server: Server) -> Callable[[], None]:
    """Kill a server as a power cut would, and start it again."""

    def strike() -> None:
        server.kill()
        server.spawn()
        server.wait_ready()

    return strike


async def tell_all(db: Database, dice: random.Random, is_done: asyncio.Event) -> list[UUID]:
    """Tell every sale, again and again until it is committed; the id made beforehand makes that safe."""
    ids = []
    for _ in range(SALES // BATCH):
        batch = [Told(sale(site=dice.choice(SITES)), id=uuid7()) for _ in range(BATCH)]
        await _tell_surely(db, batch)
        ids += [told.id for told in batch if told.id]
        await asyncio.sleep(0.1)
    is_done.set()
    return ids


async def _tell_surely(db: Database, batch: list[Told]) -> None:
    while True:
        try:
            async with db.transaction() as tx:
                await tell(tx, *batch)
        except asyncpg.UniqueViolationError:
            return  # the answer to the first try was lost, not its effect
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError):
            await asyncio.sleep(0.1)
        else:
            return


async def strike_at_random(
    dice: random.Random, strikes: dict[str, Callable[[], Any]], is_done: asyncio.Event
) -> list[str]:
    """Strike until the telling is over, and at least the planned number of times."""
    history: list[str] = []
    while len(history) < STRIKES or not is_done.is_set():
        name = dice.choice(["speak", "speak", "hear", "hear", "hear", "nats", "postgres"])
        history.append(name)
        await asyncio.to_thread(strikes[name])
        await asyncio.sleep(dice.uniform(0.1, 0.9))
    return history


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20261122])
async def test_kills_at_random_lose_and_double_nothing(servers_home: Path, ends: Ends, seed: int) -> None:
    """F1, F2, I1: 3,000 sales told under kills of relay, hearer, NATS, PostgreSQL: told = counted once."""
    dice = random.Random(seed)
    postgres, bus = PostgresServer(servers_home / "chaos"), NatsServer(servers_home / "chaos")
    await asyncio.to_thread(postgres.start)
    await asyncio.to_thread(bus.start)
    databases = Databases(postgres, postgres.url())
    speaker, hearer = await open_shop(databases), await open_shop(databases)
    await apply(bus.url)
    for role, shop in (("speak", speaker), ("hear", hearer)):
        ends.commands[role] = [sys.executable, "-m", "tests.resilience.worker", role, shop.url, bus.url]
        ends.start(role)
    strikes: dict[str, Callable[[], Any]] = {
        "speak": lambda: ends.kill("speak"),
        "hear": lambda: ends.kill("hear"),
        "nats": crash(bus),
        "postgres": crash(postgres),
    }
    is_done = asyncio.Event()
    ids, history = await asyncio.gather(
        tell_all(speaker.db, dice, is_done), strike_at_random(random.Random(seed + 1), strikes, is_done)
    )
    print(f"seed {seed}: {', '.join(history)}")

    async def counted() -> dict[str, int]:
        """Effects by site; none while the database is away."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            async with hearer.db.reading() as tx:
                return {row["name"]: row["amount"] for row in await tx.fetch("select name, amount from counter")}
        return {}

    async def is_settled() -> bool:
        """Whether all took effect."""
        return sum((await counted()).values()) >= SALES

    await until(is_settled, SETTLED_SECONDS)
    async with speaker.db.reading() as tx:
        assert await tx.fetchval("select count(*) from outbox") == len(ids) == SALES
        assert await tx.fetchval("select count(distinct id) from outbox where id = any($1::uuid[])", ids) == SALES
        told = {
            row["site"]: row["n"]
            for row in await tx.fetch(
                "select split_part(subject, '.', 2) as site, count(*) as n from outbox group by 1"
            )
        }
    assert await counted() == told
    async with hearer.db.reading() as tx:
        assert await tx.fetchval("select count(*) from inbox") == SALES
        assert await tx.fetchval("select count(*) from dead_letter") == 0
    await speaker.db.close()
    await hearer.db.close()
    postgres.stop()
    bus.stop()
