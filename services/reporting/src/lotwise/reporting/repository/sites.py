"""The only home of the figures of a site's day so far, as dashboards show them: one row a site."""

from typing import TYPE_CHECKING

from lotwise.reporting.repository.fees import LIVE, earned

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

_TODAY = f"""
with here as (
    select slug as site, (now() at time zone time_zone)::date as day from site where generation = {LIVE}
), sold as (
    select site, sum(net_minor) as net_minor from (
        select s.site, s.net_minor from sale_day s join here using (site, day) where s.generation = {LIVE}
        union all
        select r.site, {earned("here.day", "here.day")} from fee_run r join here using (site)
        where r.generation = {LIVE} and here.day between r.first_day and r.last_day
    ) s group by site
), lost as (
    select w.site, sum(w.cost_minor) as cost_minor from waste_day w join here using (site, day)
    where w.generation = {LIVE} group by w.site
), shelf as (
    select site, sum(value_minor) as value_minor, count(*) filter (where on_hand < minimum) as below_minimum,
        count(*) filter (where on_hand <= 0 and minimum > 0) as run_out
    from level where generation = {LIVE} group by site
)
select here.site, coalesce(c.charges, 0) as charges, coalesce(sold.net_minor, 0)::bigint as net_minor,
    coalesce(lost.cost_minor, 0)::bigint as waste_minor, coalesce(shelf.value_minor, 0)::bigint as value_minor,
    coalesce(shelf.below_minimum, 0) as below_minimum, coalesce(shelf.run_out, 0) as run_out
from here
left join charge_day c on c.generation = {LIVE} and c.site = here.site and c.day = here.day
left join sold on sold.site = here.site
left join lost on lost.site = here.site
left join shelf on shelf.site = here.site
order by here.site
"""


async def today(tx: "Tx") -> "list[asyncpg.Record]":
    """Each site's charges, sales, waste and stock, as of now; a day is the site's own."""
    return list(await tx.fetch(_TODAY))
