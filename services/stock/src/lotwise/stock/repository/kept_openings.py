"""The only home of proving in SQL what looking back starts from: openings of months, of days, and cells of days.

A month is compared with every daily total before it, place by place; a day with the month that it lies in, which the
proof has gone over by then.
"""

from collections.abc import Sequence
from datetime import date

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.moments import NO_DAY
from lotwise.stock.domain.sums import KINDS
from lotwise.stock.repository.audit import FINDINGS_MAX, SECONDS_MAX, Finding
from lotwise.stock.repository.moments import PLACES, WHOLE_DAYS_OF_SITES, opening_by

DAYS_A_PROOF = 100
"""How many days of sites a proof draws at random, beside the latest of each: the next nights draw others."""
_NOWHERE = "coalesce(lot_id, '00000000-0000-0000-0000-000000000000')"

_PLACES = "select id from location where kind = any($1::text[]) order by id"
_MONTHS = f"""
with span as materialized (
    select month, coalesce(lag(month) over (order by month), $3::date) as before from opening),
gained as materialized (
    select d.product_id, d.lot_id, s.month, sum(d.quantity)::bigint as quantity, sum(d.cost_minor)::bigint as cost_minor
    from daily_total d join span s
         on greatest(d.happened_on, d.recorded_on) >= s.before and greatest(d.happened_on, d.recorded_on) < s.month
    where d.location_id = $2 group by d.product_id, d.lot_id, s.month),
ledger as (
    select k.product_id, {_NOWHERE} as lot, s.month,
           sum(g.quantity) over whole as quantity, sum(g.cost_minor) over whole as cost_minor
    from (select product_id, lot_id, min(month) as month from gained group by product_id, lot_id) k
    join span s on s.month >= k.month
    left join (select product_id, lot_id as lot_of, month, quantity, cost_minor from gained) g
         on g.product_id = k.product_id and g.lot_of is not distinct from k.lot_id and g.month = s.month
    window whole as (partition by k.product_id, k.lot_id order by s.month)),
kept as (
    select o.product_id, {_NOWHERE} as lot, s.month, o.quantity, o.cost_minor
    from span s join opening_balance o on o.month = s.month and o.location_id = $2)
select 'opening of ' || month || ' of ' || p.kind || coalesce(nullif(' ' || p.area, ' '), '') || ' at ' || p.site
       || ', product ' || product_id || ', lot ' || lot as row,
       'the days before the month sum to another figure than its opening' as detail,
       coalesce(l.quantity, 0) || ' / ' || coalesce(l.cost_minor, 0) as expected,
       coalesce(k.quantity, 0) || ' / ' || coalesce(k.cost_minor, 0) as found
from ledger l full join kept k using (product_id, lot, month) join location p on p.id = $2
where coalesce(l.quantity, 0) <> coalesce(k.quantity, 0) or coalesce(l.cost_minor, 0) <> coalesce(k.cost_minor, 0)
order by month, product_id, lot limit $1
"""

