"""The only home of the base of sales' tables and of the columns they share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Uuid
from sqlmodel import SQLModel

from lotwise.kit.tables import table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of sales' tables."""


def instant_column(*, nullable: bool = False) -> Column[datetime]:
    """An instant in UTC."""
    return Column(DateTime(timezone=True), nullable=nullable)


def id_column() -> Column[UUID]:
    """An id that is, or belongs to, the key."""
    return Column(Uuid, primary_key=True)
