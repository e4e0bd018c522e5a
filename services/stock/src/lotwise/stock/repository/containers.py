"""The only home of opened containers in SQL: loaded with the books of their cells, stored with them, listed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import Books, CellKey
from lotwise.stock.domain.containers import Container, Draw, Opened
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.places import Site

LATE = timedelta(days=31)
"""How late a fact may come and still find the vial that was open at its time."""

_LOADED = """
select c.*, l.number, l.expires_on, l.received_at, l.owner, l.unit_cost, l.is_recalled
from container c join lot l on l.id = c.lot_id
"""
_OF_CELLS = f"""
with cells as (select * from unnest($1::text[], $2::uuid[]) as w(site, product_id)), wanted as (
    select o.id from container o join cells w on w.site = o.site and w.product_id = o.product_id where o.state = 'open'
    union select unnest($3::uuid[])
    union select v.id from container v where v.visit_id = any($4::uuid[])
    union select s.id from container s join (select distinct site from cells) w on w.site = s.site
          where s.closed_at > $5 and s.close_reason = 'use_by' and s.wasted > 0)
{_LOADED} join wanted on wanted.id = c.id
where (c.site, c.product_id) in (select site, product_id from cells) order by c.id
"""
_COLUMNS = (
    "id", "site", "product_id", "lot_id", "is_shared", "state", "label", "overfill", "drawn", "wasted", "cost_minor",
    "wasted_minor", "member_id", "visit_id", "opened_at", "opened_by", "use_by", "approved_by", "diluent", "note",
    "from_location", "is_automatic", "is_confirmed", "proposed_lot_id", "closed_at", "closed_by", "close_reason",
    "revision", "is_set_apart",
)  # fmt: skip
_LIST = ", ".join(_COLUMNS)
_STORE = f"""
insert into container ({_LIST}) select {_LIST} from jsonb_populate_recordset(null::container, $1::jsonb)
on conflict (id) do update set ({_LIST}) = row({", ".join(f"excluded.{name}" for name in _COLUMNS)})
"""
_DRAWS = """
insert into container_draw (id, container_id, site, product_id, quantity, cost_minor, member_id, visit_id,
    practitioner, cause_id, reason, actor, happened_at)
select d.id, d.container_id, c.site, c.product_id, d.quantity, d.cost, d.member_id, d.visit_id, d.practitioner,
       d.cause_id, d.reason, d.actor, d.happened_at
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[],
    $9::text[], $10::text[], $11::timestamptz[])
     as d(id, container_id, quantity, cost, member_id, visit_id, practitioner, cause_id, reason, actor, happened_at)
join container c on c.id = d.container_id
"""
_DUE = """
select distinct site, product_id from (
    select c.site, c.product_id from container c where c.state = 'open' and c.use_by <= $1
       and ((c.is_shared and not c.is_set_apart) or not exists (
            select from adjustment a where a.container_id = c.id and a.state = 'pending'
               and a.quantity = c.drawn + c.wasted - c.label - c.overfill))
    order by c.use_by limit $2) due
"""
_BOUND = """
select distinct site, product_id from container
where visit_id = any($1::uuid[]) or (state = 'open' and not is_shared and member_id = any($2::uuid[]))
"""
_SHOWN = f"""
select {", ".join(f"c.{name}" for name in _COLUMNS)}, l.number as lot_number, l.expires_on, l.is_recalled,
       p.code, p.name, p.unit, p.unit_decimals,
       (select a.id from adjustment a where a.container_id = c.id and a.state = 'pending' limit 1) as waits_for
from container c join lot l on l.id = c.lot_id join product p on p.id = c.product_id
"""
_PAGE = f"""
{_SHOWN}
where ($1::text[] is null or c.site = any($1)) and ($2::uuid is null or c.product_id = $2)
  and ($3::text is null or c.state = $3) and c.id < $4
