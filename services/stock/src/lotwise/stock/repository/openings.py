"""The only home of opening balances in SQL: what lay where when a month began, made once from the month before."""

from datetime import date, datetime

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.moments import NO_DAY

_LAST = "select max(month) from opening"
_FIRST = "select (recorded_at at time zone 'UTC')::date from movement order by id limit 1"
_MAKE = """
with holding as (select id from location where kind = any($3::text[])),
parts as (
    select o.location_id, o.product_id, o.lot_id, o.quantity, o.cost_minor from opening_balance o where o.month = $1
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from holding h
    cross join lateral (
        select * from daily_total d
        where d.location_id = h.id and d.happened_on >= $1 and d.happened_on < $2 and d.recorded_on < $2 offset 0) d
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from holding h join daily_total d on d.location_id = h.id and d.recorded_on > d.happened_on
         and d.happened_on < $1 and d.recorded_on >= $1 and d.recorded_on < $2),
made as (
    insert into opening_balance (month, location_id, product_id, lot_id, quantity, cost_minor)
    select $2, location_id, product_id, lot_id, sum(quantity)::bigint, sum(cost_minor)::bigint
    from parts group by location_id, product_id, lot_id having sum(quantity) <> 0 or sum(cost_minor) <> 0
    order by location_id, product_id, lot_id
    returning month)
insert into opening (month, made_at, balances) select $2, $4, count(*) from made returning balances
"""
_OLDEST_WRITER = """
select min(xact_start) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
SECONDS_MAX = 600


async def last_opening(tx: Tx) -> date | None:
    """The latest month whose opening is kept."""
    found: date | None = await tx.fetchval(_LAST)
    return found


async def first_day(tx: Tx) -> date | None:
    """The UTC day on which the first movement was recorded; None while there is none."""
    found: date | None = await tx.fetchval(_FIRST)
    return found


async def oldest_writer(tx: Tx) -> datetime | None:
    """When the oldest transaction began that still runs beside this one."""
    found: datetime | None = await tx.fetchval(_OLDEST_WRITER)
    return found


async def make_opening(tx: Tx, after: date | None, month: date, now: datetime) -> int:
    """Keep the opening balances of a month, from those of an earlier one and the days between; returns how many."""
    made = await tx.fetchval(_MAKE, after or NO_DAY, month, list(places.HOLDING), now, timeout=SECONDS_MAX)
    return int(made)
