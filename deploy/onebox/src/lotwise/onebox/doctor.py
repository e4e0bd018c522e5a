"""The only home of the examination: each thing that can be wrong on this machine, and what to do about it."""

import asyncio
import json
import shutil
import stat
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from subprocess import run
from typing import Literal

import asyncpg
from rich.console import Console
from rich.table import Table

from lotwise.onebox.chain import SERVICES, Chain
from lotwise.onebox.databases import same_server
from lotwise.onebox.ground import DISK_BYTES_MIN
from lotwise.onebox.home import Refused
from lotwise.onebox.ports import answers, is_free
from lotwise.onebox.servers import NatsServer, PostgresServer
from lotwise.onebox.status import admin_url, depths_of, end_in_words

OUTBOX_SECONDS_MAX = 60.0
CLOCK_SECONDS_MAX = 2.0
LAG_MAX = 10_000
Verdict = Literal["good", "watch", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing examined; `advice` says what to do when it is not good."""

    about: str
    verdict: Verdict
    detail: str
    advice: str = ""


def examine(chain: Chain) -> list[Finding]:
    """Examine the machine, the data folder and, when it runs, the system itself. Changes nothing."""
    found = [*_programs(chain), *_folder(chain), *_disk(chain)]
    if not chain.home.is_locked():
        return [*found, *_at_rest(chain)]
    return [*found, *asyncio.run(_collect(chain))]


def _programs(chain: Chain) -> Iterator[Finding]:
    postgres, nats = PostgresServer(chain.home.folder, port=1), NatsServer(chain.home.folder, port=1, monitor_port=1)
    for about, command in (("PostgreSQL", [postgres.program("postgres"), "-V"]), ("NATS", [nats.command()[0], "-v"])):
        done = run(command, capture_output=True, text=True, check=False)
        said = (done.stdout or done.stderr).strip()
        yield Finding(about, "good" if done.returncode == 0 else "bad", said, "Run `make up` again: it mends .venv.")


def _folder(chain: Chain) -> Iterator[Finding]:
    home = chain.home
    if not home.folder.exists():
        yield Finding("data folder", "watch", f"{home.folder} does not exist yet", "`lotwise up` makes it.")
        return
    open_to_others = stat.S_IMODE(home.folder.stat().st_mode) & 0o067
    yield Finding(
        "data folder",
        "bad" if open_to_others else "good",
        f"{home.folder}, mode {stat.S_IMODE(home.folder.stat().st_mode):o}",
        f"Others may look into it: chmod 700 {home.folder}",
    )
    if home.secrets_file.exists():
        mode = stat.S_IMODE(home.secrets_file.stat().st_mode)
        verdict: Verdict = "good" if mode == 0o600 else "bad"
        yield Finding("secrets", verdict, f"mode {mode:o}", f"Others may read passwords: chmod 600 {home.secrets_file}")


def _disk(chain: Chain) -> Iterator[Finding]:
    folder = next(place for place in (chain.home.folder, *chain.home.folder.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "bad" if free < DISK_BYTES_MIN else "watch" if free < 4 * DISK_BYTES_MIN else "good"
    yield Finding("disk", verdict, f"{free / 1e9:.1f} GB free", "Make room: a full disk stops all recording.")


def _at_rest(chain: Chain) -> Iterator[Finding]:
    port = chain.ports["backoffice"]
    free = is_free(port)
    yield Finding(
        "port",
        "good" if free else "bad",
        f"{port} is {'free' if free else 'taken by another program'}",
        f"Stop that program, or start with LOTWISE_PORT={port + 1}.",
    )
    yield Finding("system", "watch", "does not run", "Start it with `lotwise up` (or `make up`).")


async def _collect(chain: Chain) -> list[Finding]:
    return [finding async for finding in _alive(chain)]


async def _alive(chain: Chain) -> AsyncIterator[Finding]:
    for service in SERVICES:
        ready = await asyncio.to_thread(answers, chain.ports[service], "/readyz", 5)
        log = chain.home.logs / f"{service}.log"
        yield Finding(
            service, "good" if ready else "bad", "ready" if ready else "not ready", f"Its log says why: {log}"
        )
    for finding in _restarts(chain):
        yield finding
    try:
        admin = await asyncpg.connect(admin_url(chain), timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError, Refused) as problem:
        yield Finding("databases", "bad", f"not reachable: {problem}", f"See {chain.home.folder / 'postgres'}")
        return
    yield await _clock(admin)
    await admin.close()
    for service in SERVICES:
        yield await _migrations(chain, service)
        async for finding in _queues(chain, service):
            yield finding
    async for finding in _bus(chain):
        yield finding


def _restarts(chain: Chain) -> Iterator[Finding]:
    ended = {name: entry for name, entry in chain.home.note()["processes"].items() if entry["restarts"]}
    for name, entry in ended.items():
        detail = f"started again {entry['restarts']} times since the start; last: {end_in_words(entry)}"
        log = chain.home.logs / "supervisor.log"
        yield Finding(f"{name} restarts", "watch", detail, f"Each end with its last lines is in {log}")
    if not ended:
        yield Finding("restarts", "good", "no process ended by itself since the start")


async def _clock(admin: asyncpg.Connection) -> Finding:
    before = time.time()
    theirs = (await admin.fetchval("select clock_timestamp()")).timestamp()
    apart = abs(theirs - (before + time.time()) / 2)
    verdict: Verdict = "good" if apart < CLOCK_SECONDS_MAX else "bad"
    return Finding("clock", verdict, f"{apart:.2f} s from the databases'", "Switch on time synchronisation (NTP).")


async def _migrations(chain: Chain, service: str) -> Finding:
    connection = await asyncpg.connect(same_server(admin_url(chain), service))
    try:
        here = await connection.fetchval("select version_num from alembic_version")
    except asyncpg.PostgresError as problem:
        return Finding(f"{service} tables", "bad", str(problem), "Restart: `lotwise down`, `lotwise up`.")
    finally:
        await connection.close()
    wanted = newest_revision(service)
    verdict: Verdict = "good" if here == wanted else "bad"
    return Finding(f"{service} tables", verdict, f"revision {here}", f"The code wants {wanted}: restart to migrate.")


def newest_revision(service: str) -> str | None:
    """The newest migration that a service's code brings."""
    from alembic.script import ScriptDirectory

    from lotwise.kit.migrate import _config

    return ScriptDirectory.from_config(_config(f"lotwise.{service}")).get_current_head()


async def _queues(chain: Chain, service: str) -> AsyncIterator[Finding]:
    depths = await depths_of(chain, service)
    if depths is None:
        yield Finding(f"{service} queues", "bad", "not readable", "Its database does not answer.")
        return
    late = depths["oldest_seconds"] > OUTBOX_SECONDS_MAX
    yield Finding(
        f"{service} outbox",
        "bad" if late or depths["unpublishable"] else "good",
        f"{depths['unpublished']} to publish, the oldest {depths['oldest_seconds']:.0f} s; "
        f"{depths['unpublishable']} refused",
        "NATS is away, full or refuses them: see its log and `lotwise status`.",
    )
    parked = depths["dead_letters"]
    yield Finding(
        f"{service} inbox",
        "watch" if parked else "good",
        f"{parked} dead letters, {depths['waiting']} waiting for something not yet known",
        "`lotwise dead-letters list` names them with their reasons.",
    )


async def _bus(chain: Chain) -> AsyncIterator[Finding]:
    from lotwise.onebox.bus import consumers, drift, refuse_unsafe

    try:
        await refuse_unsafe(chain)
        yield Finding(
            "bus", "good", "has data on disk before it acknowledges" if chain.nats_url is None else "one's own"
        )
    except Refused as problem:
        yield Finding("bus", "bad", str(problem), "Start again: its configuration is written anew.")
    differences = await drift(chain)
    yield Finding(
        "streams",
        "bad" if differences else "good",
        _in_short(differences) or "streams and consumers are as the contracts want them",
        "`lotwise bus apply` brings them back.",
    )
    for one in await consumers(chain):
        if one.pending > LAG_MAX or one.redelivered:
            detail = f"{one.pending} behind, {one.redelivered} delivered again"
            yield Finding(f"consumer {one.name}", "watch", detail, "Watch whether it shrinks: `lotwise status`.")


def _in_short(differences: list[str], named: int = 3) -> str:
    more = f"; and {len(differences) - named} more" if len(differences) > named else ""
    return "; ".join(differences[:named]) + more


def show(findings: list[Finding], console: Console) -> None:
    """Print what is good in short, and the rest with advice."""
    marks = {"good": "[green]good[/]", "watch": "[yellow]watch[/]", "bad": "[red]bad[/]"}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for one in findings:
        advice = "" if one.verdict == "good" else f". {one.advice}"
        table.add_row(marks[one.verdict], one.about, f"{one.detail}{advice}")
    console.print(table)
    worse = sum(one.verdict != "good" for one in findings)
    console.print(f"{len(findings)} things examined, {worse or 'none'} to look at.")


def as_json(findings: list[Finding]) -> str:
    """For machines."""
    return json.dumps([asdict(one) for one in findings], indent=1)
