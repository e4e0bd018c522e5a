"""The only home of lots in SQL: found or made by identity, read by id, listed where something of them lies."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.lots import Lot, look_alike

_COLUMNS = "id, product_id, number, expires_on, received_at, owner, unit_cost, is_recalled"
_MAKE = f"""
insert into lot as l (id, product_id, manufacturer, number, look_alike, expires_on, owner, supplier_id,
    purchase_order, received_at,
                      unit_cost, origin)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::uuid[],
    $9::text[],
                     $10::timestamptz[], $11::bigint[], $12::text[])
on conflict (product_id, manufacturer, number, owner) where number <> ''
do update set received_at = least(l.received_at, excluded.received_at)
returning {_COLUMNS}, manufacturer
"""
_FIND = f"""
select {_COLUMNS}, manufacturer from lot
join unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as w(product_id, manufacturer, number, owner)
     using (product_id, manufacturer, number, owner)
where number <> ''
"""
_ALIKE = """
select distinct l.product_id, l.number from lot l
join unnest($1::uuid[], $2::text[]) as w(product_id, look_alike) using (product_id, look_alike)
"""
_SHOWN = """
select b.id as row_id, b.site, b.kind, p.area, b.on_hand, b.cost_minor, b.lot_id as id, b.number, b.manufacturer,
       b.expires_on, b.received_at, b.owner, b.supplier_id, b.purchase_order, b.unit_cost, b.origin,
       pr.id as product_id, pr.code, pr.name, pr.unit, pr.unit_decimals
from page b join location p on p.id = b.location_id join product pr on pr.id = b.product_id
order by b.by_day, b.lot_id, b.id
"""
_OF_LOT = """
select number, manufacturer, expires_on, received_at, owner, supplier_id, purchase_order, unit_cost, origin,
       coalesce(expires_on, date '9999-12-31') as by_day from lot where id = {lot} offset 0
"""
_LIST = f"""
with live as materialized (
    select b.id, b.site, b.kind, b.location_id, b.product_id, b.lot_id, b.on_hand, b.cost_minor from balance b
    where b.on_hand <> 0 and {{of_product}} and {{at_sites}} and {{of_kind}}),
page as materialized (
    select b.*, l.* from live b cross join lateral ({_OF_LOT.format(lot="b.lot_id")}) l
    where ($4::date is null or l.expires_on <= $4) and ($5::text is null or l.number = $5)
      and (l.by_day, b.lot_id, b.id) > ($6::date, $7::uuid, $8::bigint)
    order by l.by_day, b.lot_id, b.id limit $9)
{_SHOWN}
"""
"""The live balances of a site, a product or a kind of place, each with its lot, in order."""
_LIST_ALL = f"""
with recursive live(lot_id) as (
    (select lot_id from balance where on_hand <> 0 order by lot_id limit 1)
    union all
    select (select lot_id from balance where on_hand <> 0 and lot_id > v.lot_id order by lot_id limit 1)
    from live v where v.lot_id is not null),
lots as materialized (
    select v.lot_id, l.* from live v cross join lateral ({_OF_LOT.format(lot="v.lot_id")}) l
    where ($1::date is null or l.expires_on <= $1) and ($2::text is null or l.number = $2)
      and (l.by_day, v.lot_id) >= ($3::date, $4::uuid)
    order by l.by_day, v.lot_id limit $6 + 1),
page as materialized (
    select b.id, b.site, b.kind, b.location_id, b.product_id, b.on_hand, b.cost_minor, l.*
    from lots l join balance b on b.lot_id = l.lot_id and b.on_hand <> 0
    where (l.by_day, l.lot_id, b.id) > ($3::date, $4::uuid, $5::bigint)
    order by l.by_day, l.lot_id, b.id limit $6)
{_SHOWN}
"""
"""All that lies anywhere: hops from one live lot to the next, and looks at the balances of those on the page alone."""
_ONE = """
select l.*, pr.code, pr.name, pr.unit, pr.unit_decimals from lot l
    join product pr on pr.id = l.product_id where l.id = $1
