"""SQL of categories."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.catalog.domain.categories import Category, key
from lotwise.kit.database import Tx


async def every(tx: Tx) -> list[Category]:
    """All categories, by name."""
    return [
        Category(**row) for row in await tx.fetch("SELECT id, name, code, revision FROM category ORDER BY name, id")
    ]


async def find(tx: Tx, category_id: UUID) -> Category | None:
    """The category, or None."""
    row = await tx.fetchrow("SELECT id, name, code, revision FROM category WHERE id = $1", category_id)
    return None if row is None else Category(**row)


async def rivals(tx: Tx, category: Category) -> list[Category]:
    """Other categories with the same name or code."""
    rows = await tx.fetch(
        "SELECT id, name, code, revision FROM category WHERE (lower(name) = $2 OR code = $3) AND id <> $1",
        category.id,
        key(category.name),
        category.code,
    )
    return [Category(**row) for row in rows]


async def by_names(tx: Tx, names: Sequence[str]) -> dict[str, Category]:
    """The categories of these names, by their key."""
    rows = await tx.fetch(
        "SELECT id, name, code, revision FROM category WHERE lower(name) = ANY($1)", [key(name) for name in names]
    )
    return {key(row["name"]): Category(**row) for row in rows}


async def known(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those of the categories that exist."""
    return {
        row["id"]: row["name"] for row in await tx.fetch("SELECT id, name FROM category WHERE id = ANY($1)", list(ids))
    }


async def store(tx: Tx, categories: Sequence[Category]) -> None:
    """Insert or update categories."""
    await tx.execute(
        """
        INSERT INTO category (id, name, code, revision)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[])
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, code = excluded.code, revision = excluded.revision
        """,
        [row.id for row in categories],
        [row.name for row in categories],
        [row.code for row in categories],
        [row.revision for row in categories],
    )
