"""The only home of the shape of the rows of members: the only ones anywhere that hold a name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Computed, Text
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class MemberRow(Base, table=True):
    """A patient known to the chain: the only row anywhere that holds a name."""

    __tablename__ = "member"

    member_id: UUID = Field(sa_column=id_column())
    name: str = Field(sa_type=Text)
    phone: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
    created_at: datetime = Field(sa_column=instant_column())
    updated_at: datetime = Field(sa_column=instant_column())
    search: str = Field(sa_column=Column(Text, Computed("lower(name || ' ' || phone || ' ' || email)", persisted=True)))
