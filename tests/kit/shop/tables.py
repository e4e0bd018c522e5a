"""The tables of the smallest service."""

from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of the shop's tables."""


class Counter(Base, table=True):
    """How much of a thing there is."""

    name: str = Field(primary_key=True)
    amount: int


kit_tables(Base.metadata)
