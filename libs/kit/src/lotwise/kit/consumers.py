"""The only home of hearing: one durable per speaker, batches applied exactly once, then acknowledged in one burst."""

import asyncio
import gc
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from faststream.nats import JStream, PullSub
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import ConsumerConfig
from pydantic import BaseModel

from lotwise.contracts.envelope import Event, stream_of
from lotwise.kit import wire
from lotwise.kit.apply import Applier, Handler, is_fault_of_the_place
from lotwise.kit.arrival import arrived, place_of
from lotwise.kit.bus import Bus, mend
from lotwise.kit.database import Database, Tx
from lotwise.kit.message import Message
from lotwise.kit.pull import StandingPull
from lotwise.kit.topology import is_heard
from lotwise.kit.waiting import due

log = structlog.get_logger("lotwise.kit.consumers")

ALONE_AFTER_TRIES = 5
KEEP_SECONDS = 10.0
SWEEP_SECONDS = 5.0
RETRY_SECONDS_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a service hears from one speaker. `every` sees each event (a journal), before the handlers of its type.

    `pause_seconds` after a batch that was not full lets the next one grow: for hearers who need not be quick, a batch
    of one costs as much as a batch of fifty. Zero (the default) never lingers.
    """

    speaker: str
    handlers: Mapping[type[Event], Handler]
    every: Handler | None = None
    pause_seconds: float = 0.0


class ConsumerStatus(BaseModel):
    """How one durable does: what became of messages since the start, what is in hand, and its fault in words."""

    name: str
    stream: str
    applied: int
    duplicates: int
    dead: int
    waiting: int
    retries: int
    in_hand: int
    lag: int | None = None
    unacknowledged: int | None = None
    redelivered: int | None = None
    fault: str | None


def calm_collector() -> None:
    """Let Python look for garbage a seventieth as often: a batch makes thousands of short-lived objects and no cycles.

    Measured: a third of the time of hearing went into it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def retry_delay(tries: int) -> float:
    """Seconds to wait before the next try: 0.3, 0.6, 1.2 … 60."""
    return float(min(60.0, 0.3 * 2 ** min(tries - 1, 10)))


