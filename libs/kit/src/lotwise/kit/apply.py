"""The only home of "exactly once": a batch of messages applied in one transaction, the bad ones set aside.

Nothing here knows the bus. A batch either commits whole with its inbox rows, or leaves no trace and is tried in halves.
"""

import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import asyncpg
from opentelemetry import trace

from lotwise.contracts.envelope import Event, event_type
from lotwise.contracts.ids import is_v7, uuid7
from lotwise.kit import context, metrics
from lotwise.kit.database import Database, Tx
from lotwise.kit.message import Message, clean
from lotwise.kit.tracing import story
from lotwise.kit.waiting import NotYetKnown, forget, park

Handler = Callable[[Tx, Sequence[Message[Any]]], Awaitable[None]]

RETRYABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InternalClientError,
    asyncpg.OutdatedSchemaCacheError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
)
"""Faults of the place, not of the message: waited out, never held against it."""

_FRESH = """
insert into inbox (msg_id, consumer) select unnest($1::uuid[]), $2 on conflict do nothing returning msg_id
"""
_DEAD = """
insert into dead_letter
  (id, consumer, stream, sequence, msg_id, subject, headers, body, reason, error, stack, published_at, tries)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (consumer, stream, sequence, published_at) do nothing
"""


kind_of = lru_cache(maxsize=4096)(event_type)
"""The contract of a subject, or None; subjects are few (sites times events)."""


