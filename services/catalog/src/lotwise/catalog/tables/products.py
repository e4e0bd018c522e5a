"""The only home of the shape of the rows of categories, products and recipes."""

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from lotwise.catalog.tables.base import Base, code_column


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
    """A product or service. Codes are unique and sort by their bytes; money in micros, quantities in smallest units.

    `priced_cost` is what it cost when its price was last changed.
    """

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
        CheckConstraint("variant_of <> id AND (variant_of IS NOT NULL OR variant_name = '')", name="product_variant"),
        CheckConstraint("add_on_kind IN ('upgrade', 'product', 'extended_time')", name="product_add_on_kind"),
        CheckConstraint("price_per IN ('unit', 'minute', 'hour')", name="product_price_per"),
        Index("product_variant_of", "variant_of", postgresql_where=text("variant_of IS NOT NULL")),
        Index("product_look", "look"),
        Index("product_category", "category_id", "code"),
        Index("product_find", "find", postgresql_using="gin", postgresql_ops={"find": "gin_trgm_ops"}),
        Index("product_supplier", "supplier_id", "code", postgresql_where=text("supplier_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=code_column())
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
    find: str = Field(
        sa_column=Column(
            Text,
            Computed("lower(' ' || code) || ' ' || lower(name || ' ' || variant_name)", persisted=True),
            nullable=True,
        )
    )
    priced_cost: int | None = Field(sa_type=BigInteger)
    variant_of: UUID | None = Field(foreign_key="product.id")
    variant_name: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    add_on_kind: str | None = Field(sa_type=Text)
    price_per: str = Field(sa_column=Column(Text, nullable=False, server_default="unit"))


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


class AddOnRow(Base, table=True):
    """An add-on that is offered with a service, in the order of the list (CAT-15)."""

    __tablename__ = "product_add_on"
    __table_args__ = (Index("product_add_on_offered", "add_on_id"),)

    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    add_on_id: UUID = Field(foreign_key="product.id", primary_key=True)
    position: int


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


class SupplierRow(Base, table=True):
    """Our own small copy of a supplier's definition, from purchasing's events."""

    __tablename__ = "supplier"

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    name: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
