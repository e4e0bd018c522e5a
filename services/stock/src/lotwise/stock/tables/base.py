"""The only home of the base of stock's tables and of the columns they share."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Text
from sqlmodel import SQLModel

from lotwise.kit.tables import table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of stock's tables."""


def text_column(*, nullable: bool = False) -> Column[str]:
    """A text."""
    return Column(Text, nullable=nullable)


def instant_column(*, nullable: bool = False) -> Column[datetime]:
    """An instant in UTC."""
    return Column(DateTime(timezone=True), nullable=nullable)


def bigint_column(*, nullable: bool = False) -> Column[int]:
    """A quantity in smallest units, or money in minor units or micros."""
    return Column(BigInteger, nullable=nullable)
