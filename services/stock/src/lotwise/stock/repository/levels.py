"""The only home of reading levels: pages, sums of a site, one cell, its history by day."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_FIGURES = """
    coalesce(l.on_hand, 0) as on_hand, coalesce(l.held, 0) as held, coalesce(l.value_minor, 0) as value_minor,
    coalesce(l.unattributed, 0) as unattributed, l.minimum, l.reorder_at as own_reorder_at, l.last_cost,
    coalesce(l.reorder_at, p.reorder_at) as reorder_at, p.normal_order_quantity,
    coalesce(l.is_below, false) as is_below, coalesce(l.is_at_reorder, false) as is_at_reorder,
    coalesce(l.on_hand, 0) <= 0 as is_out, l.shortage_id, l.short_since, coalesce(l.revision, 0) as revision,
    coalesce(l.setting_revision, 0) as setting_revision,
    p.id as product_id, p.code, p.name, p.category_id, p.category_name, p.unit, p.unit_decimals, p.purpose,
        p.is_archived
"""
_ELSEWHERE = """
left join lateral (
    select coalesce(sum(b.on_hand) filter (where b.kind = 'transit'), 0)::bigint as in_transit,
           coalesce(sum(b.on_hand) filter (where b.kind = 'quarantine'), 0)::bigint as quarantined,
           coalesce(sum(b.on_hand) filter (where b.kind = 'in_use' and not o.is_recalled
               and (select c.area from location c where c.id = b.location_id) = ''), 0)::bigint as opened,
           min(o.expires_on) filter (where b.kind = 'shelf') as next_expiry,
           count(distinct b.lot_id) filter (where b.kind = 'shelf') as lots
    from balance b left join lot o on o.id = b.lot_id
    where b.product_id = page.product_id and b.site = page.site and b.on_hand <> 0) e on true
"""
_SITE_PAGE = f"""
select page.*, e.in_transit, e.quarantined, e.opened, e.next_expiry, e.lots from (
    select $1::text as site, lower(p.name) collate "C" as sort_name, {_FIGURES}
    from product p left join level l on l.product_id = p.id and l.site = $1
    where p.kind = 'physical' and (not p.is_archived or l.on_hand <> 0)
      and ($2::text is null or p.name ilike $2 or p.code ilike $2)
      and ($3::uuid is null or p.category_id = $3)
      and (not $4::bool or l.is_below) and (not $8::bool or l.shortage_id is not null)
      and (lower(p.name) collate "C", p.id) > ($5::text collate "C", $6::uuid)
    order by lower(p.name) collate "C", p.id limit $7) page
{_ELSEWHERE} order by page.sort_name, page.product_id
"""
_CHAIN_PAGE = f"""
select page.*, e.in_transit, e.quarantined, e.opened, e.next_expiry, e.lots from (
    select l.site, lower(p.name) collate "C" as sort_name, {_FIGURES}
    from product p cross join lateral (
        select * from level where product_id = p.id and ($1::text[] is null or site = any($1)) offset 0) l
    where (lower(p.name) collate "C", p.id) >= ($5::text collate "C", $6::uuid)
      and ($2::text is null or p.name ilike $2 or p.code ilike $2)
      and ($3::uuid is null or p.category_id = $3)
      and (not $4::bool or l.is_below) and (not $9::bool or l.shortage_id is not null)
      and ($10::uuid is null or p.id = $10)
      and (lower(p.name) collate "C", p.id, l.site) > ($5::text collate "C", $6::uuid, $7::text)
    order by lower(p.name) collate "C", p.id, l.site limit $8) page
{_ELSEWHERE} order by page.sort_name, page.product_id, page.site
"""
_ONE = f"""
select page.*, e.in_transit, e.quarantined, e.opened, e.next_expiry, e.lots,
       coalesce((select sum(greatest(0, o.ordered - o.received)) from open_order o
                 where o.site = page.site and o.product_id = page.product_id), 0)::bigint as on_order
from (
    select s.slug as site, {_FIGURES}
    from site s join product p on p.id = $2 left join level l on l.product_id = p.id and l.site = s.slug
    where s.slug = $1) page
{_ELSEWHERE}
"""
_SUMS = """
with live as materialized (
    select b.kind, b.cost_minor, l.owner, l.expires_on from balance b {with_lot} where b.on_hand <> 0 and {at_sites})
select (select count(*) from product where kind = 'physical' and not is_archived) as products,
       (select count(*) from (select distinct b.site, b.product_id from balance b
                              where b.on_hand <> 0 and b.kind = 'shelf' and {at_sites}) c) as stocked,
       w.*, s.*
from (select count(*) filter (where kind = 'unattributed') as unattributed,
             coalesce(sum(cost_minor) filter (where kind = 'shelf' and owner = ''), 0)::bigint as value_minor,
             coalesce(sum(cost_minor) filter (where kind = 'shelf' and owner <> ''), 0)::bigint as consigned_minor,
             coalesce(sum(cost_minor) filter (where kind = 'quarantine'), 0)::bigint as quarantined_minor,
             coalesce(sum(cost_minor) filter (where kind = 'transit'), 0)::bigint as in_transit_minor,
             count(*) filter (where kind = 'shelf' and expires_on <= $2) as lots_expiring,
             coalesce(sum(cost_minor) filter (where kind = 'shelf' and expires_on <= $2), 0)::bigint as expiring_minor
      from live) w,
     (select count(*) filter (where is_below) as below_minimum, count(*) filter (where is_at_reorder) as at_reorder,
             count(*) filter (where is_out) as out_of_stock
      from level b where b.shortage_id is not null and {at_sites}) s
