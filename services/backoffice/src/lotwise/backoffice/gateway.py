"""The only home of calls to the services for a person: their token, typed answers, a deadline, a no to be shown."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from lotwise.kit.client import Refused, ServiceClient, Unreachable

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

__all__ = ["Gateway", "Refused", "Rows", "Shape", "Unreachable", "or_else"]

READ_SECONDS = 4.0
WRITE_SECONDS = 10.0
CHUNK = 50
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Shape(BaseModel):
    """What a page reads of an answer; a service may say more, and may leave out what has a default here."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Rows(Generic[M]):
    """A chunk of a list and the cursor to the next one."""

    rows: list[M]
    next: str | None = None


class Gateway:
    """The services as one person may use them. Every method raises Refused (their no) or Unreachable (no answer)."""

    def __init__(self, runtime: "Runtime", token: str) -> None:
        self._runtime = runtime
        self._token = token

    def _of(self, service: str) -> ServiceClient:
        return self._runtime.client(service)

    async def raw(self, service: str, path: str, **params: Any) -> Any:
        """Read JSON as it comes; parameters that are None or empty are left out."""
        asked = _asked(params)
        try:
            return await self._of(service).get(path, params=asked, timeout=READ_SECONDS, token=self._token)
        except Unreachable:
            await asyncio.sleep(0.15)
            return await self._of(service).get(path, params=asked, timeout=READ_SECONDS, token=self._token)

    async def one(self, shape: type[M], service: str, path: str, **params: Any) -> M:
        """Read one thing."""
        return shape.model_validate(await self.raw(service, path, **params))

    async def rows(self, shape: type[M], service: str, path: str, **params: Any) -> Rows[M]:
        """Read a chunk of a list ({rows, next}, or a bare list)."""
        answer = await self.raw(service, path, **params)
        many = answer if isinstance(answer, list) else answer.get("rows", [])
        found = TypeAdapter(list[shape]).validate_python(many)  # type: ignore[valid-type]
        return Rows(found, answer.get("next") if isinstance(answer, dict) else None)

    async def all(self, shape: type[M], service: str, path: str, **params: Any) -> AsyncIterator[M]:
        """Read a list to its end, chunk by chunk: no more than a chunk is kept here."""
        after = None
        while True:
            chunk = await self.rows(shape, service, path, **(params | {"limit": 500, "after": after}))
            for row in chunk.rows:
                yield row
            after = chunk.next
            if not after:
                return

    def stream(self, service: str, path: str) -> AsyncIterator[bytes]:
        """Read a file that a service writes while it is read."""
        return self._of(service).stream(path, timeout=READ_SECONDS, token=self._token)

    async def post(self, service: str, path: str, body: Mapping[str, Any], key: str) -> Any:
        """Do something once under a key; when no answer came it is sent once more, which the key makes safe."""
        client = self._of(service)
        try:
            return await client.post(path, json=dict(body), key=key, timeout=WRITE_SECONDS, token=self._token)
        except Unreachable:
            await asyncio.sleep(0.2)
            return await client.post(path, json=dict(body), key=key, timeout=WRITE_SECONDS, token=self._token)

    async def put(self, service: str, path: str, body: Mapping[str, Any], revision: str | int | None = None) -> Any:
        """Edit what was read at a revision; somebody else's edit in between is refused with 412."""
        match = None if revision in {None, ""} else f'"{revision}"'
        return await self._of(service).put(path, json=dict(body), match=match, timeout=WRITE_SECONDS, token=self._token)


async def or_else(call: Awaitable[T], otherwise: T) -> T:
    """What a part of a page shows when its service does not answer or refuses: the rest of the page stands."""
    try:
        return await call
    except (Refused, Unreachable):
        return otherwise


def _asked(params: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name.rstrip("_"): _plain(value) for name, value in params.items() if value is not None and value != ""}
    return {name: value for name, value in shown.items() if value is not False}


def _plain(value: Any) -> Any:
    if value is True:
        return "true"
    return str(value) if isinstance(value, UUID) else value
