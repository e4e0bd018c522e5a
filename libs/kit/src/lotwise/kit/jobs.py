"""The only home of the clock: jobs that run every so often, each on one process per database at a time."""

import asyncio
import contextlib
import time
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from lotwise.kit import context, metrics, telemetry
from lotwise.kit.database import codecs

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

LOCK_SPACE = 0x4A4F42
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A bounded piece of work: `run(runtime)` every `every_seconds`; it says itself when there is more to do."""

    name: str
    every_seconds: float
    run: Callable[["Runtime"], Awaitable[object]]


class Jobs:
    """Runs the jobs of a service. Who holds the advisory lock of a job runs it; a lost connection is a lost lock."""

    def __init__(self, runtime: "Runtime", jobs: Sequence[Job]) -> None:
        self._runtime = runtime
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []
        self._connection: asyncpg.Connection[Any] | None = None
        self._held: set[str] = set()
        self._locking = asyncio.Lock()

    def start(self) -> None:
        """Begin; each job runs at once, then in its rhythm."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=f"job-{job.name}") for job in self._jobs]

    async def stop(self) -> None:
        """Stop between runs; a running job is interrupted at its next wait and its transaction rolled back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await self._connection.close(timeout=1)

    async def run_now(self, name: str) -> None:
        """Run one job here and now, whoever holds its lock; for commands and tests. Raises KeyError."""
        await {job.name: job for job in self._jobs}[name].run(self._runtime)

    async def _repeat(self, job: Job) -> None:
        while True:
            began = time.monotonic()
            try:
                if await self._leads(job):
                    await self._once(job)
            except Exception as error:
                log.exception("job failed", job=job.name, error=type(error).__name__)
            await asyncio.sleep(max(0.05, job.every_seconds - (time.monotonic() - began)))

    async def _once(self, job: Job) -> None:
        began = time.perf_counter()
        with context.work(by=f"job:{self._runtime.name}.{job.name}"), telemetry.job_span(job.name):
            await job.run(self._runtime)
        metrics.JOB_SECONDS.labels(job.name).observe(time.perf_counter() - began)

    async def _leads(self, job: Job) -> bool:
        async with self._locking:
            if self._connection is None or self._connection.is_closed():
                self._held.clear()
                self._connection = await asyncpg.connect(self._runtime.db.url, timeout=5, command_timeout=5)
                await codecs(self._connection)
            if job.name not in self._held:
                number = zlib.crc32(job.name.encode()) - 2**31
                if await self._connection.fetchval("select pg_try_advisory_lock($1::int, $2::int)", LOCK_SPACE, number):
                    self._held.add(job.name)
        return job.name in self._held
