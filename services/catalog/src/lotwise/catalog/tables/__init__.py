"""The shape of the catalog's rows, a file per subject; the migrations make them, a test proves that both agree."""

from lotwise.catalog.tables import changes, discounts, imports, packages, prices, products, sites, tools
from lotwise.catalog.tables.base import Base
from lotwise.kit.tables import kit_tables

kit_tables(Base.metadata)

__all__ = ["Base", "changes", "discounts", "imports", "packages", "prices", "products", "sites", "tools"]
