"""The only home of the shape of the rows of appointments, treatments and the checkout queue."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class AppointmentRow(Base, table=True):
    """A service booked for a member; `reported` is the revision of the outside system that told it last."""

    __tablename__ = "appointment"

    appointment_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    service_id: UUID
    member_id: UUID | None
    practitioner: str = Field(sa_type=Text)
    starts_at: datetime = Field(sa_column=instant_column())
    minutes: int
    sessions: int
    note: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    treatment_id: UUID | None
    source: str = Field(sa_type=Text)
    reported: int
    revision: int
    actor: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=instant_column())
    updated_at: datetime = Field(sa_column=instant_column())


class TreatmentRow(Base, table=True):
    """A service that took place; `is_licensed`: whoever recorded it may record treatments (STK-40)."""

    __tablename__ = "treatment"

    treatment_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    appointment_id: UUID | None
    service_id: UUID
    member_id: UUID | None
    practitioner: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())
    sessions: int
    recipe_revision: int
    source: str = Field(sa_type=Text)
    revision: int
    actor: str = Field(sa_type=Text)
    is_licensed: bool
    recorded_at: datetime = Field(sa_column=instant_column())
    updated_at: datetime = Field(sa_column=instant_column())


class TreatmentLineRow(Base, table=True):
    """What a treatment was expected to take of a product and what was drawn, in millionths of its unit."""

    __tablename__ = "treatment_line"

    treatment_id: UUID = Field(sa_column=id_column())
    product_id: UUID = Field(sa_column=id_column())
    expected: int = Field(sa_type=BigInteger)
    drawn: int | None = Field(sa_type=BigInteger)
    lot_id: UUID | None
    prescriber: str = Field(sa_type=Text)
    order_reference: str = Field(sa_type=Text)


class CheckoutRow(Base, table=True):
    """A completed treatment on its way to the desk: open until a charge names it, or somebody says why not."""

    __tablename__ = "checkout"

    treatment_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())
    updated_at: datetime = Field(sa_column=instant_column())
