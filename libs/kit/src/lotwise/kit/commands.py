"""The only home of a request's frame: a command that writes once under its key, and a reading.

Work is done inside `cmd.transaction()` and ends with `return await cmd.answer(tx, model)` inside of it, so that the
writes, their events, the audit row and the stored answer commit together or not at all.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import asyncpg
import orjson
from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.kit import audit, idempotency, telemetry
from lotwise.kit.database import Tx
from lotwise.kit.idempotency import Claim, Kept, KeyMissing, Replay
from lotwise.kit.principal import Principal
from lotwise.values import BadValue, Refusal

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

M = TypeVar("M")
_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")


class Answer(Response, Generic[M]):
    """A JSON answer whose body has the shape M; endpoints that write are annotated with it."""

    media_type = "application/json"


def dump(model: object) -> bytes:
    """JSON of a pydantic model, or of a list or dict of plain values and models."""
    if isinstance(model, BaseModel):
        return model.__pydantic_serializer__.to_json(model)
    return orjson.dumps(model, default=_plain)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


class Command:
    """A request that writes. `who` asks, `key` names it, `claim` is what a grouped writer stores answers by."""

    __slots__ = ("_request", "claim", "key", "runtime", "who")

    def __init__(self, request: Request, claim: Claim | None) -> None:
        self._request = request
        self.claim = claim
        self.key = claim.key if claim else None
        self.who: Principal = request.scope["lotwise.principal"]
        self.runtime: Runtime = request.app.state.runtime

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A transaction that commits at the end of the block; a request answered before never enters the block.

        Two requests with one key at once: the second one's work is rolled back and it gets the first one's answer.
        """
        try:
            with telemetry.transaction_span("command"):
                async with self.runtime.db.transaction() as tx:
                    if self.claim is not None and (kept := await idempotency.find(tx, self.claim)):
                        raise Replay(kept)
                    yield tx
        except (Refusal, asyncpg.IntegrityConstraintViolationError):
            await self._raise_if_answered()
            raise

    async def answer(
        self,
        tx: Tx,
        model: M,
        status_code: int = 200,
        *,
        site: str | None = None,
        target: object = None,
        details: Mapping[str, Any] | None = None,
        reason: str | None = None,
        revision: int | None = None,
    ) -> Answer[M]:
        """Store the answer under the key, add the deed to the audit trail and return the answer.

        `site`, `target` (an id; by default the last id of the path), `details` (figures before and after) and
        `reason` go into the trail; `revision` becomes the ETag.
        """
        body = dump(model)
        await audit.record(tx, self.deed(site=site, target=target, details=details, reason=reason))
        if self.claim is not None:
            await idempotency.keep_many(tx, [(self.claim, Kept(status_code, body))])
        return Answer(body, status_code, headers={"ETag": f'"{revision}"'} if revision is not None else None)

    def deed(
        self,
        *,
        site: str | None = None,
        target: object = None,
        details: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> audit.Entry:
        """The audit entry of this request; grouped writers hand it to `audit.record` themselves."""
        scope = self._request.scope
        route = scope["route"]
        parameters = scope.get("path_params") or {}
        return audit.Entry(
            actor=self.who.actor,
            subject=route.permission,
            action=f"{scope['method']} {route.path}",
            site=site if site is not None else parameters.get("site"),
            target=str(target if target is not None else next(reversed(parameters.values()), "")),
            details=details or {},
            reason=reason,
            request_key=self.key,
        )

    async def _raise_if_answered(self) -> None:
        if self.claim is None:
            return
        async with self.runtime.db.reading() as tx:
            kept = await idempotency.find(tx, self.claim)
        if kept is not None:
            raise Replay(kept)


class Reading:
    """A request that reads: `who` asks; `connection()` gives a read-only transaction, `glance()` one statement."""

    __slots__ = ("runtime", "who")

    def __init__(self, request: Request) -> None:
        self.who: Principal = request.scope["lotwise.principal"]
        self.runtime: Runtime = request.app.state.runtime

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Tx]:
        """A read-only view of one moment, on a connection from the pool."""
        with telemetry.transaction_span("reading"):
            async with self.runtime.db.reading() as tx:
                yield tx

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        """A connection for a single statement that reads: what an answer of one row needs and no more."""
        with telemetry.transaction_span("reading"):
            async with self.runtime.db.glance() as tx:
                yield tx


def replayed(kept: Kept) -> Answer[Any]:
    """The stored answer, marked as given before."""
    return Answer(kept.answer, kept.status, headers={"Idempotent-Replayed": "true"})


def visible(who: Principal, permission: str, site: str | None = None) -> Sequence[str] | None:
    """The sites a list may show: the asked one (Forbidden if it may not be seen), else all that may; None is every."""
    if site is not None:
        who.at(permission, site)
        return [site]
    sites = who.sites(permission)
    return None if sites is None else sorted(sites)


async def _command(request: Request) -> Command:
    key = request.headers.get("idempotency-key")
    if key is None:
        if request.method == "POST":
            raise KeyMissing("Send a header Idempotency-Key that is new for each deed.", field="Idempotency-Key")
        return Command(request, None)
    if not _KEY.match(key):
        raise BadValue("A key is 1 to 200 visible characters.", field="Idempotency-Key")
    return Command(request, Claim(request.scope["lotwise.principal"].subject, key, await _request_hash(request)))


async def _request_hash(request: Request) -> bytes:
    """The hash that tells another request under the same key; keyed, so that it gives away nothing of the body."""
    scope, secret = request.scope, request.app.state.runtime.settings.client_secret
    head = f"{scope['method']} {scope['path']}?".encode(errors="replace") + scope["query_string"] + b"\n"
    digest = blake2b(head, digest_size=32, key=secret.encode()[:64])
    digest.update(await request.body())
    return digest.digest()


async def _reading(request: Request) -> Reading:
    return Reading(request)


Cmd = Annotated[Command, Depends(_command)]
Read = Annotated[Reading, Depends(_reading)]
