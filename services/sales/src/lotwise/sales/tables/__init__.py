"""The shape of sales' rows, a file per subject; the migrations make them, a test proves that both agree."""

from lotwise.kit.tables import kit_tables
from lotwise.sales.tables import (
    balance_proofs,
    balances,
    charges,
    definitions,
    function_keys,
    members,
    parked,
    pricing,
    tills,
    visits,
)
from lotwise.sales.tables.base import Base

kit_tables(Base.metadata)

__all__ = [
    "Base",
    "balance_proofs",
    "balances",
    "charges",
    "definitions",
    "function_keys",
    "members",
    "parked",
    "pricing",
    "tills",
    "visits",
]
