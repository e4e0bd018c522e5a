"""SQL of our copies of sites and products."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.purchasing.domain.products import Product

_COLUMNS = (
    "id, code, name, kind, unit, unit_decimals, cost, normal_order_quantity, supplier_id, supplier_code,"
    " is_archived, revision"
)


async def store_sites(tx: Tx, sites: Sequence[tuple[str, str, int]]) -> None:
    """Keep sites (slug, name, revision), one row a slug; an older revision changes nothing."""
    await tx.execute(
        """
        INSERT INTO site (slug, name, revision) SELECT * FROM unnest($1::text[], $2::text[], $3::int[])
        ON CONFLICT (slug) DO UPDATE SET name = excluded.name, revision = excluded.revision
         WHERE site.revision < excluded.revision
        """,
        *map(list, zip(*sites, strict=True)),
    )


async def known_sites(tx: Tx, slugs: Sequence[str]) -> set[str]:
    """Those of the slugs that are sites we have heard of."""
    return {row["slug"] for row in await tx.fetch("SELECT slug FROM site WHERE slug = ANY($1)", list(slugs))}


async def store_products(tx: Tx, products: Sequence[Product]) -> None:
    """Keep products, one row an id; an older revision changes nothing."""
    await tx.execute(
        f"""
        INSERT INTO product ({_COLUMNS})
        SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::product, $1::jsonb)
        ON CONFLICT (id) DO UPDATE SET
            code = excluded.code, name = excluded.name, kind = excluded.kind, unit = excluded.unit,
            unit_decimals = excluded.unit_decimals, cost = excluded.cost,
            normal_order_quantity = excluded.normal_order_quantity, supplier_id = excluded.supplier_id,
            supplier_code = excluded.supplier_code, is_archived = excluded.is_archived, revision = excluded.revision
         WHERE product.revision < excluded.revision
        """,
        [asdict(product) for product in products],
    )


async def products(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Product]:
    """The products of these ids that we have heard of."""
    rows = await tx.fetch(f"SELECT {_COLUMNS} FROM product WHERE id = ANY($1)", list(ids))
    return {row["id"]: Product(**row) for row in rows}


async def next_cost_revisions(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The next number of each product's lessons about its cost; rows are locked in the order of their ids."""
    rows = await tx.fetch(
        """
        WITH locked AS (SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE)
        UPDATE product SET cost_revision = cost_revision + 1 FROM locked WHERE product.id = locked.id
        RETURNING product.id, cost_revision
        """,
        list(ids),
    )
    return {row["id"]: row["cost_revision"] for row in rows}
