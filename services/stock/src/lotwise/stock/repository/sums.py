"""The only home of the totals of sites as of an instant in SQL: what a day began with, and what changed since.

`day_opening` keeps the totals of a site as every day began: what had happened and was recorded before it. Later of the
two clocks' days are read as daily totals, the boundary's own day as movements. Sums of money need nothing else; to
know whether a lot or a cell appeared or ran out, what it stood at is needed for those alone that changed: out of
`day_cells`, or looked up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.moments import NEVER, NO_DAY, Edge, Moment, Zoned, edges, spans
from lotwise.stock.domain.sums import KINDS, Change
from lotwise.stock.repository.day_cells import lying_in
from lotwise.stock.repository.moments import MOVEMENTS_OF_CHAIN, MOVEMENTS_OF_SITES, columns, opening_by, zones_of
from lotwise.values import day_bounds

_PLACE = """
edge as (select * from unnest($1::text[], $2::date[], $3::date[], $4::date[], $5::date[])
         as e(site, happened_day, recorded_day, happened_last, since)),
place as materialized (
    select l.id, l.kind, e.* from edge e join location l on l.site = e.site and l.kind = any($6::text[]))"""
_ODD_DAYS = f"""
with {_PLACE},
boundary as (select distinct g.day::date as day from edge e, generate_series(e.happened_day, e.happened_last, '1 day')
             as g(day)),
late as materialized (
    select b.day, d.* from boundary b
    cross join lateral (
        select location_id, product_id, lot_id, recorded_on from daily_total
        where recorded_on > happened_on and daterange(happened_on, recorded_on, '(]') @> (b.day + 1)
          and happened_on = b.day offset 0) d)
select distinct p.site, d.product_id, d.lot_id, d.recorded_on
from late d join place p on p.id = d.location_id and d.day between p.happened_day and p.happened_last
where d.recorded_on > p.happened_last and d.recorded_on <= p.recorded_day
union
select p.site, d.product_id, d.lot_id, d.recorded_on
from place p
cross join lateral (
    select * from daily_total
    where location_id = p.id and happened_on > recorded_on and happened_on between p.happened_day and p.happened_last
      and recorded_on < p.happened_day and recorded_on <= p.recorded_day offset 0) d
"""
"""Boundary movements that were recorded on another day than they happened: few, and found by their lots."""

_COLUMNS = """m.id, m.recorded_at, m.happened_at, m.product_id, m.lot_id, m.from_location, m.to_location, m.quantity,
    m.cost_minor"""
_CHANGES = f"""
with {_PLACE},
piece as (select * from unnest($7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[],
                               $11::timestamptz[], $27::timestamptz[], $28::timestamptz[])
          as g(site, recorded_from, recorded_until, happened_start, recorded_start, day_start, day_end)),
told as materialized (
    select e.site from edge e
    cross join lateral (select from day_opening where site = e.site and day = e.since + 1 offset 0) o
    where e.since = least(e.happened_day, e.recorded_day)),
kept as materialized (
    select e.site, u.location_id, u.product_id, u.lot_id, u.quantity from edge e
    cross join lateral (select * from day_cells where site = e.site and day = e.since offset 0) d
    cross join lateral unnest(d.locations, d.products, d.lots, d.quantities)
        as u(location_id, product_id, lot_id, quantity)),
span as (select * from unnest($12::timestamptz[], $13::timestamptz[], $14::uuid[], $15::uuid[])
         as s(recorded_from, recorded_until, id_from, id_until)),
odd as (select * from unnest($16::text[], $17::uuid[], $18::uuid[], $19::timestamptz[], $20::timestamptz[],
                             $21::uuid[], $22::uuid[])
        as o(site, product_id, lot_id, recorded_from, recorded_until, id_from, id_until)),
apart as (
    select distinct on (m.id) m.* from (
        select {_COLUMNS} from odd o cross join lateral (
            select * from movement
            where lot_id = o.lot_id and id >= o.id_from and id < o.id_until
              and recorded_at >= o.recorded_from and recorded_at < o.recorded_until offset 0) m
        union all
        select {_COLUMNS} from odd o cross join lateral (
            select * from movement
            where site = o.site and (product_id, id) >= (o.product_id, o.id_from)
              and (product_id, id) < (o.product_id, o.id_until)
              and recorded_at >= o.recorded_from and recorded_at < o.recorded_until offset 0) m
        where o.lot_id is null) m
    where not exists (select from span s where m.recorded_at >= s.recorded_from and m.recorded_at < s.recorded_until)
    order by m.id),
