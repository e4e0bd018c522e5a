"""The only home of what a movement is: a quantity and its cost going from one account to another, never edited."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

SALE = "sale"
TREATMENT = "treatment"
RETURN = "return"
VOID = "void"
RECEIPT = "receipt"
EXPIRY = "expiry"
LATE_SALE = "late_sale"
QUARANTINE = "quarantine"
RELEASE = "release"
TRANSFER = "transfer"
SETTLEMENT = "settlement"
MOVE = "move"
COST_CORRECTION = "cost_correction"
RECALL = "recall"
RECALL_END = "recall_end"
SUPPLIER_RETURN = "supplier_return"
MERGE = "merge"
SPLIT = "split"

WASTE_REASONS = frozenset({"waste", "damage", "expiry", "sample", "training", "tester"})
LOSS_REASONS = frozenset({"loss", "theft", "correction", "count", "found"})
REASONS = WASTE_REASONS | LOSS_REASONS
"""The closed list of reasons for an adjustment; waste goes to the waste account, the others to lost-and-found."""


class Entry(NamedTuple):
    """What all movements of one act share: when it was true, who did it, why, what caused it, its trace."""

    happened_at: datetime
    actor: str
    reason: str
    cause_id: UUID
    line: int = 0
    trace_id: str = ""


class Movement(NamedTuple):
    """One row of the ledger, before the database adds its hash. Quantity in smallest units, cost in minor units.

    A quantity of zero with a cost is a correction of value alone.
    """

    id: UUID
    recorded_at: datetime
    happened_at: datetime
    site: str
    product_id: UUID
    lot_id: UUID | None
    from_location: int
    to_location: int
    quantity: int
    cost_minor: int
    actor: str
    reason: str
    cause_id: UUID
    line: int
    trace_id: str
    reverses: UUID | None
