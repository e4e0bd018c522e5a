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
_LIST = """
select b.id as row_id, b.site, b.kind, p.area, b.on_hand, b.cost_minor, l.id, l.number, l.manufacturer, l.expires_on,
    l.received_at, l.owner,
       l.supplier_id, l.purchase_order, l.unit_cost, l.origin, pr.id as product_id, pr.code, pr.name, pr.unit,
           pr.unit_decimals
from balance b join lot l on l.id = b.lot_id join location p on p.id = b.location_id
    join product pr on pr.id = b.product_id
where b.on_hand <> 0
  and {of_product} and {at_sites}
  and ($3::date is null or l.expires_on <= $3) and ($4::text is null or b.kind = $4)
  and ($5::text is null or l.number = $5)
  and (coalesce(l.expires_on, date '9999-12-31'), l.id, b.id) > ($6::date, $7::uuid, $8::bigint)
order by coalesce(l.expires_on, date '9999-12-31'), l.id, b.id limit $9
"""
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
    tx: Tx, product_id: UUID | None, sites: Collection[str] | None, *arguments: object
) -> Sequence[asyncpg.Record]:
    """A page of what lies where, soonest expiry first; further arguments in the order of the statement.

    A product and sites stand in the statement only where they are asked for, so that each finds its index.
    """
    statement = _LIST.format(
        of_product="$1::uuid is null" if product_id is None else "b.product_id = $1::uuid",
        at_sites="$2::text[] is null" if sites is None else "b.site = any($2::text[])",
    )
    asked = None if sites is None else list(sites)
    rows: Sequence[asyncpg.Record] = await tx.fetch(statement, product_id, asked, *arguments)
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
