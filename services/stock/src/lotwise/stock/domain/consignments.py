"""The only home of when goods of a supplier are owed for: when they leave our keeping other than back to them (STK-43).

Goods of others have no value in our stock (STK-34); what they cost is owed once they are used, lost or bought.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import places
from lotwise.stock.domain.lots import Lot

BOUGHT_OUT = "bought_out"
CONTRACT_END = "contract_end"
SENT_BACK = "returned_to_supplier"
CUSTODY = frozenset({places.SHELF, places.BACK_BAR, places.QUARANTINE, places.IN_USE, places.TRANSIT})
"""Where goods are kept for their owner: moving between these owes nothing."""


class Owed(NamedTuple):
    """What one movement of consigned goods made us owe, in minor units; signed: below zero it takes a debt back."""

    movement_id: UUID
    site: str
    product_id: UUID
    lot: Lot
    quantity: int
    cost: int
    reason: str
    cause_id: UUID
    happened_at: datetime

    @property
    def supplier_id(self) -> UUID | None:
        """Whose goods they are; None when they came without a supplier's name."""
        try:
            return UUID(self.lot.owner)
        except ValueError:
            return None


def sign(source: str, target: str) -> int:
    """1 when goods leave our keeping for good, -1 when they come back into it, 0 when nothing is owed for it."""
    was_kept, is_kept = source in CUSTODY, target in CUSTODY
    if was_kept == is_kept or places.SUPPLIER in {source, target}:
        return 0
    return 1 if was_kept else -1
