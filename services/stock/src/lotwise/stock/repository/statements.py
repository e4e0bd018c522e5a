"""The only home of the location statement in SQL: today's balances taken back day by day, never the whole history."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_HELD = "p.kind in ('shelf', 'quarantine', 'in_use', 'unattributed', 'back_bar')"
_ACCOUNTS = {
    "supplied": "p.kind = 'supplier'",
    "sold": "p.kind = 'patient'",
    "used": "p.kind = 'usage'",
    "wasted": "p.kind = 'waste'",
    "lost": "p.kind = 'lost_and_found'",
    "transit_change": "p.kind = 'transit'",
    "held_change": _HELD,
}
"""What of an account's change within the days is asked for, by the name it goes under."""


def _moved(column: str, suffix: str) -> str:
    within = [
        f"sum(d.{column}) filter (where {kinds} and d.happened_on <= $3) as {name}{suffix}"
        for name, kinds in _ACCOUNTS.items()
    ]
    later = [
        f"sum(d.{column}) filter (where {kinds} and d.happened_on > $3) as {name}_later{suffix}"
        for name, kinds in (("held", _HELD), ("transit", "p.kind = 'transit'"))
    ]
    return ",\n           ".join([*within, *later])


def _figures(suffix: str) -> str:
    named = [f"coalesce(m.{name}{suffix}, 0) as {name}{suffix}" for name in _ACCOUNTS]
    closing = f"coalesce(l.held{suffix}, 0) - coalesce(m.held_later{suffix}, 0) as closing{suffix}"
    transit = f"coalesce(l.transit{suffix}, 0) - coalesce(m.transit_later{suffix}, 0) as in_transit{suffix}"
    return ",\n           ".join([closing, transit, f"coalesce(s.quantity{suffix}, 0) as sent{suffix}", *named])


_FLOWS = f"""
with places as (select id, site, kind from location where $1::text[] is null or site = any($1)),
lying as (
    select b.product_id, sum(b.on_hand) filter (where {_HELD}) as held,
           sum(b.cost_minor) filter (where {_HELD}) as held_minor,
           sum(b.on_hand) filter (where p.kind = 'transit') as transit,
           sum(b.cost_minor) filter (where p.kind = 'transit') as transit_minor,
           coalesce(sum(b.cost_minor) filter (where o.owner <> ''), 0) as consigned_minor
    from balance b join places p on p.id = b.location_id left join lot o on o.id = b.lot_id
    where b.on_hand <> 0 and ($4::uuid is null or b.product_id = $4) group by b.product_id),
moved as (
    select d.product_id,
           {_moved("quantity", "")},
           {_moved("cost_minor", "_minor")}
    from places p join daily_total d on d.location_id = p.id and d.happened_on >= $2
    where $4::uuid is null or d.product_id = $4 group by d.product_id),
sent as (
    select m.product_id, sum(m.quantity) as quantity, sum(m.cost_minor) as quantity_minor
    from unnest($5::text[], $6::timestamptz[], $7::timestamptz[]) as w(site, since, until)
    join movement m on m.reason = 'transfer' and m.happened_at >= w.since and m.happened_at < w.until
    join places p on p.id = m.from_location and p.site = w.site and {_HELD}
    join location t on t.id = m.to_location and t.kind = 'transit'
    where $4::uuid is null or m.product_id = $4 group by m.product_id),
figures as (
    select product_id, coalesce(l.consigned_minor, 0) as consigned_minor,
           {_figures("")},
           {_figures("_minor")}
    from lying l full join moved m using (product_id) left join sent s using (product_id))
"""
_BY_PRODUCT = f"""
{_FLOWS}
select p.code, p.name, p.unit, p.unit_decimals, lower(p.name) collate "C" as sort_name, f.*
from figures f join product p on p.id = f.product_id
where (lower(p.name) collate "C", p.id) > ($8::text collate "C", $9::uuid)
order by lower(p.name) collate "C", p.id limit $10
"""
_NAMES = ("closing", "in_transit", "consigned", "sent", *_ACCOUNTS)
_TOTAL = f"""
{_FLOWS}
select {", ".join(f"coalesce(sum({name}_minor), 0)::bigint as {name}_minor" for name in _NAMES)},
       count(*) as products
from figures
"""


class Window:
    """The days of a statement at some sites (None: at all), and the instants that bound them at each of them."""

    def __init__(
        self,
        sites: Sequence[str] | None,
        since: date,
        until: date,
        bounds: Mapping[str, tuple[datetime, datetime]],
        product_id: UUID | None = None,
    ) -> None:
        self.arguments: tuple[object, ...] = (
            None if sites is None else list(sites), since, until, product_id, list(bounds),
            [one[0] for one in bounds.values()], [one[1] for one in bounds.values()],
        )  # fmt: skip


async def statement_page(tx: Tx, window: Window, after: tuple[str, UUID], limit: int) -> Sequence[asyncpg.Record]:
    """A page of the statement by product, by name."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_BY_PRODUCT, *window.arguments, *after, limit)
    return rows


async def statement_total(tx: Tx, window: Window) -> asyncpg.Record:
    """The statement's sums in minor units."""
    row = await tx.fetchrow(_TOTAL, *window.arguments)
    if row is None:
        raise LookupError("an aggregate always has one row")
    return row
