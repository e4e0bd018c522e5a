"""The only home of a running service: its app, its start and its graceful end.

A service is a table of contents (`Service`); `create_app` makes the web app of it, `run` the process.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from lotwise.kit import audit, logs, metrics, openapi, problems, telemetry
from lotwise.kit.bus import Bus
from lotwise.kit.client import MachineToken, ServiceClient
from lotwise.kit.commands import replayed
from lotwise.kit.consumers import ConsumerStatus
from lotwise.kit.database import Database
from lotwise.kit.edge import SECURITY_HEADERS, Edge
from lotwise.kit.idempotency import Replay
from lotwise.kit.inbox import Consumers, Subscription
from lotwise.kit.jobs import Job, Jobs
from lotwise.kit.ops import Consumer, OpsStatus, health, ops
from lotwise.kit.outbox import outbox_status
from lotwise.kit.relay import Relay
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.tokens import Verifier
from lotwise.kit.watchdog import Watchdog
from lotwise.kit.web import Router, add_routes, refuse_undeclared

log = structlog.get_logger(__name__)
STARTUP_FAILED = 3
FLUSH_SECONDS = 10.0
SEAL_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """What a service consists of: the one page that lists all its doors.

    `settings` is the class, read from the environment at start. `on_start` and `on_stop` get the runtime; what they
    keep goes into `runtime.state`. `measure` brings gauges of the service's own up to date when somebody asks for its
    metrics. `headers` replaces the safe headers of a JSON API (pages need others).
    """

    name: str
    package: str
    settings: type[ServiceSettings]
    routers: Sequence[Router] = ()
    subscriptions: Sequence[Subscription] = ()
    jobs: Sequence[Job] = ()
    on_start: Callable[["Runtime"], Awaitable[None]] | None = None
    on_stop: Callable[["Runtime"], Awaitable[None]] | None = None
    measure: Callable[["Runtime"], Awaitable[None]] | None = None
    extend: Callable[[FastAPI], None] | None = None
    headers: Sequence[tuple[bytes, bytes]] = SECURITY_HEADERS


class Runtime:
    """A service while it runs: its settings, its database, its clients, and `state` for what it keeps in memory."""

    db: Database
    http: httpx.AsyncClient

    def __init__(self, service: Service, settings: ServiceSettings) -> None:
        self.service = service
        self.name = service.name
        self.settings = settings
        self.state: dict[str, Any] = {}
        self.verifier = Verifier(settings.jwks_url, settings.jwks_cache)
        self.jobs = Jobs(self, (*service.jobs, Job("audit-seal", SEAL_SECONDS, _seal)))
        self.is_started = False
        self.machinery: Machinery | None = None
        self._clients: dict[str, ServiceClient] = {}

    def client(self, name: str) -> ServiceClient:
        """The client of another service, speaking with this service's own token."""
        if name not in self._clients:
            token = MachineToken(self.settings.door_url, self.name, self.settings.client_secret)
            url = str(getattr(self.settings, f"{name}_url"))
            self._clients[name] = ServiceClient(name, url, self.http, token)
        return self._clients[name]

    def wake_relay(self) -> None:
        """Tell the relay of this process that something was told; called after a commit."""
        self.db.told.set()

    async def health(self) -> dict[str, bool]:
        """Whether the parts answer: the database, the bus, and whether the start is over."""
        parts = {"started": self.is_started, "database": False}
        if self.is_started:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                async with asyncio.timeout(2), self.db.pool.acquire(timeout=2) as connection:
                    parts["database"] = await connection.fetchval("select true")
        if self.machinery is not None:
            parts["bus"] = self.machinery.bus.is_connected
        return parts

    async def status(self) -> OpsStatus:
        """Depth and age of the outbox, lag of the consumers, counts of parked messages."""
        async with self.db.reading() as tx:
            outbox = await outbox_status(tx)
            dead = await tx.fetchval("select count(*) from dead_letter where settled_at is null")
            waiting = await tx.fetchval("select count(*) from waiting")
        consumers = [] if self.machinery is None else await self.machinery.lag()
        return OpsStatus(
            service=self.name,
            outbox_depth=outbox.unpublished,
            outbox_oldest_seconds=outbox.oldest_seconds,
            outbox_failed=outbox.failed,
            dead_letters=dead,
            waiting=waiting,
            bus_connected=self.machinery is not None and self.machinery.bus.is_connected,
            consumers=consumers,
        )

    async def measure(self) -> None:
        """Bring the gauges up to date; a database or bus that is away leaves them as they were."""
        if not self.is_started:
            return
        try:
            status = await asyncio.wait_for(self.status(), 3)
            if self.service.measure is not None:
                await asyncio.wait_for(self.service.measure(self), 3)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        metrics.OUTBOX_DEPTH.set(status.outbox_depth)
        metrics.OUTBOX_AGE_SECONDS.set(status.outbox_oldest_seconds)
        metrics.OUTBOX_FAILED.set(status.outbox_failed)
        metrics.DEAD_LETTERS.set(status.dead_letters)
        metrics.WAITING.set(status.waiting)
        for consumer in status.consumers:  # the counters themselves are in metrics.TALLIES
            metrics.CONSUMER_LAG.labels(consumer.name).set(consumer.lag)

    async def start(self) -> None:
        """Open what the service stands on: its database, its bus, its own start, then its jobs."""
        telemetry.start(self.name, otlp_endpoint=self.settings.otlp_endpoint, ratio=self.settings.trace_sample_ratio)
        self.http = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=50))
        self.verifier.load_cache()
        self._keys = asyncio.create_task(self.verifier.keep_fresh(), name="keys")
        self.db = await Database.open(
            self.settings.database_url,
            connections_max=self.settings.pool_connections_max,
            application_name=f"lotwise-{self.name}",
        )
        if self.service.on_start is not None:
            await self.service.on_start(self)
        self.machinery = Machinery(self)
        self.machinery.start()
        self.jobs.start()
        self.is_started = True

    async def stop(self) -> None:
        """Leave gracefully: no new jobs, the batch in hand finished, the outbox flushed, connections closed."""
        self.is_started = False
        self._keys.cancel()
        await self.jobs.stop()
        if self.machinery is not None:
            await self.machinery.stop()
        if self.service.on_stop is not None:
            await self.service.on_stop(self)
        await self.http.aclose()
        await self.db.close()
        await asyncio.to_thread(telemetry.stop)


