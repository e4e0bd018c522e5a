"""The one door to all contracts: importing this module fills the registry of events."""

from lotwise.contracts import alerts, backoffice, catalog, purchasing, sales, stock, till
from lotwise.contracts.envelope import REGISTRY

__all__ = ["REGISTRY", "alerts", "backoffice", "catalog", "purchasing", "sales", "stock", "till"]
