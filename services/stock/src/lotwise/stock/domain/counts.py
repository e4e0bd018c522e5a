"""The only home of what a count decides: its life, when a line is counted again, the difference, its cause.

A line is anchored in time: what the ledger said at the instant of counting, plus what had happened by then and was
told only later. Everything after that instant is netted, so that a count is exact although the site goes on selling.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import places

OPEN = "open"
POSTED = "posted"
CANCELLED = "cancelled"

FULL = "full"
CYCLE = "cycle"

COUNTED_KINDS = (places.SHELF, places.BACK_BAR)
"""Where goods are counted: on the shelves and at the back bar; what is set apart or on its way is not."""

ERROR = "error"
FOUND = "found"
SETTLED = "sold without a lot"
"""What a shortage is called that a sale explains: goods sold that no lot had covered."""


class Cause(NamedTuple):
    """Why a line differs: the account that takes the goods, the ledger's reason, and the signs it may explain."""

    account: str
    reason: str
    explains_shortage: bool = True
    explains_surplus: bool = False


CAUSES: Mapping[str, Cause] = {
    "loss": Cause(places.LOST_AND_FOUND, "loss"),
    "theft": Cause(places.LOST_AND_FOUND, "theft"),
    "damage": Cause(places.WASTE, "damage"),
    "waste": Cause(places.WASTE, "waste"),
    "expiry": Cause(places.WASTE, "expiry"),
    "sample": Cause(places.WASTE, "sample"),
    "tester": Cause(places.WASTE, "tester"),
    "training": Cause(places.WASTE, "training"),
    ERROR: Cause(places.LOST_AND_FOUND, "correction", explains_surplus=True),
    FOUND: Cause(places.LOST_AND_FOUND, "found", explains_shortage=False, explains_surplus=True),
}
"""The closed list of causes (STK-07)."""


class Rules(NamedTuple):
    """How strict a count is. `tolerance_bp` in hundredths of a percent, `tolerance_micros` in millionths of a unit;
    without both nothing is counted again. `witness_above_minor` None: no value needs a second person.
    """

    is_blind: bool = False
    tolerance_bp: int | None = None
    tolerance_micros: int | None = None
    witness_above_minor: int | None = None

    def allows(self, difference: int, recorded: int, decimals: int) -> bool:
        """Whether a difference is within the tolerance: within the percentage, or within the units."""
        if self.tolerance_bp is None and self.tolerance_micros is None:
            return True
        by_share = abs(difference) * 10_000 <= (self.tolerance_bp or 0) * abs(recorded)
        return by_share or abs(difference) * 10 ** (6 - decimals) <= (self.tolerance_micros or 0)


class Count(NamedTuple):
    """A count as its row says it, under its lock."""

    id: UUID
    number: int
    site: str
    kind: str
    state: str
    area: str | None
    plan_id: UUID | None
    rules: Rules
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    witness: str | None
    witnessed_revision: int | None
    revision: int

    @property
    def name(self) -> str:
        """The number that persons call it by."""
        return f"C-{self.number}"


class Line(NamedTuple):
    """What is to be counted: a lot at a place, or without a lot the goods there that carry no lot number."""

    line: int
    id: UUID
    product_id: UUID
    location_id: int
    lot_id: UUID | None
    expires_on: date | None
    listed: int
    is_pending: bool
    is_confirmed: bool
    passes: int
    needs_recount: bool
    cause: str | None
    cause_note: str
    counted: int = 0
    recorded: int = 0
    unattributed: int = 0
    counted_at: datetime | None = None
    counted_by: str = ""


class Stamp(NamedTuple):
    """The ledger's position at the instant of counting: the balance then, the debt then, which transactions it saw."""

    recorded: int
    unattributed: int
    snapshot: str
    base: int


class Difference(NamedTuple):
    """A counted line against what it should have been; `late` happened before the count and was told after it."""

    line: Line
    late: int
    is_superseded: bool = False

    @property
    def expected(self) -> int:
        """What should have lain there at the instant of counting, as far as is known now."""
        return self.line.recorded + self.late

    @property
    def quantity(self) -> int:
        """Counted less expected, in smallest units; nothing when a later count of the same goods was posted."""
        return 0 if self.is_superseded else self.line.counted - self.expected


def needs_recount(rules: Rules, decimals: int, differences: list[tuple[int, int]]) -> bool:
    """Whether a line must be counted once more, from the (difference, recorded) of its passes in their order.

    A difference beyond the tolerance stands only when the pass before found the same one (N-15).
    """
    if not differences:
        return False
    last, recorded = differences[-1]
    if rules.allows(last, recorded, decimals):
        return False
    return len(differences) < 2 or differences[-2][0] != last


def explains(cause: str, difference: int) -> bool:
    """Whether a cause may stand for a difference of this sign."""
    known = CAUSES.get(cause)
    if known is None:
        return False
    return known.explains_surplus if difference > 0 else known.explains_shortage


def debt_before(differences: Iterable[Difference], owed: int) -> int:
    """How much of what is owed now to sales without a lot was owed when the product was counted.

    Those goods left before the count, so the shelf that was counted is without them. `owed` is not below zero.
    """
    then = [-one.line.unattributed for one in differences]
    return max(0, min([owed, *then])) if then else 0
