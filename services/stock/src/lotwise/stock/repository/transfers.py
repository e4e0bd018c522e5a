"""The only home of transfers in SQL: their heads, lines, lots and steps, and what is on its way."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.transfers import LotChange

_LIST = """
select t.*, f.legal_entity as from_entity, d.legal_entity as to_entity,
       coalesce((select json_agg(json_build_object('line', l.line, 'product_id', l.product_id, 'code', p.code,
                    'name', p.name, 'unit', p.unit, 'decimals', p.unit_decimals, 'lot_id', l.lot_id,
                    'lot_number', o.number, 'quantity', l.quantity, 'approved', l.approved) order by l.line)
                 from transfer_line l join product p on p.id = l.product_id left join lot o on o.id = l.lot_id
                 where l.transfer_id = t.id), '[]') as lines,
       coalesce((select json_agg(json_build_object('line', s.line, 'product_id', s.product_id, 'lot_id', s.lot_id,
                    'code', p.code, 'name', p.name, 'unit', p.unit,
                    'lot_number', o.number, 'expires_on', o.expires_on, 'owner', o.owner, 'decimals', p.unit_decimals,
                    'shipped', s.shipped, 'received', s.received, 'lost', s.lost, 'returned', s.returned,
                    'found', s.found, 'cost_minor', s.cost_minor, 'left_minor', s.left_minor)
                    order by s.line, o.number)
                 from transfer_lot s join lot o on o.id = s.lot_id join product p on p.id = s.product_id
                 where s.transfer_id = t.id), '[]') as lots,
       (select count(*) from adjustment a where a.transfer_id = t.id and a.state = 'pending') as waiting
