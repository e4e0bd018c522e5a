"""The only home of the shape of the rows that keep who changed what."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.catalog.tables.base import NOW, Base


class ChangeRow(Base, table=True):
    """Who changed which field when, with its old and new value; never edited."""

    __tablename__ = "change"
    __table_args__ = (Index("change_subject", "subject", "id"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subject: str = Field(sa_type=Text)
    field: str = Field(sa_type=Text)
    was: Any = Field(sa_column=Column(JSONB, nullable=True))
    now: Any = Field(sa_column=Column(JSONB, nullable=True))
    who: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=NOW))
