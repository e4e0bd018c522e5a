"""The only home of the shape of the copies of what catalog and stock defined."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class SiteRow(Base, table=True):
    """Copy of a site's settings, from SiteDefined."""

    __tablename__ = "site"

    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    stock_unreachable: str = Field(sa_type=Text)
    tax_rounding: str = Field(sa_type=Text)
    revision: int
    cash_rounding_minor: int
    package_tax_point: str = Field(sa_type=Text)


class SiteTaxRow(Base, table=True):
    """Copy of a site's taxes from a day on; rates in millionths of a percent."""

    __tablename__ = "site_tax"

    slug: str = Field(sa_column=Column(Text, primary_key=True))
    valid_from: date = Field(sa_column=Column(Date, primary_key=True))
    name_1: str = Field(sa_type=Text)
    rate_1_1: int = Field(sa_type=BigInteger)
    rate_1_2: int = Field(sa_type=BigInteger)
    name_2: str = Field(sa_type=Text)
    rate_2_1: int = Field(sa_type=BigInteger)
    rate_2_2: int = Field(sa_type=BigInteger)
    revision: int


class CategoryRow(Base, table=True):
    """Copy of a category's name, from CategoryDefined."""

    __tablename__ = "category"

    category_id: UUID = Field(sa_column=id_column())
    name: str = Field(sa_type=Text)
    revision: int


class ProductRow(Base, table=True):
    """Copy of a product or service, from ProductDefined; `names` are its code, barcodes and pack numbers.

    `site_taxes` is site → [tax code, application code], where they differ from the product's own.
    """

    __tablename__ = "product"

    product_id: UUID = Field(sa_column=id_column())
    code: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    purpose: str | None = Field(sa_type=Text)
    category_name: str | None = Field(sa_type=Text)
    unit: str = Field(sa_type=Text)
    unit_decimals: int = Field(sa_type=SmallInteger)
    tax_code: int = Field(sa_type=SmallInteger)
    application_code: int = Field(sa_type=SmallInteger)
    tax_inclusive: bool
    is_archived: bool
    names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    category_id: UUID | None
    revision: int
    site_taxes: dict[str, list[int]] = Field(sa_column=Column(JSONB, nullable=False))
    confirm_lot: bool
    drug_class: str = Field(sa_type=Text)
    variant_of: UUID | None
    variant_name: str = Field(sa_type=Text)
    add_on_kind: str | None = Field(sa_type=Text)
    add_ons: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    price_per: str = Field(sa_type=Text)
    cost: int | None = Field(sa_type=BigInteger)
    duration_slots: int | None


class PriceRow(Base, table=True):
    """Copy of a price per unit in micros, for a period, at one site or (null) the chain."""

    __tablename__ = "price"

    price_id: UUID = Field(sa_column=id_column())
    product_id: UUID
    at_site: str | None = Field(sa_type=Text)
    micros: int = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_column=instant_column())
    valid_to: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int
    audience: str = Field(sa_type=Text)


class LevelRow(Base, table=True):
    """Copy of stock's figures for display at the desk, as decimal text, from StockLevelChanged."""

    __tablename__ = "level"

    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(sa_column=id_column())
    on_hand: str = Field(sa_type=Text)
    available: str = Field(sa_type=Text)
    minimum: str | None = Field(sa_type=Text)
    revision: int = Field(sa_type=BigInteger)


class RecipeRow(Base, table=True):
    """What a service consumes, each revision of it: [product, quantity in its unit] in the order of the recipe."""

    __tablename__ = "recipe"

    service_id: UUID = Field(sa_column=id_column())
    revision: int = Field(sa_column=Column(Integer, primary_key=True))
    lines: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