from transfer t join site f on f.slug = t.from_site join site d on d.slug = t.to_site
"""
_STEPS = (
    "select move, happened_at, recorded_at, actor, note, lines from transfer_step where transfer_id = $1 order by id"
)
_ADD_LINES = """
insert into transfer_line (transfer_id, line, product_id, lot_id, quantity)
select $1, * from unnest($2::int[], $3::uuid[], $4::uuid[], $5::bigint[])
"""
_ADD_LOTS = """
insert into transfer_lot (transfer_id, line, lot_id, product_id, shipped, received, lost, cost_minor, left_minor)
select $1, line, lot_id, product_id, shipped, 0, 0, cost_minor, cost_minor
from unnest($2::int[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[]) as s(line, lot_id, product_id, shipped,
    cost_minor)
on conflict (transfer_id, line, lot_id) do update
set shipped = transfer_lot.shipped + excluded.shipped, cost_minor = transfer_lot.cost_minor + excluded.cost_minor,
    left_minor = transfer_lot.left_minor + excluded.cost_minor
"""
_CHANGE = """
update transfer_lot s set received = s.received + a.received, lost = s.lost + a.lost,
    returned = s.returned + a.returned, found = s.found + a.found, left_minor = s.left_minor + a.left_minor,
    lost_minor = s.lost_minor + a.lost_minor
from (select line, lot_id, sum(received)::bigint as received, sum(lost)::bigint as lost,
             sum(returned)::bigint as returned, sum(found)::bigint as found, sum(left_minor)::bigint as left_minor,
             sum(lost_minor)::bigint as lost_minor
      from unnest($2::int[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                  $9::bigint[]) as c(line, lot_id, received, lost, returned, found, left_minor, lost_minor)
      group by line, lot_id) a
where s.transfer_id = $1 and s.line = a.line and s.lot_id = a.lot_id
"""
_STATE = """
update transfer set state = $2, revision = revision + 1,
    shipped_at = case when $2 = 'shipped' then coalesce(shipped_at, $3) else shipped_at end,
    shipped_by = case when $2 = 'shipped' and shipped_at is null then $4 else shipped_by end,
    received_at = case when $2 = 'received' then coalesce(received_at, $3) else received_at end,
    decided_at = case when $2 in ('approved', 'declined') then $3 else decided_at end,
    decided_by = case when $2 in ('approved', 'declined') then $4 else decided_by end
where id = $1
"""
_TRANSIT = (
    _LIST
    + """
where t.state = 'shipped' and ($1::text[] is null or t.from_site = any($1) or t.to_site = any($1))
  and (t.shipped_at, t.id) > ($2, $3) order by t.shipped_at, t.id limit $4
"""
)
_OVERDUE = """
select id, from_site, to_site, shipped_at from transfer
where state = 'shipped' and overdue_told_at is null and shipped_at < $1 order by shipped_at limit $2
for update skip locked
"""


class Head(NamedTuple):
    """A transfer as it is first written."""

    id: UUID
    from_site: str
    to_site: str
    state: str
    note: str
    actor: str
    origin: str = "person"
    shortage_id: UUID | None = None
    of_transfer: UUID | None = None


class Step(NamedTuple):
    """One step of a transfer's life; `lines` are {line, product_id, lot_id, lot_number, quantity} in texts."""

    move: str
    happened_at: datetime
    actor: str
    note: str = ""
    lines: Sequence[dict[str, Any]] = ()


Line = tuple[int, UUID, UUID | None, int]
"""Number, product, lot or none, quantity in smallest units."""


async def add_transfer(tx: Tx, head: Head, lines: Sequence[Line], now: datetime) -> bool:
    """Write a transfer with its lines; False when one of this id, or of this shortage, exists."""
    added = await tx.fetchval(
        "insert into transfer (id, from_site, to_site, state, note, created_by, origin, shortage_id, of_transfer,"
        " created_at, revision) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)"
        " on conflict do nothing returning true",
        *head, now,
    )  # fmt: skip
    if added:
        await tx.execute(_ADD_LINES, head.id, *zip(*lines, strict=True))
    return bool(added)


async def change_transfer(tx: Tx, transfer_id: UUID, note: str, lines: Sequence[Line]) -> None:
    """Give a locked transfer other lines and another note."""
    await tx.execute("update transfer set note = $2, revision = revision + 1 where id = $1", transfer_id, note)
    await tx.execute("delete from transfer_line where transfer_id = $1", transfer_id)
    await tx.execute(_ADD_LINES, transfer_id, *zip(*lines, strict=True))


async def approve_lines(tx: Tx, transfer_id: UUID, quantities: Sequence[tuple[int, int]]) -> None:
    """Write what of each line was approved: (line, quantity)."""
    await tx.execute(
        "update transfer_line l set approved = a.quantity from unnest($2::int[], $3::bigint[]) as a(line, quantity)"
        " where l.transfer_id = $1 and l.line = a.line",
        transfer_id, *(zip(*quantities, strict=True) if quantities else ([], [])),
    )  # fmt: skip


async def add_step(tx: Tx, transfer_id: UUID, step: Step, now: datetime) -> None:
    """Remember who did what; the steps are only ever added to."""
    await tx.execute(
        "insert into transfer_step (id, transfer_id, move, happened_at, recorded_at, actor, note, lines)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        uuid7(), transfer_id, step.move, step.happened_at, now, step.actor, step.note, list(step.lines),
    )  # fmt: skip


async def lock_transfer(tx: Tx, transfer_id: UUID) -> asyncpg.Record | None:
    """One transfer, locked; taken before any level."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from transfer where id = $1 for update", transfer_id)
    return row


async def transfer_lines(tx: Tx, transfer_id: UUID) -> Sequence[asyncpg.Record]:
    """What it is to carry, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select line, product_id, lot_id, quantity, approved from transfer_line where transfer_id = $1 order by line",
        transfer_id,
    )
    return rows


async def transfer_lots(tx: Tx, transfer_id: UUID) -> Sequence[asyncpg.Record]:
    """What left with it, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select line, product_id, lot_id, shipped, received, lost, returned, found, cost_minor, left_minor, lost_minor"
        " from transfer_lot where transfer_id = $1 order by line, lot_id",
        transfer_id,
    )
    return rows


async def set_state(tx: Tx, transfer_id: UUID, state: str, now: datetime, actor: str) -> None:
    """Move a transfer on; the first instant of each state stays."""
    await tx.execute(_STATE, transfer_id, state, now, actor)


async def set_carrier(tx: Tx, transfer_id: UUID, carrier: str) -> None:
    """Write who carries it."""
    await tx.execute("update transfer set carrier = $2 where id = $1", transfer_id, carrier)


async def add_shipped(tx: Tx, transfer_id: UUID, rows: Sequence[tuple[int, UUID, UUID, int, int]]) -> None:
    """Write the lots that left: (line, lot, product, quantity, cost)."""
    await tx.execute(_ADD_LOTS, transfer_id, *zip(*rows, strict=True))


async def change_lots(tx: Tx, transfer_id: UUID, changes: Sequence[LotChange]) -> None:
    """Write what became of the lots that left."""
    if changes:
        await tx.execute(_CHANGE, transfer_id, *zip(*changes, strict=True))


async def state_of(tx: Tx, transfer_id: UUID) -> str:
    """The state a transfer is in."""
    return str(await tx.fetchval("select state from transfer where id = $1", transfer_id))


async def transfer_row(tx: Tx, transfer_id: UUID) -> asyncpg.Record | None:
    """One transfer with its lines and lots."""
    row: asyncpg.Record | None = await tx.fetchrow(_LIST + " where t.id = $1", transfer_id)
    return row


async def transfer_steps(tx: Tx, transfer_id: UUID) -> Sequence[asyncpg.Record]:
    """Its steps, oldest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_STEPS, transfer_id)
    return rows