order by c.id desc limit $5
"""
_OPEN_PAGE = f"""
{_SHOWN}
where c.state = 'open' and ($1::text[] is null or c.site = any($1)) and ($2::uuid is null or c.product_id = $2)
order by c.use_by nulls last, c.opened_at, c.id limit 500
"""


async def open_containers(
    tx: Tx,
    books: Books,
    sites: Iterable[Site],
    ids: Collection[UUID] = (),
    visits: Collection[UUID] = (),
    since: datetime | None = None,
) -> Opened:
    """The open containers of the books' cells, and these others of them; the cells' locks guard them.

    `since` brings those too whose rest was swept after it, at most LATE ago: late facts may have drawn from them.
    """
    late = books.now if since is None else max(since, books.now - LATE)
    by_slug = {site.slug: site for site in sites}
    keys = list(books.cells)
    rows = await tx.fetch(_OF_CELLS, [key[0] for key in keys], [key[1] for key in keys], list(ids), list(visits), late)
    opened = Opened()
    for row in rows:
        key: CellKey = (row["site"], row["product_id"])
        opened.containers.setdefault(key, []).append(_container(row, by_slug[row["site"]]))
    return opened


def _container(row: asyncpg.Record, site: Site) -> Container:
    lot = Lot(
        row["lot_id"], row["product_id"], row["number"], row["expires_on"], row["received_at"], row["owner"],
        row["unit_cost"], row["is_recalled"],
    )  # fmt: skip
    place = site.place(places.IN_USE, places.SHARED if row["is_shared"] and not row["is_set_apart"] else places.BOUND)
    same = {name: row[name] for name in _COLUMNS if name in _SAME}
    return Container(lot=lot, place=place, cost=row["cost_minor"], wasted_cost=row["wasted_minor"], **same)


_SAME = frozenset(_COLUMNS) - {"site", "product_id", "lot_id", "is_shared", "cost_minor", "wasted_minor"}


async def store_containers(tx: Tx, opened: Opened, practitioner: str = "") -> None:
    """Write the containers that changed, and who drew what from them."""
    rows = [_row(key, one) for key, one in opened.touched()]
    if rows:
        await tx.execute(_STORE, rows)
    if opened.draws:
        await tx.execute(_DRAWS, *zip(*(_draw(one, practitioner) for one in opened.draws), strict=True))


def _row(key: CellKey, one: Container) -> dict[str, Any]:
    one.revision += 1
    row = {name: getattr(one, name) for name in _SAME}
    return row | {
        "site": key[0],
        "product_id": key[1],
        "lot_id": one.lot.id,
        "is_shared": one.is_shared,
        "cost_minor": one.cost,
        "wasted_minor": one.wasted_cost,
    }


def _draw(one: Draw, practitioner: str) -> tuple[object, ...]:
    entry, visitor = one.entry, one.visitor
    return (
        one.id, one.container_id, one.quantity, one.cost, visitor.member_id, visitor.visit_id, practitioner,
        entry.cause_id, entry.reason, entry.actor, entry.happened_at,
    )  # fmt: skip


async def cell_of_container(tx: Tx, container_id: UUID) -> CellKey | None:
    """Which cell a container belongs to."""
    row = await tx.fetchrow("select site, product_id from container where id = $1", container_id)
    return None if row is None else (row[0], row[1])


async def due_cells(tx: Tx, now: datetime, rows_max: int) -> list[CellKey]:
    """The cells of open containers whose use-by has come, the longest over first.

    Those set apart whose very rest waits for a witness already are left out.
    """
    return [(row[0], row[1]) for row in await tx.fetch(_DUE, now, rows_max)]


async def bound_cells(tx: Tx, visits: Collection[UUID], members: Collection[UUID]) -> list[CellKey]:
    """The cells of containers that these visits opened, or that are open for these members."""
    return [(row[0], row[1]) for row in await tx.fetch(_BOUND, list(visits), list(members))]


async def container_row(tx: Tx, container_id: UUID) -> asyncpg.Record | None:
    """One container with its lot and product."""
    row: asyncpg.Record | None = await tx.fetchrow(f"{_SHOWN} where c.id = $1", container_id)
    return row


async def draws_of(tx: Tx, container_id: UUID) -> Sequence[asyncpg.Record]:
    """What was drawn from a container, in order."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from container_draw where container_id = $1 order by id limit 500", container_id
    )
    return rows


async def containers_page(
    tx: Tx, sites: Collection[str] | None, product_id: UUID | None, state: str | None, before: UUID, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of containers, newest first."""
    chosen = None if sites is None else list(sites)
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PAGE, chosen, product_id, state, before, limit)
    return rows


async def open_page(tx: Tx, sites: Collection[str] | None, product_id: UUID | None) -> Sequence[asyncpg.Record]:
    """The open containers, soonest use-by first; at most 500."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_OPEN_PAGE, None if sites is None else list(sites), product_id)
    return rows
