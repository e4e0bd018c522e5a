"""The only home of the reads of what containers yielded and what treatments used against what was expected."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_CLOSED = """
closed as (
    select c.* from container c
    where c.site = $1 and c.closed_at >= $2 and c.closed_at < $3 and c.state in ('used_up', 'discarded')
      and ($4::uuid is null or c.product_id = $4))
"""
_SUMS = """
count(*)::int as containers, sum(label)::bigint as label, sum(overfill)::bigint as overfill,
sum(drawn)::bigint as drawn, sum(wasted)::bigint as wasted, sum(wasted_minor)::bigint as wasted_minor
"""
_BY_PRODUCT = f"""
with {_CLOSED}
select s.*, p.code, p.name, p.unit, p.unit_decimals, null::uuid as container_id, '' as lot_number, '' as practitioner
from (select product_id, {_SUMS} from closed group by product_id) s join product p on p.id = s.product_id
order by p.name, p.id limit 500
"""
_BY_CONTAINER = f"""
with {_CLOSED}
select c.product_id, 1 as containers, c.label, c.overfill, c.drawn, c.wasted, c.wasted_minor, p.code, p.name, p.unit,
       p.unit_decimals, c.id as container_id, l.number as lot_number, '' as practitioner
from closed c join product p on p.id = c.product_id join lot l on l.id = c.lot_id
order by c.closed_at desc, c.id limit 500
"""
_BY_PRACTITIONER = f"""
with {_CLOSED}, drawn as (
    select d.container_id, coalesce(nullif(d.practitioner, ''), t.practitioner, '') as practitioner,
           sum(d.quantity)::bigint as quantity
    from container_draw d join closed c on c.id = d.container_id left join treatment t on t.id = d.visit_id
    group by 1, 2),
shares as (
    select d.practitioner, c.product_id, d.quantity,
           c.wasted * d.quantity / nullif(c.drawn, 0)::numeric as wasted,
           c.wasted_minor * d.quantity / nullif(c.drawn, 0)::numeric as wasted_minor
    from drawn d join closed c on c.id = d.container_id)
select s.product_id, p.code, p.name, p.unit, p.unit_decimals, null::uuid as container_id, '' as lot_number,
       s.practitioner, count(*)::int as containers, sum(s.quantity + s.wasted)::bigint as label, 0::bigint as overfill,
       sum(s.quantity)::bigint as drawn, sum(s.wasted)::bigint as wasted, sum(s.wasted_minor)::bigint as wasted_minor
from shares s join product p on p.id = s.product_id group by s.product_id, p.id, s.practitioner
order by s.practitioner, p.name, p.id limit 500
"""
_BY = {"product": _BY_PRODUCT, "container": _BY_CONTAINER, "practitioner": _BY_PRACTITIONER}
_USES = """
select u.practitioner, u.product_id, p.code, p.name, p.unit, p.unit_decimals, count(*)::int as treatments,
       sum(u.expected)::bigint as expected, sum(u.charged - u.returned - u.thrown)::bigint as charged,
       sum(greatest(coalesce(u.drawn, 0), u.poured))::bigint as drawn, sum(u.consumed)::bigint as consumed,
       sum(u.unattributed)::bigint as unattributed, sum(u.cost_minor)::bigint as cost_minor
from treatment_use u join product p on p.id = u.product_id
where u.site = $1 and u.happened_on between $2 and $3 and (u.practitioner, u.product_id) > ($4, $5)
group by u.practitioner, u.product_id, p.id order by u.practitioner, u.product_id limit $6
"""
_DAY = """
select t.id as treatment_id, t.practitioner, t.member_id, t.happened_at, u.product_id, p.code, p.name, p.unit,
       p.unit_decimals, u.charged - u.returned - u.thrown as charged, u.drawn, u.poured, u.expected, u.consumed,
       u.unattributed,
       coalesce((select json_agg(json_build_object('kind', e.kind, 'difference', e.difference, 'reason', e.reason,
                     'actor', e.actor, 'explained_at', e.explained_at))
                 from treatment_explanation e where e.treatment_id = t.id and e.product_id = u.product_id), '[]')
           as explanations
from treatment t join treatment_use u on u.treatment_id = t.id join product p on p.id = u.product_id
where t.site = $1 and t.happened_on = $2
  and (u.unattributed > 0 or (u.expected > 0 and u.consumed = 0)
       or (u.drawn is not null or u.poured > 0)
          and greatest(coalesce(u.drawn, 0), u.poured) <> case when u.charged - u.returned - u.thrown > 0
              then u.charged - u.returned - u.thrown else u.expected end)
order by t.happened_at, t.id, p.name limit 2000
"""
_EXPLAIN = """
insert into treatment_explanation (treatment_id, product_id, kind, difference, reason, actor, explained_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (treatment_id, product_id, kind) do update set difference = excluded.difference,
    reason = excluded.reason, actor = excluded.actor, explained_at = excluded.explained_at
"""
_ONE_USE = """
select t.site, u.charged - u.returned - u.thrown as charged, u.drawn, u.poured, u.expected, u.consumed, u.unattributed,
       p.unit_decimals
from treatment t join treatment_use u on u.treatment_id = t.id join product p on p.id = u.product_id
where t.id = $1 and u.product_id = $2 for update of u
"""
_ONE = """
select u.*, u.charged - u.returned - u.thrown as net, p.code, p.name, p.unit, p.unit_decimals,
       coalesce((select json_agg(json_build_object('lot_id', r.lot_id, 'lot_number', coalesce(l.number, ''),
                     'container_id', r.container_id, 'quantity', r.quantity, 'cost_minor', r.cost_minor,
                     'place', r.place, 'is_poured', r.is_poured) order by r.position)
                 from treatment_part r left join lot l on l.id = r.lot_id
                 where r.treatment_id = u.treatment_id and r.product_id = u.product_id), '[]') as parts
from treatment_use u join product p on p.id = u.product_id where u.treatment_id = $1 order by p.name, p.id
"""


async def yields(
    tx: Tx, by: str, site: str, since: datetime, until: datetime, product_id: UUID | None
) -> Sequence[asyncpg.Record]:
    """What the containers closed within an interval yielded, by product, container or practitioner; at most 500 rows.

    A practitioner's part of a container's waste is its share of what was drawn from it.
    """
    rows: Sequence[asyncpg.Record] = await tx.fetch(_BY[by], site, since, until, product_id)
    return rows


async def uses_between(
    tx: Tx, site: str, since: date, until: date, after: tuple[str, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """What treatments used of products against expected and charged, by practitioner and product."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_USES, site, since, until, *after, limit)
    return rows


async def exceptional_uses(tx: Tx, site: str, day: date) -> Sequence[asyncpg.Record]:
    """The uses of a day's completed treatments that may ask for an explanation."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_DAY, site, day)
    return rows


async def lock_use(tx: Tx, treatment_id: UUID, product_id: UUID) -> asyncpg.Record | None:
    """One use of a completed treatment, locked."""
    row: asyncpg.Record | None = await tx.fetchrow(_ONE_USE, treatment_id, product_id)
    return row


async def add_explanation(tx: Tx, *values: Any) -> None:
    """Keep why a difference is as it should be; values in the order of the statement."""
    await tx.execute(_EXPLAIN, *values)


async def treatment_row(tx: Tx, treatment_id: UUID) -> asyncpg.Record | None:
    """One completed treatment."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from treatment where id = $1", treatment_id)
    return row


async def treatment_uses(tx: Tx, treatment_id: UUID) -> Sequence[asyncpg.Record]:
    """All uses of a treatment with what was taken for them."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_ONE, treatment_id)
    return rows
