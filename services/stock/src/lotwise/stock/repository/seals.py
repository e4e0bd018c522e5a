"""The only home of the ledger's chain in SQL: blocks over finished transactions, and what the audit reads of them."""

import hashlib
from collections.abc import Sequence

import asyncpg

from lotwise.kit.database import Tx

_NEXT = """
with last as (select block, xid_to, head from seal order by block desc limit 1),
bounds as (
    select coalesce((select xid_to from last), 0) as xid_from,

           pg_snapshot_xmin(pg_current_snapshot())::text::bigint + coalesce((select base from ledger_era), 0) as xid_to)
select coalesce((select block from last), 0) + 1 as block, b.xid_from, b.xid_to, (select head from last) as previous,
       count(m.id) as movements, sha256(coalesce(string_agg(m.content_hash, ''::bytea order by m.id), ''::bytea))
           as content
from bounds b left join movement m on m.xid >= b.xid_from and m.xid < b.xid_to
group by b.xid_from, b.xid_to
"""
_ADD = """
insert into seal (block, xid_from, xid_to, movements, content, head, sealed_at)
values ($1, $2, $3, $4, $5, $6, now())
"""
_BEHIND = """
with era as (select coalesce((select base from ledger_era), 0) as base),
sealed as (select coalesce(max(xid_to), 0) as xid_to from seal),
reached as (
    select greatest((select xid_to from sealed),
                    (select max(m.xid) + 1 from movement m where m.xid >= (select xid_to from sealed))) as xid)
select r.xid - (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + e.base) from reached r, era e
"""
_RAISE = """
insert into ledger_era (only_one, base) values (true, $1)
on conflict (only_one) do update set base = ledger_era.base + excluded.base
"""


_CONTENTS = """
select width_bucket(xid, $1::bigint[]) as place, count(*) as movements,
       sha256(string_agg(content_hash, ''::bytea order by id)) as content
from movement where xid >= $2 and xid < $3 group by 1
"""
_SECONDS_MAX = 600
EMPTY = hashlib.sha256(b"").digest()
"""What a block without rows hashes to."""


async def catch_up(tx: Tx) -> int:
    """Number on from where the ledger ended when this cluster counts lower: a backup was restored into it.

    Returns by how much; 0 where the numbers never went back. Called before anything is written.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtext('ledger_era'))")
    behind = int(await tx.fetchval(_BEHIND) or 0)
    if behind <= 0:
        return 0
    await tx.execute(_RAISE, behind)
    return behind


async def next_block(tx: Tx) -> asyncpg.Record | None:
    """What the next block would hold: all rows of transactions that are over and not sealed yet."""
    row: asyncpg.Record | None = await tx.fetchrow(_NEXT)
    return row


async def add_block(
    tx: Tx, block: int, xid_from: int, xid_to: int, movements: int, content: bytes, head: bytes
) -> None:
    """Write a block."""
    await tx.execute(_ADD, block, xid_from, xid_to, movements, content, head)


async def seals(tx: Tx, after: int, limit: int) -> Sequence[asyncpg.Record]:
    """The blocks after one, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select block, xid_from, xid_to, movements, content, head, sealed_at from seal"
        " where block > $1 order by block limit $2",
        after, limit,
    )  # fmt: skip
    return rows


async def contents_of(tx: Tx, blocks: Sequence[asyncpg.Record]) -> list[tuple[int, bytes]]:
    """For blocks in order: how many rows their transactions have now, and what they hash to."""
    starts = [block["xid_from"] for block in blocks]
    rows = await tx.fetch(_CONTENTS, starts, starts[0], blocks[-1]["xid_to"], timeout=_SECONDS_MAX)
    found = {row["place"]: (row["movements"], row["content"]) for row in rows}
    return [found.get(place, (0, EMPTY)) for place in range(1, len(blocks) + 1)]
