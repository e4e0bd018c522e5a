"""The only home of the shape of the rows of the price tool and of pinned function keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.catalog.tables.base import NOW, Base, code_column


class PriceRunRow(Base, table=True):
    """A run of the price tool: who set which prices how, and whether it was undone; `chosen` is what was asked for."""

    __tablename__ = "price_run"
    __table_args__ = (
        CheckConstraint("kind IN ('percent', 'amount', 'set', 'markup')", name="price_run_kind"),
        CheckConstraint("audience IN ('everyone', 'members')", name="price_run_audience"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="price_run_undone"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    value: int = Field(sa_type=BigInteger)
    ending: str = Field(sa_type=Text)
    at_site: str | None = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=True))
    audience: str = Field(sa_type=Text)
    begins: datetime = Field(sa_type=DateTime(timezone=True))
    chosen: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    who: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=NOW))
    prices: int
    skipped: int
    undone_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    undone_by: str | None = Field(sa_type=Text)
    undone: int


class PriceRunPriceRow(Base, table=True):
    """A price that a run set, in micros: the one before on that list (null: none), and what undoing found."""

    __tablename__ = "price_run_price"
    __table_args__ = (Index("price_run_price_code", "run_id", "code"),)

    run_id: UUID = Field(foreign_key="price_run.id", primary_key=True)
    product_id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=code_column())
    price_id: UUID
    was: int | None = Field(sa_type=BigInteger)
    was_own: int | None = Field(sa_type=BigInteger)
    now: int = Field(sa_type=BigInteger)
    is_undone: bool | None


class FunctionKeyRow(Base, table=True):
    """A product pinned to a function key at a site (CAT-46)."""

    __tablename__ = "function_key"
    __table_args__ = (CheckConstraint("key BETWEEN 1 AND 12", name="function_key_number"),)

    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    key: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    product_id: UUID = Field(foreign_key="product.id")


class FunctionKeyListRow(Base, table=True):
    """How often the pinned keys of a site were changed, and whether they were told as they stand."""

    __tablename__ = "function_key_list"

    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    revision: int
    is_told: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=false()))
