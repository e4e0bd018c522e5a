"""The only home of the shape of the rows of members: the only ones anywhere that hold a name."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Computed, Date, LargeBinary, Text
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column

_SEARCH = r"lower(name || ' ' || phone || ' ' || email) || ' ' || regexp_replace(phone, '\D', '', 'g')"


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
    search: str = Field(sa_column=Column(Text, Computed(_SEARCH, persisted=True)))
    born_on: date | None = Field(sa_column=Column(Date))
    merged_into: UUID | None
    erased_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class MemberConsentRow(Base, table=True):
    """What a member agreed to or refused, and who wrote it down; the latest row of a kind counts."""

    __tablename__ = "member_consent"

    consent_id: UUID = Field(sa_column=id_column())
    member_id: UUID
    kind: str = Field(sa_type=Text)
    is_given: bool
    actor: str = Field(sa_type=Text)
    given_at: datetime = Field(sa_column=instant_column())


class SealedContactRow(Base, table=True):
    """How an erased member can be reached for a recall, encrypted, until its day (WEB-10)."""

    __tablename__ = "sealed_contact"

    member_id: UUID = Field(sa_column=id_column())
    box: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    keep_until: date = Field(sa_column=Column(Date, nullable=False))
    sealed_at: datetime = Field(sa_column=instant_column())
