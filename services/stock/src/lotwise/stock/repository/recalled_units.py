"""The only home of recalled units in SQL: which serials recalls name, block and free, and which do not lie apart."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.recalls import Identity

_UNIT = """
select s.id, s.product_id, array(select b.code from barcode b where b.product_id = s.product_id) as gtins,
       coalesce(nullif(l.manufacturer, ''), p.manufacturer) as manufacturer, s.number, l.expires_on
from serial s join product p on p.id = s.product_id left join lot l on l.id = s.lot_id
"""
_OF_SUBJECTS = f"""
{_UNIT}
where s.product_id = any($1::uuid[])
   or s.product_id in (select product_id from barcode where code = any($2::text[]))
   or lower(coalesce(nullif(l.manufacturer, ''), p.manufacturer)) = any($3::text[])
"""
_BLOCK = """
with blocked as (
    insert into recall_serial (recall_id, serial_id, match, blocked_at, released_by, release_reason)
    select $1, serial_id, match, $4, '', '' from unnest($2::uuid[], $3::text[]) as n(serial_id, match)
    on conflict (recall_id, serial_id) do nothing returning serial_id)
update serial set is_recalled = true, revision = revision + 1 where id in (select serial_id from blocked) returning id
"""
_LACKING = """
select n.site, n.product_id, n.lot_id, n.units - coalesce(a.units, 0) as lacking
from (select s.site, s.product_id, s.lot_id, count(*) as units from serial s
      where s.is_recalled and s.state = 'in_stock' and s.lot_id is not null
        and ($1::uuid[] is null or (s.lot_id, s.site) in (select lot_id, site from serial where id = any($1)))
      group by s.site, s.product_id, s.lot_id) n
join product p on p.id = n.product_id
left join lateral (
    select sum(b.on_hand)::bigint / (10 ^ p.unit_decimals)::bigint as units from balance b
    join location o on o.id = b.location_id and o.kind = 'quarantine' and o.area in ('recalled', 'expired')
    where b.lot_id = n.lot_id and b.site = n.site) a on true
where n.units > coalesce(a.units, 0) and exists (
    select from balance b where b.lot_id = n.lot_id and b.site = n.site and b.kind = 'shelf' and b.on_hand > 0)
order by n.site, n.product_id, n.lot_id
"""
_OF_RECALL = """
select r.serial_id, s.number as serial, s.product_id, p.code, p.name, s.lot_id, coalesce(l.number, '') as lot_number,
       s.site, s.state, s.room, s.charge_id, r.match, r.blocked_at, r.released_at, r.released_by, r.release_reason
from recall_serial r join serial s on s.id = r.serial_id join product p on p.id = s.product_id
left join lot l on l.id = s.lot_id
where r.recall_id = $1 order by p.name, s.number
"""


class Unit(NamedTuple):
    """A unit as a recall sees it: the number of its identity is its serial."""

    id: UUID
    identity: Identity


def _unit(row: asyncpg.Record) -> Unit:
    return Unit(
        row["id"],
        Identity(row["product_id"], frozenset(row["gtins"]), row["manufacturer"], row["number"], row["expires_on"]),
    )


async def units_of_subjects(
    tx: Tx, products: Collection[UUID], gtins: Collection[str], manufacturers: Collection[str]
) -> list[Unit]:
    """Every unit of these products, codes or makers."""
    makers = sorted({one.casefold() for one in manufacturers if one})
    return [_unit(row) for row in await tx.fetch(_OF_SUBJECTS, list(products), list(gtins), makers)]


async def units_of_ids(tx: Tx, serials: Collection[UUID]) -> list[Unit]:
    """These units as a recall sees them."""
    return [_unit(row) for row in await tx.fetch(f"{_UNIT} where s.id = any($1::uuid[])", list(serials))]


async def lock_units(tx: Tx, serials: Collection[UUID]) -> list[asyncpg.Record]:
    """These units, locked in the one order."""
    if not serials:
        return []
    return list(
        await tx.fetch(
            "select * from serial where id = any($1::uuid[]) order by product_id, number for update", list(serials)
        )
    )


async def block_units(tx: Tx, recall_id: UUID, found: Mapping[UUID, str], now: datetime) -> set[UUID]:
    """Give units the recalled state on behalf of a recall; returns those it did not block yet."""
    if not found:
        return set()
    ids = sorted(found)
    return {row[0] for row in await tx.fetch(_BLOCK, recall_id, ids, [found[one] for one in ids], now)}


async def lacking_apart(tx: Tx, serials: Collection[UUID] | None) -> Sequence[asyncpg.Record]:
    """Where fewer units lie in the quarantine of recalls than recalled units are in stock, by site and lot."""
    if serials is not None and not serials:
        return []
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LACKING, None if serials is None else list(serials))
    return rows


async def end_units(
    tx: Tx, recall_id: UUID, serials: Collection[UUID] | None, now: datetime, actor: str, reason: str
) -> list[UUID]:
    """End the block of a recall on these units (all when None); returns those it blocked until now."""
    rows = await tx.fetch(
        "update recall_serial set released_at = $2, released_by = $3, release_reason = $4 where recall_id = $1"
        " and released_at is null and ($5::uuid[] is null or serial_id = any($5)) returning serial_id",
        recall_id, now, actor, reason, None if serials is None else list(serials),
    )  # fmt: skip
    return sorted(row[0] for row in rows)


async def free_units(tx: Tx, serials: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """Take the recalled state from units that no recall blocks any more, under their locks; returns them."""
    await lock_units(tx, serials)
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "update serial s set is_recalled = false, revision = revision + 1 where id = any($1::uuid[]) and not exists"
        " (select from recall_serial r where r.serial_id = s.id and r.released_at is null) returning s.*",
        list(serials),
    )
    return rows


async def recall_units(tx: Tx, recall_id: UUID) -> Sequence[asyncpg.Record]:
    """The units a recall blocks or blocked, and where each of them is."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_OF_RECALL, recall_id)
    return rows
