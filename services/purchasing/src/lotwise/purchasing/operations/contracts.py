"""The use case of contracts with suppliers: who ends soon is told once, and that a date was changed (ALR-08)."""

from datetime import date, datetime

from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.purchasing.operations import telling
from lotwise.purchasing.repository import suppliers as rows


async def tell_ending(tx: Tx, today: date, at: datetime, rows_max: int) -> int:
    """Tell of contracts that end within their notice, each end once; returns how many."""
    ending = await rows.ending_contracts(tx, today, rows_max)
    await tell(tx, *(telling.contract_ending(supplier, today, at) for supplier in ending))
    return len(ending)
