"""The only home of the shape of the kit's own rows, for every service's metadata; the DDL itself is in `schema`."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry


def table_registry() -> registry:
    """A fresh registry with its own metadata: `class Base(SQLModel, registry=table_registry())` in a service."""
    return registry(metadata=MetaData())


def _instant(name: str, *, nullable: bool = False, default: str | None = None) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def kit_tables(metadata: MetaData) -> None:
    """Add outbox, inbox, dead_letter, waiting, idempotency, audit, audit_seal, relay_state to a service's metadata."""
    Table(
        "outbox",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("seq", BigInteger, Identity(always=True), nullable=False),
        Column("subject", Text, nullable=False),
        Column("traceparent", Text),
        Column("correlation_id", Text),
        Column("actor", Text),
        Column("cause_id", Uuid),
        Column("body", LargeBinary, nullable=False),
        _instant("created_at"),
        _instant("published_at", nullable=True),
        Column("stream_seq", BigInteger),
        Column("stream_epoch", BigInteger),
        _instant("failed_at", nullable=True),
        Column("error", Text),
    )
    Table(
        "inbox",
        metadata,
        Column("msg_id", Uuid, primary_key=True),
        Column("consumer", Text, primary_key=True),
    )
    Table(
        "dead_letter",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("msg_id", Uuid),
        Column("subject", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("stack", Text, nullable=False),
        _instant("published_at", nullable=True),
        _instant("failed_at"),
        Column("tries", Integer, nullable=False),
        _instant("settled_at", nullable=True),
        Column("settled_by", Text),
    )
    Table(
        "waiting",
        metadata,
        Column("msg_id", Uuid, primary_key=True),
        Column("consumer", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("stream", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("subject", Text, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        _instant("published_at", nullable=True),
        _instant("parked_at"),
        Column("tries", Integer, nullable=False),
        _instant("retry_at"),
    )
    _records(metadata)


def _records(metadata: MetaData) -> None:
    Table(
        "idempotency",
        metadata,
        Column("owner", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("answer", LargeBinary, nullable=False),
        _instant("created_at"),
    )
    Table(
        "audit",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("seq", BigInteger, Identity(always=True), nullable=False),
        _instant("at"),
        Column("actor", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("site", Text),
        Column("target", Text, nullable=False),
        Column("details", JSONB, nullable=False),
        Column("reason", Text),
        Column("request_key", Text),
        Column("traceparent", Text),
        Column("content_hash", LargeBinary, nullable=False),
    )
    Table(
        "audit_seal",
        metadata,
        Column("block", BigInteger, primary_key=True),
        Column("seq_from", BigInteger, nullable=False),
        Column("seq_to", BigInteger, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("head", LargeBinary, nullable=False),
        _instant("sealed_at"),
    )
    Table(
        "relay_state",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("last_seq", BigInteger, nullable=False),
    )