"""
"""Goods from the index of what lies here; alarms from that of open shortages: whatever is below or due has one."""
_EVERY_LOT = "left join lot l on l.id = b.lot_id"
_ITS_LOT = "left join lateral (select owner, expires_on from lot where id = b.lot_id offset 0) l on true"
"""A site's goods look up their lots one by one, the chain's all at once: a site pays nothing for the others' lots."""
_HISTORY = """
with days as (
    select d.happened_on, sum(d.quantity)::bigint as quantity, sum(d.cost_minor)::bigint as cost_minor,
           sum(d.quantity) filter (where d.quantity > 0)::bigint as came,
           sum(-d.quantity) filter (where d.quantity < 0)::bigint as went
    from daily_total d join location p on p.id = d.location_id
    where d.product_id = $2 and p.site = $1 and p.kind = 'shelf' and d.happened_on <= $4
    group by d.happened_on)
select g.day::date as day,
       (b.quantity + coalesce(sum(d.quantity) over before, 0))::bigint as on_hand,
       (b.cost_minor + coalesce(sum(d.cost_minor) over before, 0))::bigint as value_minor,
       coalesce(d.came, 0) as came, coalesce(d.went, 0) as went
from generate_series($3::date, $4::date, interval '1 day') g(day)
cross join (select coalesce(sum(quantity), 0) as quantity, coalesce(sum(cost_minor), 0) as cost_minor
            from days where happened_on < $3) b
left join days d on d.happened_on = g.day::date
window before as (order by g.day)
order by g.day
"""


async def cells_of_products(tx: Tx, product_ids: Collection[UUID]) -> list[tuple[str, UUID]]:
    """The cells that exist of these products."""
    rows = await tx.fetch("select site, product_id from level where product_id = any($1::uuid[])", list(product_ids))
    return [(row[0], row[1]) for row in rows]


async def site_page(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of all products at one site, by name; arguments in the order of the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_SITE_PAGE, *arguments)
    return rows


async def chain_page(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of levels over sites, by name, then site."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHAIN_PAGE, *arguments)
    return rows


async def one_level(tx: Tx, site: str, product_id: UUID) -> asyncpg.Record | None:
    """The figures of one cell and what is on order for it, zeros where nothing ever was; None for an unknown one."""
    row: asyncpg.Record | None = await tx.fetchrow(_ONE, site, product_id)
    return row


async def sums(tx: Tx, sites: Collection[str] | None, expiring_by: date) -> asyncpg.Record:
    """The totals of sites (None: of the chain)."""
    at_sites = "$1::text[] is null" if sites is None else "b.site = any($1::text[])"
    statement = _SUMS.format(at_sites=at_sites, with_lot=_EVERY_LOT if sites is None else _ITS_LOT)
    row = await tx.fetchrow(statement, None if sites is None else list(sites), expiring_by)
    if row is None:
        raise LookupError("an aggregate always has one row")
    return row


async def history(tx: Tx, site: str, product_id: UUID, since: date, until: date) -> Sequence[asyncpg.Record]:
    """On hand at the end of each day and what came and went, from the daily totals."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_HISTORY, site, product_id, since, until)
    return rows


async def on_order(tx: Tx, site: str, product_ids: Collection[UUID]) -> dict[UUID, int]:
    """What purchasing told is on order for a site, not yet received."""
    rows = await tx.fetch(
        "select product_id, sum(greatest(0, ordered - received))::bigint from open_order"
        " where site = $1 and product_id = any($2::uuid[]) group by product_id",
        site, list(product_ids),
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


async def in_transit(tx: Tx, site: str, product_ids: Collection[UUID]) -> dict[UUID, int]:
    """What is on its way to a site."""
    rows = await tx.fetch(
        "select product_id, sum(on_hand)::bigint from balance where site = $1 and product_id = any($2::uuid[])"
        " and kind = 'transit' and on_hand <> 0 group by product_id",
        site, list(product_ids),
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


async def uses(tx: Tx, product_id: UUID) -> dict[str, int]:
    """How often a product stands in the ledger, in open holds and in transfers; counted up to 1,000."""
    row = await tx.fetchrow(
        "select (select count(*) from (select 1 from daily_total where product_id = $1 limit 1000) m) as movements,"
        " (select count(*) from hold_line l join hold h on h.id = l.hold_id"
        "  where l.product_id = $1 and h.state = 'granted') as holds,"
        " (select count(*) from (select 1 from transfer_line where product_id = $1 limit 1000) t) as transfers,"
        " (select count(*) from level where product_id = $1"
        "  and (minimum is not null or reorder_at is not null)) as levels",
        product_id,
    )
    return dict(row or {})
