"""The only home of who works while the chain is struck: hands that send until they are answered, and what was told."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from tests.speed.load import Connection

from lotwise.contracts.ids import uuid7
from lotwise.values import Refusal

AGAIN = {401, 429, 503}
ANSWER_SECONDS_MAX = 15


@dataclass
class History:
    """What the hands were told and what was struck: the checker decides by it alone."""

    acknowledged: Counter[tuple[str, str]] = field(default_factory=Counter)
    charges: set[str] = field(default_factory=set)
    retries: Counter[str] = field(default_factory=Counter)
    strikes: list[str] = field(default_factory=list)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How much more lies at a (site, product), less when below zero, for transfers and counts."""
    deeds: Counter[str] = field(default_factory=Counter)
    blocked: set[str] = field(default_factory=set)
    """The products whose second lot stays recalled, at every site."""


class Hand:
    """Sends one request after the other; an unanswered one is sent again with its key until it is answered."""

    def __init__(self, port: int, bearer: Callable[[], Awaitable[str]], history: History, dice: random.Random) -> None:
        self.port = port
        self.bearer = bearer
        self.history = history
        self.dice = dice
        self.link: Connection | None = None

    async def surely(self, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
        """The answer to a request that takes effect once, however often it must be sent."""
        key, sent = key or str(uuid7()), orjson.dumps(body)
        while True:
            try:
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    self.link = self.link or await self._connected()
                    status, answer = await self.link.send("POST", path, key, sent)
            except (OSError, EOFError, TimeoutError, httpx.HTTPError) as error:
                self._again(type(error).__name__)
            except Refusal as error:
                if error.status not in AGAIN:
                    raise
                self._again(f"token {error.status}")
            else:
                if status in {200, 201}:
                    found: dict[str, Any] = orjson.loads(answer)
                    return found
                assert status in AGAIN, (path, body, answer)
                self._again(str(status))
            await asyncio.sleep(0.1)

    def _again(self, why: str) -> None:
        self.history.retries[why] += 1
        self.leave()
        self.link = None

    async def _connected(self) -> Connection:
        return await Connection("127.0.0.1", self.port, await self.bearer()).open()

    def leave(self) -> None:
        """Hang up."""
        if self.link is not None:
            self.link.close()
