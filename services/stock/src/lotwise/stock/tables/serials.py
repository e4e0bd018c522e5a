"""The only home of the shape of serials: each unit with its place, warranty, worth, and all that was done to it."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


def _day_column(*, nullable: bool = True) -> Column[date]:
    return Column(Date, nullable=nullable)


class SerialRow(Base, table=True):
    """One unit by its number. Without a lot it is an asset from before the books: its whereabouts move no stock."""

    __tablename__: ClassVar[str] = "serial"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("serial_number", "product_id", "number", unique=True),
        Index("serial_alike", "product_id", "look_alike"),
        Index("serial_by_site", "site", "id"),
        Index("serial_by_lot", "lot_id", "site", postgresql_where=text("lot_id is not null")),
        Index("serial_by_charge", "charge_id", postgresql_where=text("charge_id is not null")),
        Index("serial_by_transfer", "transfer_id", postgresql_where=text("transfer_id is not null")),
        Index("serial_by_receipt", "receipt_id", postgresql_where=text("receipt_id is not null")),
        Index("serial_recalled", "lot_id", "site", postgresql_where=text("is_recalled")),
        Index("serial_warranty_due", "warranty_ends_on", postgresql_where=text("warranty_ends_on is not null")),
        Index("serial_maintenance_due", "maintenance_due_on", postgresql_where=text("maintenance_due_on is not null")),
        CheckConstraint(
            "state in ('in_stock','in_use','in_repair','in_transit','sold','scrapped','returned','lost')",
            name="serial_state",
        ),
        CheckConstraint("number <> '' and cost_minor >= 0", name="serial_figures"),
        CheckConstraint("(state = 'sold') = (charge_id is not null)", name="serial_charge"),
        CheckConstraint("(state = 'in_transit') = (transfer_id is not null)", name="serial_transfer"),
        CheckConstraint("warranty_starts_on <= warranty_ends_on", name="serial_warranty"),
        CheckConstraint(
            "salvage_minor between 0 and cost_minor and life_months >= 0 and factor >= 0 and units_total >= 0",
            name="serial_depreciation",
        ),
    )
    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    number: str = Field(sa_column=text_column())
    look_alike: str = Field(sa_column=text_column())
    lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    state: str = Field(sa_column=text_column())
    room: str = Field(sa_column=text_column())
    receipt_id: UUID | None = None
    receipt_line: int = Field(sa_column=Column(Integer, nullable=False))
    charge_id: UUID | None = None
    transfer_id: UUID | None = None
    cost_minor: int = Field(sa_column=bigint_column())
    acquired_on: date = Field(sa_column=_day_column(nullable=False))
    supplier_id: UUID | None = None
    note: str = Field(sa_column=text_column())
    warranty_starts_on: date | None = Field(sa_column=_day_column())
    warranty_ends_on: date | None = Field(sa_column=_day_column())
    warranty_terms: str = Field(sa_column=text_column())
    warranty_told_on: date | None = Field(sa_column=_day_column())
    maintenance_due_on: date | None = Field(sa_column=_day_column())
    maintenance_work: str = Field(sa_column=text_column())
    maintenance_told_on: date | None = Field(sa_column=_day_column())
    method: str = Field(sa_column=text_column())
    in_service_on: date | None = Field(sa_column=_day_column())
    salvage_minor: int = Field(sa_column=bigint_column())
    life_months: int = Field(sa_column=Column(Integer, nullable=False))
    factor: int = Field(sa_column=Column(Integer, nullable=False))
    units_total: int = Field(sa_column=bigint_column())
    registered_at: datetime = Field(sa_column=instant_column())
    registered_by: str = Field(sa_column=text_column())
    is_recalled: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    revision: int = Field(sa_column=bigint_column())


class SerialPledgeRow(Base, table=True):
    """A unit that a charge which is not recorded yet will hand out, by its number; after its time others may take it.

    The recorded charge takes the units it was promised, however late it is heard, unless they are elsewhere by then.
    """

    __tablename__: ClassVar[str] = "serial_pledge"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("serial_pledge_by_charge", "charge_id"),
        CheckConstraint("number <> ''", name="serial_pledge_number"),
    )
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    number: str = Field(sa_column=Column(Text, primary_key=True))
    charge_id: UUID
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    actor: str = Field(sa_column=text_column())
    pledged_at: datetime = Field(sa_column=instant_column())
    expires_at: datetime = Field(sa_column=instant_column())


class SerialStepRow(Base, table=True):
    """A step of a serial's story: what was done, where it was then, by whom, and what caused it; never edited."""

    __tablename__: ClassVar[str] = "serial_step"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("serial_step_once", "serial_id", "cause_id", "kind", unique=True),
        Index("serial_step_by_cause", "cause_id"),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    serial_id: UUID = Field(foreign_key="serial.id")
    kind: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    site: str = Field(sa_column=text_column())
    room: str = Field(sa_column=text_column())
    cause_id: UUID
    note: str = Field(sa_column=text_column())
    actor: str = Field(sa_column=text_column())
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())


class SerialWorkRow(Base, table=True):
    """Maintenance that was done: when, what, what it cost, by whom, its papers, and when it is due again."""

    __tablename__: ClassVar[str] = "serial_work"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("serial_work_by_serial", "serial_id", "done_on"),
        CheckConstraint("cost_minor >= 0", name="serial_work_cost"),
    )
    id: UUID = Field(primary_key=True)
    serial_id: UUID = Field(foreign_key="serial.id")
    done_on: date = Field(sa_column=_day_column(nullable=False))
    work: str = Field(sa_column=text_column())
    cost_minor: int = Field(sa_column=bigint_column())
    done_by: str = Field(sa_column=text_column())
    document: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    next_due_on: date | None = Field(sa_column=_day_column())
    next_work: str = Field(sa_column=text_column())
    entered_by: str = Field(sa_column=text_column())
    entered_at: datetime = Field(sa_column=instant_column())


class SerialUseRow(Base, table=True):
    """Units of work a device did, as read on a day: what units of production depreciate by."""

    __tablename__: ClassVar[str] = "serial_use"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("serial_use_by_serial", "serial_id", "read_on"),
        CheckConstraint("units > 0", name="serial_use_units"),
    )
    id: UUID = Field(primary_key=True)
    serial_id: UUID = Field(foreign_key="serial.id")
    read_on: date = Field(sa_column=_day_column(nullable=False))
    units: int = Field(sa_column=bigint_column())
    entered_by: str = Field(sa_column=text_column())
    entered_at: datetime = Field(sa_column=instant_column())
