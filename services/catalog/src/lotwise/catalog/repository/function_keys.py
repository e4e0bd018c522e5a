"""SQL of the products that a site pinned to its function keys."""

from collections.abc import Collection, Mapping
from uuid import UUID

from lotwise.kit.database import Tx


async def of(tx: Tx, site: str, *, live_only: bool = False) -> dict[int, UUID]:
    """The pinned products by key; of archived ones only when all are asked for."""
    rows = await tx.fetch(
        """
        SELECT k.key, k.product_id FROM function_key k JOIN product p ON p.id = k.product_id
         WHERE k.site = $1 AND NOT (p.is_archived AND $2) ORDER BY k.key
        """,
        site,
        live_only,
    )
    return {row["key"]: row["product_id"] for row in rows}


async def revision(tx: Tx, site: str) -> int:
    """How often the keys of a site were changed."""
    found: int | None = await tx.fetchval("SELECT revision FROM function_key_list WHERE site = $1", site)
    return found or 0


async def untold(tx: Tx) -> dict[str, int]:
    """The sites whose pinned keys were never told, with the revision they stand at."""
    rows = await tx.fetch("SELECT site, revision FROM function_key_list WHERE NOT is_told ORDER BY site")
    return {row["site"]: row["revision"] for row in rows}


async def mark_told(tx: Tx, sites: Collection[str]) -> None:
    """Note that the pinned keys of these sites are told."""
    await tx.execute("UPDATE function_key_list SET is_told = true WHERE site = ANY($1)", list(sites))


async def store(tx: Tx, site: str, keys: Mapping[int, UUID], new_revision: int) -> None:
    """Replace the pinned keys of a site, which whoever stores them also tells."""
    await tx.execute(
        """
        INSERT INTO function_key_list (site, revision, is_told) VALUES ($1, $2, true)
        ON CONFLICT (site) DO UPDATE SET revision = excluded.revision, is_told = true
        """,
        site,
        new_revision,
    )
    await tx.execute("DELETE FROM function_key WHERE site = $1", site)
    await tx.execute(
        "INSERT INTO function_key (site, key, product_id) SELECT $1, * FROM unnest($2::smallint[], $3::uuid[])",
        site,
        list(keys),
        list(keys.values()),
    )
