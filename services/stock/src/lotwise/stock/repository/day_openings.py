"""The only home in SQL of the totals that sites began their days with: `day_opening`, made once and never changed."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.stock.domain.sums import KINDS, Sums

_OPENINGS = """
select w.site, o.day, f.day as first_day, o.stocked, o.unattributed, o.value_minor, o.consigned_minor,
       o.quarantined_minor, o.in_transit_minor, o.expires_on, o.expiring_lots, o.expiring_minor
from (select set_config('enable_nestloop', 'off', true), set_config('work_mem', '32MB', true)) as by_hash,
     unnest($1::text[], $2::date[]) as w(site, day)
left join lateral (select * from day_opening where site = w.site and day <= w.day order by day desc limit 1) o on true
left join lateral (select day from day_opening where site = w.site order by day limit 1) f on true
"""
"""It also tells the planner, for this transaction, to go row by row only where a statement says so (`lateral`), and to
sort and hash a busy day of the chain in memory.
"""
_KEEP = """
insert into day_opening (site, day, made_at, stocked, unattributed, value_minor, consigned_minor, quarantined_minor,
                         in_transit_minor, expires_on, expiring_lots, expiring_minor)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_FIRST_DAYS = """
select s.slug, (
    select min(d.happened_on) from location l cross join lateral (
        select happened_on from daily_total where location_id = l.id order by happened_on limit 1) d
    where l.site = s.slug and l.kind = any($2::text[]))
from site s where s.slug = any($1::text[])
"""
_FORGET_FROM = "delete from day_opening where site = $1 and day > $2"
_FORGET = """
delete from day_opening o using (
    select l.site, min(greatest(d.happened_on, d.recorded_on)) as day
    from location l join daily_total d on d.location_id = l.id and d.product_id = $1 and d.lot_id = $2
    group by l.site) f
where o.site = f.site and o.day > f.day
"""
_TURN = "select pg_advisory_xact_lock(hashtext('day-opening'))"


class Opening(NamedTuple):
    """The latest totals kept of a site by a day: None when none are; `first_day` is the earliest that are kept."""

    day: date | None
    first_day: date | None
    sums: Sums


async def openings(tx: Tx, by_site: Mapping[str, date]) -> dict[str, Opening]:
    """For each site the totals it began the latest kept day with, not after the day given."""
    found = {}
    for site, day, first, *figures, expires_on, lots, minor in await tx.fetch(
        _OPENINGS, list(by_site), list(by_site.values())
    ):
        if day is None:
            found[site] = Opening(None, first, Sums())
        else:
            sums = Sums(*figures)
            sums.expiring = {one: (count, cost) for one, count, cost in zip(expires_on, lots, minor, strict=True)}
            found[site] = Opening(day, first, sums)
    return found


async def keep_openings(tx: Tx, kept: Iterable[tuple[str, date, Sums]], now: datetime) -> None:
    """Keep what sites began a day with."""
    rows = []
    for site, day, sums in kept:
        days = sorted(sums.expiring)
        lots, minor = [sums.expiring[one][0] for one in days], [sums.expiring[one][1] for one in days]
        rows.append(
            (
                site, day, now, sums.stocked, sums.unattributed, sums.value_minor, sums.consigned_minor,
                sums.quarantined_minor, sums.in_transit_minor, days, lots, minor,
            )
        )  # fmt: skip
    await tx.executemany(_KEEP, rows)


async def take_turn(tx: Tx) -> None:
    """Wait until nobody else keeps or forgets openings of days."""
    await tx.execute(_TURN)


async def forget_openings(tx: Tx, product_id: UUID, lot_id: UUID) -> None:
    """Forget what sites began their days with since a lot came: its expiry is another now. The job makes them anew."""
    await take_turn(tx)
    await tx.execute(_FORGET, product_id, lot_id)


async def forget_openings_from(tx: Tx, site: str, today: date) -> None:
    """Forget what a site began the days after today with: its clock was set back, today goes on."""
    await take_turn(tx)
    await tx.execute(_FORGET_FROM, site, today)


async def first_days(tx: Tx, sites: Collection[str]) -> dict[str, date | None]:
    """The earliest day on which anything happened at each site; None where nothing did."""
    return {row[0]: row[1] for row in await tx.fetch(_FIRST_DAYS, list(sites), list(KINDS))}
