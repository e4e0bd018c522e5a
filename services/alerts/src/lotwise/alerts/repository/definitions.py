"""SQL of the copies of sites and products: the newest revision wins."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.kit.database import Tx


async def store_sites(tx: Tx, sites: Sequence[SiteDefined]) -> None:
    """Keep sites; one row a slug."""
    await tx.execute(
        """
        insert into site (slug, name, time_zone, revision)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        on conflict (slug) do update
           set name = excluded.name, time_zone = excluded.time_zone, revision = excluded.revision
         where site.revision < excluded.revision
        """,
        [site.slug for site in sites],
        [site.name for site in sites],
        [site.time_zone for site in sites],
        [site.revision for site in sites],
    )


async def store_products(tx: Tx, products: Sequence[ProductDefined]) -> None:
    """Keep products; one row an id."""
    await tx.execute(
        """
        insert into product (id, code, name, unit, unit_decimals, revision)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[])
        on conflict (id) do update
           set code = excluded.code, name = excluded.name, unit = excluded.unit,
               unit_decimals = excluded.unit_decimals, revision = excluded.revision
         where product.revision < excluded.revision
        """,
        [product.product_id for product in products],
        [product.code for product in products],
        [product.name for product in products],
        [product.unit for product in products],
        [product.unit_decimals for product in products],
        [product.revision for product in products],
    )


async def product_names(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those products that are known."""
    rows = await tx.fetch("select id, name from product where id = any($1::uuid[])", list(ids))
    return {row["id"]: row["name"] for row in rows}
