"""The only home of the base of the catalog's tables and of the columns they share."""

from sqlalchemy import Column, Text, text
from sqlmodel import SQLModel

from lotwise.kit.tables import table_registry

NOW = text("now()")


class Base(SQLModel, registry=table_registry()):
    """The base of the catalog's tables."""


def code_column() -> Column[str]:
    """A code, sorted by its bytes (CAT-35)."""
    return Column(Text(collation="C"), nullable=False)
