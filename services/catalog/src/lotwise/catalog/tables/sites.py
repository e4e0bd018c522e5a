"""The only home of the shape of the rows of sites, taxes and preferences."""

from datetime import date

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, SmallInteger, Text, text
from sqlmodel import Field

from lotwise.catalog.tables.base import Base


class SiteRow(Base, table=True):
    """A clinic or store; the slug is its identity for ever."""

    __tablename__ = "site"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9-]{1,40}$' AND slug <> 'chain'", name="site_slug"),
        CheckConstraint("stock_policy IN ('warn', 'block_at_zero', 'block_at_minimum')", name="site_stock_policy"),
        CheckConstraint("stock_unreachable IN ('sell', 'refuse')", name="site_stock_unreachable"),
        CheckConstraint("tax_rounding IN ('line', 'invoice')", name="site_tax_rounding"),
        CheckConstraint("cash_rounding_minor BETWEEN 1 AND 1000", name="site_cash_rounding"),
        CheckConstraint("package_tax_point IN ('sale', 'redemption')", name="site_package_tax_point"),
    )

    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    legal_entity: str = Field(sa_type=Text)
    is_central_store: bool
    stock_policy: str = Field(sa_type=Text)
    stock_unreachable: str = Field(sa_type=Text)
    tax_rounding: str = Field(sa_type=Text)
    revision: int
    cash_rounding_minor: int = Field(sa_column=Column(Integer, nullable=False, server_default="1"))
    package_tax_point: str = Field(sa_column=Column(Text, nullable=False, server_default="sale"))


class SiteTaxRow(Base, table=True):
    """The two tax slots of a site from a day on; rates in micros of a percent."""

    __tablename__ = "site_tax"
    __table_args__ = (
        CheckConstraint(
            "least(tax_1_rate_1, tax_1_rate_2, tax_2_rate_1, tax_2_rate_2) >= 0 "
            "AND greatest(tax_1_rate_1, tax_1_rate_2, tax_2_rate_1, tax_2_rate_2) <= 100000000",
            name="site_tax_rates",
        ),
    )

    slug: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    valid_from: date = Field(primary_key=True)
    tax_1_name: str = Field(sa_type=Text)
    tax_1_rate_1: int = Field(sa_type=BigInteger)
    tax_1_rate_2: int = Field(sa_type=BigInteger)
    tax_2_name: str = Field(sa_type=Text)
    tax_2_rate_1: int = Field(sa_type=BigInteger)
    tax_2_rate_2: int = Field(sa_type=BigInteger)
    revision: int


class TaxDefaultRow(Base, table=True):
    """The tax code last used for an inventory type (CAT-30)."""

    __tablename__ = "tax_default"

    item_type: str = Field(sa_column=Column(Text, primary_key=True))
    tax_code: int = Field(sa_type=SmallInteger)
    application_code: int = Field(sa_type=SmallInteger)


class PreferencesRow(Base, table=True):
    """The chain's preferences: one row."""

    __tablename__ = "preferences"
    __table_args__ = (
        CheckConstraint("id = 1", name="preferences_one"),
        CheckConstraint("code_length_max IN (10, 12, 14)", name="preferences_code_length"),
        CheckConstraint("slot_minutes BETWEEN 1 AND 480", name="preferences_slot"),
    )

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    code_length_max: int = Field(sa_type=SmallInteger)
    use_service_pricing_tables: bool
    slot_minutes: int = Field(sa_type=SmallInteger)
    revision: int
    is_told: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))
