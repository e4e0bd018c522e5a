"""The only home of stock as of an instant in SQL: opening balances, whole days since, and the boundary days' movements.

Nothing reads the whole history: a month's opening, at most a month of daily totals, and the movements of the days that
the instant lies in (DESIGN 3.9).
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import CellKey
from lotwise.stock.domain.moments import LAST_DAY, NEVER, NO_DAY, Edge, Moment, Piece, Zoned, edges, spans

_ZONES = """
with by_index as materialized (select set_config('enable_bitmapscan', 'off', true))
select z.site, z.zone, z.since from site_zone z, by_index
where $1::text[] is null or z.site = any($1) order by z.site, z.since
"""
"""Zones of sites; it also tells the planner, for this transaction, to go by the one index that fits each part."""
_OPENING = "select max(month) from opening where month <= $1"

PLACES = """
edge as (select * from unnest($1::text[], $2::date[], $3::date[], $4::date[])
         as e(site, happened_day, recorded_day, happened_last)),
place as (
    select l.id, l.site, l.kind, e.happened_day, e.recorded_day, e.happened_last, $5::date as since
    from edge e join location l on l.site = e.site and l.kind = any($6::text[]))"""
_CELLS = """
cell as (select * from unnest($7::text[], $8::uuid[]) as c(site, product_id))"""

_DAYS_OF_CELLS = f"""
with {PLACES}, {_CELLS}
select distinct p.site, d.recorded_on from cell c join place p on p.site = c.site
cross join lateral (
    select recorded_on from daily_total d
    where (d.product_id, d.location_id, d.happened_on) >= (c.product_id, p.id, p.happened_day)
      and (d.product_id, d.location_id, d.happened_on) <= (c.product_id, p.id, p.happened_last)
      and d.recorded_on <= p.recorded_day offset 0) d
"""
_DAYS_OF_SITES = f"""
with {PLACES}
select distinct p.site, d.recorded_on from place p
cross join lateral (
    select recorded_on from daily_total d
    where d.location_id = p.id and d.happened_on between p.happened_day and p.happened_last
      and d.recorded_on <= p.recorded_day offset 0) d
"""

_WHOLE_DAYS_OF_CELLS = """
    select o.location_id, o.product_id, o.lot_id, o.quantity, o.cost_minor
    from cell c join place p on p.site = c.site
    join opening_balance o on o.month = p.since and o.location_id = p.id and o.product_id = c.product_id
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from cell c join place p on p.site = c.site
    cross join lateral (
        select * from daily_total d
        where (d.product_id, d.location_id, d.happened_on) >= (c.product_id, p.id, p.since)
          and (d.product_id, d.location_id, d.happened_on) < (c.product_id, p.id, p.happened_day)
          and d.recorded_on < p.recorded_day offset 0) d
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from cell c join place p on p.site = c.site
    cross join lateral (
        select * from daily_total d
        where d.product_id = c.product_id and d.location_id = p.id and d.recorded_on > d.happened_on
          and d.recorded_on >= p.since and d.recorded_on < p.recorded_day
          and d.happened_on < p.since and d.happened_on < p.happened_day offset 0) d"""
WHOLE_DAYS_OF_SITES = """
    select o.location_id, o.product_id, o.lot_id, o.quantity, o.cost_minor
    from place p join opening_balance o on o.month = p.since and o.location_id = p.id
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from place p
    cross join lateral (
        select * from daily_total d
        where d.location_id = p.id and d.happened_on >= p.since
          and d.happened_on < least(p.happened_day, p.recorded_day + 1) and d.recorded_on < p.recorded_day offset 0) d
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from place p join daily_total d on d.location_id = p.id and d.recorded_on > d.happened_on
         and d.recorded_on >= p.since and d.recorded_on < p.recorded_day
         and d.happened_on < p.since and d.happened_on < p.happened_day
    union all
    select d.location_id, d.product_id, d.lot_id, d.quantity, d.cost_minor
    from place p join daily_total d on d.location_id = p.id and d.happened_on > d.recorded_on
         and d.happened_on > p.recorded_day and d.happened_on < p.happened_day and d.recorded_on < p.recorded_day
         and d.happened_on >= p.since"""

_TAIL = """
piece as (select * from unnest({pieces}::text[], {recorded_from}::timestamptz[], {recorded_until}::timestamptz[],
                               {happened_start}::timestamptz[], {recorded_start}::timestamptz[])
          as g(site, recorded_from, recorded_until, happened_start, recorded_start)),
