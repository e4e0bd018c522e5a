"""The only home of early messages: parked on what they wait for, re-driven by the transaction that makes it known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from lotwise.contracts.envelope import Event
from lotwise.kit.database import Tx
from lotwise.kit.message import Message


class NotYetKnown(Exception):  # noqa: N818 - early is not an error
    """A message speaks of something not yet heard of: `kind` and `key` name it. Raised by a handler.

    Give `message` when the handler knows which one of its batch is early; else the batch is halved to find it.
    A handler may also call `park` and go on with the rest.
    """

    def __init__(self, kind: str, key: str, message: Message[Any] | None = None) -> None:
        super().__init__(f"waits for {kind} {key}")
        self.kind = kind
        self.key = key
        self.message = message


class Waiting(BaseModel):
    """A parked message as it is listed."""

    msg_id: UUID
    consumer: str
    kind: str
    key: str
    subject: str
    parked_at: datetime
    tries: int
    retry_at: datetime


_PARK = """
insert into waiting (msg_id, consumer, kind, key, stream, sequence, subject, headers, body, published_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (msg_id, consumer) do update
   set kind = excluded.kind, key = excluded.key, tries = waiting.tries + 1,
       retry_at = now() + make_interval(secs => least(300, 5 * 2 ^ least(waiting.tries, 10)))
"""
_OF_KEYS = "select * from waiting where kind = $1 and key = any($2) order by msg_id for update skip locked"
_DUE = "select * from waiting where retry_at <= now() order by retry_at, msg_id limit $1 for update skip locked"
_LIST = """
select msg_id, consumer, kind, key, subject, parked_at, tries, retry_at from waiting
where ($1::text is null or kind = $1) and ($2::text is null or key = $2) order by parked_at, msg_id limit $3
"""


async def park(tx: Tx, message: Message[Any], kind: str, key: str) -> None:
    """Set one message aside until `redrive(tx, kind, key)`: the handler goes on with the rest of its batch."""
    await tx.execute(
        _PARK,
        message.id,
        message.consumer,
        kind,
        key,
        message.stream,
        message.sequence,
        message.subject,
        message.clean_headers(),
        message.body,
        message.published_at,
    )


async def redrive(tx: Tx, kind: str, *keys: str) -> None:
    """Apply what waited for these keys, in the transaction that makes them known; what still fails stays parked.

    Does nothing in a process that hears nothing (an import, a test of one operation): the sweep finds it later.
    """
    home = getattr(tx, "home", None)
    if not keys or home is None or home.redriver is None:
        return
    rows = await tx.fetch(_OF_KEYS, kind, list(keys))
    if rows:
        await home.redriver.redrive(tx, [from_row(row) for row in rows])


async def due(tx: Tx, limit: int = 500) -> list[Message[Any]]:
    """Parked messages whose next try has come: the net under a redrive that a concurrent transaction missed."""
    return [from_row(row) for row in await tx.fetch(_DUE, limit)]


async def forget(tx: Tx, messages: Sequence[Message[Any]]) -> None:
    """Take messages off the list of the waiting: they were applied or are dead. One parked anew meanwhile stays."""
    await tx.execute(
        "delete from waiting w using unnest($1::uuid[], $2::text[], $3::int[]) as u(msg_id, consumer, tries)"
        " where w.msg_id = u.msg_id and w.consumer = u.consumer and w.tries = u.tries",
        [message.id for message in messages],
        [message.consumer for message in messages],
        [message.tries for message in messages],
    )


async def waiting_messages(tx: Tx, kind: str | None = None, key: str | None = None, limit: int = 100) -> list[Waiting]:
    """What waits, oldest first."""
    return [Waiting.model_validate(dict(row)) for row in await tx.fetch(_LIST, kind, key, limit)]


async def waiting_at(tx: Tx, kind: type[Event], site: str, limit: int = 1000) -> list[Message[Any]]:
    """The parked messages of one kind that speak of a site, oldest first."""
    subject = kind.filter().replace("*", site)
    rows = await tx.fetch("select * from waiting where subject = $1 order by msg_id limit $2", subject, limit)
    return [from_row(row) for row in rows]


def from_row(row: asyncpg.Record) -> Message[Any]:
    """A message as it was kept: parked, or as a dead letter."""
    published = row["published_at"]
    message: Message[Any] = Message(
        id=row["msg_id"],
        subject=row["subject"],
        body=row["body"],
        headers=row["headers"],
        stream=row["stream"],
        sequence=row["sequence"],
        published_ns=0 if published is None else round(published.timestamp() * 1e6) * 1000,
        tries=row["tries"],
        consumer=row["consumer"],
    )
    return message