"""


class LotDraft(NamedTuple):
    """A lot as a receipt names it; number "" makes a lot of its own."""

    product_id: UUID
    manufacturer: str
    number: str
    expires_on: date | None
    owner: str
    supplier_id: UUID | None
    purchase_order: str
    received_at: datetime
    unit_cost: int
    origin: str = "receipt"

    @property
    def identity(self) -> tuple[UUID, str, str, str]:
        """What makes it this lot and no other."""
        return self.product_id, self.manufacturer, self.number, self.owner


class LotsAsked(NamedTuple):
    """Which page of lots is asked for: the last expiry, the kind of place, the number, after which row, how many."""

    by: date | None
    kind: str | None
    number: str | None
    after: tuple[date, UUID, int]
    limit: int


async def ensure_lots(tx: Tx, drafts: Sequence[LotDraft]) -> list[Lot]:
    """The lots of these drafts, in order, made where they did not exist; numbered ones are shared by identity."""
    if not drafts:
        return []
    numbered = sorted({draft.identity: draft for draft in drafts if draft.number}.items())
    unnumbered = [draft for draft in drafts if not draft.number]
    rows = [_row(draft) for _, draft in numbered] + [_row(draft) for draft in unnumbered]
    made = await tx.fetch(_MAKE, *zip(*rows, strict=True))
    by_identity = {(row["product_id"], row["manufacturer"], row["number"], row["owner"]): _lot(row) for row in made}
    by_id = {row["id"]: _lot(row) for row in made}
    own = iter(by_id[row[0]] for row in rows[len(numbered) :])
    return [by_identity[draft.identity] if draft.number else next(own) for draft in drafts]


def _row(draft: LotDraft) -> tuple[Any, ...]:
    return (
        uuid7(), draft.product_id, draft.manufacturer, draft.number, look_alike(draft.number), draft.expires_on,
        draft.owner, draft.supplier_id, draft.purchase_order, draft.received_at, draft.unit_cost, draft.origin,
    )  # fmt: skip


def _lot(row: asyncpg.Record) -> Lot:
    return Lot(*row[:8])


async def known_lots(
    tx: Tx, identities: Collection[tuple[UUID, str, str, str]]
) -> dict[tuple[UUID, str, str, str], Lot]:
    """Those of these identities (product, manufacturer, number, owner) that exist."""
    wanted = [one for one in identities if one[2]]
    if not wanted:
        return {}
    rows = await tx.fetch(_FIND, *zip(*wanted, strict=True))
    return {(row["product_id"], row["manufacturer"], row["number"], row["owner"]): _lot(row) for row in rows}


async def look_alikes(tx: Tx, numbers: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[str]]:
    """For each (product, number): the numbers of other lots that a tired eye would take for it."""
    wanted = [(product_id, number, look_alike(number)) for product_id, number in numbers if number]
    if not wanted:
        return {}
    rows = await tx.fetch(_ALIKE, [one[0] for one in wanted], [one[2] for one in wanted])
    found: dict[tuple[UUID, str], list[str]] = {}
    for product_id, number, alike in wanted:
        others = [row[1] for row in rows if row[0] == product_id and row[1] != number and look_alike(row[1]) == alike]
        if others:
            found[product_id, number] = sorted(others)
    return found


async def lots_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Lot]:
    """These lots, by id."""
    rows = await tx.fetch(f"select {_COLUMNS} from lot where id = any($1::uuid[])", list(ids))
    return {row[0]: _lot(row) for row in rows}


async def list_lots(
    tx: Tx, product_id: UUID | None, sites: Collection[str] | None, asked: LotsAsked
) -> Sequence[asyncpg.Record]:
    """A page of what lies where, soonest expiry first.

    What is asked for stands in the statement only then, so that each question finds its index.
    """
    arguments: tuple[object, ...] = (asked.by, asked.number, *asked.after, asked.limit)
    statement = _LIST_ALL
    if product_id is not None or sites is not None or asked.kind is not None:
        arguments = (product_id, None if sites is None else list(sites), asked.kind, *arguments)
        statement = _LIST.format(
            of_product="$1::uuid is null" if product_id is None else "b.product_id = $1::uuid",
            at_sites="$2::text[] is null" if sites is None else "b.site = any($2::text[])",
            of_kind="$3::text is null" if asked.kind is None else "b.kind = $3::text",
        )
    rows: Sequence[asyncpg.Record] = await tx.fetch(statement, *arguments)
    return rows


async def lot_row(tx: Tx, lot_id: UUID) -> asyncpg.Record | None:
    """One lot with its product."""
    row: asyncpg.Record | None = await tx.fetchrow(_ONE, lot_id)
    return row


async def lot_balances(tx: Tx, lot_id: UUID) -> Sequence[asyncpg.Record]:
    """Where anything of a lot lies now."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select b.site, b.kind, p.area, b.on_hand, b.cost_minor from balance b join location p on p.id = b.location_id"
        " where b.lot_id = $1 and b.on_hand <> 0 order by b.site, b.kind, p.area",
        lot_id,
    )
    return rows
