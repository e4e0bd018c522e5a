"""The only home of reading a count's sheet: its lines with names, the last pass, and what came to light since."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.repository.count_lines import LATE, SLACK, first_id_of

_SHEET = f"""
select * from (
    select c.*, r.code, r.name, r.unit, r.unit_decimals, r.drug_class, r.is_serialised, g.kind, g.area,
           o.number as lot_number, coalesce(o.expires_on, c.expires_on) as lot_expires_on,
           o.unit_cost as lot_cost, v.last_cost,
           r.cost as product_cost, v.unattributed as owed, p.counted, p.recorded, p.counted_at, p.counted_by, p.note,
           b.on_hand, b.cost_minor as value_minor,
           case when s.state = 'open' and p.counted is not null
                then coalesce(({LATE.format(site="s.site", since_id="$2", since="$3")}), 0) else 0 end as late
    from count_line c join stock_count s on s.id = c.count_id
    join product r on r.id = c.product_id join location g on g.id = c.location_id
    left join lot o on o.id = c.lot_id
    left join level v on v.site = s.site and v.product_id = c.product_id
    left join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes
    left join lateral (
        select sum(y.on_hand)::bigint as on_hand, sum(y.cost_minor)::bigint as cost_minor
        from balance y join lot l on l.id = y.lot_id
        where y.product_id = c.product_id and y.location_id = c.location_id and y.on_hand <> 0
          and (y.lot_id = c.lot_id or (c.lot_id is null and (l.number = '' or l.number = l.origin)
               and l.expires_on is not distinct from c.expires_on))) b on true
    where c.count_id = $1 and c.line > $4 {{conditions}}) page
{{outer}}
order by line limit $5
"""
_CONDITIONS = {
    "line": "and c.line = {}",
    "product": "and c.product_id = {}::uuid",
    "lot": "and o.number = {}",
    "search": "and (r.name ilike {0} or r.code ilike {0} or o.number ilike {0})",
}
_STATES = {
    "uncounted": "and c.passes = 0",
    "counted": "and c.passes > 0",
    "recount": "and c.needs_recount",
    "different": "and c.passes > 0",
}
_DIFFERENT = "where coalesce(page.difference, page.counted - page.recorded - page.late) <> 0"


async def sheet_page(
    tx: Tx, count_id: UUID, since: datetime, after: int, limit: int, state: str | None, filters: Mapping[str, object]
) -> Sequence[asyncpg.Record]:
    """A page of a count's lines in the order of the sheet; only what is asked for stands in the statement."""
    given = {name: value for name, value in filters.items() if value is not None}
    conditions = [_CONDITIONS[name].format(f"${number}") for number, name in enumerate(given, start=6)]
    conditions.append(_STATES.get(state or "", ""))
    statement = _SHEET.format(conditions=" ".join(conditions), outer=_DIFFERENT if state == "different" else "")
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        statement, count_id, first_id_of(since), since - SLACK, after, limit, *given.values()
    )
    return rows
