"""The only home of what the running system looks like: memory and health, outboxes, lag, parked messages."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from lotwise.onebox.bus import consumers
from lotwise.onebox.chain import SERVICES, Chain
from lotwise.onebox.ports import answers
from lotwise.onebox.servers import PostgresServer

DEPTHS = """
select (select count(*) from outbox where published_at is null and failed_at is null) as unpublished,
       (select coalesce(round(extract(epoch from clock_timestamp() - min(created_at)), 1), 0)::float8 from outbox
        where published_at is null and failed_at is null) as oldest_seconds,
       (select count(*) from outbox where failed_at is not null) as unpublishable,
       (select count(*) from dead_letter where settled_at is null) as dead_letters,
       (select count(*) from waiting) as waiting
"""


@dataclass
class ProcessStatus:
    """One process with all its children; `restarts` since the system's start, `last_end` says when and how it ended.

    `port` is where it answers on this machine, kept from start to start; None where it does not.
    """

    name: str
    pid: int | None
    port: int | None
    healthy: bool
    memory_bytes: int
    up_seconds: float
    restarts: int
    last_end: str = ""


@dataclass
class Depths:
    """What a service has not yet said, or could not take in."""

    unpublished: int
    oldest_seconds: float
    unpublishable: int
    dead_letters: int
    waiting: int
    lag: int


@dataclass
class Status:
    """The whole system at one moment; memory is the proportional set size, so that the sum is what is really used."""

    address: str
    phase: str
    processes: list[ProcessStatus]
    depths: dict[str, Depths]
    memory_bytes: int

    def as_json(self) -> str:
        """For machines."""
        return json.dumps(asdict(self), indent=1)


def admin_url(chain: Chain) -> str:
    """The superuser's address of PostgreSQL, embedded or one's own."""
    if chain.postgres_url is not None:
        return chain.postgres_url
    return PostgresServer(chain.home.folder, port=chain.ports["postgres"]).url()


def look(chain: Chain) -> Status:
    """The status of the system that runs on this data folder. Raises Refused when none runs."""
    note = chain.home.note()
    processes = [("supervisor", {"pid": note["pid"], "restarts": 0}), *note["processes"].items()]
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda entry: _process(chain, *entry), processes))
    depths = asyncio.run(_all_depths(chain)) if note["phase"] == "ready" else {}
    return Status(note["address"], note["phase"], rows, depths, sum(row.memory_bytes for row in rows))


def _process(chain: Chain, name: str, entry: dict[str, Any]) -> ProcessStatus:
    memory, created = _memory(entry["pid"], whole=name != "supervisor")
    healthy = memory > 0 and (name not in SERVICES or answers(chain.ports[name], "/readyz", 5))
    up_seconds = time.time() - created if created else 0.0
    return ProcessStatus(
        name, entry["pid"], chain.ports.get(name), healthy, memory, up_seconds, entry["restarts"], end_in_words(entry)
    )


def end_in_words(entry: dict[str, Any]) -> str:
    """How a process ended last, as the running system notes it: how, after how long, and when; "" when it never did."""
    end = entry.get("last_end")
    return f"{end['how']}, after {end['ran_seconds']:.0f} s, at {end['at']}" if end else ""


def _memory(pid: int | None, *, whole: bool) -> tuple[int, float]:
    try:
        process = psutil.Process(pid)
        family = [process, *(process.children(recursive=True) if whole else [])]
        return sum(_pss(member) for member in family), process.create_time()
    except psutil.Error:
        return 0, 0.0


def _pss(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    except psutil.Error:
        return 0


async def _all_depths(chain: Chain) -> dict[str, Depths]:
    lags = await consumers(chain)
    found = await asyncio.gather(*(depths_of(chain, service) for service in SERVICES))
    return {
        service: Depths(lag=sum(one.pending for one in lags if one.service == service), **row)
        for service, row in zip(SERVICES, found, strict=True)
        if row is not None
    }


async def depths_of(chain: Chain, service: str) -> dict[str, Any] | None:
    """What a service has not yet said or could not take in; None when its database does not answer."""
    try:
        connection = await asyncpg.connect(chain.login(service).app_url(admin_url(chain)), timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return None
    try:
        return next(dict(row) for row in await connection.fetch(DEPTHS))
    except asyncpg.PostgresError:
        return None
    finally:
        await connection.close()


def show(status: Status, console: Console) -> None:
    """Print it as two small tables."""
    table = Table(title=f"Lotwise at {status.address}: {status.phase}", title_justify="left")
    for column in ("process", "pid", "port", "health", "MB", "up", "restarts", "last end"):
        table.add_column(column, justify="left" if column in {"process", "health", "last end"} else "right")
    for row in status.processes:
        health = "[green]good[/]" if row.healthy else "[red]down[/]"
        memory = f"{row.memory_bytes / 1e6:.0f}"
        number, port = str(row.pid or ""), str(row.port or "")
        up, restarts = _span(row.up_seconds), str(row.restarts)
        table.add_row(row.name, number, port, health, memory, up, restarts, row.last_end)
    table.add_section()
    table.add_row("all", "", "", "", f"{status.memory_bytes / 1e6:.0f}", "", "", "")
    console.print(table)
    console.print(_depth_table(status))


def _depth_table(status: Status) -> Table:
    table = Table()
    for column in ("service", "to publish", "oldest", "to hear", "waiting", "dead letters", "refused"):
        table.add_column(column, justify="left" if column == "service" else "right")
    for name, one in status.depths.items():
        counts = (one.lag, one.waiting, one.dead_letters, one.unpublishable)
        table.add_row(name, str(one.unpublished), f"{one.oldest_seconds:.0f} s", *map(str, counts))
    return table


def _span(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
