"""The only home of speaking: one leader per database publishes the outbox in order, in atomic batches, for ever.

The outbox is the truth and the bus is replaceable: on start and after every reconnect the leader compares what the
stream holds with what it was given, and says again what the bus has lost. Marks are written without waiting for the
disk, and with the next look at the outbox: a lost mark means a message said twice, and hearers count a message once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import asyncpg
import structlog
from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import Error as JetStreamError
from pydantic import BaseModel

from lotwise.contracts.envelope import SUBJECT, stream_of
from lotwise.kit.bus import Bus
from lotwise.kit.database import SESSION, Database
from lotwise.kit.housekeeping import keep_house
from lotwise.kit.outbox import CHANNEL
from lotwise.kit.parcels import Parcel, parcels
from lotwise.kit.publisher import ACK_SECONDS, FEW, Answer, Publisher

log = structlog.get_logger("lotwise.kit.relay")

LOCK = 7_020_251_122
PACE_SECONDS = 0.25
BUSY_ROWS_A_SECOND = 300.0
GAP_SECONDS = 0.025
"""When busy, batches begin so far apart: a turn costs the database, the bus and every hearer the same however few rows
it has. Below that rate a row is said at once."""
RUSH_ROWS_A_SECOND = 1500.0
RUSH_GAP_SECONDS = 0.05
"""From so many rows a second on, twice as far apart: what a sale costs falls while the tills wait for none of it."""
HEAL_SECONDS = 20.0
HOUSE_SECONDS = 3600.0
HOUSE_FIRST_SECONDS = 30.0
IDLE_AFTER_POLLS = 40
IDLE_POLL_SECONDS = 0.5
HEADERS_BYTES = 2_000
REFUSED = {10054}
"""Error codes of JetStream that are about a message itself (too large), never about the state of the bus."""

_COLUMNS = "id, subject, traceparent, correlation_id, actor, cause_id, body, created_at"
_UNPUBLISHED = f"""
select {_COLUMNS} from outbox where published_at is null and failed_at is null order by seq limit $1
"""
_MARK = """
update outbox o set published_at = now(), stream_seq = u.stream_seq, stream_epoch = $3
from unnest($1::uuid[], $2::bigint[]) as u(id, stream_seq) where o.id = u.id
"""
_KEEP_TOP = "update relay_state set last_seq = $4 where stream = $5 and last_seq < $4"
_MARK_ONLY = f"with state as ({_KEEP_TOP}) {_MARK}"
_MARK_AND_NEXT = f"""
with state as ({_KEEP_TOP}), marked as ({_MARK})
select {_COLUMNS} from outbox
where published_at is null and failed_at is null and id <> all($1::uuid[]) order by seq limit $6
"""
"""One round trip a turn: rows are read as they were before the marks, so those that were said are left out by id."""
_FAIL = "update outbox set failed_at = now(), error = $2 where id = $1"
_STATE = "select epoch, last_seq from relay_state where stream = $1"
_KEEP_STATE = """
insert into relay_state (stream, epoch, last_seq) values ($1, $2, $3)
on conflict (stream) do update set epoch = excluded.epoch, last_seq = excluded.last_seq
"""
_UNMARK = (
    "update outbox set published_at = null, stream_seq = null, stream_epoch = null where published_at is not null and "
)
_LOST_TAIL = f"{_UNMARK} stream_seq > $1 and stream_epoch = $2"
_LOST_ALL = f"{_UNMARK} stream_epoch is distinct from $1 and created_at > now() - interval '30 days'"

Said = tuple[Any, int]
"""The id of a row and the sequence of the message that carries it."""


class BusFault(Exception):  # noqa: N818 - a fault of the bus, in words
    """The bus cannot take messages now; the rows stay and are tried again."""


class RelayStatus(BaseModel):
    """How speaking goes: whether this process leads, what it said, healed and set aside, and its fault in words."""

    is_leader: bool
    published: int
    healed: int
    refused: int
    fault: str | None


class _Pace:
    """How many rows a second were said in the last whole quarter of a second or longer."""

    def __init__(self) -> None:
        self._rows = 0
        self._since = monotonic()
        self._rate = 0.0

    def gap(self, said: int) -> float:
        """Count what a turn said; how many seconds lie between the beginnings of turns."""
        self._rows += said
        taken = monotonic() - self._since
        if taken > PACE_SECONDS:
            self._rate, self._rows, self._since = self._rows / taken, 0, monotonic()
        if self._rate > RUSH_ROWS_A_SECOND:
            return RUSH_GAP_SECONDS
        return GAP_SECONDS if self._rate > BUSY_ROWS_A_SECOND else 0.0


class Relay:
    """Publishes a service's outbox to the stream of its speaker. `run` until cancelled or `stop`ped."""

    def __init__(
        self, db: Database, bus: Bus, speaker: str, *, batch_max: int = 500, poll_ms: int = 50, parcel_events: int = 50
    ) -> None:
        self._db = db
        self._bus = bus
        self._speaker = speaker
        self._stream = stream_of(speaker)
        self._batch_max = batch_max
        self._poll = poll_ms / 1000
        self._parcel_events = parcel_events
        self._publisher: Publisher | None = None
        self._stopping = False
        self._must_heal = True
        self._healed_at = 0.0
        self._house_at = monotonic() + HOUSE_FIRST_SECONDS
        self._said: list[Said] = []
        """What the bus has taken and no mark says yet: marked with the next look, at the latest a poll later."""
        self._epoch = 0
        self._last_seq = 0
        self._status = RelayStatus(is_leader=False, published=0, healed=0, refused=0, fault="not started")
        bus.on_renewal(self._on_renewal)

    def status(self) -> RelayStatus:
        """How speaking goes right now."""
        return self._status.model_copy()

    async def stop(self) -> None:
        """Ask `run` to say what is left and finish."""
        self._stopping = True
        self._db.told.set()

    async def run(self) -> None:
        """Lead or stand by, reconnecting for ever; no fault of the database or the bus ends it."""
        while not self._stopping:
            try:
                async with self._leadership() as connection:
                    await self._lead(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, the outbox must be said
                self._fault(f"database: {type(error).__name__}: {error}")
                await self._pause(0.5)

    @asynccontextmanager
    async def _leadership(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection of our own that holds the lock of the leader: a pool or a pgbouncer would lose it."""
        settings = {**SESSION, "synchronous_commit": "off", "application_name": f"relay-{self._speaker}"}
        connection = await asyncpg.connect(self._db.url, timeout=10, command_timeout=60, server_settings=settings)
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
                self._status.fault = None
                await self._pause(1)
                if self._stopping:
                    yield connection
                    return
            await connection.add_listener(CHANNEL, lambda *_: self._db.told.set())
            self._said = []  # the last leader's: another one may have said it anew
            self._status.is_leader = self._db.relay_is_here = self._must_heal = True
            yield connection
        finally:
            self._status.is_leader = self._db.relay_is_here = False
            await _closed(connection)

    async def _lead(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        quiet, pace, began = 0, _Pace(), monotonic()
        while True:
            self._db.told.clear()
            try:
                said = await self._turn(connection)
                self._status.fault = None
            except (BusFault, Error, JetStreamError, TimeoutError) as error:
                self._fault(f"bus: {type(error).__name__}: {error}")
                await self._pause(0.5)
                said, self._must_heal = 0, True
            if self._stopping and not said:
                await self._mark(connection)
                return
            if monotonic() > self._house_at:
                self._house_at = monotonic() + HOUSE_SECONDS
                await keep_house(connection)
            quiet = 0 if said else quiet + 1
            if said < self._batch_max and not self._db.told.is_set():
                await self._pause(self._poll if quiet < IDLE_AFTER_POLLS else IDLE_POLL_SECONDS)
            gap = pace.gap(said)
            if gap and said < self._batch_max:
                await asyncio.sleep(max(0.0, began + gap - monotonic()))
            began = monotonic()

    async def _turn(self, connection: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Say one batch; how many rows it settled."""
        if monotonic() > self._healed_at + HEAL_SECONDS:
            self._must_heal = True
        rows = [] if self._must_heal else await self._next(connection)
        if not rows and not self._must_heal:
            return 0
        bus = await self._connected()
        if self._must_heal:
            await self._heal(connection, bus.connection)
            return self._batch_max
        good = []
        for row in rows:
            if why := self._why_not(row, bus.connection):
                await self._refuse(connection, row, why)
            else:
                good.append(row)
        if good:
            await self._say(connection, bus, good)
        return len(rows)

    async def _next(self, connection: "asyncpg.Connection[asyncpg.Record]") -> Sequence[asyncpg.Record]:
        """Mark what was said since the last look, and look for what is to be said."""
        rows: Sequence[asyncpg.Record]
        if not self._said:
            rows = await connection.fetch(_UNPUBLISHED, self._batch_max)
            return rows
        rows = await connection.fetch(_MARK_AND_NEXT, *self._marks(), self._batch_max)
        self._marked()
        return rows

    async def _mark(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Mark what was said, without a look."""
        if self._said:
            await connection.execute(_MARK_ONLY, *self._marks())
            self._marked()

    def _marks(self) -> tuple[Any, ...]:
        places = [place for _, place in self._said]
        return [number for number, _ in self._said], places, self._epoch, max(places), self._stream

    def _marked(self) -> None:
        self._status.published += len(self._said)
        self._said = []

    async def _connected(self) -> Publisher:
        try:
            async with asyncio.timeout(2):
                connection = await self._bus.connect()
        except TimeoutError:
            raise BusFault(self._bus.fault or "not connected") from None
        if not connection.is_connected:
            raise BusFault("disconnected")
        if self._publisher is None:
            publisher = Publisher(connection, self._bus.inbox_prefix)
            await publisher.open()
            self._publisher = publisher
        return self._publisher

    def _why_not(self, row: asyncpg.Record, bus: Client) -> str | None:
        """Why a row can never be said; the table's checks make these rare."""
        match = SUBJECT.match(row["subject"])
        if match is None:
            return "the subject is malformed"
        if match["speaker"] != self._speaker:
            return f"{self._speaker} cannot speak for {match['speaker']}"
        if len(row["body"]) + HEADERS_BYTES > bus.max_payload:
            return f"{len(row['body'])} bytes are more than the bus takes"
        return None

    async def _refuse(self, connection: "asyncpg.Connection[asyncpg.Record]", row: asyncpg.Record, why: str) -> None:
        log.error("an event was set aside", id=str(row["id"]), subject=row["subject"], error=why)
        await connection.execute(_FAIL, row["id"], why)
        self._status.refused += 1

    async def _say(
        self, connection: "asyncpg.Connection[asyncpg.Record]", bus: Publisher, rows: Sequence[asyncpg.Record]
    ) -> None:
        """Publish rows, and note which the stream holds now, and where."""
        messages = parcels(rows, self._parcel_events if len(rows) > FEW else 1)
        if len(messages) > FEW:
            answer = await bus.at_once(messages)
            if "error" not in answer:
                first = int(answer["seq"]) - len(messages) + 1
                self._expect(first)
                self._last_seq = max(self._last_seq, int(answer["seq"]))
                self._said += [(row["id"], first + place) for place, one in enumerate(messages) for row in one.rows]
                return
        await self._say_each(connection, bus, messages)

    async def _say_each(
        self, connection: "asyncpg.Connection[asyncpg.Record]", bus: Publisher, messages: Sequence[Parcel]
    ) -> None:
        for one, answer in zip(messages, await bus.each(messages), strict=True):
            await self._judge(connection, bus, one, answer)

    async def _judge(
        self, connection: "asyncpg.Connection[asyncpg.Record]", bus: Publisher, one: Parcel, answer: Answer
    ) -> None:
        """What the answer to a message means: its place in the stream, a row set aside, or a bus that is at fault.

        Of a parcel that is refused for its own sake each row is tried alone.
        """
        error = answer.get("error")
        if error is None:
            place = int(answer["seq"])
            if not answer.get("duplicate"):
                self._expect(place)
            self._last_seq = max(self._last_seq, place)
            self._said += [(row["id"], place) for row in one.rows]
        elif error.get("err_code") not in REFUSED:
            raise BusFault(str(error.get("description", error)))
        elif one.is_batch:
            await self._say_each(connection, bus, parcels(one.rows, 1))
        else:
            await self._refuse(connection, one.rows[0], str(error.get("description")))

    def _expect(self, place: int) -> None:
        """We are the only writer: a place that does not follow the last one means that the stream is another."""
        if place != self._last_seq + 1:
            self._must_heal = True
        self._last_seq = max(self._last_seq, place)

    async def _heal(self, connection: "asyncpg.Connection[asyncpg.Record]", bus: Client) -> None:
        """Take back the marks of what the stream no longer holds: its tail, or everything when it is another stream."""
        await self._mark(connection)
        info = await bus.jetstream(timeout=ACK_SECONDS).stream_info(self._stream)
        epoch, last_seq = _epoch(info.created), info.state.last_seq
        known = await connection.fetchrow(_STATE, self._stream)
        if known is None or known["epoch"] != epoch:
            healed = await connection.execute(_LOST_ALL, epoch, timeout=600)
        elif known["last_seq"] > last_seq:
            healed = await connection.execute(_LOST_TAIL, last_seq, epoch, timeout=600)
        else:
            healed = "UPDATE 0"
        await connection.execute(_KEEP_STATE, self._stream, epoch, last_seq)
        self._epoch, self._last_seq, self._must_heal, self._healed_at = epoch, last_seq, False, monotonic()
        if count := int(healed.split()[-1]):
            self._status.healed += count
            log.warning("the bus had lost messages: they are said again", stream=self._stream, count=count)

    def _on_renewal(self) -> None:
        self._must_heal = True
        self._db.told.set()

    def _fault(self, fault: str) -> None:
        if fault != self._status.fault:
            log.warning("relay waits", speaker=self._speaker, error=fault)
        self._status.fault = fault

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._db.told.wait()
        except TimeoutError:
            return


async def _closed(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Give the lock back by closing; a connection that does not answer is cut."""
    try:
        await connection.close(timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        connection.terminate()


def _epoch(created: datetime | str | None) -> int:
    """When the stream was made, in microseconds since 1970: a stream made anew has another epoch."""
    if isinstance(created, str):
        created = datetime.fromisoformat(created)
    return 0 if created is None else int(created.astimezone(UTC).timestamp() * 1e6)