met as materialized (
    select * from (select {_COLUMNS} from {{movements}} union all select * from apart) m
    where m.happened_at <= $23 and m.recorded_at <= $24),
leg as (
    select recorded_at, happened_at, product_id, lot_id, to_location as location_id, quantity, cost_minor from met
    union all
    select recorded_at, happened_at, product_id, lot_id, from_location, -quantity, -cost_minor from met),
late as materialized (
    select e.since, d.* from (select distinct since from edge) e
    cross join lateral (
        select location_id, product_id, lot_id, quantity, cost_minor, happened_on, recorded_on from daily_total
        where recorded_on > happened_on and daterange(happened_on, recorded_on, '(]') @> e.since offset 0) d),
parts as (
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor,
           d.recorded_on <> p.since or d.happened_on > p.since as is_odd
    from place p
    cross join lateral (
        select * from daily_total
        where location_id = p.id and happened_on >= p.since
          and happened_on < least(p.happened_day, p.recorded_day + 1) and recorded_on < p.recorded_day offset 0) d
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor,
           d.recorded_on <> p.since or d.happened_on > p.since as is_odd
    from late d join place p on p.id = d.location_id and p.since = d.since
    where d.recorded_on < p.recorded_day and d.happened_on < p.happened_day
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor,
           d.recorded_on <> p.since or d.happened_on > p.since as is_odd
    from place p
    cross join lateral (
        select * from daily_total
        where location_id = p.id and happened_on > recorded_on and happened_on > p.recorded_day
          and happened_on < p.happened_day and recorded_on < p.recorded_day and happened_on >= p.since offset 0) d
    union all
    select p.id, m.product_id, case when p.kind = 'unattributed' then null else m.lot_id end,
           m.quantity, m.cost_minor,
           m.recorded_at < g.day_start or m.recorded_at >= g.day_end or m.happened_at >= g.day_end
    from leg m join place p on p.id = m.location_id
    join piece g on g.site = p.site and m.recorded_at >= g.recorded_from and m.recorded_at < g.recorded_until
    where (m.happened_at >= g.happened_start or m.recorded_at >= g.recorded_start)),
{{moved}}change as materialized (
    select location_id, product_id, lot_id, bigint_sum(was) as was, bigint_sum(quantity) as quantity,
           bigint_sum(cost_minor) as cost_minor, bool_or(is_odd) as is_odd
    from (select location_id, product_id, lot_id, 0::bigint as was, quantity, cost_minor, is_odd from parts
          union all
          select location_id, product_id, lot_id, quantity, 0, 0, false from kept where quantity <> 0) c
    group by location_id, product_id, lot_id
    having bigint_sum(quantity) <> 0 or bigint_sum(cost_minor) <> 0 or bigint_sum(was) <> 0),
touched as materialized (
    select distinct q.id, c.product_id, q.since
    from (select p.site, p.kind, c.product_id from change c join place p on p.id = c.location_id
          left join told on told.site = p.site
          where c.quantity <> 0 and p.since > $25 and p.kind in ('shelf', 'unattributed')
            and (c.is_odd or told.site is null){{or_moved}}) c
    join place q on q.site = c.site and q.kind = c.kind
    where (c.site, c.product_id) not in (select site, product_id from kept)),
weighed as materialized (
    select c.location_id, c.product_id, c.lot_id, c.was, c.quantity, c.cost_minor, t.id is null as is_known,
           t.id is null and p.since > $25
               and (p.site, c.product_id) not in (select site, product_id from kept) as is_sure
    from change c join place p on p.id = c.location_id
    left join touched t on t.id = c.location_id and t.product_id = c.product_id),
lying as (
    select id as location_id, product_id, lot_id, quantity as was, 0::bigint as more, 0::bigint as cost_minor
    from ({lying_in("touched", "$26", "t.since")}) t
    union all
    select c.location_id, c.product_id, c.lot_id, 0, c.quantity, c.cost_minor
    from weighed c where not c.is_known{{and_moved}}),
