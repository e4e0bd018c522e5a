"""The only home of telling: an event becomes a row of the outbox in the transaction of the state it speaks of."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import is_v7, uuid7
from lotwise.kit import context
from lotwise.kit.database import Tx

if TYPE_CHECKING:
    from lotwise.kit.inbox import Message

BODY_BYTES_MAX = 900_000
CHANNEL = "outbox"
_UNCLEAN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_PLAIN = re.compile(r"[^!-~]")
_TRACE = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")

_INSERT = """
insert into outbox (id, subject, traceparent, correlation_id, actor, cause_id, body)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::bytea[])
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its cause (the message that led to it) and, if it must be the same for ever, its own UUIDv7."""

    event: Event
    cause: "Message[Any] | None" = None
    id: UUID | None = None


class OutboxStatus(BaseModel):
    """How far the telling lags behind: rows not yet on the bus, the age of the oldest in seconds, rows set aside."""

    unpublished: int
    oldest_seconds: float
    failed: int


async def tell(tx: Tx, *events: Event | Told) -> None:
    """Say events once this transaction commits; one statement however many there are.

    Trace, story and actor come from the cause, else from the context. Raises ValueError for an id that is no UUIDv7
    or a body over 900,000 bytes; the database refuses a malformed subject.
    """
    if not events:
        return
    await tx.execute(_INSERT, *zip(*_rows(events), strict=True))
    home = getattr(tx, "home", None)
    if home is None or not home.relay_is_here:
        await tx.execute(f"notify {CHANNEL}")
    if home is not None:
        tx.told.append(len(events))  # type: ignore[attr-defined]


@lru_cache(maxsize=1024)
def _tail(kind: type[Event]) -> str:
    """What follows the site in the subjects of a kind of event."""
    return kind.filter().removeprefix("lotwise.*")


_Row = tuple[UUID, str, str | None, str | None, str | None, UUID | None, bytes]


def _rows(events: tuple[Event | Told, ...]) -> list[_Row]:
    here = (context.current_traceparent(), context.correlation_id.get(), context.actor.get(), context.cause_id.get())
    trace, story, actor = _trace(here[0]), _plain(here[1]), _clean(here[2])
    rows: list[_Row] = []
    for told in events:
        if isinstance(told, Told):
            event, cause = told.event, told.cause
            event_id = uuid7() if told.id is None else told.id
            if not is_v7(event_id):
                raise ValueError(f"the id {event_id} of an event must be a UUIDv7")
        else:
            event, cause, event_id = told, None, uuid7()
        body = event.__pydantic_serializer__.to_json(event)
        if len(body) > BODY_BYTES_MAX:
            raise ValueError(f"{type(event).__name__} has {len(body)} bytes; an event has at most {BODY_BYTES_MAX}")
        if cause is None:
            rows.append(
                (
                    event_id,
                    f"lotwise.{event.site}{_tail(type(event))}",
                    trace,
                    story or str(event_id),
                    actor,
                    here[3],
                    body,
                )
            )
        else:
            by = _clean(cause.actor) or actor
            rows.append(
                (
                    event_id,
                    f"lotwise.{event.site}{_tail(type(event))}",
                    cause.trace,
                    _plain(cause.correlation_id),
                    by,
                    cause.id,
                    body,
                )
            )
    return rows


def _trace(text: str | None) -> str | None:
    return text if text and _TRACE.match(text) else None


def _plain(text: str | None) -> str | None:
    return _NOT_PLAIN.sub("", text)[:200] or None if text else None


def _clean(text: str | None) -> str | None:
    return _UNCLEAN.sub("", text)[:200] or None if text else None


async def outbox_status(tx: Tx) -> OutboxStatus:
    """Depth and age of what is not yet on the bus: the earliest alarm of all."""
    row = await tx.fetchrow(
        "select count(*) as unpublished,"
        " coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds,"
        " (select count(*) from outbox where failed_at is not null) as failed"
        " from outbox where published_at is null and failed_at is null"
    )
    return OutboxStatus.model_validate(dict(row or {}))


class FailedRow(BaseModel):
    """An event that the bus refused for its own sake (never for a fault of the bus)."""

    id: UUID
    subject: str
    error: str
    failed_at: datetime


async def failed_rows(tx: Tx, limit: int = 100) -> list[FailedRow]:
    """The events set aside by the relay, newest first."""
    rows = await tx.fetch(
        "select id, subject, error, failed_at from outbox where failed_at is not null order by failed_at desc limit $1",
        limit,
    )
    return [FailedRow.model_validate(dict(row)) for row in rows]
