"""The only home of the shape of the rows of tills, their days and their payments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class TillRow(Base, table=True):
    """A register drawer of a site."""

    __tablename__ = "till"

    till_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    is_shared: bool
    is_archived: bool
    revision: int


class TillSessionRow(Base, table=True):
    """A drawer from its opening to its close; amounts by kind in minor units."""

    __tablename__ = "till_session"

    session_id: UUID = Field(sa_column=id_column())
    till_id: UUID
    site: str = Field(sa_type=Text)
    number: int = Field(sa_type=Integer)
    day: date = Field(sa_column=Column(Date, nullable=False))
    state: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_column=instant_column())
    opened_by: str = Field(sa_type=Text)
    float_minor: int = Field(sa_type=BigInteger)
    counted: dict[str, int] | None = Field(sa_column=Column(JSONB))
    expected: dict[str, int] | None = Field(sa_column=Column(JSONB))
    counted_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    counted_by: str = Field(sa_type=Text)
    difference_minor: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_by: str = Field(sa_type=Text)


class TillMovementRow(Base, table=True):
    """Cash put into a drawer or (below zero) taken out beside the charges."""

    __tablename__ = "till_movement"

    movement_id: UUID = Field(sa_column=id_column())
    session_id: UUID
    amount_minor: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())


class PaymentRow(Base, table=True):
    """A later payment on a charge; its tenders stand under its id. `due_minor` is what was due before it."""

    __tablename__ = "payment"

    payment_id: UUID = Field(sa_column=id_column())
    charge_id: UUID
    site: str = Field(sa_type=Text)
    session_id: UUID | None
    due_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    actor: str = Field(sa_type=Text)


class ReceiptRow(Base, table=True):
    """A receipt that was printed or sent: the first is the original, each later one a copy. No address is kept."""

    __tablename__ = "receipt"

    receipt_id: UUID = Field(sa_column=id_column())
    charge_id: UUID
    position: int = Field(sa_type=Integer)
    way: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())
