"""The only home of when products last moved, from the daily totals of the ledger."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from lotwise.kit.database import Tx


async def last_days(tx: Tx, product_ids: Sequence[UUID]) -> dict[UUID, date]:
    """The last day each product moved at any site; those that never did are left out."""
    rows = await tx.fetch(
        "select product_id, max(happened_on) as day from daily_total where product_id = any($1) group by product_id",
        list(product_ids),
    )
    return {row["product_id"]: row["day"] for row in rows}
