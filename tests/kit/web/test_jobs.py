"""The clock and the watch: jobs run once per database, failures do not end them, a frozen loop ends the process."""

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from typing import Any

import pytest

from lotwise.kit import context
from lotwise.kit.jobs import Job, Jobs
from lotwise.kit.watchdog import EXIT_CODE, Watchdog


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - another task works meanwhile
            await asyncio.sleep(0.02)


class _Process:
    """As much of a runtime as a job sees."""

    name = "stock"

    def __init__(self, db: Any) -> None:
        self.db = db


async def test_one_process_runs_a_job(db: Any) -> None:
    """DESIGN 6: two processes on one database; one runs the job, and the other takes over when it is gone."""
    ran: list[str] = []

    def job(who: str) -> Job:
        """A job that writes down who ran it."""

        async def run(_runtime: Any) -> None:
            """Write down that it ran."""
            ran.append(f"{who} as {context.actor.get()}")

        return Job("sweep", 0.05, run)

    first, second = Jobs(_Process(db), [job("first")]), Jobs(_Process(db), [job("second")])  # type: ignore[arg-type]
    first.start()
    await _until(lambda: bool(ran))
    second.start()
    await _until(lambda: len(ran) > 5)
    assert set(ran) == {"first as job:stock.sweep"}
    await first.stop()
    await _until(lambda: ran[-1] == "second as job:stock.sweep")
    await second.stop()


async def test_a_failing_job_runs_again(db: Any) -> None:
    """DESIGN 6: a job that raises is run again in its rhythm, and the others never notice."""
    runs = {"bad": 0, "good": 0}

    async def bad(_runtime: Any) -> None:
        """Count and raise."""
        runs["bad"] += 1
        raise RuntimeError("today is not my day")

    async def good(_runtime: Any) -> None:
        """Count."""
        runs["good"] += 1

    jobs = Jobs(_Process(db), [Job("bad", 0.05, bad), Job("good", 0.05, good)])  # type: ignore[arg-type]
    jobs.start()
    await _until(lambda: min(runs.values()) >= 2)
    await jobs.stop()


async def test_watchdog_sees_a_frozen_loop() -> None:
    """Trap 5: when the loop does not turn for the time allowed, the watchdog strikes; not before."""
    struck: list[float] = []
    watchdog = Watchdog(frozen_seconds=0.3, beat_seconds=0.05, die=lambda: struck.append(time.monotonic()))
    watchdog.start()
    await asyncio.sleep(0.5)
    assert struck == []
    time.sleep(0.6)  # noqa: ASYNC251 - the loop is meant to freeze
    assert len(struck) == 1
    await watchdog.stop()


def test_a_frozen_process_ends() -> None:
    """Trap 5: the process ends with its own exit code and says where it was stuck."""
    program = textwrap.dedent("""
        import asyncio, time
        from lotwise.kit.watchdog import Watchdog
        async def main():
            Watchdog(frozen_seconds=0.3, beat_seconds=0.05).start()
            await asyncio.sleep(0.1)
            while True: pass
        asyncio.run(main())
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert ended.returncode == EXIT_CODE
    assert b"the event loop is frozen" in ended.stderr
    assert b"in main" in ended.stderr


@pytest.mark.parametrize("name", ["sweep", "nothing"])
async def test_run_now(db: Any, name: str) -> None:
    """A command runs one job by name, whoever leads; an unknown name is a KeyError."""
    ran: list[int] = []

    async def run(_runtime: Any) -> None:
        """Write down that it ran."""
        ran.append(1)

    jobs = Jobs(_Process(db), [Job("sweep", 1, run)])  # type: ignore[arg-type]
    if name == "nothing":
        with pytest.raises(KeyError):
            await jobs.run_now(name)
    else:
        await jobs.run_now(name)
        assert ran == [1]
