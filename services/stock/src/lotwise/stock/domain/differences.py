"""The only home of the words in which a difference is explained: each fact is a sentence with its number (STK-33)."""

from typing import NamedTuple

RANKS = (
    "unattributed",
    "late",
    "transit",
    "orders",
    "quarantined",
    "in_use",
    "adjustments",
    "holds",
    "open_counts",
    "movements",
)
"""The order in which a person looks: what most often explains a difference stands first."""


class Facts(NamedTuple):
    """The figures behind an explanation, as texts in the product's unit; counts of records are whole numbers."""

    unit: str
    unattributed: str = "0"
    charges: int = 0
    late: str = "0"
    late_movements: int = 0
    transit: str = "0"
    transfers: int = 0
    ordered: str = "0"
    orders: int = 0
    quarantined: str = "0"
    in_use: str = "0"
    adjusted: str = "0"
    adjustments: int = 0
    held: str = "0"
    holds: int = 0
    open_counts: int = 0
    movements: int = 0
    moved: str = "0"


def sentences(facts: Facts) -> list[tuple[str, str]]:
    """(kind, sentence) of every fact that is so, what most often explains a difference first."""
    unit = facts.unit
    said = {
        "unattributed": f"{facts.unattributed} {unit} were sold that no lot covered",
        "late": f"{facts.late} {unit} moved before the count and were entered only after it",
        "transit": f"{facts.transit} {unit} are on their way here: if they lie here already, receive their transfer",
        "orders": f"{facts.ordered} {unit} are on order: if they have arrived, their receipt is missing",
        "quarantined": f"{facts.quarantined} {unit} are set apart: they do not count as on the shelf",
        "in_use": f"{facts.in_use} {unit} are in opened containers",
        "adjustments": f"{facts.adjustments} adjustments changed the shelf by {facts.adjusted} {unit}",
        "holds": f"{facts.held} {unit} are held for charges that are not recorded yet",
        "open_counts": "It stands on a count that is still open",
        "movements": f"{facts.movements} movements changed the shelf by {facts.moved} {unit}",
    }
    so = {
        "unattributed": facts.unattributed != "0" or facts.charges > 0,
        "late": facts.late_movements > 0,
        "transit": facts.transfers > 0,
        "orders": facts.orders > 0,
        "quarantined": facts.quarantined != "0",
        "in_use": facts.in_use != "0",
        "adjustments": facts.adjustments > 0,
        "holds": facts.holds > 0,
        "open_counts": facts.open_counts > 0,
        "movements": facts.movements > 0,
    }
    return [(kind, said[kind]) for kind in RANKS if so[kind]]
