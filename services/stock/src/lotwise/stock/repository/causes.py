"""The only home of what causes moved in all, for others to compare with what they recorded: charges and receipts."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_PAGE = """
select distinct cause_id from movement where cause_id > $1 order by cause_id limit $2
"""
_MOVED = """
select m.cause_id, m.site, m.product_id, p.unit_decimals, max(m.recorded_at) as recorded_at,
       array_agg(distinct m.reason order by m.reason) as reasons,
       coalesce(sum(m.quantity) filter (where t.kind = 'patient'), 0)::bigint
         - coalesce(sum(m.quantity) filter (where f.kind = 'patient'), 0)::bigint as given,
       coalesce(sum(m.quantity) filter (where f.kind = 'supplier'), 0)::bigint as received
from movement m join location f on f.id = m.from_location join location t on t.id = m.to_location
join product p on p.id = m.product_id
where m.cause_id = any($1::uuid[]) and ($2::text[] is null or m.site = any($2))
  and (f.kind in ('patient', 'supplier') or t.kind = 'patient')
group by m.cause_id, m.site, m.product_id, p.unit_decimals order by m.cause_id, m.site, m.product_id
"""


async def causes_after(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """The next causes of movements, in the order of their ids."""
    return [row[0] for row in await tx.fetch(_PAGE, after, limit)]


async def moved_by_causes(tx: Tx, causes: Sequence[UUID], sites: Sequence[str] | None) -> Sequence[asyncpg.Record]:
    """What these causes gave to patients (less what came back) and received from suppliers, by product and site."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_MOVED, list(causes), None if sites is None else list(sites))
    return rows