_DRAWN = """
(select distinct on (site) site, day from day_opening order by site, day desc)
union
(select site, day from day_opening order by random() limit $1)
order by site, day
"""
_DAY = f"""
with {PLACES},
parts as ({WHOLE_DAYS_OF_SITES}),
lying as materialized (
    select t.location_id, t.product_id, t.lot_id, p.kind, sum(t.quantity)::bigint as quantity,
           sum(t.cost_minor)::bigint as cost_minor
    from parts t join place p on p.id = t.location_id group by t.location_id, t.product_id, t.lot_id, p.kind
    having sum(t.quantity) <> 0 or sum(t.cost_minor) <> 0),
day as (select site, happened_day as day from edge),
soon as materialized (
    select o.expires_on, count(*) filter (where l.quantity <> 0) as lots, sum(l.cost_minor)::bigint as minor
    from lying l join lot o on o.id = l.lot_id where l.kind = 'shelf' and o.expires_on is not null
    group by o.expires_on having count(*) filter (where l.quantity <> 0) <> 0 or sum(l.cost_minor) <> 0),
figures as (
    select (select count(*) from (select from lying where kind = 'shelf' group by product_id
                                  having sum(quantity) > 0) c) as stocked,
           count(*) filter (where l.kind = 'unattributed' and l.quantity < 0) as unattributed,
           coalesce(sum(l.cost_minor) filter (where l.kind = 'shelf' and o.owner = ''), 0)::bigint as own,
           coalesce(sum(l.cost_minor) filter (where l.kind = 'shelf' and o.owner <> ''), 0)::bigint as consigned,
           coalesce(sum(l.cost_minor) filter (where l.kind = 'quarantine'), 0)::bigint as quarantined,
           coalesce(sum(l.cost_minor) filter (where l.kind = 'transit'), 0)::bigint as in_transit
    from lying l left join lot o on o.id = l.lot_id),
expected as (
    select concat_ws(' / ', stocked, unattributed, own, consigned, quarantined, in_transit,
                     (select string_agg(concat_ws(' ', expires_on, lots, minor), ', ' order by expires_on)
                      from soon)) as words from figures),
found as (
    select concat_ws(' / ', stocked, unattributed, value_minor, consigned_minor, quarantined_minor, in_transit_minor,
                     (select string_agg(concat_ws(' ', day, lots, minor), ', ' order by day)
                      from unnest(expires_on, expiring_lots, expiring_minor) as e(day, lots, minor))) as words
    from day_opening join day using (site, day)),
kept as materialized (
    select u.location_id, u.product_id, u.lot_id, u.quantity
    from day_cells c join day using (site, day)
    cross join lateral unnest(c.locations, c.products, c.lots, c.quantities)
         as u(location_id, product_id, lot_id, quantity)),
ledger as (
    select location_id, product_id, {_NOWHERE} as lot, quantity from lying
    where quantity <> 0 and kind in ('shelf', 'unattributed') and product_id in (select product_id from kept)),
said as (select location_id, product_id, {_NOWHERE} as lot, quantity from kept where quantity <> 0)
select 'day_openings' as check, 'opening of ' || day || ' at ' || site as row,
       'what lay there when the day began sums to other totals than were kept' as detail, e.words as expected,
       f.words as found
from day, expected e, found f where e.words <> f.words
union all
(select 'day_cells', 'cell kept for ' || day || ' at ' || site || ', product ' || product_id || ', lot ' || lot,
        'what lay there when the day began is another quantity than was kept',
        coalesce(l.quantity, 0)::text, coalesce(s.quantity, 0)::text
 from day, ledger l full join said s using (location_id, product_id, lot)
 where coalesce(l.quantity, 0) <> coalesce(s.quantity, 0)
 order by product_id, lot limit $7)
"""


async def holding_places(tx: Tx) -> list[int]:
    """Every place that has opening balances."""
    return [row[0] for row in await tx.fetch(_PLACES, list(places.HOLDING))]


async def wrong_months(tx: Tx, place: int) -> list[Finding]:
    """Opening balances of a place, of every month, that the days before the month do not add up to."""
    rows = await tx.fetch(_MONTHS, FINDINGS_MAX, place, NO_DAY, timeout=SECONDS_MAX)
    return [Finding("openings", *row) for row in rows]


async def drawn_days(tx: Tx) -> Sequence[tuple[str, date]]:
    """The sites and days to go over: the latest kept of every site, and DAYS_A_PROOF more as chance has it."""
    return [(row[0], row[1]) for row in await tx.fetch(_DRAWN, DAYS_A_PROOF, timeout=SECONDS_MAX)]


async def wrong_day(tx: Tx, site: str, day: date) -> list[Finding]:
    """What was kept of the beginning of a site's day, its totals and its cells, that did not lie there."""
    opening = await opening_by(tx, day)
    rows = await tx.fetch(
        _DAY, [site], [day], [day], [day], opening, list(KINDS), FINDINGS_MAX, timeout=SECONDS_MAX
    )  # fmt: skip
    return [Finding(*row) for row in rows]
