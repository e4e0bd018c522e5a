"""The only home of the shape of the catalog's rows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of the catalog's tables."""


kit_tables(Base.metadata)

_NOW = text("now()")


def _code() -> Column[str]:
    return Column(Text(collation="C"), nullable=False)


class SiteRow(Base, table=True):
    """A clinic or store; the slug is its identity for ever."""

    __tablename__ = "site"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9-]{1,40}$' AND slug <> 'chain'", name="site_slug"),
        CheckConstraint("stock_policy IN ('warn', 'block_at_zero', 'block_at_minimum')", name="site_stock_policy"),
        CheckConstraint("stock_unreachable IN ('sell', 'refuse')", name="site_stock_unreachable"),
        CheckConstraint("tax_rounding IN ('line', 'invoice')", name="site_tax_rounding"),
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


class CategoryRow(Base, table=True):
    """A category: a name that is unique however it is cased, and perhaps a code of three characters."""

    __tablename__ = "category"
    __table_args__ = (
        CheckConstraint("code IS NULL OR length(code) = 3", name="category_code_length"),
        Index("category_name", text("lower(name)"), unique=True),
        UniqueConstraint("code", name="category_code"),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    code: str | None = Field(sa_type=Text)
    revision: int


class ProductRow(Base, table=True):
    """A product or service. Codes are unique and sort by their bytes; money in micros, quantities in smallest units."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("code", name="product_code"),
        CheckConstraint("kind IN ('service', 'physical', 'digital')", name="product_kind"),
        CheckConstraint("(kind = 'service') = (code LIKE '.%')", name="product_code_period"),
        CheckConstraint(
            "(kind = 'physical') = (purpose IS NOT NULL) AND purpose IN ('retail', 'consigned', 'back_bar')",
            name="product_purpose",
        ),
        CheckConstraint("unit_decimals BETWEEN 0 AND 6", name="product_unit_decimals"),
        CheckConstraint("tax_code BETWEEN 0 AND 8 AND application_code BETWEEN 0 AND 1", name="product_tax"),
        CheckConstraint(
            "cost >= 0 AND markup >= 0 AND reorder_at >= 0 AND normal_order_quantity >= 0", name="product_not_negative"
        ),
        CheckConstraint("duration_slots >= 1", name="product_duration"),
        CheckConstraint("container_rule IN ('none', 'single_patient', 'multi_patient')", name="product_container_rule"),
        CheckConstraint(
            "(container_rule = 'none') = (container_units IS NULL) AND container_units > 0 "
            "AND use_by_hours BETWEEN 1 AND 26280 AND (container_rule <> 'none' OR use_by_hours IS NULL)",
            name="product_container",
        ),
        CheckConstraint("drug_class IN ('otc', 'prescription', 'controlled')", name="product_drug_class"),
        Index("product_look", "look"),
        Index("product_category", "category_id", "code"),
        Index("product_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("product_code_trgm", "code", postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=_code())
    look: str = Field(
        sa_column=Column(Text, Computed(r"lower(regexp_replace(code, '\s', '', 'g'))", persisted=True), nullable=True)
    )
    name: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    purpose: str | None = Field(sa_type=Text)
    category_id: UUID | None = Field(foreign_key="category.id")
    unit: str = Field(sa_type=Text)
    unit_decimals: int = Field(sa_type=SmallInteger)
    manufacturer: str = Field(sa_type=Text)
    size: str = Field(sa_type=Text)
    size_unit: str = Field(sa_type=Text)
    tax_code: int = Field(sa_type=SmallInteger)
    application_code: int = Field(sa_type=SmallInteger)
    tax_inclusive: bool
    cost: int | None = Field(sa_type=BigInteger)
    markup: int | None = Field(sa_type=BigInteger)
    reorder_at: int | None = Field(sa_type=BigInteger)
    normal_order_quantity: int | None = Field(sa_type=BigInteger)
    supplier_id: UUID | None
    supplier_code: str = Field(sa_type=Text)
    duration_slots: int | None
    is_serialised: bool
    confirm_lot: bool
    is_archived: bool
    revision: int
    container_rule: str = Field(sa_column=Column(Text, nullable=False, server_default="none"))
    container_units: int | None = Field(sa_type=BigInteger)
    use_by_hours: int | None
    drug_class: str = Field(sa_column=Column(Text, nullable=False, server_default="otc"))
    cost_revision: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class PackRow(Base, table=True):
    """A pack of a product: an exact number of smallest units."""

    __tablename__ = "product_pack"
    __table_args__ = (CheckConstraint("units > 0", name="product_pack_units"),)

    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    name: str = Field(sa_column=Column(Text, primary_key=True))
    units: int = Field(sa_type=BigInteger)


class BarcodeRow(Base, table=True):
    """A barcode finds one product of the chain; `pack` names the pack it stands on."""

    __tablename__ = "product_barcode"
    __table_args__ = (Index("product_barcode_product", "product_id"),)

    barcode: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(foreign_key="product.id")
    pack: str | None = Field(sa_type=Text)


class ProductSiteTaxRow(Base, table=True):
    """The tax and application code of a product at a site where they differ."""

    __tablename__ = "product_site_tax"
    __table_args__ = (
        CheckConstraint("tax_code BETWEEN 0 AND 8 AND application_code BETWEEN 0 AND 1", name="product_site_tax_codes"),
    )

    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    tax_code: int = Field(sa_type=SmallInteger)
    application_code: int = Field(sa_type=SmallInteger)


class PriceRow(Base, table=True):
    """A price over a period; two periods of one product and site cannot overlap."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("valid_to > valid_from", name="price_period"),
        ExcludeConstraint(
            ("product_id", "="),
            (text("coalesce(at_site, '')"), "="),
            (text("tstzrange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="price_no_overlap",
        ),
        Index("price_product", "product_id", "valid_from"),
    )

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    at_site: str | None = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=True))
    price: int = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_type=DateTime(timezone=True))
    valid_to: datetime | None = Field(sa_type=DateTime(timezone=True))
    revision: int


class RecipeRow(Base, table=True):
    """The recipe of a service, with its revision; its lines stand in recipe_line."""

    __tablename__ = "recipe"

    service_id: UUID = Field(foreign_key="product.id", primary_key=True)
    revision: int


class RecipeLineRow(Base, table=True):
    """What a service consumes of one product, in smallest units."""

    __tablename__ = "recipe_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="recipe_line_quantity"),
        Index("recipe_line_product", "product_id"),
    )

    service_id: UUID = Field(foreign_key="recipe.service_id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    position: int
    quantity: int = Field(sa_type=BigInteger)


class ChangeRow(Base, table=True):
    """Who changed which field when, with its old and new value; never edited."""

    __tablename__ = "change"
    __table_args__ = (Index("change_subject", "subject", "id"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subject: str = Field(sa_type=Text)
    field: str = Field(sa_type=Text)
    was: Any = Field(sa_column=Column(JSONB, nullable=True))
    now: Any = Field(sa_column=Column(JSONB, nullable=True))
    who: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=_NOW))


class SupplierRow(Base, table=True):
    """Our own small copy of a supplier's definition, from purchasing's events."""

    __tablename__ = "supplier"

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    name: str = Field(sa_type=Text)
    is_archived: bool
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