span as (select * from unnest({span_from}::timestamptz[], {span_until}::timestamptz[], {id_from}::uuid[],
                              {id_until}::uuid[]) as s(recorded_from, recorded_until, id_from, id_until)),
parts as ({whole_days}
    union all
    select p.id, m.product_id, case when p.kind = 'unattributed' then null else m.lot_id end,
           leg.sign * m.quantity, leg.sign * m.cost_minor
    from {movements}
    cross join lateral (values (m.to_location, 1), (m.from_location, -1)) as leg(location_id, sign)
    join place p on p.id = leg.location_id {own_cell}
    join piece g on g.site = p.site and m.recorded_at >= g.recorded_from and m.recorded_at < g.recorded_until
    where m.happened_at <= {as_of} and m.recorded_at <= {known_at}
      and (m.happened_at >= g.happened_start or m.recorded_at >= g.recorded_start)),
found as (
    select location_id, product_id, lot_id, sum(quantity)::bigint as quantity, sum(cost_minor)::bigint as cost_minor
    from parts group by location_id, product_id, lot_id having sum(quantity) <> 0 or sum(cost_minor) <> 0)"""

_MOVEMENTS_OF_CELLS = """span r cross join (select distinct product_id from cell) c
    cross join (select unnest($1::text[]) as slug
                union select t.from_site from transfer t where t.to_site = any($1::text[])
                union select t.to_site from transfer t where t.from_site = any($1::text[])) s
    cross join lateral (
        select m.* from movement m
        where m.site = s.slug
          and (m.product_id, m.id) >= (c.product_id, r.id_from) and (m.product_id, m.id) < (c.product_id, r.id_until)
          and m.recorded_at >= r.recorded_from and m.recorded_at < r.recorded_until offset 0) m"""
MOVEMENTS_OF_CHAIN = """span r
    cross join lateral (
        select m.* from movement m
        where m.id >= r.id_from and m.id < r.id_until
          and m.recorded_at >= r.recorded_from and m.recorded_at < r.recorded_until offset 0) m"""
MOVEMENTS_OF_SITES = """span r
    cross join lateral (
        select m.* from movement m
        where m.id >= r.id_from and m.id < r.id_until
          and m.recorded_at >= r.recorded_from and m.recorded_at < r.recorded_until
          and (m.from_location = any((select array_agg(id) from place)::int[])
               or m.to_location = any((select array_agg(id) from place)::int[])) offset 0) m"""
"""The subqueries end with `offset 0`: each is run for its own span and product, whatever the planner thinks of it.

Comparing several columns at once fits one index alone, the one by cell. The first of them is not compared by itself
too: the scan would begin with all of its rows.
"""


def _found(*, of_cells: bool = False, of_chain: bool = False) -> str:
    """The common beginning of every statement here; ends with `found`: what lay of each lot at each place."""
    first = 9 if of_cells else 7
    names = (
        "pieces", "recorded_from", "recorded_until", "happened_start", "recorded_start",
        "span_from", "span_until", "id_from", "id_until", "as_of", "known_at",
    )  # fmt: skip
    numbers = {name: f"${first + index}" for index, name in enumerate(names)}
    tail = _TAIL.format(
        whole_days=_WHOLE_DAYS_OF_CELLS if of_cells else WHOLE_DAYS_OF_SITES,
        movements=_MOVEMENTS_OF_CELLS if of_cells else MOVEMENTS_OF_CHAIN if of_chain else MOVEMENTS_OF_SITES,
        own_cell="join cell w on w.site = p.site and w.product_id = m.product_id" if of_cells else "",
        **numbers,
    )
    return f"with {PLACES}, {_CELLS}, {tail}" if of_cells else f"with {PLACES}, {tail}"


_FIGURES = """
select p.site, f.product_id,
       coalesce(sum(f.quantity) filter (where p.kind = 'shelf'), 0)::bigint as on_hand,
       coalesce(sum(f.cost_minor) filter (where p.kind = 'shelf' and coalesce(l.owner, '') = ''), 0)::bigint
           as value_minor,
       coalesce(sum(f.quantity) filter (where p.kind = 'transit'), 0)::bigint as in_transit,
       coalesce(sum(f.quantity) filter (where p.kind = 'quarantine'), 0)::bigint as quarantined,
       coalesce(sum(f.quantity) filter (where p.kind = 'unattributed'), 0)::bigint as unattributed,
       min(l.expires_on) filter (where p.kind = 'shelf' and f.quantity <> 0) as next_expiry,
       count(distinct f.lot_id) filter (where p.kind = 'shelf' and f.quantity <> 0) as lots
