"""The only home of the shape of alerts' rows; the migrations make them, a test proves that both agree."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of this service's tables."""


def _text(*, nullable: bool = False) -> Column[str]:
    return Column(Text, nullable=nullable)


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class SiteRow(Base, table=True):
    """Our copy of a site."""

    __tablename__: ClassVar[str] = "site"
    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=_text())
    time_zone: str = Field(sa_column=_text())
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class ProductRow(Base, table=True):
    """Our copy of a product's name and unit."""

    __tablename__: ClassVar[str] = "product"
    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    unit: str = Field(sa_column=_text())
    unit_decimals: int = Field(sa_column=Column(SmallInteger, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class AlertRow(Base, table=True):
    """One thing that is, or was, wrong; at most one alert stands for a thing; `summary_id` is the one it is under."""

    __tablename__: ClassVar[str] = "alert"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("alert_stands", "kind", "site", "subject_id", unique=True, postgresql_where=text("cleared_at is null")),
        Index("alert_by_age", "raised_at", "id"),
        Index("alert_by_site", "site", "raised_at", "id", postgresql_where=text("cleared_at is null")),
        Index("alert_of_summary", "summary_id", postgresql_where=text("cleared_at is null and summary_id is not null")),
        CheckConstraint("severity in ('info', 'warning', 'critical')", name="alert_severity"),
        CheckConstraint("times >= 1", name="alert_times"),
    )
    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=_text())
    site: str = Field(sa_column=_text())
    subject_id: UUID
    product_id: UUID | None = None
    severity: str = Field(sa_column=_text())
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    event_id: UUID
    times: int = Field(sa_column=Column(Integer, nullable=False))
    happened_at: datetime = Field(sa_column=_instant())
    raised_at: datetime = Field(sa_column=_instant())
    cleared_at: datetime | None = Field(sa_column=_instant(nullable=True))
    closed_by: str | None = Field(sa_column=_text(nullable=True))
    acknowledged_at: datetime | None = Field(sa_column=_instant(nullable=True))
    acknowledged_by: str | None = Field(sa_column=_text(nullable=True))
    snoozed_until: datetime | None = Field(sa_column=_instant(nullable=True))
    assigned_to: str | None = Field(sa_column=_text(nullable=True))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    summary_id: UUID | None = None


class AnswerRow(Base, table=True):
    """The order that answers a shortage, and how far it is."""

    __tablename__: ClassVar[str] = "answer"
    shortage_id: UUID = Field(primary_key=True)
    order_id: UUID
    number: str = Field(sa_column=_text())
    state: str = Field(sa_column=_text())


class OverRow(Base, table=True):
    """The newest word that a thing was over: an older word that it was wrong, coming late, changes nothing."""

    __tablename__: ClassVar[str] = "over"
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    site: str = Field(sa_column=Column(Text, primary_key=True))
    subject_id: UUID = Field(primary_key=True)
    event_id: UUID


kit_tables(Base.metadata)
