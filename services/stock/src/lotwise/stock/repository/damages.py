"""The only home of damaged and defective goods in SQL: added, used up part by part, listed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

WAYS = ("repaired", "scrapped", "returned")
_ADD = """
insert into damage (id, site, product_id, lot_id, quantity, repaired, scrapped, returned, note, is_defective,
    happened_at, actor)
select d.id, d.site, d.product_id, d.lot_id, d.quantity, 0, 0, 0, d.note, d.is_defective, d.happened_at, d.actor
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::bool[], $8::timestamptz[],
    $9::text[]) as d(id, site, product_id, lot_id, quantity, note, is_defective, happened_at, actor)
"""
_PAGE = """
select d.*, p.code, p.name, p.unit, p.unit_decimals, l.number as lot_number, l.expires_on
from damage d join product p on p.id = d.product_id join lot l on l.id = d.lot_id
where ($1::text[] is null or d.site = any($1)) and (not $2::bool or d.repaired + d.scrapped + d.returned < d.quantity)
  and ($3::uuid is null or d.id = $3) and (d.id, d.lot_id) < ($4::uuid, $5::uuid)
order by d.id desc, d.lot_id desc limit $6
"""


async def add_damages(tx: Tx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep what was set apart as damaged, a row per lot."""
    await tx.execute(_ADD, *zip(*rows, strict=True))


async def lock_damage(tx: Tx, damage_id: UUID) -> Sequence[asyncpg.Record]:
    """The lots of a damage, locked until the end of the transaction, soonest made first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select * from damage where id = $1 order by lot_id for update", damage_id
    )
    return rows


async def use_damage(tx: Tx, way: str, parts: Mapping[tuple[UUID, UUID], int]) -> bool:
    """Count parts of damages, by (damage, lot), as repaired, scrapped or returned; False when one holds less."""
    if way not in WAYS:
        raise ValueError(f"{way} is none of {WAYS}")
    done = await tx.fetch(
        f"update damage d set {way} = d.{way} + u.quantity"
        " from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as u(id, lot_id, quantity)"
        " where d.id = u.id and d.lot_id = u.lot_id"
        " and d.repaired + d.scrapped + d.returned + u.quantity <= d.quantity returning d.id",
        [key[0] for key in parts], [key[1] for key in parts], list(parts.values()),
    )  # fmt: skip
    return len(done) == len(parts)


async def damages_page(tx: Tx, *arguments: object) -> Sequence[asyncpg.Record]:
    """A page of damages, newest first; arguments in the order of the statement."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PAGE, *arguments)
    return rows