from found f join place p on p.id = f.location_id
left join lateral (select owner, expires_on from lot where id = f.lot_id offset 0) l on true
group by p.site, f.product_id
"""
_LOTS = """
select f.location_id as row_id, p.site, p.kind, o.area, f.quantity as on_hand, f.cost_minor, l.id, l.number,
       l.manufacturer, l.expires_on, l.received_at, l.owner, l.supplier_id, l.purchase_order, l.unit_cost, l.origin,
       pr.id as product_id, pr.code, pr.name, pr.unit, pr.unit_decimals
from found f join place p on p.id = f.location_id join location o on o.id = f.location_id
join lateral (select * from lot where id = f.lot_id offset 0) l on true join product pr on pr.id = f.product_id
where f.quantity <> 0 and ({lot}::uuid is null or l.id = {lot}) and ({kind}::text is null or p.kind = {kind})
  and ({number}::text is null or l.number = {number}) and ({by}::date is null or l.expires_on <= {by})
  and (coalesce(l.expires_on, date '9999-12-31'), l.id, f.location_id::bigint)
    > ({day}::date, {id}::uuid, {row}::bigint)
order by coalesce(l.expires_on, date '9999-12-31'), l.id, f.location_id limit {limit}
"""
_SUMS = """
, own as (
    select p.site, p.kind, f.product_id, f.quantity, f.cost_minor, l.owner, l.expires_on
    from found f join place p on p.id = f.location_id left join lot l on l.id = f.lot_id)
select (select count(*) from product where kind = 'physical' and not is_archived) as products,
       (select count(*) from (select from own where kind = 'shelf' group by site, product_id
                              having sum(quantity) > 0) c) as stocked,
       (select count(*) from own where kind = 'unattributed' and quantity < 0) as unattributed,
       coalesce(sum(cost_minor) filter (where kind = 'shelf' and owner = ''), 0)::bigint as value_minor,
       coalesce(sum(cost_minor) filter (where kind = 'shelf' and owner <> ''), 0)::bigint as consigned_minor,
       coalesce(sum(cost_minor) filter (where kind = 'quarantine'), 0)::bigint as quarantined_minor,
       coalesce(sum(cost_minor) filter (where kind = 'transit'), 0)::bigint as in_transit_minor,
       count(*) filter (where kind = 'shelf' and expires_on <= {by} and quantity <> 0) as lots_expiring,
       coalesce(sum(cost_minor) filter (where kind = 'shelf' and expires_on <= {by}), 0)::bigint as expiring_minor
from own
"""

_OF_CELLS, _OF_SITES, _OF_CHAIN = _found(of_cells=True), _found(), _found(of_chain=True)
_CELL_FIGURES = _OF_CELLS + _FIGURES
_SITE_SUMS = _OF_SITES + _SUMS.format(by="$18")
_CHAIN_SUMS = _OF_CHAIN + _SUMS.format(by="$18")
_LOT_NAMES = ("lot", "kind", "number", "by", "day", "id", "row", "limit")
_CELL_LOTS = _OF_CELLS + _LOTS.format(**{name: f"${20 + index}" for index, name in enumerate(_LOT_NAMES)})
_SITE_LOTS = _OF_SITES + _LOTS.format(**{name: f"${18 + index}" for index, name in enumerate(_LOT_NAMES)})


class _Bounds(NamedTuple):
    """What every statement is given: the edges of sites, the opening, the kinds of places."""

    edges: Sequence[Edge]
    pieces: Sequence[Piece]
    zones: Sequence[Zoned]
    arguments: tuple[object, ...]


async def _bounds(tx: Tx, moment: Moment, sites: Collection[str] | None) -> _Bounds:
    zones = await zones_of(tx, sites)
    of_sites, pieces = edges(moment, zones)
    first = min((min(one.happened_day, one.recorded_day) for one in of_sites), default=LAST_DAY)
    opening = await opening_by(tx, first)
    return _Bounds(of_sites, pieces, zones, (*columns(of_sites, 4), opening, list(places.HOLDING)))


async def zones_of(tx: Tx, sites: Collection[str] | None) -> list[Zoned]:
    """The zones that sites (None: all) have and had; from here on this transaction reads index by index."""
    return [Zoned(*row) for row in await tx.fetch(_ZONES, None if sites is None else list(sites))]


async def opening_by(tx: Tx, day: date) -> date:
    """The latest month whose opening is kept and that does not begin after a day; NO_DAY when there is none."""
    return await tx.fetchval(_OPENING, day) or NO_DAY


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    """Rows as the arrays that a statement takes."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


