"""The only home of transfers that are on their way for too long: told once, until they are closed (N-25)."""

from datetime import datetime, timedelta

from lotwise.contracts.stock import TransferOverdue
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.repository.transfers import mark_overdue, overdue


async def tell_of_overdue(tx: Tx, now: datetime, days_max: int, rows_max: int) -> int:
    """Tell of transfers that left more than `days_max` days ago and have not all arrived, each once; how many."""
    rows = await overdue(tx, now - timedelta(days=days_max), rows_max)
    await mark_overdue(tx, [row["id"] for row in rows], now)
    await tell(
        tx,
        *(
            TransferOverdue(
                site=row["to_site"],
                transfer_id=row["id"],
                from_site=row["from_site"],
                to_site=row["to_site"],
                days=(now - row["shipped_at"]).days,
                happened_at=now,
            )
            for row in rows
        ),
    )
    return len(rows)
