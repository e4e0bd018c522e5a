"""SQL of our copy of who resupplies whom."""

from collections.abc import Collection, Sequence
from uuid import UUID

from lotwise.kit.database import Tx


async def store_rules(tx: Tx, rules: Sequence[tuple[str, UUID, str | None, int]]) -> None:
    """Keep rules (site, product, source or None, revision), one row a cell; an older revision changes nothing."""
    await tx.execute(
        """
        INSERT INTO resupply (site, product_id, from_site, revision)
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[])
        ON CONFLICT (site, product_id) DO UPDATE SET from_site = excluded.from_site, revision = excluded.revision
         WHERE resupply.revision < excluded.revision
        """,
        *map(list, zip(*rules, strict=True)),
    )


async def sources(tx: Tx, site: str, products: Collection[UUID]) -> dict[UUID, str]:
    """The central store of each of these products at a site, of those that have one."""
    rows = await tx.fetch(
        "SELECT product_id, from_site FROM resupply"
        " WHERE site = $1 AND product_id = ANY($2::uuid[]) AND from_site IS NOT NULL",
        site,
        list(products),
    )
    return {row["product_id"]: row["from_site"] for row in rows}
