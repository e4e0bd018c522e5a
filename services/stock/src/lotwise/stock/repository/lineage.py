"""The only home of lots' identity and lineage in SQL: corrected, merged into another, split off one."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.lots import look_alike

_LOCK = """
select id, product_id, manufacturer, number, expires_on, owner, supplier_id, purchase_order, received_at, unit_cost,
       is_recalled
from lot where id = any($1::uuid[]) order by id for no key update
"""
_TWIN = """
select t.id from lot l join lot t on t.product_id = l.product_id and t.manufacturer = l.manufacturer
    and t.owner = l.owner and t.number = $2 and t.id <> l.id
where l.id = $1 and $2 <> ''
"""
_ADD = """
insert into lot_lineage (id, kind, parent_id, child_id, site, quantity, cost_minor, happened_at, actor, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_OF = """
select g.*, p.number as parent_number, c.number as child_number, r.unit_decimals
from lot_lineage g join lot p on p.id = g.parent_id join lot c on c.id = g.child_id
join product r on r.id = p.product_id
where g.parent_id = $1 or g.child_id = $1 order by g.id limit 500
"""
_SITES = "select distinct site from balance where lot_id = any($1::uuid[]) and on_hand <> 0 order by site"


class Step(NamedTuple):
    """A quantity of one lot that became another, at a site."""

    id: UUID
    kind: str
    parent_id: UUID
    child_id: UUID
    site: str
    quantity: int
    cost_minor: int
    happened_at: datetime
    actor: str
    reason: str


async def lock_lots(tx: Tx, lots: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """Lots under their locks, by id."""
    return {row["id"]: row for row in await tx.fetch(_LOCK, list(lots))}


async def twin_of(tx: Tx, lot_id: UUID, number: str) -> UUID | None:
    """Another lot of the same product, maker and owner that has this number."""
    found: UUID | None = await tx.fetchval(_TWIN, lot_id, number)
    return found


async def rename(tx: Tx, lot_id: UUID, number: str, expires_on: date | None) -> None:
    """Give a lot its right number and expiry; its warnings begin anew."""
    await tx.execute(
        "update lot set number = $2, look_alike = $3, expires_on = $4 where id = $1",
        lot_id, number, look_alike(number), expires_on,
    )  # fmt: skip
    await tx.execute("delete from expiry_telling where lot_id = $1", lot_id)


async def add_step(tx: Tx, step: Step) -> None:
    """Keep that a quantity of one lot became another."""
    await tx.execute(_ADD, *step)


async def steps_of(tx: Tx, lot_id: UUID) -> Sequence[asyncpg.Record]:
    """What a lot came from and became."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_OF, lot_id)
    return rows


async def sites_holding(tx: Tx, lots: Collection[UUID]) -> list[str]:
    """The sites where anything of these lots lies."""
    return [row[0] for row in await tx.fetch(_SITES, list(lots))]
