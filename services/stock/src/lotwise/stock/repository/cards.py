"""The only home of the stock card in SQL: a cell's movements newest first, and what its lots had before one of them.

A cell's own movements are found by its index; what other sites moved into or out of its places are transfers alone.
Nothing reads the whole history: a page looks at a bounded number of rows, and what lay before a movement is today's
balance less the whole days since and that one day's movements.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

CUSTODY = ("shelf", "back_bar", "quarantine", "in_use")
"""Where goods are in a site's hands: moving between these changes no card's balance."""

_FOREIGN = """
    select m.* from (select distinct t.id from transfer_line l join transfer t on t.id = l.transfer_id
                     where l.product_id = $2 and (t.from_site = $1 or t.to_site = $1)) t
    join movement m on m.cause_id = t.id
    where m.site <> $1 and m.product_id = $2 and (m.from_location = any(p.ids) or m.to_location = any(p.ids))"""
_CARD = f"""
with mine as (select array_agg(id) as ids from location where site = $1 and kind = any($5::text[])),
seen as (
    select m.* from mine p cross join lateral (
        (select m.* from movement m where m.site = $1 and m.product_id = $2 and m.id < $3 order by m.id desc limit $4)
        union
        ({_FOREIGN} and m.id < $3 order by m.id desc limit $4)) m
    order by m.id desc limit $4)
select m.id, m.recorded_at, m.happened_at, m.site, m.lot_id, l.number as lot_number, f.kind as from_kind,
       f.site as from_site, f.area as from_area, t.kind as to_kind, t.site as to_site, t.area as to_area, m.quantity,
       m.cost_minor, m.actor, m.reason, m.cause_id, m.line, m.trace_id, m.reverses, a.note, a.witness,
       m.quantity * ((t.id = any(p.ids))::int - (f.id = any(p.ids))::int) as change
from seen m cross join mine p join location f on f.id = m.from_location join location t on t.id = m.to_location
left join lot l on l.id = m.lot_id left join adjustment a on a.id = m.cause_id
order by m.id desc
"""
_NOW = """
select coalesce(sum(on_hand), 0)::bigint from balance
where site = $1 and product_id = $2 and kind = any($3::text[]) and on_hand <> 0
"""
_BEFORE = f"""
with mine as (select array_agg(id) as ids from location where site = $1 and kind = any($6::text[])),
days as (
    select d.location_id, d.lot_id, sum(d.quantity)::bigint as quantity from mine p
    join daily_total d on d.product_id = $2 and d.location_id = any(p.ids) and d.recorded_on > $4
    group by d.location_id, d.lot_id),
day as (
    select m.* from mine p cross join lateral (
        (select m.* from movement m where m.site = $1 and m.product_id = $2 and m.id >= $3 and m.recorded_at < $5)
        union
        ({_FOREIGN} and m.id >= $3 and m.recorded_at < $5)) m),
later as (
    select location_id, lot_id, quantity from days
    union all
    select m.to_location, m.lot_id, m.quantity from day m, mine p where m.to_location = any(p.ids)
    union all
    select m.from_location, m.lot_id, -m.quantity from day m, mine p where m.from_location = any(p.ids))
select c.kind, c.area, l.id as lot_id, l.number as lot_number, l.expires_on, l.received_at, l.owner, l.is_recalled,
       (coalesce(b.on_hand, 0) - coalesce(s.quantity, 0))::bigint as on_hand
from mine p
join lateral (
    select location_id, lot_id from balance where product_id = $2 and location_id = any(p.ids)
    union select location_id, lot_id from later) k on true
join location c on c.id = k.location_id join lot l on l.id = k.lot_id
left join balance b on b.product_id = $2 and b.location_id = k.location_id and b.lot_id = k.lot_id
left join (select location_id, lot_id, sum(quantity)::bigint as quantity from later group by location_id, lot_id) s
     on s.location_id = k.location_id and s.lot_id = k.lot_id
where coalesce(b.on_hand, 0) - coalesce(s.quantity, 0) <> 0
"""
_CHARGED = """
select m.id, m.line, m.site, m.product_id, p.name, p.unit, p.unit_decimals, m.lot_id, m.quantity, m.happened_at,
       m.recorded_at, s.time_zone, f.kind as from_kind
from movement m join product p on p.id = m.product_id join site s on s.slug = m.site
join location f on f.id = m.from_location join location t on t.id = m.to_location
where m.cause_id = $1 and m.reason in ('sale', 'treatment') and t.kind = 'patient' and m.quantity > 0 and m.site = any(
    coalesce($2::text[], array[m.site]))
order by m.id limit 2000
"""


class Cell(NamedTuple):
    """A product at a site."""

    site: str
    product_id: UUID


async def card_rows(tx: Tx, cell: Cell, before: UUID, limit: int) -> Sequence[asyncpg.Record]:
    """A cell's movements before an id, newest first; `change` is what the site's hands gained (smallest units)."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CARD, *cell, before, limit, list(CUSTODY))
    return rows


async def in_hand(tx: Tx, cell: Cell) -> int:
    """What is in the site's hands now: on shelves and back bar, in quarantine, in opened containers."""
    return int(await tx.fetchval(_NOW, *cell, list(CUSTODY)))


async def set_apart_of(tx: Tx, cell: Cell) -> list[tuple[str, int]]:
    """How much of a cell lies in each area of quarantine."""
    rows = await tx.fetch(
        "select a.area, sum(b.on_hand)::bigint from balance b join location a on a.id = b.location_id"
        " where b.site = $1 and b.product_id = $2 and b.kind = 'quarantine' and b.on_hand <> 0"
        " group by a.area order by a.area",
        *cell,
    )
    return [(row[0], row[1]) for row in rows]


async def lots_before(
    tx: Tx, cell: Cell, movement_id: UUID, recorded_on: date, day_ends_at: datetime
) -> Sequence[asyncpg.Record]:
    """What lay of each lot in the site's hands just before a movement was written."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _BEFORE, *cell, movement_id, recorded_on, day_ends_at, list(CUSTODY)
    )
    return rows


async def charged(tx: Tx, charge_id: UUID, sites: Collection[str] | None) -> Sequence[asyncpg.Record]:
    """What a charge (or a treatment) took, in the order it was written, at the sites that may be seen."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHARGED, charge_id, None if sites is None else list(sites))
    return rows
