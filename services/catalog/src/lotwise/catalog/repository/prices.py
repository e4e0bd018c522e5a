"""SQL of the price list."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.periods import is_withdrawn
from lotwise.catalog.domain.prices import Plan, Price
from lotwise.kit.database import Tx

_COLUMNS = "id, product_id, at_site, price, valid_from, valid_to, revision, audience"

_VALUES = attrgetter(*_COLUMNS.split(", "))


def _price(row: Record) -> Price:
    return Price(**row)


async def moment(tx: Tx) -> datetime:
    """The transaction's instant: what "now" means to prices and to the lists that show them."""
    now: datetime = await tx.fetchval("SELECT now()")
    return now


async def of_products(tx: Tx, product_ids: Sequence[UUID]) -> dict[UUID, list[Price]]:
    """All prices of the products, by product, in the order they begin."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM price WHERE product_id = ANY($1) ORDER BY product_id, at_site, audience, valid_from",
        list(product_ids),
    )
    found: dict[UUID, list[Price]] = {product_id: [] for product_id in product_ids}
    for row in rows:
        found[row["product_id"]].append(_price(row))
    return found


async def apply(tx: Tx, plans: Sequence[Plan[Price]]) -> None:
    """Store plans in their order: periods shrink before new ones take their place."""
    new: dict[UUID, Price] = {}
    changed: dict[UUID, Price] = {}
    for plan in plans:
        for price in plan.changed:
            (new if price.id in new else changed)[price.id] = price
        new |= {price.id: price for price in plan.new}
    await _withdraw(tx, [price.id for price in changed.values() if is_withdrawn(price)])
    await _update(tx, [price for price in changed.values() if not is_withdrawn(price)])
    await _insert(tx, list(new.values()))
    await _remember_costs(tx, [*new.values(), *changed.values()])


async def _remember_costs(tx: Tx, prices: Sequence[Price]) -> None:
    """Keep what the products cost now that somebody made up a price for them."""
    if prices:
        await tx.execute(
            "UPDATE product SET priced_cost = cost WHERE id = ANY($1) AND priced_cost IS DISTINCT FROM cost",
            list({row.product_id for row in prices}),
        )


async def _withdraw(tx: Tx, ids: Sequence[UUID]) -> None:
    if ids:
        await tx.execute("DELETE FROM price WHERE id = ANY($1)", list(ids))


async def _update(tx: Tx, prices: Sequence[Price]) -> None:
    if prices:
        await tx.execute(
            """
            UPDATE price SET price = c.price, valid_to = c.valid_to, revision = c.revision
              FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::int[]) AS c(id, price, valid_to, revision)
             WHERE price.id = c.id
            """,
            [row.id for row in prices],
            [row.price for row in prices],
            [row.valid_to for row in prices],
            [row.revision for row in prices],
        )


async def _insert(tx: Tx, prices: Sequence[Price]) -> None:
    if prices:
        await tx.execute(
            f"""
            INSERT INTO price ({_COLUMNS})
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[],
                                 $5::timestamptz[], $6::timestamptz[], $7::int[], $8::text[])
            """,
            *map(list, zip(*map(_VALUES, prices), strict=True)),
        )
