"""The only home of what is owed for consigned goods in SQL: added, listed, summed; and what lies here of others."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.consignments import Owed

_ADD = """
insert into liability (movement_id, site, product_id, lot_id, supplier_id, quantity, liability_minor, reason, cause_id,
    happened_at)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[],
    $8::text[], $9::uuid[], $10::timestamptz[])
"""
_PAGE = """
select o.*, p.code, p.name, p.unit, p.unit_decimals, l.number as lot_number
from liability o join product p on p.id = o.product_id join lot l on l.id = o.lot_id
"""
_SUMS = """
select o.supplier_id, o.product_id, p.code, p.name, p.unit, p.unit_decimals, o.reason,
       sum(o.quantity)::bigint as quantity, sum(o.liability_minor)::bigint as liability_minor
from liability o join product p on p.id = o.product_id
"""
_FILTERS = {
    "sites": "o.site = any({}::text[])",
    "supplier": "o.supplier_id = {}",
    "since": "o.happened_at >= {}",
    "until": "o.happened_at < {}",
}
_KEPT = """
select b.id as row_id, b.site, b.kind, a.area, b.on_hand, b.cost_minor, l.id as lot_id, l.number as lot_number,
       l.expires_on, l.received_at, l.owner, l.supplier_id, p.id as product_id, p.code, p.name, p.unit, p.unit_decimals
from balance b join lot l on l.id = b.lot_id join product p on p.id = b.product_id
join location a on a.id = b.location_id
where b.on_hand <> 0 and l.owner <> '' and ($1::text[] is null or b.site = any($1))
  and ($2::text is null or l.owner = $2) and b.id > $3 order by b.id limit $4
"""


async def add_liabilities(tx: Tx, owed: Sequence[Owed]) -> None:
    """Keep what is owed; nobody changes it afterwards."""
    rows = [
        (
            one.movement_id, one.site, one.product_id, one.lot.id, one.supplier_id, one.quantity, one.cost, one.reason,
            one.cause_id, one.happened_at,
        )
        for one in owed
    ]  # fmt: skip
    await tx.execute(_ADD, *zip(*rows, strict=True))


def _where(filters: Mapping[str, object], first: int) -> tuple[list[str], list[object]]:
    given: dict[str, object] = {name: value for name, value in filters.items() if value is not None}
    return [_FILTERS[name].format(f"${number}") for number, name in enumerate(given, first)], list(given.values())


async def liabilities_page(
    tx: Tx, before: tuple[datetime, UUID] | None, limit: int, filters: Mapping[str, object]
) -> Sequence[asyncpg.Record]:
    """A page of what was owed, newest first; only the asked filters stand in the statement."""
    conditions, arguments = _where(filters, 2)
    if before is not None:
        conditions.append(f"(o.happened_at, o.movement_id) < (${len(arguments) + 2}, ${len(arguments) + 3})")
        arguments += before
    where = " where " + " and ".join(conditions) if conditions else ""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"{_PAGE}{where} order by o.happened_at desc, o.movement_id desc limit $1", limit, *arguments
    )
    return rows


async def liability_sums(tx: Tx, filters: Mapping[str, object], limit: int) -> Sequence[asyncpg.Record]:
    """What is owed by supplier, product and reason, the largest first."""
    conditions, arguments = _where(filters, 2)
    where = " where " + " and ".join(conditions) if conditions else ""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"{_SUMS}{where} group by o.supplier_id, o.product_id, p.code, p.name, p.unit, p.unit_decimals, o.reason"
        " order by sum(o.liability_minor) desc, o.supplier_id, o.product_id, o.reason limit $1",
        limit, *arguments,
    )  # fmt: skip
    return rows


async def consigned_page(
    tx: Tx, sites: Sequence[str] | None, owner: str | None, after: int, limit: int
) -> Sequence[asyncpg.Record]:
    """A page of what lies here of others' goods."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_KEPT, sites, owner, after, limit)
    return rows
