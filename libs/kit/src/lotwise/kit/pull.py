"""The only home of the standing pull: one open request to a durable, so that a message is here when it is there.

Batches grow only while the last one is being applied. Asks again when the credit is used up, on a status that ends the
request, after a reconnect, and after 2.5 heartbeats of silence.
"""

import asyncio
import contextlib
from collections import deque
from time import monotonic
from uuid import uuid4

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error

HEARTBEAT_SECONDS = 5.0
EXPIRES_SECONDS = 30.0
SILENCES = 2.5
PAUSE_SECONDS = 1.0
DRAIN_SECONDS = 2.0
_AT_ONCE = {"404", "408"}


class StandingPull:
    """An endless source of batches from one durable. `start`, then `next` again and again, then `stop`.

    Keeps at most two batches in memory; `fault` says in words why nothing comes, None when all is well.
    """

    def __init__(
        self,
        connection: Client,
        stream: str,
        durable: str,
        *,
        inbox_prefix: str,
        batch_max: int = 500,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        expires_seconds: float = EXPIRES_SECONDS,
    ) -> None:
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = f"{inbox_prefix}.{uuid4().hex}"
        self._batch_max = batch_max
        self._heartbeat = heartbeat_seconds
        self._request = {
            "batch": batch_max,
            "expires": int(expires_seconds * 1e9),
            "idle_heartbeat": int(heartbeat_seconds * 1e9),
        }
        self._arrived: deque[Msg] = deque()
        self._news = asyncio.Event()
        self._subscription: Subscription | None = None
        self._number = 0
        self._credit = 0
        self._heard_at = 0.0
        self._not_before = 0.0
        self.fault: str | None = None

    async def start(self) -> None:
        """Listen on the inbox; the first `next` asks."""
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._take)

    async def stop(self) -> list[Msg]:
        """Ask for nothing more; what arrived and was not handed out is returned, to be given back to the bus."""
        if self._subscription is not None:
            with contextlib.suppress(Error, TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
            self._subscription = None
        left = list(self._arrived)
        self._arrived.clear()
        self._credit = 0
        return left

    def put_back(self, batch: list[Msg]) -> None:
        """Take back a batch that was handed out and not begun."""
        self._arrived.extendleft(reversed(batch))

    async def unsubscribe(self) -> None:
        """What FastStream calls at the end: nothing yet, the consumer stops the pull and gives back what is left."""

    def renew(self) -> None:
        """The connection is a new one: the old request is gone, ask again."""
        self._credit = 0
        self._not_before = 0.0
        self._news.set()

    @property
    def pending(self) -> int:
        """How many messages have arrived and wait to be handed out."""
        return len(self._arrived)

    def peek(self) -> list[Msg]:
        """The messages that wait to be handed out, to tell the bus that they are in good hands."""
        return list(self._arrived)

    async def next(self) -> list[Msg]:
        """Whatever has arrived, up to a batch; waits while there is nothing."""
        while not self._arrived:
            await self._ask_if_needed()
            self._news.clear()
            if not self._arrived:
                await self._wait()
        await self._ask_if_needed(leaving=self._batch_max)
        arrived = self._arrived
        return [arrived.popleft() for _ in range(min(len(arrived), self._batch_max))]

    async def _wait(self) -> None:
        now = monotonic()
        limit = (self._heard_at + SILENCES * self._heartbeat if self._credit else self._not_before) - now
        try:
            async with asyncio.timeout(max(0.001, limit)):
                await self._news.wait()
        except TimeoutError:
            if self._credit and monotonic() - self._heard_at >= SILENCES * self._heartbeat:
                self._credit = 0
                self.fault = "no sign of life from the bus"

    async def _ask_if_needed(self, *, leaving: int = 0) -> None:
        if self._credit or len(self._arrived) - leaving >= self._batch_max or monotonic() < self._not_before:
            return
        if not self._connection.is_connected:
            self._not_before = monotonic() + 0.1
            self.fault = "not connected"
            return
        self._number += 1
        self._credit = self._batch_max
        self._heard_at = monotonic()
        try:
            await self._connection.publish(self._subject, orjson.dumps(self._request), f"{self._inbox}.{self._number}")
        except Error as error:
            self._pause(str(error))

    async def _take(self, message: Msg) -> None:
        self._heard_at = monotonic()
        if message.reply.startswith("$JS.ACK."):
            self._credit -= 1
            self.fault = None
            self._arrived.append(message)
        elif message.subject.endswith(f".{self._number}"):
            self._status(message)
        self._news.set()

    def _status(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status", "")
        if status == "100":
            self.fault = None
        elif status in _AT_ONCE:
            self._credit = 0
            self.fault = None
        else:
            self._pause(f"{status} {headers.get('Description', '')}".strip())

    def _pause(self, fault: str) -> None:
        self._credit = 0
        self._not_before = monotonic() + PAUSE_SECONDS
        self.fault = fault
