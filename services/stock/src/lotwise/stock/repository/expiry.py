"""The only home of finding lots that run out: past their day at a site, or within a threshold of days."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_EXPIRED = """
select distinct b.site, b.product_id
from unnest($1::text[], $2::date[]) as t(site, today)
join lot l on l.expires_on < t.today
join balance b on b.lot_id = l.id and b.site = t.site and b.on_hand <> 0 and b.kind in ('shelf', 'back_bar')
order by b.site, b.product_id limit $3
"""
_EXPIRING = """
select b.site, l.id as lot_id, l.product_id, l.number, l.expires_on, p.unit_decimals, e.threshold_days,
       sum(b.on_hand)::bigint as on_hand, sum(b.cost_minor)::bigint as cost_minor
from unnest($1::text[], $2::date[]) as t(site, today)
join lot l on l.expires_on >= t.today and l.expires_on <= t.today + $3::int
join balance b on b.lot_id = l.id and b.site = t.site and b.on_hand <> 0 and b.kind in ('shelf', 'back_bar')
join product p on p.id = l.product_id
left join expiry_telling e on e.site = b.site and e.lot_id = l.id
where e.threshold_days is null or e.threshold_days >
      (select coalesce(min(d), 0) from unnest($5::int[]) d where d >= l.expires_on - t.today)
group by b.site, l.id, p.unit_decimals, e.threshold_days
order by l.expires_on, l.id, b.site limit $4
"""


async def expired_cells(tx: Tx, today: Mapping[str, date], limit: int) -> list[tuple[str, UUID]]:
    """Cells with something on a shelf whose last day is over at its site."""
    rows = await tx.fetch(_EXPIRED, list(today), list(today.values()), limit)
    return [(row[0], row[1]) for row in rows]


async def expiring_lots(
    tx: Tx, today: Mapping[str, date], days: int, limit: int, thresholds: Sequence[int] = ()
) -> Sequence[asyncpg.Record]:
    """Lots on shelves that run out within `days` and whose narrowest threshold was not told, soonest first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _EXPIRING, list(today), list(today.values()), days, limit, list(thresholds)
    )
    return rows


async def tell_threshold(tx: Tx, site: str, lot_id: UUID, days: int) -> None:
    """Remember that this threshold was told of a lot at a site."""
    await tx.execute(
        "insert into expiry_telling (site, lot_id, threshold_days) values ($1, $2, $3)"
        " on conflict (site, lot_id) do update set threshold_days = excluded.threshold_days",
        site, lot_id, days,
    )  # fmt: skip
