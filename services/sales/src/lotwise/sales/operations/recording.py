"""The only home of the group commit: charges that arrive while the last commit runs go together into the next one.

An answer is given only after its commit. One statement records a group; only when an id turns out to be known, or
another process gave out numbers, does the group take the longer way.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from lotwise.kit.database import Database, Tx
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.dispensing import Dispensed
from lotwise.sales.domain.money_refusals import TillNotOpen
from lotwise.sales.domain.owing import Owing
from lotwise.sales.domain.refusals import ChargeClosed, DifferentBody, TooBusy
from lotwise.sales.operations.answers import recorded_event, told
from lotwise.sales.repository import charges as rows
from lotwise.sales.repository import dispensed as dispensed_rows
from lotwise.sales.repository import line_extras
from lotwise.sales.repository import tills as till_rows
from lotwise.sales.repository.charges import Told
from lotwise.values import Refusal

log = structlog.get_logger(__name__)
TRIES_MAX = 8
WAITING_MAX = 10_000
STOP_SECONDS = 10.0
CUT_PAUSE_SECONDS = 0.05
_CUT = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
)
"""A connection that ended under a statement: whether it was committed shows when the same ids are sent again."""


NO_TILLS: Mapping[UUID, UUID] = {}


class Unseated(Exception):  # noqa: N818 - becomes a refusal for the charges it speaks of
    """Sessions of tills that are not open any more; nothing was recorded."""

    def __init__(self, sessions: Collection[UUID]) -> None:
        super().__init__("a till was closed")
        self.sessions = sessions


class Ready(NamedTuple):
    """A charge that only lacks its number, with the trace, story and cause that its event carries.

    `dispensed` is what its lines confirmed of lots and prescriptions; most charges have none. `owing` is what it says
    about balances: one with that is recorded by `balances`.
    """

    charge: Charge
    trace: str | None = None
    story: str | None = None
    cause: UUID | None = None
    dispensed: Sequence[Dispensed] = ()
    owing: Owing | None = None


class Recorded(NamedTuple):
    """A charge as it was recorded, now or before."""

    charge: Charge
    recorded_at: datetime
    replayed: bool


Outcome = Recorded | Refusal


class _Waiting(NamedTuple):
    readies: Sequence[Ready]
    done: "asyncio.Future[list[Outcome]]"


class Recorder:
    """The one writer of charges in a process."""

    def __init__(self, db: Database, charges_max: int) -> None:
        self._db = db
        self._charges_max = charges_max
        self._queue: list[_Waiting] = []
        self._waiting = 0
        self._wake = asyncio.Event()
        self._last: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to record."""
        self._task = asyncio.create_task(self._run(), name="recorder")

    async def stop(self) -> None:
        """Record what waits, then stop."""
        if waiting := [one.done for one in self._queue]:
            await asyncio.wait(waiting, timeout=STOP_SECONDS)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def record(self, readies: Sequence[Ready]) -> list[Outcome]:
        """Record charges with the next group; the outcomes come after the commit, in the same order.

        A known id with the same contents comes back as replayed; with others as DifferentBody; abandoned: ChargeClosed.
        Raises TooBusy when WAITING_MAX charges wait already.
        """
        if self._waiting >= WAITING_MAX:
            raise TooBusy("too many charges wait to be recorded; send it again", retry_after_seconds=1)
        waiting = _Waiting(readies, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._waiting += len(readies)
        self._wake.set()
        return await waiting.done

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while group := self._next_group():
                await self._settle(group)

    def _next_group(self) -> list[_Waiting]:
        """The longest head of the queue that fits a statement and names no id twice."""
        taken: set[UUID] = set()
        size = count = 0
        for waiting in self._queue:
            ids = [ready.charge.charge_id for ready in waiting.readies]
            if count and (size + len(ids) > self._charges_max or not taken.isdisjoint(ids)):
                break
            taken.update(ids)
            size += len(ids)
            count += 1
        group, self._queue = self._queue[:count], self._queue[count:]
        self._waiting -= size
        return group

    async def _settle(self, group: list[_Waiting]) -> None:
        try:
            found = await self._record([ready for waiting in group for ready in waiting.readies])
        except asyncpg.PostgresError as error:
            if len(group) == 1 or isinstance(error, asyncpg.OperatorInterventionError):
                _fail(group, error)
                return
            log.warning("a group is recorded one by one", error=type(error).__name__)
            for waiting in group:
                await self._settle([waiting])
        except asyncio.CancelledError:
            _fail(group, ConnectionError("the service stops"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, each request of the group hears it
            _fail(group, error)
        else:
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_result([found[ready.charge.charge_id] for ready in waiting.readies])

    async def _record(self, readies: Sequence[Ready]) -> dict[UUID, Outcome]:
        found: dict[UUID, Outcome] = {}
        left = list(readies)
        for _ in range(TRIES_MAX):
            if not left:
                break
            try:
                if await self._write(left, found):
                    break
                await self._read_numbers(left)
            except asyncpg.UniqueViolationError:
                left = await self._sort_out(left, found)
                await self._read_numbers(left)
            except Unseated as unseated:
                left = _unseated(left, unseated.sessions, found)
            except _CUT as error:
                log.warning("a connection was cut: the group is recorded over another", error=type(error).__name__)
                self._last.clear()
                await asyncio.sleep(CUT_PAUSE_SECONDS)
        else:
            raise ConnectionError("the database did not take the charges")
        return found

    async def _write(self, readies: Sequence[Ready], found: dict[UUID, Outcome]) -> bool:
        if any(ready.charge.site not in self._last for ready in readies):
            await self._read_numbers(readies)
        now = datetime.now(UTC)
        last = dict(self._last)
        numbered = number(readies, last)
        async with self._db.pool.acquire() as connection:
            if not await _kept(connection, readies, numbered, self._last, now):
                return False
            if not self._db.relay_is_here:
                await connection.execute("notify outbox")
        self._last = last
        self._db.told.set()
        for charge in numbered:
            found[charge.charge_id] = Recorded(charge, now, replayed=False)
        return True

    async def _read_numbers(self, readies: Sequence[Ready]) -> None:
        if readies:
            async with self._db.pool.acquire() as connection:
                sites = {ready.charge.site for ready in readies}
                self._last |= await rows.last_numbers(connection, "charge", sites)

    async def _sort_out(self, readies: Sequence[Ready], found: dict[UUID, Outcome]) -> list[Ready]:
        async with self._db.reading() as tx:
            known = await outcomes_of_known(tx, readies)
        found |= known
        return [ready for ready in readies if ready.charge.charge_id not in known]


async def _kept(
    connection: Tx, readies: Sequence[Ready], numbered: Sequence[Charge], was: dict[str, int], now: datetime
) -> bool:
    """Record a group with one statement; in a transaction with what its lines have beyond a plain sale, if any do."""
    dispensed = [(ready.charge.charge_id, one) for ready in readies for one in ready.dispensed]
    extras = line_extras.rows_of(numbered)
    seats = {charge.session_id for charge in numbered if charge.session_id is not None}
    if not dispensed and not extras and not seats:
        return await rows.record(connection, numbered, events(readies, numbered), was, now)
    async with connection.transaction():
        open_tills = await till_rows.hold_open(connection, seats) if seats else {}
        if gone := seats - open_tills.keys():
            raise Unseated(gone)
        fits = await rows.record(connection, numbered, events(readies, numbered, open_tills), was, now)
        if fits and dispensed:
            await dispensed_rows.add(connection, dispensed)
        if fits and extras:
            await line_extras.add(connection, extras)
    return fits


def number(readies: Sequence[Ready], last: dict[str, int]) -> list[Charge]:
    """Number charges on from `last`, which is counted on."""
    numbered = []
    for ready in readies:
        charge = ready.charge
        last[charge.site] += 1
        numbered.append(charge._replace(number=last[charge.site]))
    return numbered


def events(readies: Sequence[Ready], numbered: Sequence[Charge], tills: Mapping[UUID, UUID] = NO_TILLS) -> list[Told]:
    """SaleRecorded of each numbered charge; `tills` is the till of each session."""
    return [
        told(
            "sale-recorded",
            charge.site,
            recorded_event(charge, None if charge.session_id is None else tills.get(charge.session_id)),
            trace=ready.trace,
            story=ready.story,
            actor=charge.actor,
            cause=ready.cause,
        )
        for ready, charge in zip(readies, numbered, strict=True)
    ]


async def outcomes_of_known(tx: Tx, readies: Sequence[Ready]) -> dict[UUID, Outcome]:
    """What became of those charges whose ids are taken already."""
    ids = [ready.charge.charge_id for ready in readies]
    known = await rows.known(tx, ids)
    same = [r.charge.charge_id for r in readies if _is_same(known.get(r.charge.charge_id), r.charge)]
    kept = await rows.load(tx, same)
    found: dict[UUID, Outcome] = {}
    for charge_id, one in known.items():
        if charge_id in kept:
            found[charge_id] = Recorded(kept[charge_id].charge, kept[charge_id].recorded_at, replayed=True)
        else:
            found[charge_id] = refusal_of(charge_id, one)
    return found


def _is_same(known: rows.Known | None, charge: Charge) -> bool:
    return known is not None and known.state != "abandoned" and known.request_hash == charge.request_hash


def refusal_of(charge_id: UUID, known: rows.Known) -> Refusal:
    """Why nothing new can be recorded under an id that is taken."""
    if known.state == "abandoned":
        return ChargeClosed(f"the charge {charge_id} was abandoned", ways_out=("start a new charge",), site=known.site)
    return different_body(charge_id)


def different_body(charge_id: UUID) -> DifferentBody:
    """The refusal of an id that came again with other contents."""
    return DifferentBody(
        f"the id {charge_id} was used for another charge", field="charge_id", ways_out=("use a new id",)
    )


async def record_within(tx: Tx, readies: Sequence[Ready], now: datetime) -> dict[UUID, Outcome]:
    """Record charges in a transaction that does other things too; known ids are told as in `Recorder.record`."""
    found = await outcomes_of_known(tx, readies)
    fresh = list({r.charge.charge_id: r for r in readies if r.charge.charge_id not in found}.values())
    while fresh:
        last = await rows.last_numbers(tx, "charge", {r.charge.site for r in fresh}, lock=True)
        was = dict(last)
        numbered = number(fresh, last)
        try:
            await _kept(tx, fresh, numbered, was, now)
        except Unseated as unseated:
            fresh = _unseated(fresh, unseated.sessions, found)
            continue
        found |= {charge.charge_id: Recorded(charge, now, replayed=False) for charge in numbered}
        break
    return found


def _unseated(readies: Sequence[Ready], gone: Collection[UUID], found: dict[UUID, Outcome]) -> list[Ready]:
    """Refuse the charges whose till was counted or closed just now; the others stay to be recorded."""
    for ready in readies:
        if ready.charge.session_id in gone:
            found[ready.charge.charge_id] = TillNotOpen(
                "the till was counted or closed just now",
                field="till_id",
                ways_out=("open the till again", "choose another till"),
            )
    return [ready for ready in readies if ready.charge.session_id not in gone]


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.done.done():
            waiting.done.set_exception(error)
