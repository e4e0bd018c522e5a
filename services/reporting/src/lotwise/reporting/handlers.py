"""Events in: reporting hears everything, keeps it as received, and moves its figures with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lotwise.contracts.envelope import stream_of
from lotwise.reporting.operations.journal import keep
from lotwise.reporting.repository.journal import Entry

if TYPE_CHECKING:
    from lotwise.kit.database import Tx
    from lotwise.kit.inbox import Message


async def on_events(tx: "Tx", messages: "Sequence[Message[Any]]") -> None:
    """Keep a batch of any events."""
    await keep(tx, [entry_of(message) for message in messages])


def entry_of(message: "Message[Any]") -> Entry:
    """A message as an entry of the journal; its time is the one in its id, which no redelivery changes."""
    return Entry(
        message.id,
        said_at(message.id),
        message.subject,
        message.stream or stream_of(message.subject.split(".")[2]),
        message.sequence,
        UUID(message.cause_id) if message.cause_id else None,
        message.correlation_id,
        message.traceparent,
        message.actor,
        message.body,
    )


def said_at(event_id: UUID) -> datetime:
    """When an event was written: the milliseconds in its UUIDv7."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)
