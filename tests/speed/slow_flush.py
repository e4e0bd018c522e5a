"""The only home of row 3's second half: how many sales a slow disk costs, both disks measured in turn in one run.

Two whole systems stand side by side on servers of their own. Every fsync and fdatasync of one's PostgreSQL and NATS
begins 2 ms late (slowly.c: the kernel holds each call back, so that it works on NATS, a static Go program, too); the
other's servers run as they are. Sales are posted to them in turns, so that a busy moment of the machine meets both.
"""

import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.speed.system import System, furnish, running, system

from lotwise.onebox.account import open_home, server_account
from lotwise.onebox.servers import NatsServer, PostgresServer, Server

DELAY_US = 2000
MUST = 0.8
SOURCE = Path(__file__).with_name("slowly.c")
COUNT = "flushes"


class CannotSlow(Exception):  # noqa: N818 - it is told to a person
    """This machine cannot hold flushes back; the text says why and what would help."""


class LatePostgres(PostgresServer):
    """A PostgreSQL whose flushes come late when a program that holds them back is named."""

    before: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The server behind the program that holds flushes back."""
        return [*_held(self.before, self.folder), *super().command()]


class LateNats(NatsServer):
    """A NATS whose flushes come late when a program that holds them back is named."""

    before: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The server behind the program that holds flushes back."""
        return [*_held(self.before, self.folder), *super().command()]


def _held(before: tuple[str, ...], folder: Path) -> list[str]:
    return [*before, str(folder / COUNT)] if before else []


def compiled(folder: Path) -> str:
    """The program that holds flushes back, made here and tried. Raises CannotSlow."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise CannotSlow("There is no C compiler here: install gcc, then a slow flush can be measured.")
    program = folder / "slowly"
    made = subprocess.run(
        [compiler, "-O2", "-o", str(program), str(SOURCE)], check=False, capture_output=True, text=True
    )
    if made.returncode:
        raise CannotSlow(f"{SOURCE.name} could not be compiled here:\n{made.stderr.strip()}")
    program.chmod(0o755)
    tried = subprocess.run(
        [program, str(DELAY_US), str(folder / COUNT), shutil.which("true") or "/bin/true"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if tried.returncode:
        raise CannotSlow(f"This kernel lets nobody hold flushes back (Linux 5.19 and seccomp do): {tried.stderr}")
    return str(program)


@contextmanager
def servers(folder: Path, before: tuple[str, ...]) -> Iterator[tuple[LatePostgres, LateNats]]:
    """A running PostgreSQL and NATS with the settings of ours, held back by `before` or not."""
    open_home(folder, server_account())
    postgres = LatePostgres(folder, settings={"track_commit_timestamp": "on"})
    nats = LateNats(folder)
    postgres.before = nats.before = before
    try:
        postgres.start()
        nats.start()
        yield postgres, nats
    finally:
        nats.stop()
        postgres.stop()


def flushes(server: Server) -> int:
    """How many flushes of a server were held back so far."""
    return int((server.folder / COUNT).read_text().strip() or 0)


@contextmanager
def addressed(postgres: PostgresServer, nats: NatsServer) -> Iterator[dict[str, str]]:
    """These servers in the environment, as whoever starts and asks the system reads it."""
    named = {"LOTWISE_POSTGRES_URL": postgres.url(), "LOTWISE_NATS_URL": nats.url}
    os.environ.update(named)
    try:
        yield named
    finally:
        for name in named:
            os.environ.pop(name, None)


async def compare(
    folder: Path, sell: Callable[[System, list[dict[str, Any]]], Any], rounds: int
) -> tuple[float, float, str]:
    """Sales a second as the disk is and with the slow flush (medians of `rounds` taken in turns), and what was slowed.

    Raises CannotSlow.
    """
    program = compiled(folder)
    async with AsyncExitStack() as stack:
        both: list[tuple[System, list[dict[str, Any]]]] = []
        late: tuple[LatePostgres, LateNats] | None = None
        for name, before in (("normal", ()), ("slow", (program, str(DELAY_US)))):
            late = stack.enter_context(servers(folder / name, before))
            with addressed(*late) as named:
                home = stack.enter_context(running(named))
                measured = await stack.enter_async_context(system(home))
                both.append((measured, await furnish(measured)))
        for measured, products in both:
            await sell(measured, products)
        assert late is not None
        began = [flushes(server) for server in late]
        rates: list[list[float]] = [[], []]
        for _ in range(rounds):
            for found, (measured, products) in zip(rates, both, strict=True):
                found.append((await sell(measured, products)).rate)
        held = [flushes(server) - before for server, before in zip(late, began, strict=True)]
    normal, slow = (statistics.median(found) for found in rates)
    what = f"held back: {held[0]:,} flushes of PostgreSQL, {held[1]:,} of NATS"
    return normal, slow, f"{what}; rounds {_list(rates[0])} | {_list(rates[1])}"


def _list(rates: list[float]) -> str:
    return " ".join(f"{rate:,.0f}" for rate in rates)
