"""The only home of the shape of what prices a charge: discounts, category prices, packages, preferences, limits."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class DiscountRow(Base, table=True):
    """Copy of a discount, from DiscountDefined; `value` in millionths of a percent or micros of money."""

    __tablename__ = "discount"

    discount_id: UUID = Field(sa_column=id_column())
    name: str = Field(sa_type=Text)
    scope: str = Field(sa_type=Text)
    form: str = Field(sa_type=Text)
    value: int = Field(sa_type=BigInteger)
    min_quantity: int = Field(sa_type=BigInteger)
    min_spend: int | None = Field(sa_type=BigInteger)
    product_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    category_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    at_sites: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    starts_on: date | None
    ends_on: date | None
    is_automatic: bool
    is_combinable: bool
    audience: str = Field(sa_type=Text)
    coupon: str = Field(sa_type=Text)
    is_archived: bool
    revision: int


class CategoryPriceRow(Base, table=True):
    """Copy of what a category's products cost without a price of their own, from CategoryPriceChanged."""

    __tablename__ = "category_price"

    category_price_id: UUID = Field(sa_column=id_column())
    category_id: UUID
    at_site: str | None = Field(sa_type=Text)
    amount: int | None = Field(sa_type=BigInteger)
    markup: int | None = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_column=instant_column())
    valid_to: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int


class PackageRow(Base, table=True):
    """Copy of a package, from PackageDefined; `items` are [product, quantity in millionths, unlimited]."""

    __tablename__ = "package"

    product_id: UUID = Field(sa_column=id_column())
    package_type: str = Field(sa_type=Text)
    items: list[list[Any]] = Field(sa_column=Column(JSONB, nullable=False))
    valid_days: int | None
    period: str | None = Field(sa_type=Text)
    rollover_periods: int
    redeem_at: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    refund_rule: str = Field(sa_type=Text)
    revision: int


class PreferencesRow(Base, table=True):
    """Copy of the chain's preferences, one row, from PreferencesDefined."""

    __tablename__ = "preferences"

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    code_length_max: int = Field(sa_type=SmallInteger)
    use_service_pricing_tables: bool
    slot_minutes: int = Field(sa_type=SmallInteger)
    revision: int


class DeskLimitRow(Base, table=True):
    """How far a permission of the desk goes without `charge.override`; nulls have no bound."""

    __tablename__ = "desk_limit"

    permission: str = Field(sa_column=Column(Text, primary_key=True))
    percent: int | None = Field(sa_type=BigInteger)
    amount_minor: int | None = Field(sa_type=BigInteger)
    actor: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_column=instant_column())


class ChargeLineExtraRow(Base, table=True):
    """What a line has beyond a plain sale; only lines that have something have a row (ChargeLineRow's key)."""

    __tablename__ = "charge_line_extra"

    charge_id: UUID = Field(sa_column=id_column())
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    discounts: list[list[Any]] = Field(sa_column=Column(JSONB, nullable=False))
    owed: str = Field(sa_type=Text)
    kit_id: UUID | None
    redeems: UUID | None
    seller: str = Field(sa_type=Text)
    performer: str = Field(sa_type=Text)
    free_reason: str = Field(sa_type=Text)
    minutes: int | None = Field(sa_type=Integer)
    add_on_to: int | None = Field(sa_type=SmallInteger)
    shares: list[list[Any]] = Field(sa_column=Column(JSONB, nullable=False))
