"""The only home of what documents of sales say that left stock, for the audit to compare with the ledger (N-01)."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_CHARGES = """
select c.charge_id as document_id, 'charge' as kind, c.site, c.recorded_at, l.product_id, l.unit_decimals,
       coalesce(sum(case when l.effect = 'return' then -abs(l.quantity) else l.quantity end)
                filter (where l.effect in ('sale', 'return')), 0)::bigint as quantity,
       bool_or(l.treatment_id is not null) as is_treated
from (select charge_id, site, recorded_at from charge
      where state in ('recorded', 'voided') and charge_id > $1 and ($2::text[] is null or site = any($2))
      order by charge_id limit $3) c
left join (select l.* from charge_line l join product p on p.product_id = l.product_id and p.kind = 'physical'
           where l.effect <> 'none') l on l.charge_id = c.charge_id and l.recorded_at = c.recorded_at
group by c.charge_id, c.site, c.recorded_at, l.product_id, l.unit_decimals
order by c.charge_id, l.product_id
"""
_REVERSALS = """
with returned as (
    select r.return_id as document_id, 'return' as kind, r.site, r.recorded_at, l.product_id, l.unit_decimals,
           -sum(l.quantity)::bigint as quantity
    from sale_return r join return_line l on l.return_id = r.return_id and l.moves_stock
    where r.return_id = any($1::uuid[])
    group by r.return_id, r.site, r.recorded_at, l.product_id, l.unit_decimals),
voided as (
    select v.void_id as document_id, 'void' as kind, c.site, v.recorded_at, l.product_id, l.unit_decimals,
           coalesce(b.quantity, 0) - sum(l.quantity)::bigint as quantity
    from charge_void v join charge c on c.charge_id = v.charge_id
    join charge_line l on l.charge_id = c.charge_id and l.effect = 'sale'
    left join lateral (select sum(r.quantity)::bigint as quantity from return_line r
                       where r.charge_id = v.charge_id and r.product_id = l.product_id and r.moves_stock) b on true
    where v.void_id = any($1::uuid[])
    group by v.void_id, c.site, v.recorded_at, l.product_id, l.unit_decimals, b.quantity)
select *, false as is_treated from returned union all select *, true from voided
"""


async def charges_after(tx: Tx, after: UUID, sites: Sequence[str] | None, limit: int) -> Sequence[asyncpg.Record]:
    """The next recorded charges in the order of their ids, a row per product that they touched (or one without)."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHARGES, after, None if sites is None else list(sites), limit)
    return rows


async def reversals(tx: Tx, ids: Sequence[UUID]) -> Sequence[asyncpg.Record]:
    """Those of these ids that are returns or voids, a row per product."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_REVERSALS, list(ids))
    return rows
