"""The only home of the endpoints that every service has: health, metrics, parked messages, the audit trail."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from lotwise.contracts.fields import Text
from lotwise.kit import audit, dead_letters, metrics
from lotwise.kit.audit import Deed, Proof
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.dead_letters import DeadLetter, Explained, StillFails
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.schemas import asyncapi
from lotwise.kit.web import PUBLIC, Router

health = Router(prefix="", tags=["health"])
ops = Router(prefix="/v1", tags=["ops"])


class Health(BaseModel):
    """Whether this process can do its work, part by part."""

    ok: bool
    parts: dict[str, bool] = {}


class Consumer(BaseModel):
    """One durable subscription: its lag in messages and what it has in hand."""

    name: str
    lag: int
    in_hand: int = 0
    redelivered: int = 0


class OpsStatus(BaseModel):
    """How the machinery of this service is doing."""

    service: str
    outbox_depth: int
    outbox_oldest_seconds: float
    outbox_failed: int
    dead_letters: int
    waiting: int
    bus_connected: bool
    consumers: list[Consumer]


class WaitingMessage(BaseModel):
    """A message that came before what it refers to."""

    id: UUID
    consumer: str
    kind: str
    key: str
    subject: str
    parked_at: datetime
    tries: int


class Settled(BaseModel):
    """A parked message that was applied after all, or laid to rest."""

    id: UUID


class RetryBody(BaseModel):
    """Why a message is tried again; for the audit trail."""

    reason: Text = "tried again"


class DismissBody(BaseModel):
    """Why a message will never be applied; for the audit trail."""

    reason: Text


@health.get("/livez", permission=PUBLIC)
async def live() -> Health:
    """Answers as long as the event loop turns."""
    return Health(ok=True)


@health.get("/readyz", permission=PUBLIC)
async def ready(request: Request) -> Response:
    """200 when the database answers; the bus may be away: selling goes on without it."""
    parts: dict[str, bool] = await request.app.state.runtime.health()
    ok = parts.get("database", True) and parts.get("started", True)
    return JSONResponse({"ok": ok, "parts": parts}, 200 if ok else 503)


@health.get("/metrics", permission=PUBLIC)
async def prometheus(request: Request) -> Response:
    """Counters and gauges in the Prometheus text format."""
    await request.app.state.runtime.measure()
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@health.get("/openapi.json", permission=PUBLIC, include_in_schema=False)
async def openapi_document(request: Request) -> Response:
    """What this service answers over HTTP, as OpenAPI 3.1; made when first asked for, which may take a second."""
    return JSONResponse(await asyncio.to_thread(request.app.openapi))


@health.get("/asyncapi.json", permission=PUBLIC)
async def asyncapi_document(request: Request) -> Response:
    """What this service says and hears on the bus, as AsyncAPI 3.0."""
    return JSONResponse(asyncapi(request.app.state.runtime.name))


@ops.get("/ops/status", permission="ops.read")
async def status(read: Read) -> OpsStatus:
    """Outbox depth and age, consumer lag, parked messages."""
    return await read.runtime.status()


@ops.get("/ops/dead-letters", permission="ops.read")
async def list_dead(read: Read, after: After = None, limit: Limit = 100, settled: bool = False) -> Page[DeadLetter]:
    """Parked messages, newest first; settled ones on request."""
    keys = cursor_decode(after, datetime, UUID)
    async with read.connection() as tx:
        rows = await dead_letters.dead_letters(
            tx, is_open=not settled, before=(keys[0], keys[1]) if keys else None, limit=limit + 1
        )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows=rows[:limit], next=cursor_encode(last.failed_at, last.id) if last else None)


@ops.get("/ops/dead-letters/{id}", permission="ops.read", site="chain")
async def explain(id: UUID, read: Read) -> Explained:  # noqa: A002 - the name in the address
    """A parked message with its headers, its body and where it failed. Refuses an unknown one."""
    async with read.connection() as tx:
        return await dead_letters.explain(tx, id)


@ops.post("/ops/dead-letters/{id}:retry", permission="ops.manage", site="chain", refusals=(StillFails,))
async def retry(id: UUID, body: RetryBody, cmd: Cmd) -> Answer[Settled]:  # noqa: A002 - the name in the address
    """Hand a parked message to its handler again. Refuses an unknown one, and one that still cannot be applied."""
    try:
        async with cmd.transaction() as tx:
            await dead_letters.retry(tx, id, cmd.who.actor)
            return await cmd.answer(tx, Settled(id=id), reason=body.reason)
    except StillFails as failure:
        async with cmd.runtime.db.transaction() as tx:
            await dead_letters.count_try(tx, id, failure.detail)
        raise


@ops.post("/ops/dead-letters/{id}:dismiss", permission="ops.manage", site="chain")
async def dismiss(id: UUID, body: DismissBody, cmd: Cmd) -> Answer[Settled]:  # noqa: A002 - the name in the address
    """Lay a parked message to rest unapplied, with a reason. Refuses an unknown one."""
    async with cmd.transaction() as tx:
        await dead_letters.lay_to_rest(tx, id, cmd.who.actor)
        return await cmd.answer(tx, Settled(id=id), reason=body.reason)


@ops.get("/ops/waiting", permission="ops.read")
async def waiting(read: Read, limit: Limit = 100) -> Page[WaitingMessage]:
    """Messages that wait for a definition, oldest first (at most `limit`)."""
    async with read.connection() as tx:
        rows = await tx.fetch(
            "select msg_id as id, consumer, kind, key, subject, parked_at, tries from waiting"
            " order by parked_at, msg_id limit $1",
            limit,
        )
    return Page(rows=[WaitingMessage.model_validate(dict(row)) for row in rows])


@ops.get("/audit-trail", permission="audit.read")
async def audit_trail(
    read: Read,
    actor: str | None = None,
    site: str | None = None,
    target: str | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Deed]:
    """Who did what, newest first; a person bound to sites sees the deeds at these sites only."""
    keys = cursor_decode(after, UUID)
    sites = visible(read.who, "audit.read", site)
    async with read.connection() as tx:
        rows = await audit.read(
            tx, before=keys[0] if keys else None, actor=actor, sites=sites, target=target, limit=limit + 1
        )
    page = rows[:limit]
    return Page(rows=page, next=cursor_encode(page[-1].id) if len(rows) > limit else None)


@ops.get("/audit-trail/proof", permission="audit.read", site="chain")
async def audit_proof(read: Read, blocks: Annotated[int, Query(ge=1, le=audit.BLOCKS_MAX)] = 100) -> Proof:
    """Whether the last blocks of the audit trail are what they were when they were sealed."""
    async with read.connection() as tx:
        return await audit.prove(tx, blocks)