async def _arguments(
    tx: Tx, moment: Moment, sites: Collection[str] | None, cells: Sequence[CellKey] | None
) -> list[object]:
    """The common arguments of the statements, after a look at which days the boundary's movements were recorded on."""
    bounds = await _bounds(tx, moment, sites)
    own = [] if cells is None else columns(cells, 2)
    days: list[tuple[str, date]] = []
    if moment.as_of is not None:
        statement = _DAYS_OF_SITES if cells is None else _DAYS_OF_CELLS
        days = [(row[0], row[1]) for row in await tx.fetch(statement, *bounds.arguments, *own)]
    stretches = spans(moment, bounds.edges, bounds.zones, days)
    return [
        *bounds.arguments, *own, *columns(bounds.pieces, 5), *columns(stretches, 4),
        moment.as_of or NEVER, moment.known_at or NEVER,
    ]  # fmt: skip


async def figures_at(tx: Tx, moment: Moment, cells: Sequence[CellKey]) -> dict[CellKey, asyncpg.Record]:
    """What cells stood at; a cell that had nothing anywhere is left out."""
    arguments = await _arguments(tx, moment, {cell[0] for cell in cells}, cells)
    return {(row[0], row[1]): row for row in await tx.fetch(_CELL_FIGURES, *arguments)}


async def sums_at(tx: Tx, moment: Moment, sites: Collection[str] | None, expiring_by: date) -> asyncpg.Record:
    """The totals of sites (None: of the chain)."""
    statement = _CHAIN_SUMS if sites is None else _SITE_SUMS
    row = await tx.fetchrow(statement, *await _arguments(tx, moment, sites, None), expiring_by)
    if row is None:
        raise LookupError("an aggregate always has one row")
    return row


async def lots_at(
    tx: Tx, moment: Moment, sites: Collection[str] | None, product_id: UUID | None, *arguments: object
) -> Sequence[asyncpg.Record]:
    """A page of what lay where, soonest expiry first; arguments in the order lot, kind, number, by, the keys, limit."""
    cells = None
    if product_id is not None:
        known = await tx.fetch(
            "select slug from site where $1::text[] is null or slug = any($1)", None if sites is None else list(sites)
        )
        cells = [(row[0], product_id) for row in known]
    common = await _arguments(tx, moment, sites, cells)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_SITE_LOTS if cells is None else _CELL_LOTS, *common, *arguments)
    return rows


_PRODUCT = "p.id as product_id, p.code, p.name, p.category_id, p.category_name, p.unit, p.unit_decimals, p.purpose"
_SITE_PAGE = f"""
select $1::text as site, lower(p.name) collate "C" as sort_name, {_PRODUCT}, p.is_archived
from product p
where p.kind = 'physical'
  and (not p.is_archived or exists (select from level l where l.site = $1 and l.product_id = p.id))
  and ($2::text is null or p.name ilike $2 or p.code ilike $2) and ($3::uuid is null or p.category_id = $3)
  and (lower(p.name) collate "C", p.id) > ($4::text collate "C", $5::uuid)
order by lower(p.name) collate "C", p.id limit $6
"""
_CHAIN_PAGE = f"""
select l.site, lower(p.name) collate "C" as sort_name, {_PRODUCT}, p.is_archived
from product p cross join lateral (
    select * from level where product_id = p.id and ($1::text[] is null or site = any($1)) offset 0) l
where (lower(p.name) collate "C", p.id) >= ($5::text collate "C", $6::uuid)
  and ($2::text is null or p.name ilike $2 or p.code ilike $2) and ($3::uuid is null or p.category_id = $3)
  and ($4::uuid is null or p.id = $4)
  and (lower(p.name) collate "C", p.id, l.site) > ($5::text collate "C", $6::uuid, $7::text)
order by lower(p.name) collate "C", p.id, l.site limit $8
"""
_ONE = f"select s.slug as site, {_PRODUCT}, p.is_archived from site s join product p on p.id = $2 where s.slug = $1"


async def site_cells(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of a site's products by name, those too that were archived since; arguments as in the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_SITE_PAGE, *arguments)
    return rows


async def chain_cells(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of the cells that any site has or had, by name, then site; arguments as in the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_CHAIN_PAGE, *arguments)
    return rows


async def one_cell(tx: Tx, site: str, product_id: UUID) -> asyncpg.Record | None:
    """One product at one site; None when there is no such site or product."""
    row: asyncpg.Record | None = await tx.fetchrow(_ONE, site, product_id)
    return row
