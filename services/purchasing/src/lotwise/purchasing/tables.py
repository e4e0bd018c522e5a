"""The only home of the shape of purchasing's rows; checks and indexes stand in the migrations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, ForeignKeyConstraint, Integer, SmallInteger, Text, text
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of purchasing's tables."""


kit_tables(Base.metadata)


def _instant(*, nullable: bool = False, default: str | None = None) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable, server_default=text(default) if default else None)


class SiteRow(Base, table=True):
    """Our copy of a site."""

    __tablename__ = "site"

    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    revision: int


class ProductRow(Base, table=True):
    """Our copy of a product; cost in micros, quantities in smallest units, the revision of costs we told."""

    __tablename__ = "product"

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    unit: str = Field(sa_type=Text)
    unit_decimals: int = Field(sa_type=SmallInteger)
    cost: int | None = Field(sa_type=BigInteger)
    normal_order_quantity: int | None = Field(sa_type=BigInteger)
    supplier_id: UUID | None
    supplier_code: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
    cost_revision: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class SupplierRow(Base, table=True):
    """Somebody we buy from; the number is assigned on entry."""

    __tablename__ = "supplier"

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    name: str = Field(sa_type=Text)
    contact: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    phone: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    lead_time_days: int | None
    payment_terms: str = Field(sa_type=Text)
    minimum_order_minor: int | None = Field(sa_type=BigInteger)
    note: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
    contract_reference: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    contract_ends_on: date | None
    contract_notice_days: int = Field(sa_column=Column(Integer, nullable=False, server_default="30"))
    contract_told_on: date | None


class ResupplyRow(Base, table=True):
    """Our copy of who resupplies a product at a site; without a source the site orders for itself."""

    __tablename__ = "resupply"

    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    from_site: str | None = Field(sa_type=Text)
    revision: int = Field(sa_type=BigInteger)


class OfferRow(Base, table=True):
    """What a supplier offers of a product."""

    __tablename__ = "offer"

    supplier_id: UUID = Field(foreign_key="supplier.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    pack_name: str = Field(sa_type=Text)
    pack_units: int = Field(sa_type=BigInteger)
    cost: int | None = Field(sa_type=BigInteger)
    lead_time_days: int | None
    supplier_code: str = Field(sa_type=Text)
    revision: int


class PreferredRow(Base, table=True):
    """The one supplier preferred for a product, for the chain (`at_site` empty) or at a site (PUR-10)."""

    __tablename__ = "preferred"
    __table_args__ = (ForeignKeyConstraint(["supplier_id", "product_id"], ["offer.supplier_id", "offer.product_id"]),)

    product_id: UUID = Field(primary_key=True)
    at_site: str = Field(sa_column=Column(Text, primary_key=True))
    supplier_id: UUID


class OrderRow(Base, table=True):
    """An order to one supplier for one site; a supplier and site have at most one open draft begun by shortages."""

    __tablename__ = "purchase_order"

    id: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    number: str = Field(sa_type=Text)
    supplier_id: UUID = Field(foreign_key="supplier.id")
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    status: str = Field(sa_type=Text)
    origin: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=_instant())
    expected_on: date | None
    note: str = Field(sa_type=Text)
    sent_at: datetime | None = Field(sa_column=_instant(nullable=True))
    due_on: date | None
    closed_at: datetime | None = Field(sa_column=_instant(nullable=True))
    revision: int


class OrderLineRow(Base, table=True):
    """A product on an order, once; a line a person changed is touched."""

    __tablename__ = "order_line"

    order_id: UUID = Field(foreign_key="purchase_order.id", primary_key=True)
    line: int = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    quantity: int = Field(sa_type=BigInteger)
    unit_cost: int = Field(sa_type=BigInteger)
    received: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    is_touched: bool


class ReceiptRow(Base, table=True):
    """A delivery as it was confirmed; never edited."""

    __tablename__ = "receipt"

    id: UUID = Field(primary_key=True)
    order_id: UUID = Field(foreign_key="purchase_order.id")
    happened_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_instant(default="now()"))
    actor: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)


class ReceiptLineRow(Base, table=True):
    """A lot of a delivery."""

    __tablename__ = "receipt_line"

    receipt_id: UUID = Field(foreign_key="receipt.id", primary_key=True)
    line: int = Field(primary_key=True)
    order_line: int
    product_id: UUID = Field(foreign_key="product.id")
    quantity: int = Field(sa_type=BigInteger)
    unit_cost: int = Field(sa_type=BigInteger)
    lot_number: str = Field(sa_type=Text)
    expires_on: date | None
    area: str = Field(sa_column=Column(Text, nullable=False, server_default=""))


class ShortageRow(Base, table=True):
    """A shortage as stock named it, what was decided, and when it was over. One row a shortage, so never two orders."""

    __tablename__ = "shortage"

    id: UUID = Field(primary_key=True)
    site: str = Field(sa_type=Text)
    product_id: UUID
    usable: int = Field(sa_type=BigInteger)
    minimum: int | None = Field(sa_type=BigInteger)
    reorder_at: int | None = Field(sa_type=BigInteger)
    normal: int | None = Field(sa_type=BigInteger)
    decision: str = Field(sa_type=Text)
    order_id: UUID | None = Field(foreign_key="purchase_order.id")
    happened_at: datetime = Field(sa_column=_instant())
    restored_at: datetime | None = Field(sa_column=_instant(nullable=True))
