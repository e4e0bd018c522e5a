"""The shape of stock's rows, a file per subject; the migrations make them, a test proves that both agree."""

from lotwise.kit.tables import kit_tables
from lotwise.stock.tables import containers, counts, history, ledger, reasons, recalls, serials, transfers
from lotwise.stock.tables.base import Base

kit_tables(Base.metadata)

__all__ = ["Base", "containers", "counts", "history", "ledger", "reasons", "recalls", "serials", "transfers"]
