"""The only home of the shape of bills that wait: set aside at the desk, taken up again once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class ParkedRow(Base, table=True):
    """A bill set aside at a site. `bill` is the desk's own; sales keeps it as it came. No goods are held for it."""

    __tablename__ = "parked"

    parked_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    label: str = Field(sa_type=Text)
    member_id: UUID | None
    bill: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    total_minor: int = Field(sa_type=BigInteger)
    actor: str = Field(sa_type=Text)
    parked_at: datetime = Field(sa_column=instant_column())