class Machinery:
    """The two ends of the bus in this process: the relay that speaks, the consumers that hear."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self.bus = Bus.from_settings(runtime.name, settings)
        self.consumers = Consumers(
            runtime.name, runtime.db, self.bus, runtime.service.subscriptions, batch_max=settings.consumer_batch_max
        )
        self.relay = Relay(
            runtime.db,
            self.bus,
            runtime.name,
            batch_max=settings.relay_batch_max,
            poll_ms=settings.relay_poll_ms,
            parcel_events=settings.parcel_events_max,
        )
        self._hearing: asyncio.Task[None] | None = None
        self._speaking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to speak and to hear; the bus may still be away."""
        metrics.TALLIES.heard = self._heard
        metrics.TALLIES.published = lambda: self.relay.status().published
        self._speaking = asyncio.create_task(self.relay.run(), name="relay")
        self._hearing = asyncio.create_task(self._hear(), name="consumers")

    def _heard(self) -> list[metrics.Heard]:
        return [
            metrics.Heard(one.name, one.applied, one.duplicates, one.dead, one.waiting)
            for one in self.consumers.status()
        ]

    async def _hear(self) -> None:
        """Hear until stopped; whatever ends it is written down and tried again."""
        while True:
            try:
                await self.consumers.run()
            except Exception:
                log.exception("hearing ended")
                await asyncio.sleep(2)
            else:
                return

    async def stop(self) -> None:
        """Finish the batch in hand, flush the outbox, leave the bus."""
        await self.consumers.stop()
        seconds = FLUSH_SECONDS if self.bus.is_connected else 0.1
        await _finished(self._hearing, seconds)
        await self.relay.stop()
        await _finished(self._speaking, seconds)
        await self.bus.close()

    async def lag(self) -> list[Consumer]:
        """How far each consumer is behind."""
        return [behind(one) for one in await self.consumers.lag()]


def behind(one: ConsumerStatus) -> Consumer:
    """What a consumer has not applied: in hand here, and beside that not delivered or delivered to a process that died.

    The latter come again after `ack_wait`; until then they are neither undelivered nor in anybody's hand.
    """
    elsewhere = max(0, (one.unacknowledged or 0) - one.in_hand)
    lag = (one.lag or 0) + elsewhere
    return Consumer(name=one.name, lag=lag, in_hand=one.in_hand, redelivered=one.redelivered or 0)


def create_app(service: Service, settings: ServiceSettings | None = None) -> FastAPI:
    """The web app of a service. Settings are read from the environment when it starts, unless given.

    Raises ValueError when a route declares no permission.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runtime = Runtime(service, settings or service.settings())
        app.state.runtime = runtime
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    app = FastAPI(
        title=f"Lotwise {service.name}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # the edge speaks of each request, once
    )
    add_routes(app, (*service.routers, health, ops))
    if service.extend is not None:
        service.extend(app)
    openapi.install(app, service.name)
    problems.install(app)
    app.add_exception_handler(Replay, _replay)
    app.add_middleware(Edge, headers=service.headers)
    refuse_undeclared(app)
    return app


async def _seal(runtime: Runtime) -> None:
    async with runtime.db.transaction() as tx:
        await audit.seal(tx)


async def _finished(task: "asyncio.Task[None] | None", seconds: float) -> None:
    """Wait for a task to end by itself, then end it."""
    if task is not None:
        await asyncio.wait([task], timeout=seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _replay(_request: Request, error: Exception) -> Response:
    return replayed(error.kept) if isinstance(error, Replay) else problems.of_any(error)


def run(service: Service) -> None:
    """Run a service in this process until SIGTERM or SIGINT; returns after a graceful end.

    Exits with STARTUP_FAILED when it could not start: whoever watches the process must not take that for an end.
    """
    settings = service.settings()
    logs.start(service.name, settings.log_level)
    app = create_app(service, settings)
    config = uvicorn.Config(
        _watched(app),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=15,
        timeout_keep_alive=75,
        backlog=1024,
    )
    server = _Server(config)
    server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILED)


def _watched(app: FastAPI) -> FastAPI:
    """Watch the loop while the app lives: only a process of our own may be ended by the watchdog."""
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(scope: Any) -> AsyncIterator[Any]:
        watchdog = Watchdog()
        watchdog.start()
        async with inner(scope) as state:
            yield state
        await watchdog.stop()

    app.router.lifespan_context = lifespan
    return app


class _Server(uvicorn.Server):
    """A server that SIGTERM and SIGINT end gracefully; the process then ends by itself, with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop taking requests at the first signal, hurry at the second."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
