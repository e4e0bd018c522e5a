"""The only home of reading the ledger: what a charge moved and has not got back, and pages of movements."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_MOVED = """
select m.id, m.cause_id, m.line, m.site, m.product_id, m.lot_id, m.reason, f.kind as from_kind, f.area as from_area,
       t.kind as to_kind, m.quantity - coalesce(r.quantity, 0) as quantity, m.cost_minor - coalesce(r.cost_minor, 0)
           as cost
from movement m
join location f on f.id = m.from_location join location t on t.id = m.to_location
left join lateral (select sum(quantity)::bigint as quantity, sum(cost_minor)::bigint as cost_minor
                   from movement where reverses = m.id) r on true
where m.cause_id = any($1::uuid[]) and m.quantity > coalesce(r.quantity, 0) and m.reverses is null
order by m.id
"""
_PAGE = """
select m.id, m.recorded_at, m.happened_at, m.site, m.product_id, p.code, p.name, p.unit, p.unit_decimals, m.lot_id,
       l.number as lot_number, f.kind as from_kind, f.site as from_site, f.area as from_area, t.kind as to_kind,
       t.site as to_site, t.area as to_area, m.quantity, m.cost_minor, m.actor, m.reason, m.cause_id, m.line,
           m.trace_id,
       m.reverses
from movement m join product p on p.id = m.product_id join location f on f.id = m.from_location
join location t on t.id = m.to_location left join lot l on l.id = m.lot_id
where m.id < $1 and ($2::text[] is null or m.site = any($2)) and ($3::uuid is null or m.product_id = $3)
  and ($4::uuid is null or m.lot_id = $4) and ($5::uuid is null or m.cause_id = $5)
      and ($6::text is null or m.reason = $6)
order by m.id desc limit $7
"""


async def moved_by(tx: Tx, causes: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """What these causes moved and nobody reversed yet, in the order it moved; read it with the cells locked."""
    if not causes:
        return []
    rows: Sequence[asyncpg.Record] = await tx.fetch(_MOVED, list(causes))
    return rows


async def movements_page(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of movements, newest first; arguments in the order of the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PAGE, *arguments)
    return rows
