"""The only home of how an import posts: several batches on their way at once, the same key on every try, and waiting
until what was said has been heard.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from lotwise.kit import client
from lotwise.kit.client import ServiceClient, Unreachable
from lotwise.onebox.access import Access
from lotwise.onebox.home import Refused

CONCURRENCY = 3
TRIES_MAX = 12
MALFORMED = 422
TIMEOUT_SECONDS = 120.0
SETTLE_SECONDS_MAX = 1800.0
POLL_SECONDS = 0.05
_RUN = secrets.token_hex(6)


@dataclass(frozen=True)
class Batch:
    """One call: a list of bodies under a name, what else the call says, and the rows that the bodies stand for."""

    name: str
    bodies: Sequence[Any]
    rows: Sequence[Any]
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {self.name: self.bodies, **self.more}

    @property
    def key(self) -> str:
        """The same content is the same deed within a run; a rerun asks again and is told what it repeats."""
        digest = hashlib.sha256(orjson.dumps(self.body, default=str)).hexdigest()[:40]
        return f"import-{_RUN}-{digest}"

    def halves(self) -> "tuple[Batch, Batch]":
        """The same rows in two calls."""
        half = len(self.rows) // 2
        return (
            Batch(self.name, self.bodies[:half], self.rows[:half], self.more),
            Batch(self.name, self.bodies[half:], self.rows[half:], self.more),
        )


OnAnswer = Callable[[Batch, Any], None]
OnMalformed = Callable[[Batch, str], None]


@dataclass(frozen=True)
class Door:
    """A door of a service that takes many rows; what to do with an answer, and with a single row that fits no shape."""

    client: ServiceClient
    path: str
    on_answer: OnAnswer
    on_malformed: OnMalformed


async def post_all(door: Door, batches: Iterable[Batch]) -> None:
    """Post batches, a few at a time; each is tried until it is answered, a malformed row is found by halving.

    Raises Refused of the client when it may not be done at all, Refused of the command when the service stays away.
    """
    gate = asyncio.Semaphore(CONCURRENCY)
    async with asyncio.TaskGroup() as group:
        for batch in batches:
            await gate.acquire()
            group.create_task(_released(gate, _post(door, batch)))


async def _released(gate: asyncio.Semaphore, work: Awaitable[None]) -> None:
    try:
        await work
    finally:
        gate.release()


async def _post(door: Door, batch: Batch) -> None:
    try:
        answer = await _answer(door, batch)
    except client.Refused as problem:
        if problem.status != MALFORMED:
            raise
        if len(batch.rows) == 1:
            door.on_malformed(batch, sentence(problem.problem))
            return
        for half in batch.halves():
            await _post(door, half)
    else:
        door.on_answer(batch, answer)


def sentence(problem: Mapping[str, Any]) -> str:
    """A problem in words, with the field it is about."""
    errors = problem.get("errors") or [problem]
    first = errors[0]
    words = first.get("message") or first.get("detail") or problem.get("detail") or problem.get("title") or "refused"
    return f"{first['field']}: {words}" if first.get("field") else str(words)


async def _answer(door: Door, batch: Batch) -> Any:
    for attempt in range(1, TRIES_MAX + 1):
        try:
            return await door.client.post(door.path, json=batch.body, key=batch.key, timeout=TIMEOUT_SECONDS)
        except Unreachable as problem:
            if attempt == TRIES_MAX:
                raise Refused(f"{problem.detail} Run the import again: what was taken stays taken.") from None
            await asyncio.sleep(min(10.0, 0.2 * 2**attempt))
    return None


async def pages(service: ServiceClient, path: str, **parameters: Any) -> AsyncIterator[dict[str, Any]]:
    """Every row of a list, page by page."""
    after: str | None = None
    while True:
        cursor = {} if after is None else {"after": after}
        page = await service.get(path, params=parameters | {"limit": 500} | cursor, timeout=30.0)
        for row in page["rows"]:
            yield row
        after = page["next"]
        if after is None:
            return


class Settling:
    """Waits until what services said has been heard by others."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def wait(
        self, speakers: Sequence[str], hearers: Sequence[str], on_lag: "Callable[[int], None] | None" = None
    ) -> None:
        """Wait until the outboxes of `speakers` are empty and `hearers` have applied all they said, seen twice.

        Raises Refused after half an hour without that.
        """
        loop = asyncio.get_running_loop()
        until, quiet = loop.time() + SETTLE_SECONDS_MAX, 0
        while quiet < 2:
            lag = await self._lag(speakers, hearers)
            quiet = quiet + 1 if lag == 0 else 0
            if on_lag is not None:
                on_lag(lag)
            if loop.time() > until:
                raise Refused(f"{lag} events are still on their way after half an hour; see `lotwise status`.")
            await asyncio.sleep(POLL_SECONDS if lag < 5_000 else 10 * POLL_SECONDS)

    async def _lag(self, speakers: Sequence[str], hearers: Sequence[str]) -> int:
        said = await asyncio.gather(*(self._status(name) for name in speakers))
        waiting: int = sum(status["outbox_depth"] for status in said)
        heard = await asyncio.gather(*(self._status(name) for name in hearers))
        wanted = {f"{hearer}-{speaker}" for hearer in hearers for speaker in speakers}
        lag: int = sum(
            consumer["lag"] + consumer["in_hand"]
            for status in heard
            for consumer in status["consumers"]
            if consumer["name"] in wanted
        )
        return waiting + lag

    async def _status(self, name: str) -> dict[str, Any]:
        for _ in range(TRIES_MAX):
            try:
                status: dict[str, Any] = await self._access[name].get("/v1/ops/status", timeout=20.0)
            except Unreachable:
                await asyncio.sleep(0.5)
            else:
                if status["bus_connected"]:
                    return status
                await asyncio.sleep(0.5)
        raise Refused(f"{name} does not answer; see `lotwise status`.")
