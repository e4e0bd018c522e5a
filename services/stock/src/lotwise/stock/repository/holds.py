"""The only home of holds in SQL; a hold's rows are locked by id before any level."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_LOCKED = """
select h.id, h.site, h.state, h.expires_at from hold h join unnest($1::uuid[]) as w(id) using (id)
order by h.id for update of h
"""
_CLOSE = "update hold set state = $2, closed_at = $3 where id = any($1::uuid[])"
_LINES = """
select l.hold_id, h.site, l.product_id, l.quantity from hold_line l join hold h on h.id = l.hold_id
where l.hold_id = any($1::uuid[]) and l.broken_at is null
"""
_ADD = """
with added as (
    insert into hold (id, site, state, granted_at, expires_at, actor)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[]))
insert into hold_line (hold_id, product_id, quantity) select * from unnest($7::uuid[], $8::uuid[], $9::bigint[])
"""
_SEEN = """
select c.id, h.state, h.expires_at from unnest($1::uuid[]) as c(id) left join hold h on h.id = c.id
where h.id is not null or exists (select from effect e where e.cause_id = c.id)
"""
_HELD = """
select l.hold_id, l.quantity from hold_line l join hold h on h.id = l.hold_id
where l.product_id = $2 and h.site = $1 and h.state = 'granted' and l.broken_at is null
order by l.hold_id desc
"""
_LIST = """
select h.id, h.site, h.state, h.granted_at, h.expires_at, h.closed_at, h.actor,
       coalesce(json_agg(json_build_object('product_id', l.product_id, 'code', p.code, 'name', p.name,
           'quantity', l.quantity, 'decimals', p.unit_decimals, 'is_broken', l.broken_at is not null))
           filter (where l.hold_id is not null), '[]') as lines
from hold h left join hold_line l on l.hold_id = h.id left join product p on p.id = l.product_id
where ($1::text[] is null or h.site = any($1)) and ($2::text is null or h.state = $2) and h.id > $3
  and ($5::uuid is null or l.product_id = $5)
group by h.id order by h.id limit $4
"""


async def lock_holds(tx: Tx, ids: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Lock these holds in id order: (id, site, state, expires_at)."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LOCKED, sorted(set(ids)))
    return rows


HeldLine = tuple[UUID, str, UUID, int]
"""What a hold sets aside: (hold, site, product, quantity)."""


async def close_holds(tx: Tx, ids: Collection[UUID], state: str, now: datetime) -> list[HeldLine]:
    """Post or void those of these holds that are open; returns what they hold: the cells to lock next.

    Until those are locked a line may still be broken by others: release what `unbroken` says afterwards.
    """
    open_ids = [row[0] for row in await lock_holds(tx, ids) if row[2] == "granted"]
    if not open_ids:
        return []
    await tx.execute(_CLOSE, open_ids, state, now)
    return await unbroken(tx, open_ids)


async def unbroken(tx: Tx, ids: Collection[UUID]) -> list[HeldLine]:
    """The lines of these holds that nobody broke."""
    return [(row[0], row[1], row[2], row[3]) for row in await tx.fetch(_LINES, list(ids))] if ids else []


async def add_holds(
    tx: Tx, holds: Sequence[tuple[UUID, str, str, datetime, datetime, str]], lines: Sequence[tuple[UUID, UUID, int]]
) -> None:
    """Write granted holds and their lines."""
    if holds:
        await tx.execute(_ADD, *zip(*holds, strict=True), *zip(*lines, strict=True))


async def seen_before(tx: Tx, ids: Collection[UUID]) -> dict[UUID, tuple[str | None, datetime | None]]:
    """Those of these ids that have a hold (its state and end) or whose charge took its effect (then neither).

    Read it with the cells locked: who asked for the same at the same time has answered by then.
    """
    return {row[0]: (row[1], row[2]) for row in await tx.fetch(_SEEN, list(ids))}


async def held_lines(tx: Tx, site: str, product_id: UUID) -> list[tuple[UUID, int]]:
    """The open hold lines of a cell, newest first: (hold, quantity)."""
    return [(row[0], row[1]) for row in await tx.fetch(_HELD, site, product_id)]


async def break_lines(tx: Tx, holds: Collection[UUID], product_id: UUID, now: datetime) -> None:
    """Mark these holds' lines of a product as broken."""
    await tx.execute(
        "update hold_line set broken_at = $3 where hold_id = any($1::uuid[]) and product_id = $2",
        list(holds),
        product_id,
        now,
    )


async def expired_holds(tx: Tx, now: datetime, limit: int) -> list[tuple[UUID, str]]:
    """Open holds past their time, oldest first: (id, site)."""
    rows = await tx.fetch(
        "select id, site from hold where state = 'granted' and expires_at < $1 order by expires_at limit $2", now, limit
    )
    return [(row[0], row[1]) for row in rows]


async def list_holds(
    tx: Tx, sites: Collection[str] | None, state: str | None, after: UUID, limit: int, product_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """A page of holds with their lines, by id."""
    chosen = None if sites is None else list(sites)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LIST, chosen, state, after, limit, product_id)
    return rows
