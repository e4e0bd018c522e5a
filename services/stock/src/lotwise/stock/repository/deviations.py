"""The only home of SQL on vials of another lot: opened against FEFO, or drawn from though another lot was named."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx


class Span(NamedTuple):
    """The instants between which a site's days are asked for, the end excluded."""

    site: str
    begins: datetime
    ends: datetime


_ASKED = """
with asked as (select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as w(site, begins, ends))"""
_OPENED = f"""
{_ASKED}
select c.id, c.id as container_id, c.site, c.opened_at as happened_at, c.opened_by as actor, c.product_id,
       c.label as quantity, c.state, c.lot_id, l.number as lot_number, c.proposed_lot_id as meant_lot_id,
       m.number as meant_lot_number, c.visit_id, p.code, p.name, p.unit, p.unit_decimals
from asked w join container c on c.site = w.site and c.opened_at >= w.begins and c.opened_at < w.ends
join lot l on l.id = c.lot_id join lot m on m.id = c.proposed_lot_id join product p on p.id = c.product_id
where c.proposed_lot_id is not null and c.state <> 'unopened' and (c.opened_at, c.id) < ($4::timestamptz, $5::uuid)
order by c.opened_at desc, c.id desc limit $6
"""
_DRAWN = f"""
{_ASKED}
select d.id, d.container_id, d.site, d.happened_at, d.actor, d.product_id, d.quantity, c.state, c.lot_id,
       l.number as lot_number, n.lot_id as meant_lot_id, n.number as meant_lot_number, d.visit_id, p.code, p.name,
       p.unit, p.unit_decimals
from asked w join container_draw d on d.site = w.site and d.happened_at >= w.begins and d.happened_at < w.ends
join container c on c.id = d.container_id join lot l on l.id = c.lot_id join product p on p.id = d.product_id
join lateral (
    select min(o.id::text)::uuid as lot_id, min(o.number) as number, bool_or(o.id = c.lot_id) as is_among
    from named_lot k join lot o on o.id = k.lot_id and o.product_id = d.product_id
    where k.cause_id = d.visit_id
       or k.cause_id in (select t.charge_id from treatment_charge t
                         where t.treatment_id = d.visit_id and t.product_id = d.product_id)) n
     on n.lot_id is not null and not n.is_among
where d.quantity > 0 and d.visit_id is not null and (d.happened_at, d.id) < ($4::timestamptz, $5::uuid)
  and (exists (select from treatment_part r where r.treatment_id = d.visit_id and r.product_id = d.product_id
                   and r.container_id = d.container_id)
       or not exists (select from treatment_use u where u.treatment_id = d.visit_id and u.product_id = d.product_id))
order by d.happened_at desc, d.id desc limit $6
"""
"""What a treatment took and gave back whole is no deviation; where several lots were named, the first is shown."""
_KINDS = {"opened": _OPENED, "drawn": _DRAWN}


async def deviations(
    tx: Tx, kind: str, spans: Sequence[Span], before: tuple[datetime, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """A page of vials "opened" against FEFO, or "drawn" from though another lot was named; the newest first."""
    columns: list[tuple[object, ...]] = list(zip(*spans, strict=True)) or [(), (), ()]
    rows: Sequence[asyncpg.Record] = await tx.fetch(_KINDS[kind], *map(list, columns), *before, limit)
    return rows
