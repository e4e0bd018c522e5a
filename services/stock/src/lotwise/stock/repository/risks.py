"""The only home of reading what lies on shelves by expiry, and how much a site consumed lately (N-12)."""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from lotwise.kit.database import Tx

_AGEING = """
select b.site, b.product_id, p.code, p.name, p.unit, p.unit_decimals, l.id as lot_id, l.number, l.expires_on,
       l.received_at, sum(b.on_hand)::bigint as on_hand, sum(b.cost_minor)::bigint as cost_minor
from unnest($1::text[], $2::date[]) as t(site, today)
cross join lateral (
    select site, product_id, lot_id, on_hand, cost_minor from balance
    where site = t.site and kind = 'shelf' and on_hand <> 0 offset 0) b
cross join lateral (
    select * from lot
    where id = b.lot_id and expires_on between t.today and t.today + $3::int and not is_recalled offset 0) l
join product p on p.id = b.product_id
group by b.site, b.product_id, p.code, p.name, p.unit, p.unit_decimals, l.id, l.number, l.expires_on, l.received_at
order by b.site, b.product_id, l.expires_on, l.received_at, l.id limit $4
"""
_CONSUMED = """
select w.site, w.product_id, coalesce((
    select sum(d.quantity) from location p join daily_total d on d.product_id = w.product_id and d.location_id = p.id
        and d.happened_on > w.today - $4::int
    where p.site = w.site and p.kind = 'patient'), 0)::bigint as consumed
from unnest($1::text[], $2::uuid[], $3::date[]) as w(site, product_id, today)
"""


async def ageing_lots(tx: Tx, today: Mapping[str, date], days: int, limit: int) -> Sequence[asyncpg.Record]:
    """What lies on shelves and runs out within so many days, by site and product, in FEFO order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_AGEING, list(today), list(today.values()), days, limit)
    return rows


async def consumption(tx: Tx, cells: Sequence[tuple[str, object, date]], days: int) -> dict[tuple[str, object], int]:
    """What each cell's patients received in the last `days` days, in smallest units, less what came back."""
    if not cells:
        return {}
    rows = await tx.fetch(_CONSUMED, *zip(*cells, strict=True), days)
    return {(row[0], row[1]): max(0, row[2]) for row in rows}
