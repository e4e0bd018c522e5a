"""The only home of the shape of what looking back needs: zones a site had, openings of months and days, proofs."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


class SiteZoneRow(Base, table=True):
    """The zone that a site had for what was recorded from an instant on: its daily totals follow it."""

    __tablename__: ClassVar[str] = "site_zone"
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    since: datetime = Field(sa_column=Column(instant_column().type, primary_key=True))
    zone: str = Field(sa_column=text_column())


class OpeningRow(Base, table=True):
    """A month whose opening balances are kept: what happened and was recorded before its first day at each site."""

    __tablename__: ClassVar[str] = "opening"
    month: date = Field(sa_column=Column(Date, primary_key=True))
    made_at: datetime = Field(sa_column=instant_column())
    balances: int = Field(sa_column=bigint_column())


class OpeningBalanceRow(Base, table=True):
    """What lay of a lot at a place when a month began, as it was known then; never changed afterwards."""

    __tablename__: ClassVar[str] = "opening_balance"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("opening_balance_by_place", "month", "location_id", "product_id"),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    month: date = Field(sa_column=Column(Date, ForeignKey("opening.month"), nullable=False))
    location_id: int = Field(sa_column=Column(Integer, nullable=False))
    product_id: UUID
    lot_id: UUID | None = None
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())


class DayOpeningRow(Base, table=True):
    """The totals a site began a day with: all that had happened and was recorded before it, both in its own days.

    `expiring_lots` and `expiring_minor` are by the last usable day of `expires_on`: lots on shelves, and their cost.
    """

    __tablename__: ClassVar[str] = "day_opening"
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    made_at: datetime = Field(sa_column=instant_column())
    stocked: int = Field(sa_column=bigint_column())
    unattributed: int = Field(sa_column=bigint_column())
    value_minor: int = Field(sa_column=bigint_column())
    consigned_minor: int = Field(sa_column=bigint_column())
    quarantined_minor: int = Field(sa_column=bigint_column())
    in_transit_minor: int = Field(sa_column=bigint_column())
    expires_on: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    expiring_lots: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    expiring_minor: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))


class DayCellsRow(Base, table=True):
    """What lay of lots as a day began, in cells that instants of that day have to know: of products that may turn on
    it, and of what was recorded late, on `learnt_on`. Each cell is whole; an empty one has an element without a lot.
    """

    __tablename__: ClassVar[str] = "day_cells"
    __table_args__: ClassVar[tuple[object, ...]] = (
        ForeignKeyConstraint(["site", "day"], ["day_opening.site", "day_opening.day"], ondelete="CASCADE"),
    )
    site: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(sa_column=Column(Date, primary_key=True))
    learnt_on: date = Field(sa_column=Column(Date, primary_key=True))
    locations: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    products: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    lots: list[UUID | None] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    quantities: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))


class ProofRow(Base, table=True):
    """One run of the audit: what was gone over, how fast, and what did not agree."""

    __tablename__: ClassVar[str] = "proof"
    __table_args__: ClassVar[tuple[object, ...]] = (CheckConstraint("finished_at >= started_at", name="proof_times"),)
    id: UUID = Field(primary_key=True)
    started_at: datetime = Field(sa_column=instant_column())
    finished_at: datetime = Field(sa_column=instant_column())
    is_clean: bool
    sizes: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    rows_a_second: float = Field(sa_column=Column(Float(53), nullable=False))
    findings: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
