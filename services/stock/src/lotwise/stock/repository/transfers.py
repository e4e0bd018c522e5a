"""The only home of transfers in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_LIST = """
select t.*,
       coalesce((select json_agg(json_build_object('line', l.line, 'product_id', l.product_id, 'code', p.code,
           'name', p.name,
                    'unit', p.unit, 'decimals', p.unit_decimals, 'lot_id', l.lot_id, 'quantity', l.quantity)
                        order by l.line)
                 from transfer_line l join product p on p.id = l.product_id where l.transfer_id = t.id), '[]') as lines,
       coalesce((select json_agg(json_build_object('line', s.line, 'product_id', s.product_id, 'lot_id', s.lot_id,
                    'lot_number', o.number, 'expires_on', o.expires_on, 'decimals', p.unit_decimals, 'shipped',
                        s.shipped,
                    'received', s.received, 'lost', s.lost, 'cost_minor', s.cost_minor) order by s.line, o.number)
                 from transfer_lot s join lot o on o.id = s.lot_id join product p on p.id = s.product_id
                 where s.transfer_id = t.id), '[]') as lots
from transfer t
"""
_ADD_LINES = """
insert into transfer_line (transfer_id, line, product_id, lot_id, quantity)
select $1, * from unnest($2::int[], $3::uuid[], $4::uuid[], $5::bigint[])
"""
_ADD_LOTS = """
insert into transfer_lot (transfer_id, line, lot_id, product_id, shipped, received, lost, cost_minor)
select $1, line, lot_id, product_id, shipped, 0, 0, cost_minor
from unnest($2::int[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[]) as s(line, lot_id, product_id, shipped,
    cost_minor)
on conflict (transfer_id, line, lot_id) do update
set shipped = transfer_lot.shipped + excluded.shipped, cost_minor = transfer_lot.cost_minor + excluded.cost_minor
"""
_ARRIVE = """
update transfer_lot s set received = s.received + a.received, lost = s.lost + a.lost
from unnest($2::int[], $3::uuid[], $4::bigint[], $5::bigint[]) as a(line, lot_id, received, lost)
where s.transfer_id = $1 and s.line = a.line and s.lot_id = a.lot_id
"""


async def add_transfer(
    tx: Tx, transfer_id: UUID, from_site: str, to_site: str, note: str, now: datetime, actor: str,
    lines: Sequence[tuple[int, UUID, UUID | None, int]],
) -> bool:  # fmt: skip
    """Write a draft with its lines; False when a transfer of this id exists."""
    added = await tx.fetchval(
        "insert into transfer (id, from_site, to_site, state, note, created_at, created_by, revision)"
        " values ($1, $2, $3, 'draft', $4, $5, $6, 1) on conflict (id) do nothing returning true",
        transfer_id, from_site, to_site, note, now, actor,
    )  # fmt: skip
    if added:
        await tx.execute(_ADD_LINES, transfer_id, *zip(*lines, strict=True))
    return bool(added)


async def lock_transfer(tx: Tx, transfer_id: UUID) -> asyncpg.Record | None:
    """One transfer, locked; taken before any level."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from transfer where id = $1 for update", transfer_id)
    return row


async def transfer_lines(tx: Tx, transfer_id: UUID) -> Sequence[asyncpg.Record]:
    """What it is to carry, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select line, product_id, lot_id, quantity from transfer_line where transfer_id = $1 order by line", transfer_id
    )
    return rows


async def transfer_lots(tx: Tx, transfer_id: UUID) -> Sequence[asyncpg.Record]:
    """What left with it, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select line, product_id, lot_id, shipped, received, lost from transfer_lot"
        " where transfer_id = $1 order by line, lot_id",
        transfer_id,
    )
    return rows


async def set_state(tx: Tx, transfer_id: UUID, state: str, now: datetime) -> None:
    """Move a transfer on."""
    await tx.execute(
        "update transfer set state = $2, revision = revision + 1,"
        " shipped_at = case when $2 = 'shipped' then $3 else shipped_at end,"
        " received_at = case when $2 = 'received' then $3 else received_at end where id = $1",
        transfer_id, state, now,
    )  # fmt: skip


async def add_shipped(tx: Tx, transfer_id: UUID, rows: Sequence[tuple[int, UUID, UUID, int, int]]) -> None:
    """Write the lots that left: (line, lot, product, quantity, cost)."""
    await tx.execute(_ADD_LOTS, transfer_id, *zip(*rows, strict=True))


async def arrive(tx: Tx, transfer_id: UUID, rows: Sequence[tuple[int, UUID, int, int]]) -> None:
    """Write what arrived and what was lost of each lot: (line, lot, received, lost)."""
    if rows:
        await tx.execute(_ARRIVE, transfer_id, *zip(*rows, strict=True))


async def transfer_row(tx: Tx, transfer_id: UUID) -> asyncpg.Record | None:
    """One transfer with its lines and lots."""
    row: asyncpg.Record | None = await tx.fetchrow(_LIST + " where t.id = $1", transfer_id)
    return row


async def transfers_page(
    tx: Tx, sites: Collection[str] | None, state: str | None, before: UUID, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of transfers that begin or end at these sites, newest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _LIST + " where ($1::text[] is null or t.from_site = any($1) or t.to_site = any($1))"
        " and ($2::text is null or t.state = $2) and t.id < $3 order by t.id desc limit $4",
        None if sites is None else list(sites), state, before, limit,
    )  # fmt: skip
    return rows
