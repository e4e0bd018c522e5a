"""SQL of what products of a category cost that have no price of their own."""

from collections.abc import Sequence
from dataclasses import astuple
from uuid import UUID

from lotwise.catalog.domain.category_prices import CategoryPrice
from lotwise.catalog.domain.periods import Plan, is_withdrawn
from lotwise.kit.database import Tx

_COLUMNS = "id, category_id, at_site, amount, markup, valid_from, valid_to, revision"


async def of_categories(tx: Tx, category_ids: Sequence[UUID]) -> dict[UUID, list[CategoryPrice]]:
    """All rules of the categories, by category, the chain's first, in the order they begin."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM category_price WHERE category_id = ANY($1)
         ORDER BY category_id, at_site NULLS FIRST, valid_from
        """,
        list(category_ids),
    )
    found: dict[UUID, list[CategoryPrice]] = {category_id: [] for category_id in category_ids}
    for row in rows:
        found[row["category_id"]].append(CategoryPrice(**row))
    return found


async def find(tx: Tx, category_price_id: UUID) -> CategoryPrice | None:
    """The rule, or None."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM category_price WHERE id = $1", category_price_id)
    return None if row is None else CategoryPrice(**row)


async def apply(tx: Tx, plan: Plan[CategoryPrice]) -> None:
    """Store a plan: periods shrink before new ones take their place, what was withdrawn goes."""
    for row in plan.changed:
        if is_withdrawn(row):
            await tx.execute("DELETE FROM category_price WHERE id = $1", row.id)
        else:
            await tx.execute(
                "UPDATE category_price SET amount = $2, markup = $3, valid_to = $4, revision = $5 WHERE id = $1",
                row.id,
                row.amount,
                row.markup,
                row.valid_to,
                row.revision,
            )
    for row in plan.new:
        await tx.execute(
            f"INSERT INTO category_price ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", *astuple(row)
        )