class _Consumer:
    """One durable: the pull it feeds on, the applier it feeds."""

    def __init__(
        self, name: str, speaker: str, applier: Applier, bus: Bus, batch_max: int, pause_seconds: float = 0.0
    ) -> None:
        self.name = name
        self.speaker = speaker
        self.pause_seconds = pause_seconds
        self.stream = stream_of(speaker)
        self.applier = applier
        self.bus = bus
        self.batch_max = batch_max
        self.pull: StandingPull | None = None
        self.in_hand: Collection[Msg] = ()
        self.fault: str | None = None

    async def open(self) -> None:
        """Start the pull; the first time, hang it under a FastStream subscriber of the shared broker."""
        if self.pull is None:
            connection = await self.bus.connect()
            self.pull = StandingPull(
                connection, self.stream, self.name, inbox_prefix=self.bus.inbox_prefix, batch_max=self.batch_max
            )
            self.bus.on_renewal(self.pull.renew)
            self._subscribe(self.pull)
        await self.pull.start()

    def _subscribe(self, pull: StandingPull) -> None:
        subscriber = self.bus.broker.subscriber(
            "",
            config=ConsumerConfig(filter_subjects=[f"lotwise.*.{self.speaker}.>"]),
            stream=JStream(self.stream, declare=False),
            durable=self.name,
            pull_sub=PullSub(batch_size=self.batch_max, batch=True),
            decoder=_raw,
            inbox_prefix=f"{self.bus.inbox_prefix}.".encode(),
            title=self.name,
        )
        if not isinstance(subscriber, BatchPullStreamSubscriber):
            raise TypeError("FastStream made another kind of subscriber than the one that is mended")
        subscriber(self.handle)
        mend(subscriber, pull)

    async def handle(self, messages: list[Msg]) -> None:
        """Apply and acknowledge a batch; while the database is away, wait with the batch in hand.

        However many events the messages carry, about `batch_max` of them are applied in one transaction.
        """
        left = self.in_hand = deque(messages)
        try:
            while left:
                raws, events = self._opened(left)
                for part in _parts(events):
                    await self._apply(part)
                await self._answer(raws, b"+ACK")
                for _ in raws:
                    left.popleft()
        except Exception as error:
            log.exception("a batch could not be settled", consumer=self.name)
            self.fault = f"{type(error).__name__}: {error}"
            await self._give_back(left)
        finally:
            self.in_hand = ()
        if self.pause_seconds and len(messages) < self.batch_max:
            await asyncio.sleep(self.pause_seconds)

    def _opened(self, messages: Iterable[Msg]) -> tuple[list[Msg], list[Message[Any]]]:
        """The first messages, as many as make a batch of events, and their events."""
        raws: list[Msg] = []
        events: list[Message[Any]] = []
        for raw in messages:
            if len(events) >= self.batch_max:
                break
            raws.append(raw)
            events += arrived(raw, self.name)
        return raws, events

    async def _apply(self, messages: Sequence[Message[Any]]) -> None:
        tries = 0
        while True:
            try:
                await self.applier.apply(messages)
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) or not is_fault_of_the_place(error):
                    raise
                tries += 1
                self.applier.tally.retries += 1
                self.fault = f"{type(error).__name__}: {error}"
                log.warning("waiting for the database", consumer=self.name, error=self.fault, tries=tries)
                await asyncio.sleep(min(RETRY_SECONDS_MAX, retry_delay(tries)))
            else:
                self.fault = None
                return

    async def _answer(self, messages: Sequence[Msg], answer: bytes) -> None:
        """One burst of answers; lost ones only mean that the inbox will see the messages again."""
        for raw in messages:
            raw._ackd = True  # noqa: SLF001 - FastStream asks it before it answers itself
        try:
            connection = await self.bus.connect()
            await wire.send(connection, [(raw.reply, "", b"", answer) for raw in messages])
        except (Error, OSError) as error:
            log.info("acknowledgements lost", consumer=self.name, error=str(error))

    async def _give_back(self, messages: Iterable[Msg]) -> None:
        """Refuse a batch for now, each message with a delay that grows with its tries (a NAK of its own has none)."""
        for raw in messages:
            delay = int(retry_delay(place_of(raw.reply)[1]) * 1e9)
            await self._answer([raw], b'-NAK {"delay": %d}' % delay)

    async def keep(self) -> None:
        """Tell the bus that what is in hand is being worked on, so that a long wait is not held against a message."""
        if self.pull is not None and (held := [*self.in_hand, *self.pull.peek()]):
            try:
                await wire.send(await self.bus.connect(), [(raw.reply, "", b"", b"+WPI") for raw in held])
            except (Error, OSError) as error:
                log.info("sign of life lost", consumer=self.name, error=str(error))

    async def close(self) -> None:
        """Give back what was fetched and not begun."""
        if self.pull is not None and (left := await self.pull.stop()):
            await self._answer(left, b"-NAK")

    def status(self) -> ConsumerStatus:
        """What is known here, without asking the bus."""
        tally = self.applier.tally
        return ConsumerStatus(
            name=self.name,
            stream=self.stream,
            applied=tally.applied,
            duplicates=tally.duplicates,
            dead=tally.dead,
            waiting=tally.waiting,
            retries=tally.retries,
            in_hand=len(self.in_hand) + (self.pull.pending if self.pull else 0),
            fault=self.fault or (self.pull.fault if self.pull else "not started"),
        )


async def _raw(message: Any) -> Any:
    return message.raw_message


