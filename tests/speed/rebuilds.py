"""The only home of computing what is kept anew from the ledger, timed: balances, and daily totals month by month."""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta

import asyncpg

SECONDS_MAX = 600
AT_ONCE = 2
EDGE = timedelta(days=1)
WORK_MEM = "set work_mem = '256MB'"

_BALANCES = """
with legs as (
    select to_location as location_id, product_id, lot_id, quantity, cost_minor from movement
    union all select from_location, product_id, lot_id, -quantity, -cost_minor from movement),
ledger as (
    select g.location_id, g.product_id, g.lot_id, sum(g.quantity)::bigint as quantity,
           sum(g.cost_minor)::bigint as cost_minor
    from legs g join location p on p.id = g.location_id and p.kind = 'shelf' group by 1, 2, 3)
select count(*) from ledger l full join (select * from balance where kind = 'shelf') b
     using (location_id, product_id, lot_id)
where (l.quantity, l.cost_minor) is distinct from (b.on_hand, b.cost_minor)
"""
_MONTH = """
with place as (
    select p.id, p.kind, s.time_zone as zone from location p join site s on s.slug = p.site)
select g.location_id, m.product_id, case when g.kind = 'unattributed' then null else m.lot_id end as lot_id,
       g.happened_on, g.recorded_on, sum(g.sign * m.quantity)::bigint as quantity,
       sum(g.sign * m.cost_minor)::bigint as cost_minor
from (select m.*, f.kind as from_kind, t.kind as to_kind, f.zone as from_zone, t.zone as to_zone,
             (m.happened_at at time zone f.zone)::date as happened_on,
             (m.recorded_at at time zone f.zone)::date as recorded_on
      from movement m join place f on f.id = m.from_location join place t on t.id = m.to_location
      where m.recorded_at >= '{since}' and m.recorded_at < '{until}' offset 0) m
cross join lateral (values
    (m.from_location, m.from_kind, -1, m.happened_on, m.recorded_on),
    (m.to_location, m.to_kind, 1,
     case when m.to_zone = m.from_zone then m.happened_on else (m.happened_at at time zone m.to_zone)::date end,
     case when m.to_zone = m.from_zone then m.recorded_on else (m.recorded_at at time zone m.to_zone)::date end))
    as g(location_id, kind, sign, happened_on, recorded_on)
where g.recorded_on >= '{first}' and g.recorded_on < '{after}'
group by 1, 2, 3, 4, 5
"""
_SUMS = "select count(*), coalesce(sum(abs(quantity)), 0), coalesce(sum(abs(cost_minor)), 0) from {rows}"


async def balances_anew(url: str) -> float:
    """Seconds to add up every balance from the ledger and to compare each. Raises RuntimeError when one differs."""
    connection = await asyncpg.connect(url, command_timeout=SECONDS_MAX)
    await connection.execute(WORK_MEM)
    began = time.perf_counter()
    differing = await connection.fetchval(_BALANCES)
    elapsed = time.perf_counter() - began
    await connection.close()
    if differing:
        raise RuntimeError(f"{differing} balances differ from what is kept")
    return elapsed


async def days_anew(url: str) -> float:
    """Seconds to compute all daily totals anew, two months at once. Raises RuntimeError when the sums differ."""
    connection = await asyncpg.connect(url, command_timeout=SECONDS_MAX)
    first = await connection.fetchval("select min(recorded_on) from daily_total")
    kept = tuple(await connection.fetchrow(_SUMS.format(rows="daily_total")) or ())
    await connection.close()
    months = _months(first)
    began = time.perf_counter()
    parts = await asyncio.gather(*(_anew(url, months[turn::AT_ONCE]) for turn in range(AT_ONCE)))
    elapsed = time.perf_counter() - began
    made = tuple(sum(column) for column in zip(*parts, strict=True))
    if made != kept:
        raise RuntimeError(f"daily totals anew come to {made}, kept are {kept}")
    return elapsed


def _months(first: date) -> list[tuple[date, date]]:
    months = []
    while first <= datetime.now(UTC).date() + EDGE:
        after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        months.append((first, after))
        first = after
    return months


async def _anew(url: str, months: list[tuple[date, date]]) -> tuple[int, int, int]:
    """Compute these months, one after the other; their rows, quantities and costs, added up."""
    connection = await asyncpg.connect(url, command_timeout=SECONDS_MAX)
    await connection.execute(WORK_MEM)
    found = (0, 0, 0)
    for first, after in months:
        month = _MONTH.format(first=first, after=after, since=first - EDGE, until=after + EDGE)
        (row,) = await connection.fetch(_SUMS.format(rows=f"({month}) m"))
        found = (found[0] + row[0], found[1] + row[1], found[2] + row[2])
    await connection.close()
    return found
