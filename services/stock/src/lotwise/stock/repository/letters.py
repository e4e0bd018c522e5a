"""The only home of finding in SQL what a recall letter may mean: lots by number, products by code and by name."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_LOTS = """
select l.id, l.number, l.product_id, p.code, p.name, p.unit, p.unit_decimals, l.manufacturer, l.expires_on,
       l.is_recalled, coalesce((select sum(b.on_hand) from balance b where b.lot_id = l.id and b.on_hand <> 0),
           0)::bigint as on_hand
from lot l join product p on p.id = l.product_id
"""
_BY_NUMBER = f"{_LOTS} where l.look_alike <> '' and l.look_alike = any($1::text[]) order by l.number, l.id limit 2000"
_BY_PRODUCT = f"{_LOTS} where l.product_id = any($1::uuid[]) and l.number <> '' order by l.number, l.id limit 5000"
_PRODUCTS = """
select p.id, p.code, p.name, p.manufacturer,
       exists (select from barcode b where b.product_id = p.id and b.code = any($1::text[])) as has_code
from product p where p.kind = 'physical' and not p.is_archived order by p.id limit 50000
"""


async def lots_numbered(tx: Tx, look_alikes: Collection[str]) -> Sequence[asyncpg.Record]:
    """The lots of any product whose number a tired eye takes for one of these."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_BY_NUMBER, list(look_alikes))
    return rows


async def lots_of_products(tx: Tx, products: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """The numbered lots of some products."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_BY_PRODUCT, list(products))
    return rows


async def products_named(tx: Tx, codes: Collection[str]) -> Sequence[asyncpg.Record]:
    """What we keep, with whether one of these codes is its own."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(_PRODUCTS, list(codes))
    return rows