def _parts(messages: Sequence[Message[Any]]) -> list[Sequence[Message[Any]]]:
    """A batch as one part; a message that came too often without an answer may be what kills us: alone, last."""
    suspects = [[message] for message in messages if message.tries > ALONE_AFTER_TRIES]
    if not suspects:
        return [messages]
    others = [message for message in messages if message.tries <= ALONE_AFTER_TRIES]
    return [*([others] if others else []), *suspects]


class Consumers:
    """All that a service hears. `run` until cancelled or `stop`ped; also applies parked messages again."""

    def __init__(
        self, service: str, db: Database, bus: Bus, subscriptions: Sequence[Subscription], *, batch_max: int = 500,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:  # fmt: skip
        self.service = service
        self.db = db
        self.bus = bus
        self._consumers = {
            f"{service}-{one.speaker}": _Consumer(
                f"{service}-{one.speaker}",
                one.speaker,
                Applier(f"{service}-{one.speaker}", db, one.handlers, one.every),
                bus,
                batch_max,
                one.pause_seconds,
            )
            for one in subscriptions
        }
        self._keep_seconds = keep_seconds
        self._stopping = asyncio.Event()
        db.redriver = self

    def applier(self, consumer: str) -> Applier | None:
        """The applier of a durable of this service, None when it has no such durable."""
        found = self._consumers.get(consumer)
        return None if found is None else found.applier

    async def run(self) -> None:
        """Hear until `stop`: finishes the batch in hand, gives the rest back, closes nothing that others use."""
        calm_collector()
        await self.bus.connect()
        for consumer in self._consumers.values():
            for event in consumer.applier.handlers:
                if not is_heard(self.service, event):
                    log.error("the bus lets no such event through", service=self.service, missing=event.__name__)
            await consumer.open()
        await self.bus.broker.start()
        log.info("hearing", service=self.service, consumers=list(self._consumers))
        try:
            async with asyncio.TaskGroup() as group:
                chores = [group.create_task(self._keep()), group.create_task(self._sweep())]
                await self._stopping.wait()
                for chore in chores:
                    chore.cancel()
        finally:
            await self._leave()

    async def stop(self) -> None:
        """Ask `run` to finish."""
        self._stopping.set()

    async def _leave(self) -> None:
        for subscriber in self.bus.broker.subscribers:
            await subscriber.stop()
        for consumer in self._consumers.values():
            await consumer.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._keep_seconds)
            for consumer in self._consumers.values():
                await consumer.keep()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the next sweep comes in any case
                log.warning("the sweep of waiting messages failed", service=self.service, error=str(error))

    async def sweep(self) -> int:
        """Try parked messages whose time has come once more; how many were tried."""
        async with self.db.transaction() as tx:
            messages = await due(tx)
            await self.redrive(tx, messages)
        return len(messages)

    async def redrive(self, tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """Apply parked messages inside a running transaction, grouped by consumer."""
        groups = defaultdict(list)
        for message in messages:
            groups[message.consumer].append(message)
        for name, parked in groups.items():
            if (consumer := self._consumers.get(name)) is not None:
                await consumer.applier.again(tx, parked)

    def status(self) -> list[ConsumerStatus]:
        """How each durable does, without asking the bus."""
        return [consumer.status() for consumer in self._consumers.values()]

    async def lag(self) -> list[ConsumerStatus]:
        """The same with what the bus knows: messages not yet delivered, not yet acknowledged, delivered again."""
        statuses = self.status()
        if not self.bus.is_connected:
            return statuses
        jetstream = (await self.bus.connect()).jetstream(timeout=2)
        for status in statuses:
            await _ask(jetstream, status)
        return statuses


async def _ask(jetstream: Any, status: ConsumerStatus) -> None:
    started = monotonic()
    try:
        info = await jetstream.consumer_info(status.stream, status.name)
    except (Error, TimeoutError) as error:
        status.fault = status.fault or f"{type(error).__name__} after {monotonic() - started:.1f} s"
    else:
        status.lag, status.unacknowledged = info.num_pending, info.num_ack_pending
        status.redelivered = info.num_redelivered