async def returns_of(tx: Tx, transfer_id: UUID) -> dict[tuple[UUID, UUID], int]:
    """What is going or went back of it, by (product, lot); returns that were called off do not count."""
    rows = await tx.fetch(
        "select l.product_id, l.lot_id, sum(l.quantity)::bigint from transfer t join transfer_line l"
        " on l.transfer_id = t.id where t.of_transfer = $1 and t.origin = 'return' and t.state <> 'cancelled'"
        " group by l.product_id, l.lot_id",
        transfer_id,
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def transfers_page(
    tx: Tx, sites: Collection[str] | None, state: str | None, before: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of transfers that begin or end at these sites, the latest made first, from before a number on."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _LIST + " where ($1::text[] is null or t.from_site = any($1) or t.to_site = any($1))"
        " and ($2::text is null or t.state = $2) and t.seq < $3 order by t.seq desc limit $4",
        None if sites is None else list(sites), state, before, limit,
    )  # fmt: skip
    return rows


async def transit_page(
    tx: Tx, sites: Collection[str] | None, after: datetime, after_id: UUID, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what is on its way from or to these sites, the oldest first."""
    asked = None if sites is None else list(sites)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_TRANSIT, asked, after, after_id, limit)
    return rows


async def transit_sums(tx: Tx, sites: Collection[str] | None) -> asyncpg.Record:
    """How many transfers are on their way, how many were told to be late, and what is on its way at cost."""
    row = await tx.fetchrow(
        "select count(distinct t.id) as transfers,"
        " count(distinct t.id) filter (where t.overdue_told_at is not null) as overdue,"
        " coalesce(sum(l.left_minor), 0)::bigint as value_minor"
        " from transfer t left join transfer_lot l on l.transfer_id = t.id"
        " where t.state = 'shipped' and ($1::text[] is null or t.from_site = any($1) or t.to_site = any($1))",
        None if sites is None else list(sites),
    )
    if row is None:
        raise LookupError("an aggregate always has one row")
    return row


async def overdue(tx: Tx, shipped_before: datetime, limit: int) -> Sequence[asyncpg.Record]:
    """Transfers still on their way that left before an instant and of which nobody was told; locked."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_OVERDUE, shipped_before, limit)
    return rows


async def mark_overdue(tx: Tx, ids: Sequence[UUID], now: datetime) -> None:
    """Remember that these were told to be late."""
    await tx.execute("update transfer set overdue_told_at = $2 where id = any($1::uuid[])", list(ids), now)
