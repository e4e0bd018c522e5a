"""The only home of minimums that end by themselves, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_ADD = """
insert into temporary_minimum (id, site, product_id, minimum, reorder_at, was_minimum, was_reorder_at,
    setting_revision, ends_on, ends_at, reason, actor, made_at, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'active') on conflict do nothing returning id
"""
_PAGE = """
select t.*, p.code, p.name, p.unit, p.unit_decimals from temporary_minimum t join product p on p.id = t.product_id
where ($1::text[] is null or t.site = any($1)) and ($2::uuid is null or t.product_id = $2)
  and ($3::text is null or t.state = $3) and ($4::uuid is null or t.id = $4) and t.id < $5 order by t.id desc limit $6
"""


async def add_temporary(tx: Tx, *values: Any) -> bool:
    """Keep a temporary minimum; False when the cell has an active one or the id was used."""
    return await tx.fetchval(_ADD, *values) is not None


async def due_temporaries(tx: Tx, now: datetime, limit: int) -> Sequence[asyncpg.Record]:
    """Those whose time is over, locked, in the order of their cells."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from (select * from temporary_minimum where state = 'active' and ends_at <= $1 order by ends_at"
        " limit $2 for update skip locked) d order by site, product_id",
        now, limit,
    )  # fmt: skip
    return rows


async def lock_temporary(tx: Tx, temporary_id: UUID) -> asyncpg.Record | None:
    """One temporary minimum, locked until the end of the transaction."""
    row: asyncpg.Record | None = await tx.fetchrow(
        "select * from temporary_minimum where id = $1 for update", temporary_id
    )
    return row


async def close_temporary(tx: Tx, temporary_id: UUID, state: str, at: datetime, by: str) -> None:
    """Write down that it is over, and how."""
    await tx.execute(
        "update temporary_minimum set state = $2, ended_at = $3, ended_by = $4 where id = $1",
        temporary_id, state, at, by,
    )  # fmt: skip


async def temporaries_page(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of temporary minimums, newest first; arguments in the order of the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PAGE, *arguments)
    return rows
