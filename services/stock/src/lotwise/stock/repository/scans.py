"""The only home of finding what a scanned code and lot number mean."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_PRODUCTS = """
select p.id, p.code, p.name, p.unit, p.unit_decimals, b.units
from barcode b join product p on p.id = b.product_id where b.code = $1 and not p.is_archived
union
select p.id, p.code, p.name, p.unit, p.unit_decimals, (10::numeric ^ p.unit_decimals)::bigint
from product p where p.code = $1 and not p.is_archived and not exists (select from barcode b where b.code = $1
    and b.product_id = p.id)
order by 2 limit 20
"""
_LOTS = """
select l.id, l.product_id, l.number, l.expires_on, l.received_at,
       coalesce(sum(b.on_hand) filter (where b.site = $3 and b.kind = 'shelf'), 0)::bigint as on_hand,
       coalesce(sum(b.on_hand) filter (where b.kind = 'quarantine'), 0)::bigint as quarantined,
       coalesce(sum(b.on_hand) filter (where b.site <> $3), 0)::bigint as elsewhere, p.unit_decimals, l.is_recalled,
       l.purchase_order
from lot l join product p on p.id = l.product_id left join balance b on b.lot_id = l.id and b.on_hand <> 0
where l.product_id = any($1::uuid[]) and l.number = $2 group by l.id, p.unit_decimals order by l.received_at limit 20
"""


async def products_of_code(tx: Tx, code: str) -> Sequence[asyncpg.Record]:
    """The products that a barcode or code names, with the smallest units of the pack it stands for."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PRODUCTS, code)
    return rows


async def lots_of_number(tx: Tx, products: Collection[UUID], number: str, site: str) -> Sequence[asyncpg.Record]:
    """The lots of these products with a number, and what of them lies where."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_LOTS, list(products), number, site)
    return rows


async def order_lines(tx: Tx, number: str, site: str) -> Sequence[asyncpg.Record]:
    """What is open of an order at a site: product, ordered and received in smallest units."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select product_id, sum(ordered)::bigint as ordered, sum(received)::bigint as received from open_order"
        " where number = $1 and site = $2 group by product_id",
        number, site,
    )  # fmt: skip
    return rows
