"""The only home of putting outbox rows on the bus and of reading its answers: CloudEvents in binary mode, or parcels.

Many messages go as one atomic batch, which shares one fsync but costs the server a store of its own; few go each by
itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from opentelemetry.trace import SpanKind

from lotwise.kit import wire
from lotwise.kit.parcels import CONTENT_TYPE, Parcel, batch_id, pack
from lotwise.kit.tracing import child_of, is_sampled, traceparent_of

ACK_SECONDS = 5.0
FEW = 12
"""Up to so many messages are cheaper and sooner there one by one (measured: the break-even lies between 10 and 20)."""

Answer = dict[str, Any]


class Publisher:
    """Publishes rows, alone or in parcels, over one connection; answers come to an inbox of its own."""

    def __init__(self, connection: Client, inbox_prefix: str) -> None:
        self.connection = connection
        self._inbox = f"{inbox_prefix}.{uuid4().hex}"
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._number = 0

    async def open(self) -> None:
        """Listen for answers."""
        await self.connection.subscribe(f"{self._inbox}.*", cb=self._take)

    async def at_once(self, messages: Sequence[Parcel]) -> Answer:
        """All or nothing, with one fsync; refused whole when the stream knows one of the ids already (10201).

        Raises TimeoutError, NoRespondersError, ConnectionClosedError: then nobody knows whether the bus has them.
        """
        batch = f"Nats-Batch-Id: {uuid4().hex}\r\nNats-Batch-Sequence:"
        publishes: list[wire.Publish] = []
        token, answer = self._ask()
        for place, one in enumerate(messages, 1):
            headers, body = _written(one)
            is_last = place == len(messages)
            end = "\r\nNats-Batch-Commit: 1\r\n" if is_last else "\r\n"
            block = wire.header_block(f"{headers}{batch} {place}{end}")
            publishes.append((one.subject, token if is_last else "", block, body))
        return (await self._send(publishes, [answer]))[0]

    async def each(self, messages: Sequence[Parcel]) -> list[Answer]:
        """Each message by itself, in order, and the answers to all of them. Raises as `at_once` does."""
        publishes, answers = [], []
        for one in messages:
            token, answer = self._ask()
            headers, body = _written(one)
            publishes.append((one.subject, token, wire.header_block(headers), body))
            answers.append(answer)
        return await self._send(publishes, answers)

    def _ask(self) -> tuple[str, asyncio.Future[Answer]]:
        self._number += 1
        token = f"{self._inbox}.{self._number}"
        answer = self._waiting[token] = asyncio.get_running_loop().create_future()
        return token, answer

    async def _send(self, publishes: list[wire.Publish], answers: list[asyncio.Future[Answer]]) -> list[Answer]:
        try:
            await wire.send(self.connection, publishes)
            async with asyncio.timeout(ACK_SECONDS):
                return [await answer for answer in answers]
        finally:
            self._waiting.clear()

    async def _take(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject)
        if answer is None or answer.done():
            return
        if message.headers and message.headers.get("Status") == "503":
            answer.set_exception(NoRespondersError())
        else:
            answer.set_result(orjson.loads(message.data))


def _written(one: Parcel) -> tuple[str, bytes]:
    """The header lines and the body of a message."""
    if not one.is_batch:
        return headers_of(one.rows[0]), one.rows[0]["body"]
    headers = f"Nats-Msg-Id: {batch_id(one.rows)}\r\ncontent-type: {CONTENT_TYPE}\r\n"
    return headers, pack(one.rows, [_trace(row) for row in one.rows])


def _trace(row: asyncpg.Record) -> str | None:
    """The traceparent that a row travels with: a recorded trace gains the span of publishing it."""
    trace: str | None = row["traceparent"]
    if trace is None or not is_sampled(trace):
        return trace
    event = row["subject"].split(".")[3]
    span = child_of(trace, f"publish {event}", SpanKind.PRODUCER, {"messaging.message.id": str(row["id"])})
    span.end()
    return traceparent_of(span) or trace


def headers_of(row: asyncpg.Record) -> str:
    """The row's envelope as header lines, each ended by CRLF: CloudEvents, trace, story, cause and actor."""
    number = row["id"]
    _, _, speaker, event, version = row["subject"].split(".")
    lines = (
        f"Nats-Msg-Id: {number}\r\nce-specversion: 1.0\r\nce-id: {number}\r\nce-source: lotwise/{speaker}\r\n"
        f"ce-type: {speaker}.{event}.{version}\r\nce-time: {row['created_at'].isoformat()}\r\n"
    )
    for name, value in (
        ("traceparent", _trace(row)),
        ("correlation_id", row["correlation_id"]),
        ("actor", row["actor"]),
        ("causation_id", row["cause_id"]),
    ):
        if value and str(value).isprintable():
            lines += f"{name}: {value}\r\n"
    return lines