lots as materialized (
    select location_id, product_id, lot_id, was, was + quantity as now, cost_minor
    from weighed where is_known and not is_sure
    union all
    select location_id, product_id, lot_id, bigint_sum(was), bigint_sum(was + more), bigint_sum(cost_minor)
    from lying group by location_id, product_id, lot_id),
named as (
    select k.lot_id, l.owner, l.expires_on
    from (select distinct lot_id from change where lot_id is not null and (quantity <> 0 or cost_minor <> 0)) k
    cross join lateral (select owner, expires_on from lot where id = k.lot_id offset 0) l)
select p.site, p.kind, coalesce(k.owner, '') <> '' as is_consigned, k.expires_on,
       bigint_sum(x.cost_minor) as cost_minor, bigint_sum((x.came - x.ended)::bigint) as lots, 0::bigint as cells,
       null::uuid as product_id
from (select location_id, lot_id, cost_minor, 0 as came, 0 as ended from weighed where is_sure
      union all
      select location_id, lot_id, cost_minor, (now <> 0)::int, (was <> 0)::int from lots
      where cost_minor <> 0 or (was <> 0) <> (now <> 0)) x
join place p on p.id = x.location_id left join named k on k.lot_id = x.lot_id
group by 1, 2, 3, 4
union all
select c.site, c.kind, false, null, 0, 0, count(*) filter (where c.is_now) - count(*) filter (where c.was), null
from (select p.site, p.kind,
             case p.kind when 'shelf' then bigint_sum(x.was) > 0 else bigint_sum(x.was) < 0 end as was,
             case p.kind when 'shelf' then bigint_sum(x.now) > 0 else bigint_sum(x.now) < 0 end as is_now
      from lots x join place p on p.id = x.location_id
      where p.kind in ('shelf', 'unattributed')
      group by p.site, p.kind, case p.kind when 'shelf' then 0 else p.id end, x.product_id) c
where c.was <> c.is_now group by 1, 2
"""
"""What a day's cells stood at is kept of those that may turn on it (`kept`; `told` says that this was done): all others
stay filled, whatever came first. Only what is odd, or of a day that is not over, is looked up.
"""
_NOTHING = "(select * from movement where false) m"
_MOVED = f"""moving as materialized (select {_COLUMNS} from {MOVEMENTS_OF_CHAIN}),
moved as materialized (
    select p.id as location_id, m.product_id, case when p.kind = 'unattributed' then null else m.lot_id end as lot_id,
           sum(m.went)::bigint as went
    from (select recorded_at, product_id, lot_id, to_location as location_id, 0::bigint as went from moving
          union all
          select recorded_at, product_id, lot_id, from_location, quantity from moving) m
    join place p on p.id = m.location_id
    join piece g on g.site = p.site and m.recorded_at >= g.recorded_from and m.recorded_at < g.recorded_until
    where m.recorded_at >= g.day_start and m.recorded_at < g.day_end and p.kind in ('shelf', 'unattributed')
    group by 1, 2, 3),
"""
_OR_MOVED = """
          union select p.site, p.kind, m.product_id from moved m join place p on p.id = m.location_id
          where p.since > $25"""
_AND_MOVED = "\n    union all select location_id, product_id, lot_id, 0, 0, 0 from moved"
_TURNING = """
union all
select c.site, '', false, null, 0, 0, 0, c.product_id
from (select p.site, p.kind, x.product_id, sum(x.was) as was, coalesce(sum(o.went), 0) as went,
             coalesce(bool_or(x.was <= o.went), false) as may_end
      from lots x join place p on p.id = x.location_id
      left join moved o on o.location_id = x.location_id and o.product_id = x.product_id
           and coalesce(o.lot_id, '{0}') = coalesce(x.lot_id, '{0}')
      where p.kind in ('shelf', 'unattributed') group by p.site, p.kind, x.product_id) c
where c.kind = 'unattributed' or c.may_end or c.was <= c.went
"""
"""Of a day that is over: the products of which a lot or a cell may have appeared or run out at some instant of it.

