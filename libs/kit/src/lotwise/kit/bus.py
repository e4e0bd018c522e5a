"""The only home of this process's connection to NATS: a FastStream broker with its traps mended (RELIABILITY 2).

One connection per process; it reconnects for ever, pings often enough to notice a dead peer, has an inbox of its own.
"""

import asyncio
import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.security import NatsNKey
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber
from faststream.security import SASLPlaintext
from nats.aio.client import Client

from lotwise.kit.pull import StandingPull
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.wire import quicken

log = structlog.get_logger("lotwise.kit.bus")
FASTSTREAM_KNOWN = "0.7.8"


def inbox_prefix(service: str) -> str:
    """The inbox that only this service may listen to."""
    return f"_INBOX_{service}"


class Bus:
    """A service's way to NATS. `connect` waits for the bus as long as it takes; `close` leaves it gracefully."""

    def __init__(
        self, service: str, url: str, *, user: str | None = None, password: str | None = None, seed: str | None = None
    ) -> None:
        self.service = service
        self.inbox_prefix = inbox_prefix(service)
        self._renewals: list[Callable[[], None]] = []
        self._lock = asyncio.Lock()
        self._connection: Client | None = None
        self._is_leaving = False
        self.fault: str | None = "not connected yet"
        self.broker = NatsBroker(
            url.split(","),
            name=f"lotwise-{service}",
            security=_security(user, password, seed),
            inbox_prefix=self.inbox_prefix,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            apply_types=False,
            graceful_timeout=15,
            connect_timeout=2,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            ping_interval=10,
            max_outstanding_pings=2,
            logger=None,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnect,
            reconnected_cb=self._on_reconnect,
            closed_cb=self._on_close,
        )

    @classmethod
    def from_settings(cls, service: str, settings: ServiceSettings) -> "Bus":
        """The bus as a service's settings describe it."""
        return cls(
            service,
            settings.nats_url,
            user=settings.nats_user,
            password=settings.nats_password,
            seed=settings.nats_seed,
        )

    @property
    def is_connected(self) -> bool:
        """Whether the bus can be spoken to right now."""
        return self._connection is not None and self._connection.is_connected

    def on_renewal(self, call: Callable[[], None]) -> None:
        """Call this after each reconnect: open requests are gone, and the bus may have lost what it knew."""
        self._renewals.append(call)

    async def connect(self) -> Client:
        """The one connection of this process; the first call connects and waits while the bus is away."""
        async with self._lock:
            while self._connection is None:
                try:
                    await self.broker.connect()
                    self._connection = _client_of(self.broker)
                    quicken(self._connection)
                    self.fault = None
                except Exception as error:  # noqa: BLE001 - whatever it is, the bus is away and we wait for it
                    self.fault = f"{type(error).__name__}: {error}"
                    log.warning("bus unreachable", service=self.service, error=self.fault)
                    await asyncio.sleep(1)
            return self._connection

    async def close(self) -> None:
        """Flush and leave."""
        self._is_leaving = True
        await self.broker.stop()
        self._connection = None

    async def _on_error(self, error: Exception) -> None:
        level = logging.ERROR if "violation" in str(error).lower() else logging.WARNING
        log.log(level, "bus error", service=self.service, error=str(error) or type(error).__name__)

    async def _on_disconnect(self) -> None:
        self.fault = "disconnected"
        if not self._is_leaving:
            log.warning("bus disconnected", service=self.service)

    async def _on_close(self) -> None:
        if not self._is_leaving:
            self.fault = "closed for good: restart this service"
            log.error("bus connection closed for good", service=self.service)

    async def _on_reconnect(self) -> None:
        self.fault = None
        log.info("bus reconnected", service=self.service)
        for call in self._renewals:
            call()


def _security(user: str | None, password: str | None, seed: str | None) -> Any:
    if seed:
        return NatsNKey.from_seed(seed)
    return SASLPlaintext(user, password or "") if user else None


def _client_of(broker: NatsBroker) -> Client:
    client = broker._connection  # noqa: SLF001 - what `connect` returns is an internal of another version
    if not isinstance(client, Client):
        raise ConnectionError("the broker has no connection")
    return client


def mend(subscriber: BatchPullStreamSubscriber, pull: StandingPull) -> None:
    """Give one FastStream batch subscriber the standing pull instead of its own loop.

    Refuses (RuntimeError) any other version of FastStream: the tests of the traps must be read again first.
    """
    if version("faststream") != FASTSTREAM_KNOWN:
        raise RuntimeError(f"the standing pull was proven with FastStream {FASTSTREAM_KNOWN} only")

    async def create() -> None:
        if not subscriber.subscription:
            subscriber.subscription = pull  # type: ignore[assignment]
            subscriber.add_task(consume)

    def is_running() -> bool:
        return bool(subscriber.running)

    async def consume() -> None:
        while is_running():
            batch = await pull.next()
            if is_running():
                await subscriber.consume(batch)
            else:
                pull.put_back(batch)

    subscriber._create_subscription = create  # type: ignore[method-assign]  # noqa: SLF001 - guarded by version
