"""The only home of how the demo posts: through the public doors as the importer, each deed under a lasting key."""

import asyncio
from collections.abc import Iterable
from typing import Any

from lotwise.kit.client import Refused, Unreachable
from lotwise.onebox.access import Access
from lotwise.onebox.demo.history import ident

TRIES_MAX = 8
TIMEOUT_SECONDS = 60.0
TOGETHER = 4


class Doors:
    """Posts and puts that survive a restart of a service, and take "it exists already" for done."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def post(self, service: str, path: str, body: Any, key: str, done: Iterable[str] = ()) -> Any:
        """Do a deed once; a refusal with one of the codes in `done` counts as done (None)."""
        return await self._try(
            lambda: self.access[service].post(path, json=body, key=ident(key), timeout=TIMEOUT_SECONDS), done
        )

    async def put(self, service: str, path: str, body: Any, done: Iterable[str] = ()) -> Any:
        """Set something; the same again changes nothing."""
        return await self._try(lambda: self.access[service].put(path, json=body, timeout=TIMEOUT_SECONDS), done)

    async def _try(self, call: Any, done: Iterable[str]) -> Any:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                return await call()
            except Unreachable:
                if attempt == TRIES_MAX:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
            except Refused as refusal:
                if refusal.code not in done:
                    raise
                return None
        return None


async def together(work: Iterable[Any]) -> list[Any]:
    """Run some calls, four at a time; answers in their order."""
    gate = asyncio.Semaphore(TOGETHER)

    async def one(call: Any) -> Any:
        async with gate:
            return await call

    return list(await asyncio.gather(*(one(call) for call in work)))
