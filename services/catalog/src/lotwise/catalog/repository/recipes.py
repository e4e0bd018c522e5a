"""SQL of recipes."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.catalog.domain.recipes import RecipeLine
from lotwise.kit.database import Tx


async def get(tx: Tx, service_id: UUID) -> tuple[tuple[RecipeLine, ...], int]:
    """The lines and the revision of a service's recipe; none and 0 before the first."""
    revision = await tx.fetchval("SELECT revision FROM recipe WHERE service_id = $1", service_id)
    rows = await tx.fetch(
        "SELECT product_id, quantity FROM recipe_line WHERE service_id = $1 ORDER BY position", service_id
    )
    return tuple(RecipeLine(**row) for row in rows), revision or 0


async def store(tx: Tx, service_id: UUID, lines: Sequence[RecipeLine], revision: int) -> None:
    """Replace a service's recipe."""
    await tx.execute(
        """
        INSERT INTO recipe (service_id, revision) VALUES ($1, $2)
        ON CONFLICT (service_id) DO UPDATE SET revision = excluded.revision
        """,
        service_id,
        revision,
    )
    await tx.execute("DELETE FROM recipe_line WHERE service_id = $1", service_id)
    await tx.execute(
        """
        INSERT INTO recipe_line (service_id, product_id, position, quantity)
        SELECT $1, c.product_id, c.position, c.quantity
          FROM unnest($2::uuid[], $3::bigint[]) WITH ORDINALITY AS c(product_id, quantity, position)
        """,
        service_id,
        [line.product_id for line in lines],
        [line.quantity for line in lines],
    )
