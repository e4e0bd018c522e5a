"""The only home of the shape of the rows of discounts and category prices."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Text,
    text,
)
from sqlalchemy import Uuid as UuidColumn
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlmodel import Field

from lotwise.catalog.tables.base import Base


class CategoryPriceRow(Base, table=True):
    """What products of a category cost that have no price of their own; periods of one place cannot overlap."""

    __tablename__ = "category_price"
    __table_args__ = (
        CheckConstraint("(amount IS NULL) <> (markup IS NULL)", name="category_price_rule"),
        CheckConstraint("amount >= 0 AND markup >= 0", name="category_price_not_negative"),
        CheckConstraint("valid_to > valid_from", name="category_price_period"),
        ExcludeConstraint(
            ("category_id", "="),
            (text("coalesce(at_site, '')"), "="),
            (text("tstzrange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="category_price_no_overlap",
        ),
    )

    id: UUID = Field(primary_key=True)
    category_id: UUID = Field(foreign_key="category.id")
    at_site: str | None = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=True))
    amount: int | None = Field(sa_type=BigInteger)
    markup: int | None = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_type=DateTime(timezone=True))
    valid_to: datetime | None = Field(sa_type=DateTime(timezone=True))
    revision: int


class DiscountRow(Base, table=True):
    """A discount: percent, money and quantity in micros; empty lists mean every site, product and category."""

    __tablename__ = "discount"
    __table_args__ = (
        CheckConstraint("scope IN ('line', 'bundle', 'cart')", name="discount_scope"),
        CheckConstraint("form IN ('percent', 'amount')", name="discount_form"),
        CheckConstraint("value > 0 AND (form <> 'percent' OR value <= 100000000)", name="discount_value"),
        CheckConstraint("min_quantity > 0 AND min_spend >= 0", name="discount_minimum"),
        CheckConstraint("ends_on >= starts_on", name="discount_days"),
        CheckConstraint("audience IN ('everyone', 'members')", name="discount_audience"),
        Index("discount_name", text("lower(name)"), "id"),
        Index(
            "discount_coupon",
            text("lower(coupon)"),
            unique=True,
            postgresql_where=text("coupon <> '' AND NOT is_archived"),
        ),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    scope: str = Field(sa_type=Text)
    form: str = Field(sa_type=Text)
    value: int = Field(sa_type=BigInteger)
    min_quantity: int = Field(sa_type=BigInteger)
    min_spend: int | None = Field(sa_type=BigInteger)
    product_ids: list[UUID] = Field(sa_column=Column(ARRAY(UuidColumn), nullable=False))
    category_ids: list[UUID] = Field(sa_column=Column(ARRAY(UuidColumn), nullable=False))
    at_sites: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    starts_on: date | None
    ends_on: date | None
    is_automatic: bool
    is_combinable: bool
    audience: str = Field(sa_type=Text)
    coupon: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
