"""The only home of storage areas in SQL: they are the shelves of a site that have a name."""

from collections.abc import Collection, Sequence

import asyncpg

from lotwise.kit.database import Tx

_LIST = """
select p.id, p.site, case p.kind when 'shelf' then 'retail' else p.kind end, p.area, count(distinct b.lot_id),
       coalesce(sum(b.cost_minor), 0)::bigint
from location p left join balance b on b.location_id = p.id and b.on_hand <> 0
where p.kind in ('shelf', 'back_bar') and ($1::text[] is null or p.site = any($1))
group by p.id order by p.site, p.kind desc, p.area limit 2000
"""


async def add_area(tx: Tx, site: str, kind: str, area: str) -> int | None:
    """Add a shelf or back bar of that name; its id, or None when it exists."""
    made: int | None = await tx.fetchval(
        "insert into location (site, kind, area) values ($1, $3, $2) on conflict do nothing returning id",
        site,
        area,
        kind,
    )
    return made


async def areas_of(tx: Tx, sites: Collection[str] | None) -> Sequence[asyncpg.Record]:
    """The shelves of sites and what lies on them."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LIST, None if sites is None else list(sites))
    return rows
