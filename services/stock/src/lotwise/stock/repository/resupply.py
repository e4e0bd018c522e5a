"""The only home of who resupplies whom in SQL: the rules, shortages that wait for a request, requests that may go."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_SOURCES = """
select r.site, r.product_id, r.from_site from resupply r
join unnest($1::text[], $2::uuid[]) as w(site, product_id) using (site, product_id) where r.from_site is not null
"""
_SET = """
insert into resupply as r (site, product_id, from_site, set_by, set_at, revision) values ($1, $2, $3, $4, $5, 1)
on conflict (site, product_id) do update set from_site = excluded.from_site, set_by = excluded.set_by,
    set_at = excluded.set_at, revision = r.revision + 1
returning revision
"""
_LIST = """
select r.site, r.product_id, r.from_site, r.set_by, r.set_at, r.revision, p.code, p.name
from resupply r join product p on p.id = r.product_id
where ($1::text[] is null or r.site = any($1)) and ($2::uuid is null or r.product_id = $2)
  and (r.site, r.product_id) > ($3::text, $4::uuid) order by r.site, r.product_id limit $5
"""
_WAITING = """
select v.site, v.product_id, v.shortage_id, r.from_site, v.minimum,
       v.on_hand + coalesce((select sum(b.on_hand) from balance b join location o on o.id = b.location_id
           where b.product_id = v.product_id and b.site = v.site and b.kind = 'in_use' and o.area = ''
             and b.on_hand <> 0), 0)::bigint as on_hand,
       coalesce(v.reorder_at, p.reorder_at) as reorder_at, p.normal_order_quantity,
       coalesce((select sum(b.on_hand) from balance b where b.product_id = v.product_id and b.site = v.site
                 and b.kind = 'transit' and b.on_hand <> 0), 0)::bigint
       + coalesce((select sum(coalesce(l.approved, l.quantity)) from transfer t join transfer_line l
                   on l.transfer_id = t.id where t.to_site = v.site and l.product_id = v.product_id
                   and t.state in ('requested', 'approved', 'draft')), 0)::bigint
       + coalesce((select sum(greatest(0, o.ordered - o.received)) from open_order o where o.site = v.site
                   and o.product_id = v.product_id), 0)::bigint as coming
from level v join resupply r on r.site = v.site and r.product_id = v.product_id and r.from_site is not null
join product p on p.id = v.product_id
where v.shortage_id is not null and not p.is_archived
  and not exists (select from transfer t where t.shortage_id = v.shortage_id)
order by v.site, v.product_id limit $1
"""
_OVER = """
select t.id from transfer t join transfer_line l on l.transfer_id = t.id
join level v on v.site = t.to_site and v.product_id = l.product_id
where t.state = 'requested' and t.origin = 'shortage' and t.revision = 1
  and v.shortage_id is distinct from t.shortage_id
order by t.id limit $1
"""


async def sources_of(tx: Tx, cells: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], str]:
    """The site that resupplies each of these cells; cells that order for themselves are left out."""
    rows = await tx.fetch(_SOURCES, [key[0] for key in cells], [key[1] for key in cells])
    return {(row[0], row[1]): row[2] for row in rows}


async def rule_row(tx: Tx, site: str, product_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """The rule of a cell, None where none was ever set."""
    row: asyncpg.Record | None = await tx.fetchrow(
        "select site, product_id, from_site, set_by, set_at, revision from resupply"
        f" where site = $1 and product_id = $2{' for update' if lock else ''}",
        site, product_id,
    )  # fmt: skip
    return row


async def set_rule(tx: Tx, site: str, product_id: UUID, from_site: str | None, actor: str, now: datetime) -> int:
    """Write a rule; the new revision."""
    revision: int = await tx.fetchval(_SET, site, product_id, from_site, actor, now)
    return revision


async def rules_page(
    tx: Tx, sites: Collection[str] | None, product_id: UUID | None, after: tuple[str, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """A page of rules by site and product."""
    asked = None if sites is None else list(sites)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LIST, asked, product_id, *after, limit)
    return rows


async def waiting(tx: Tx, limit: int) -> Sequence[asyncpg.Record]:
    """Shortages of centrally supplied cells that no request answers yet, with what is coming to them."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_WAITING, limit)
    return rows


async def over(tx: Tx, limit: int) -> list[UUID]:
    """Requests that a shortage made, that nobody touched, and whose shortage is over."""
    return [row[0] for row in await tx.fetch(_OVER, limit)]
