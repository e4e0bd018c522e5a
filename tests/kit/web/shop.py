"""A toy service for the kit's own tests: it counts things at sites, and refuses below zero."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import resources
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Slug, Text
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.service import Service, create_app
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.web import Router
from lotwise.values import Refusal, Unknown

SCHEMA = """
create table thing (
    id uuid primary key, site text not null, name text not null,
    amount bigint not null constraint thing_amount check (amount >= 0),
    revision integer not null default 1, made_at timestamptz not null default now()
);
grant usage on schema public to {role};
grant select, insert, update, delete on all tables in schema public to {role};
grant usage on all sequences in schema public to {role};
"""


class NotEnough(Refusal):
    """There are fewer things than asked for."""

    code = "not-enough-things"
    title = "There are not that many"


class ThingIn(BaseModel):
    """A thing to add."""

    id: UUID
    site: Slug
    name: Text
    amount: int = Field(ge=-(2**70), le=2**70)


class Thing(ThingIn):
    """A thing as it is."""

    revision: int


class Take(BaseModel):
    """How many to take."""

    amount: int = Field(ge=1, le=1000)


class Rename(BaseModel):
    """A new name."""

    name: Text


class Many(BaseModel):
    """Several things at once."""

    things: list[ThingIn] = Field(max_length=1000)


class Counted(BaseModel):
    """How many were added."""

    added: int


router = Router(tags=["things"])


@router.post("/things", permission="stock.receive", status_code=201)
async def add(body: ThingIn, cmd: Cmd) -> Answer[Thing]:
    """Add a thing."""
    async with cmd.transaction() as tx:
        await tx.execute(
            "insert into thing (id, site, name, amount) values ($1, $2, $3, $4)",
            body.id,
            body.site,
            body.name,
            body.amount,
        )
        return await cmd.answer(
            tx, Thing(**body.model_dump(), revision=1), 201, site=body.site, target=body.id, revision=1
        )


@router.post("/things:batch", permission="stock.receive")
async def add_many(body: Many, cmd: Cmd) -> Answer[Counted]:
    """Add several."""
    async with cmd.transaction() as tx:
        return await cmd.answer(tx, Counted(added=len(body.things)))


@router.post("/things/{id}:take", permission="stock.adjust", refusals=(NotEnough,))
async def take(id: UUID, body: Take, cmd: Cmd) -> Answer[Thing]:  # noqa: A002
    """Take some; waits a moment so that tests can meet each other."""
    async with cmd.transaction() as tx:
        row = await tx.fetchrow("select * from thing where id = $1 for update", id)
        if row is None:
            raise Unknown("No thing has this id.", field="id")
        cmd.who.at("stock.adjust", row["site"])
        await asyncio.sleep(0.05)
        if row["amount"] < body.amount:
            raise NotEnough(
                "Take fewer.", ways_out=("Take what is there.",), wanted=body.amount, available=row["amount"]
            )
        changed = await tx.fetchrow(
            "update thing set amount = amount - $2, revision = revision + 1 where id = $1 returning *", id, body.amount
        )
        return await cmd.answer(tx, Thing(**dict(changed or {})), site=row["site"], reason="taken")


@router.put("/things/{id}", permission="stock.adjust")
async def rename(id: UUID, body: Rename, match: IfMatch, cmd: Cmd) -> Answer[Thing]:  # noqa: A002
    """Rename a thing that nobody changed meanwhile."""
    async with cmd.transaction() as tx:
        row = await tx.fetchrow("select * from thing where id = $1 for update", id)
        if row is None:
            raise Unknown("No thing has this id.", field="id")
        match.check(row["revision"])
        changed = await tx.fetchrow(
            "update thing set name = $2, revision = revision + 1 where id = $1 returning *", id, body.name
        )
        return await cmd.answer(tx, Thing(**dict(changed or {})), revision=row["revision"] + 1)


@router.get("/things", permission="stock.read")
async def things(read: Read, site: Slug | None = None, after: After = None, limit: Limit = 50) -> Page[Thing]:
    """Things by time, newest first."""
    sites = visible(read.who, "stock.read", site)
    keys = cursor_decode(after, datetime, UUID) or (None, None)
    async with read.connection() as tx:
        rows = await tx.fetch(
            "select * from thing where ($1::text[] is null or site = any($1))"
            " and ($2::timestamptz is null or (made_at, id) < ($2, $3)) order by made_at desc, id desc limit $4",
            sites, *keys, limit + 1,
        )  # fmt: skip
    page = [Thing(**dict(row)) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows=page, next=cursor_encode(last["made_at"], last["id"]) if last else None)


@router.get("/sites/{site}/things/count", permission="stock.read")
async def count(site: Slug, read: Read) -> Counted:
    """How many things a site has."""
    async with read.connection() as tx:
        return Counted(added=await tx.fetchval("select count(*) from thing where site = $1", site))


@router.get("/broken", permission="stock.read", site="chain")
async def broken(read: Read, how: Annotated[str, Query()]) -> Counted:
    """Fails in the way asked for."""
    if how == "bug":
        raise RuntimeError("patient Jane Doe must not leave the log")
    async with read.connection() as tx:
        return Counted(added=await tx.fetchval(how))


SERVICE = Service(name="stock", package="tests", settings=ServiceSettings, routers=(router,))


@asynccontextmanager
async def running(
    settings: ServiceSettings, service: Service = SERVICE
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The toy service with its lifespan, and a client that speaks to it in this process."""
    app = create_app(service, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield app, client


async def prepare(owner_url: str, app_url: str) -> None:
    """The kit's tables and the toy's own."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute((resources.files("lotwise.kit") / "schema.sql").read_text())
        await connection.execute(SCHEMA.format(role=app_url.split("//")[1].split(":", maxsplit=1)[0]))
    finally:
        await connection.close()


def body(**changes: Any) -> dict[str, Any]:
    """A thing that may be added."""
    from lotwise.contracts.ids import uuid7

    return {"id": str(uuid7()), "site": "harley", "name": "a thing", "amount": 5} | changes
