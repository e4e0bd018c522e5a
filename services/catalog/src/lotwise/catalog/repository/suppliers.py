"""SQL of the copy of suppliers that purchasing defines."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.kit.database import Tx


async def store(tx: Tx, rows: Sequence[tuple[UUID, int, str, bool, int]]) -> None:
    """Keep suppliers (id, number, name, is_archived, revision), one row an id; an older revision changes nothing."""
    await tx.execute(
        """
        INSERT INTO supplier (id, number, name, is_archived, revision)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bool[], $5::int[])
        ON CONFLICT (id) DO UPDATE SET
            number = excluded.number, name = excluded.name, is_archived = excluded.is_archived,
            revision = excluded.revision
         WHERE supplier.revision < excluded.revision
        """,
        *map(list, zip(*rows, strict=True)),
    )


async def known(tx: Tx, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the suppliers that we have heard of."""
    return {row["id"] for row in await tx.fetch("SELECT id FROM supplier WHERE id = ANY($1)", list(ids))}


async def numbered(tx: Tx, numbers: Sequence[int]) -> dict[int, UUID]:
    """Those of the suppliers' numbers that we have heard of, with their ids."""
    rows = await tx.fetch("SELECT number, id FROM supplier WHERE number = ANY($1)", list(numbers))
    return {row["number"]: row["id"] for row in rows}
