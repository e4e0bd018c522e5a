"""The only home of putting outbox rows on the bus and of reading its answers: CloudEvents in binary mode.

Many rows go as one atomic batch, which shares one fsync but costs the server a store of its own; few go each by itself.
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
from lotwise.kit.tracing import child_of, is_sampled, traceparent_of

ACK_SECONDS = 5.0
FEW = 12
"""Up to so many rows are cheaper and sooner there one by one (measured: the break-even lies between 10 and 20)."""

Answer = dict[str, Any]


class Publisher:
    """Publishes rows over one connection; answers come to an inbox of its own."""

    def __init__(self, connection: Client, inbox_prefix: str) -> None:
        self.connection = connection
        self._inbox = f"{inbox_prefix}.{uuid4().hex}"
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._number = 0

    async def open(self) -> None:
        """Listen for answers."""
        await self.connection.subscribe(f"{self._inbox}.*", cb=self._take)

    async def at_once(self, rows: Sequence[asyncpg.Record]) -> Answer:
        """All or nothing, with one fsync; refused whole when the stream knows one of the ids already (10201).

        Raises TimeoutError, NoRespondersError, ConnectionClosedError: then nobody knows whether the bus has them.
        """
        batch = f"Nats-Batch-Id: {uuid4().hex}\r\nNats-Batch-Sequence:"
        last = len(rows)
        publishes = [
            (row["subject"], "", wire.header_block(f"{headers_of(row)}{batch} {place}\r\n"), row["body"])
            for place, row in enumerate(rows[:-1], 1)
        ]
        token, answer = self._ask()
        end = wire.header_block(f"{headers_of(rows[-1])}{batch} {last}\r\nNats-Batch-Commit: 1\r\n")
        publishes.append((rows[-1]["subject"], token, end, rows[-1]["body"]))
        return (await self._send(publishes, [answer]))[0]

    async def each(self, rows: Sequence[asyncpg.Record]) -> list[Answer]:
        """Each row by itself, in order, and the answers to all of them. Raises as `at_once` does."""
        publishes, answers = [], []
        for row in rows:
            token, answer = self._ask()
            publishes.append((row["subject"], token, wire.header_block(headers_of(row)), row["body"]))
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


def headers_of(row: asyncpg.Record) -> str:
    """The row's envelope as header lines, each ended by CRLF: CloudEvents, trace, story, cause and actor."""
    number = row["id"]
    _, _, speaker, event, version = row["subject"].split(".")
    trace = row["traceparent"]
    if is_sampled(trace):
        span = child_of(trace, f"publish {event}", SpanKind.PRODUCER, {"messaging.message.id": str(number)})
        trace = traceparent_of(span) or trace
        span.end()
    lines = (
        f"Nats-Msg-Id: {number}\r\nce-specversion: 1.0\r\nce-id: {number}\r\nce-source: lotwise/{speaker}\r\n"
        f"ce-type: {speaker}.{event}.{version}\r\nce-time: {row['created_at'].isoformat()}\r\n"
    )
    for name, value in (
        ("traceparent", trace),
        ("correlation_id", row["correlation_id"]),
        ("actor", row["actor"]),
        ("causation_id", row["cause_id"]),
    ):
        if value and str(value).isprintable():
            lines += f"{name}: {value}\r\n"
    return lines
