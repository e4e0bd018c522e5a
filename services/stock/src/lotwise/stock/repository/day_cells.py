"""The only home in SQL of what lay in cells as a day began: of those that an instant of that day has to know.

These are the cells of products that may turn on the day, and those of what was recorded on a later one: all others
hold more than whatever left (see `sums`). A cell is kept whole, at all its places, or not at all.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.moments import NO_DAY

LATE_DAYS_MAX = 7
"""For how many days back what was recorded late has its cells kept; for older instants they are looked up."""
_KINDS = [places.SHELF, places.UNATTRIBUTED]


def lying_in(parts: str, month: str, day: str) -> str:
    """SQL of what lay in parts of cells (`id` the place, `product_id`) as a day began: the balance that a month opened
    with and what followed it, as rows of the part with `lot_id` and `quantity` that add up.
    """
    return f"""
    select t.*, o.lot_id, o.quantity from {parts} t
    cross join lateral (
        select * from opening_balance
        where month = {month} and location_id = t.id and product_id = t.product_id offset 0) o
    union all
    select t.*, d.lot_id, d.quantity from {parts} t
    cross join lateral (
        select * from daily_total
        where (product_id, location_id, happened_on) >= (t.product_id, t.id, {month})
          and (product_id, location_id, happened_on) < (t.product_id, t.id, {day})
          and recorded_on < {day} offset 0) d
    union all
    select t.*, d.lot_id, d.quantity from {parts} t
    cross join lateral (
        select * from daily_total
        where product_id = t.product_id and location_id = t.id and recorded_on > happened_on
          and recorded_on >= {month} and recorded_on < {day} and happened_on < {month} offset 0) d"""


_KEEP = f"""
with over as (select * from unnest($1::text[], $2::date[]) as w(site, day)),
place as materialized (
    select l.id, l.site, l.kind, w.day from over w join location l on l.site = w.site and l.kind = any($5::text[])),
late as materialized (
    select w.day, d.* from (select distinct day from over) w
    cross join lateral (
        select location_id, product_id, happened_on from daily_total
        where recorded_on > happened_on and daterange(happened_on, recorded_on, '(]') @> w.day
          and recorded_on = w.day offset 0) d),
wanted as (
    select t.site, w.day, t.product_id from unnest($3::text[], $4::uuid[]) as t(site, product_id)
    join over w on w.site = t.site
    union
    select p.site, g.day::date, d.product_id from late d join place p on p.id = d.location_id and p.day = d.day
    cross join lateral generate_series(greatest(d.happened_on, d.day - $7::integer), d.day - 1, '1 day') as g(day)),
kept as (
    select o.site, o.day, u.product_id from over w
    cross join lateral (
        select * from day_cells where site = w.site and day >= w.day - $7::integer and day <= w.day offset 0) o
    cross join lateral unnest(o.products) as u(product_id)),
cell as materialized (
    select w.*, coalesce((select max(month) from opening where month <= w.day), $6) as month
    from wanted w join day_opening o on o.site = w.site and o.day = w.day
    where not exists (select from kept k where k.site = w.site and k.day = w.day and k.product_id = w.product_id)),
part as materialized (select c.*, p.id from cell c join place p on p.site = c.site),
lot as materialized (
    select site, day, id, product_id, lot_id, sum(quantity)::bigint as quantity
    from ({lying_in("part", "t.month", "t.day")}) t
    group by site, day, id, product_id, lot_id having sum(quantity) <> 0),
found as (
    select * from lot
    union all
    select c.site, c.day, p.id, c.product_id, null, 0 from cell c
    join (select site, min(id) as id from place where kind = 'shelf' group by site) p on p.site = c.site
    where not exists (select from lot l where l.site = c.site and l.day = c.day and l.product_id = c.product_id))
insert into day_cells (site, day, learnt_on, locations, products, lots, quantities)
select l.site, l.day, w.day, array_agg(l.id), array_agg(l.product_id), array_agg(l.lot_id), array_agg(l.quantity)
from found l join over w on w.site = l.site group by l.site, l.day, w.day
on conflict (site, day, learnt_on) do update
set locations = day_cells.locations || excluded.locations, products = day_cells.products || excluded.products,
    lots = day_cells.lots || excluded.lots, quantities = day_cells.quantities || excluded.quantities
"""
"""A cell in which nothing lay has a row that says so: no lot, nothing."""


async def keep_cells(tx: Tx, days: Mapping[str, date], turning: Mapping[str, Sequence[UUID]]) -> None:
    """Keep for each site what lay in the cells that a day makes somebody ask for: of products that may have turned on
    it as it began, and of what was recorded late on it so far as the days before it began. None is kept twice.

    Nested loops are to be off in this transaction, as `sums.openings` leaves them.
    """
    named = [(site, product) for site, products in turning.items() for product in products]
    await tx.execute(
        _KEEP, list(days), list(days.values()), [one[0] for one in named], [one[1] for one in named], _KINDS, NO_DAY,
        LATE_DAYS_MAX,
    )  # fmt: skip