def is_fault_of_the_place(error: BaseException) -> bool:
    """Whether to wait and try again (database away, deadlock, disk full) rather than blame a message."""
    if isinstance(error, asyncpg.InterfaceError):
        is_about_a_value = isinstance(error, ValueError)
        return not is_about_a_value and ("clos" in str(error) or "released" in str(error))
    return isinstance(error, RETRYABLE)


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that no handler saw: why, in a word for machines and a sentence for persons."""

    message: Message[Any]
    reason: str
    error: str
    stack: str = ""


@dataclass(slots=True)
class Tally:
    """What became of the messages of a consumer since the process started."""

    applied: int = 0
    duplicates: int = 0
    dead: int = 0
    waiting: int = 0
    batches: int = 0
    retries: int = 0


@dataclass(slots=True)
class Applier:
    """Applies messages of one consumer. `handlers` are called in their order, each with all fresh ones of its type."""

    consumer: str
    db: Database
    handlers: Mapping[type[Event], Handler]
    every: Handler | None = None
    tally: Tally = field(default_factory=Tally)

    async def apply(self, messages: Sequence[Message[Any]]) -> None:
        """Apply each message exactly once; returns when all of them are applied, parked or dead, and committed.

        Raises only faults of the place (see `is_fault_of_the_place`): then nothing of the rest was committed.
        """
        bad: list[Bad] = []
        good = self._known(messages, bad)
        self.tally.batches += 1
        await self._settle(good, bad, [])

    def _known(self, messages: Sequence[Message[Any]], bad: list[Bad]) -> list[Message[Any]]:
        """The messages that a handler may see, parsed; others are dropped (nobody listens) or bad."""
        good = []
        for message in messages:
            kind = kind_of(message.subject)
            if not is_v7(message.id):
                bad.append(Bad(message, "bad-id", f"the id {message.id} is no UUIDv7"))
            elif kind in self.handlers:
                try:
                    message.event  # noqa: B018 - parses it
                except ValueError as error:
                    bad.append(Bad(message, "undecodable", str(error)))
                else:
                    good.append(message)
            elif self.every is not None:
                good.append(message)
            elif kind is None:
                bad.append(Bad(message, "unknown-event", f"this service knows no event or version {message.subject}"))
        return good

    async def _settle(
        self, good: Sequence[Message[Any]], bad: Sequence[Bad], early: Sequence[tuple[Message[Any], NotYetKnown]]
    ) -> None:
        """Commit all three kinds at once; on refusal find the culprit and commit the others."""
        if not good and not bad and not early:
            return
        try:
            await self._commit(good, bad, early)
        except NotYetKnown as soon:
            culprit = soon.message or (good[0] if len(good) == 1 else None)
            if culprit is None:
                await self._halve(good, bad, early)
            else:
                await self._settle([one for one in good if one is not culprit], bad, [*early, (culprit, soon)])
        except Exception as error:
            if is_fault_of_the_place(error) or not good:
                raise
            if len(good) == 1:
                await self._settle([], [*bad, _blame(good[0], error)], early)
            else:
                await self._halve(good, bad, early)

    async def _halve(
        self, good: Sequence[Message[Any]], bad: Sequence[Bad], early: Sequence[tuple[Message[Any], NotYetKnown]]
    ) -> None:
        middle = len(good) // 2
        await self._settle(good[:middle], bad, early)
        await self._settle(good[middle:], [], [])

    async def _commit(
        self, good: Sequence[Message[Any]], bad: Sequence[Bad], early: Sequence[tuple[Message[Any], NotYetKnown]]
    ) -> None:
        async with self.db.transaction() as tx:
            fresh = await self._fresh(tx, good)
            set_aside = await self._fresh(tx, [message for message, _ in early])
            with story(f"apply {self.consumer}", fresh):
                await self._handle(tx, fresh)
            for message in set_aside:
                reason = next(reason for one, reason in early if one is message)
                await park(tx, message, reason.kind, reason.key)
            await self.bury(tx, bad)
        self.tally.applied += len(fresh)
        metrics.applied(self.consumer, [message.published_ns for message in fresh])
        self.tally.waiting += len(set_aside)
        self.tally.dead += len(bad)
        self.tally.duplicates += len(good) + len(early) - len(fresh) - len(set_aside)

    async def _fresh(self, tx: Tx, messages: Sequence[Message[Any]]) -> list[Message[Any]]:
        """Remember the messages in the inbox; those it did not hold yet."""
        if not messages:
            return []
        by_id = {message.id: message for message in messages}
        rows = await tx.fetch(_FRESH, sorted(by_id), self.consumer)
        if len(rows) == len(by_id):
            return list(by_id.values())
        new = {row[0] for row in rows}
        return [message for message in by_id.values() if message.id in new]

    async def _handle(self, tx: Tx, fresh: Sequence[Message[Any]]) -> None:
        if not fresh:
            return
        with self._context(fresh):
            if self.every is not None:
                await self.every(tx, fresh)
            if self.handlers:
                groups = defaultdict(list)
                for message in fresh:
                    groups[kind_of(message.subject)].append(message)
                for kind, handler in self.handlers.items():
                    if kind in groups:
                        await handler(tx, groups[kind])

    def _context(self, fresh: Sequence[Message[Any]]) -> AbstractContextManager[None]:
        if len(fresh) > 1:
            return context.work(by=f"service:{self.consumer}")
        only = fresh[0]
        return context.work(by=only.actor, correlation=only.correlation_id, trace_parent=only.trace, cause=only.id)

    async def bury(self, tx: Tx, bad: Sequence[Bad]) -> None:
        """Write the dead letters of a batch; a message buried before stays buried once."""
        for one in bad:
            message = one.message
            await tx.execute(
                _DEAD,
                uuid7(),
                self.consumer,
                message.stream,
                message.sequence,
                message.id,
                clean(message.subject),
                message.clean_headers(),
                message.body,
                one.reason,
                clean(one.error)[:4000],
                clean(one.stack)[-8000:],
                message.published_at,
                message.tries,
            )

    async def once_more(self, tx: Tx, message: Message[Any]) -> None:
        """Apply one dead letter inside a running transaction, whatever the inbox says. Raises what the handler raises,
        ValueError when the message still cannot be read.
        """
        bad: list[Bad] = []
        known = self._known([message], bad)
        if bad:
            raise ValueError(bad[0].error)
        await self._fresh(tx, known)
        await self._handle(tx, known)

    async def again(self, tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """Apply parked messages inside a running transaction; each that fails keeps its place or dies, alone."""
        try:
            async with tx.transaction():
                bad: list[Bad] = []
                known = self._known(messages, bad)
                await self._handle(tx, known)
                await self.bury(tx, bad)
                await forget(tx, messages)
        except NotYetKnown as soon:
            culprit = soon.message or (messages[0] if len(messages) == 1 else None)
            if culprit is None:
                await self._again_in_halves(tx, messages)
            else:
                await park(tx, culprit, soon.kind, soon.key)
                await self._again_unless_none(tx, [one for one in messages if one.id != culprit.id])
        except Exception as error:
            if is_fault_of_the_place(error):
                raise
            if len(messages) > 1:
                await self._again_in_halves(tx, messages)
            else:
                await self.bury(tx, [_blame(messages[0], error)])
                await forget(tx, messages)

    async def _again_in_halves(self, tx: Tx, messages: Sequence[Message[Any]]) -> None:
        middle = len(messages) // 2
        await self.again(tx, messages[:middle])
        await self.again(tx, messages[middle:])

    async def _again_unless_none(self, tx: Tx, messages: Sequence[Message[Any]]) -> None:
        if messages:
            await self.again(tx, messages)


def _blame(message: Message[Any], error: BaseException) -> Bad:
    stack = "".join(traceback.format_exception(error, limit=-12))
    trace.get_current_span().set_attribute("error.type", type(error).__name__)
    return Bad(message, type(error).__name__, str(error) or type(error).__name__, stack)
