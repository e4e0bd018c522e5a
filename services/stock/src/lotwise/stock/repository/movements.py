"""The only home of reading the ledger: what a charge moved and has not got back, and pages of movements."""

from collections.abc import Collection, Mapping, Sequence
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
where m.id < $1
"""


async def moved_by(tx: Tx, causes: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """What these causes moved and nobody reversed yet, in the order it moved; read it with the cells locked."""
    if not causes:
        return []
    rows: Sequence[asyncpg.Record] = await tx.fetch(_MOVED, list(causes))
    return rows


_FILTERS = {
    "sites": "m.site = any({}::text[])",
    "site": "m.site = {}",
    "product": "m.product_id = {}",
    "lot": "m.lot_id = {}",
    "cause": "m.cause_id = {}",
    "reason": "m.reason = {}",
}


async def movements_page(tx: Tx, before: UUID, limit: int, filters: Mapping[str, object]) -> Sequence[asyncpg.Record]:
    """A page of movements before an id, newest first; `filters` by the names above, None for those not asked for.

    Only the asked filters stand in the statement, so that each finds its index whatever the size of the ledger; one
    site stands alone, for the index by cell is in the order of ids only within a site.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    sites = given.get("sites")
    if isinstance(sites, Sequence) and len(sites) == 1:
        del given["sites"]
        given["site"] = sites[0]
    conditions = [_FILTERS[name].format(f"${number}") for number, name in enumerate(given, start=3)]
    statement = " and ".join([_PAGE.rstrip(), *conditions]) + " order by m.id desc limit $2"
    rows: Sequence[asyncpg.Record] = await tx.fetch(statement, before, limit, *given.values())
    return rows