All others held more than whatever left on that day, in whichever order it left.
"""

_ALONE = {"moved": "", "or_moved": "", "and_moved": ""}
_OF_CHAIN = _CHANGES.format(movements=MOVEMENTS_OF_CHAIN, **_ALONE)
_OF_SITES = _CHANGES.format(movements=MOVEMENTS_OF_SITES, **_ALONE)
_OF_DAYS = _CHANGES.format(
    movements=_NOTHING, moved=_MOVED, or_moved=_OR_MOVED, and_moved=_AND_MOVED
) + _TURNING.format(UUID(int=0))
_PRODUCTS = "select count(*) from product where kind = 'physical' and not is_archived"


async def products_kept(tx: Tx) -> int:
    """How many products are stocked goods and not archived."""
    return int(await tx.fetchval(_PRODUCTS))


class Look(NamedTuple):
    """A look back at sites: the days that bound it, and from which instants on it goes by movements."""

    moment: Moment
    statement: str
    edges: Sequence[Edge]
    pieces: Sequence[tuple[object, ...]]
    zones: Mapping[str, Sequence[Zoned]]
    stretches: Sequence[tuple[object, ...]]

    def days(self) -> dict[str, date]:
        """For each site the day that all days wholly before the moment, on both clocks, come before."""
        return {one.site: min(one.happened_day, one.recorded_day) for one in self.edges}


async def look_at(tx: Tx, moment: Moment, sites: Collection[str] | None) -> Look:
    """Where to look for what sites (None: all) stood at."""
    zones = await zones_of(tx, sites)
    found, pieces = edges(moment, zones)
    days: list[tuple[str, date]] = []
    if moment.as_of is not None:
        last = datetime.now(UTC).date() + timedelta(days=2)
        days = [(one.site, day) for one in found for day in {one.happened_day, one.happened_last} if day <= last]
    statement = _OF_CHAIN if sites is None else _OF_SITES
    return Look(moment, statement, found, pieces, _by_site(zones), spans(moment, found, zones, days))


def look_at_days(zones: Sequence[Zoned], days: Mapping[str, date]) -> Look:
    """What sites end these days with: whole days alone, and their movements for what may have turned."""
    here = [one for one in zones if one.site in days]
    _, pieces = edges(Moment(), here)
    ends = {site: day + timedelta(days=1) for site, day in days.items()}
    bounds = [Edge(site, day, day, day) for site, day in ends.items()]
    return Look(Moment(), _OF_DAYS, bounds, pieces, _by_site(here), spans(Moment(), [], here, days.items()))


def _by_site(zones: Iterable[Zoned]) -> dict[str, list[Zoned]]:
    """The zones of each site in the order of the pieces of time they make."""
    found: dict[str, list[Zoned]] = {}
    for one in sorted(zones, key=lambda zoned: (zoned.site, zoned.since)):
        found.setdefault(one.site, []).append(one)
    return found


async def changes(tx: Tx, look: Look, since: Mapping[str, date]) -> list[Change]:
    """What changed at sites from the days they are known at up to the moment."""
    sides = [*columns(look.edges, 4), [since.get(one.site, NO_DAY) for one in look.edges], list(KINDS)]
    odd: list[tuple[object, ...]] = []
    if look.moment.as_of is not None:
        rows = await tx.fetch(_ODD_DAYS, *sides)
        recorded = {day: spans(Moment(), [], look.zones[day[0]], [day]) for day in {(row[0], row[3]) for row in rows}}
        odd = [(*row[:3], *stretch) for row in map(tuple, rows) for stretch in recorded[row[0], row[3]]]
    opening = await opening_by(tx, min(since.values(), default=NO_DAY))
    days = [
        day_bounds(since[site], one.zone) if site in since else (NEVER, NEVER)
        for site, history in look.zones.items()
        for one in history
    ]
    found = await tx.fetch(
        look.statement, *sides, *columns(look.pieces, 5), *columns(look.stretches, 4), *columns(odd, 7),
        look.moment.as_of or NEVER, look.moment.known_at or NEVER, NO_DAY, opening, *columns(days, 2),
    )  # fmt: skip
    return [Change(*row) for row in found]
