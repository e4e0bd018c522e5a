"""The only home of reading what could explain a difference: orders, transfers, movements and holds since a count."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.repository.count_lines import SLACK, first_id_of

ROWS_MAX = 50
DAYS_MAX = timedelta(days=90)
"""How far back a request may read where no count limits it."""

_LAST = """
select c.id, c.number, c.closed_at, c.closed_by, min(p.counted_at) as counted_from, max(p.counted_at) as counted_at,
       sum(p.counted)::bigint as counted, sum(l.expected)::bigint as expected, sum(l.difference)::bigint as difference,
       array_agg(distinct p.counted_by) as counted_by
from count_line l join stock_count c on c.id = l.count_id
join count_pass p on p.count_id = l.count_id and p.line = l.line and p.number = l.passes
where l.product_id = $2 and c.site = $1 and c.state = 'posted'
group by c.id order by max(p.counted_at) desc limit 1
"""
_OPEN_COUNTS = """
select c.id, c.number, c.opened_at from stock_count c
where c.site = $1 and c.state = 'open' and exists (select from count_line l where l.count_id = c.id
      and l.product_id = $2) order by c.id limit 20
"""
_ORDERS = """
select order_id, number, ordered, received, due_on from open_order
where site = $1 and product_id = $2 and ordered > received order by due_on nulls last, number limit 50
"""
_TRANSFERS = """
select t.id, t.from_site, t.shipped_at, sum(s.shipped - s.received - s.lost)::bigint as on_its_way
from transfer t join transfer_lot s on s.transfer_id = t.id
where t.to_site = $1 and s.product_id = $2 and t.state not in ('received', 'cancelled')
group by t.id having sum(s.shipped - s.received - s.lost) > 0 order by t.shipped_at limit 50
"""
_LEGS = """
legs as (
    select m.id, m.reason, m.cause_id, m.actor, m.happened_at, m.recorded_at, m.cost_minor, m.lot_id,
           f.kind as from_kind, t.kind as to_kind,
           case when t.site = $1 and t.kind in ('shelf', 'back_bar') then m.quantity else 0 end
         - case when f.site = $1 and f.kind in ('shelf', 'back_bar') then m.quantity else 0 end as net
    from movement m join location f on f.id = m.from_location join location t on t.id = m.to_location
    where m.site = $1 and m.product_id = $2 and m.id >= $3 and m.recorded_at >= $4 and m.happened_at > $5)
"""
_KINDS = f"""
with {_LEGS}
select reason, sum(net)::bigint as net, count(*) as movements, min(happened_at) as first_at,
       max(happened_at) as last_at, (array_agg(id order by id desc))[1:20] as movement_ids,
       (array_agg(distinct cause_id))[1:20] as cause_ids
from legs where net <> 0 group by reason order by abs(sum(net)) desc, reason
"""
_ADJUSTMENTS = f"""
with {_LEGS}
select id, reason, net, cost_minor, actor, happened_at, cause_id from legs
where net <> 0 and array[from_kind, to_kind] && array['lost_and_found', 'waste', 'usage']
order by id desc limit 50
"""
_LATE = f"""
with {_LEGS.replace("m.happened_at > $5", "m.happened_at <= $5 and m.recorded_at > $5")}
select id, reason, net, actor, happened_at, recorded_at, cause_id from legs where net <> 0 and cause_id <> $6
order by id desc limit 50
"""
_UNATTRIBUTED = """
select m.id, m.cause_id as charge_id, m.quantity, m.happened_at, m.actor
from movement m join location f on f.id = m.from_location
where m.site = $1 and m.product_id = $2 and f.kind = 'unattributed' and m.quantity > 0 and m.id >= $3
  and m.recorded_at >= $4 order by m.id desc limit 50
"""
_HOLDS = """
select h.id, l.quantity, h.granted_at, h.expires_at, h.actor
from hold h join hold_line l on l.hold_id = h.id
where h.site = $1 and l.product_id = $2 and h.state = 'granted' and l.broken_at is null order by h.id limit 50
"""
_NOW = """
select coalesce(sum(b.on_hand) filter (where b.kind in ('shelf', 'back_bar')), 0)::bigint as on_hand,
       coalesce(sum(b.on_hand) filter (where b.kind = 'quarantine'), 0)::bigint as quarantined,
       coalesce(sum(b.on_hand) filter (where b.kind = 'in_use'), 0)::bigint as in_use,
       coalesce(-sum(b.on_hand) filter (where b.kind = 'unattributed'), 0)::bigint as unattributed
from balance b where b.site = $1 and b.product_id = $2 and b.on_hand <> 0
"""


class Found(NamedTuple):
    """Everything that could explain a difference of a product at a site."""

    last: asyncpg.Record | None
    since: datetime
    now: asyncpg.Record
    open_counts: Sequence[asyncpg.Record]
    orders: Sequence[asyncpg.Record]
    transfers: Sequence[asyncpg.Record]
    kinds: Sequence[asyncpg.Record]
    adjustments: Sequence[asyncpg.Record]
    late: Sequence[asyncpg.Record]
    unattributed: Sequence[asyncpg.Record]
    holds: Sequence[asyncpg.Record]


async def differences_of(tx: Tx, site: str, product_id: UUID, now: datetime) -> Found:
    """What happened to a product at a site since it was last counted and posted, at most 90 days back.

    Lists end after 50 rows; the movements are summed by kind, however many they are.
    """
    last = await tx.fetchrow(_LAST, site, product_id)
    since = max(last["counted_at"], now - DAYS_MAX) if last else now - DAYS_MAX
    here = (site, product_id)
    asked = (*here, first_id_of(since), since - SLACK, since)
    figures = await tx.fetchrow(_NOW, *here)
    if figures is None:
        raise LookupError("an aggregate always has one row")
    return Found(
        last,
        since,
        figures,
        await tx.fetch(_OPEN_COUNTS, *here),
        await tx.fetch(_ORDERS, *here),
        await tx.fetch(_TRANSFERS, *here),
        await tx.fetch(_KINDS, *asked),
        await tx.fetch(_ADJUSTMENTS, *asked),
        await tx.fetch(_LATE, *asked, last["id"]) if last else [],
        await tx.fetch(_UNATTRIBUTED, *asked[:4]),
        await tx.fetch(_HOLDS, *here),
    )
