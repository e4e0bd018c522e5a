"""The only home of the shape of sales' rows: members, charges and the copies of what others defined."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, Date, DateTime, Integer, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry


class Base(SQLModel, registry=table_registry()):
    """The base of sales' tables."""


kit_tables(Base.metadata)


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _ids() -> Column[UUID]:
    return Column(Uuid, primary_key=True)


class MemberRow(Base, table=True):
    """A patient known to the chain: the only row anywhere that holds a name."""

    __tablename__ = "member"

    member_id: UUID = Field(sa_column=_ids())
    name: str = Field(sa_type=Text)
    phone: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    is_archived: bool
    revision: int
    created_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())
    search: str = Field(sa_column=Column(Text, Computed("lower(name || ' ' || phone || ' ' || email)", persisted=True)))


class SiteRow(Base, table=True):
    """Copy of a site's settings, from SiteDefined."""

    __tablename__ = "site"

    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    stock_unreachable: str = Field(sa_type=Text)
    tax_rounding: str = Field(sa_type=Text)
    revision: int


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

    category_id: UUID = Field(sa_column=_ids())
    name: str = Field(sa_type=Text)
    revision: int


class ProductRow(Base, table=True):
    """Copy of a product or service, from ProductDefined; `names` are its code, barcodes and pack numbers.

    `site_taxes` is site → [tax code, application code], where they differ from the product's own.
    """

    __tablename__ = "product"

    product_id: UUID = Field(sa_column=_ids())
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


class PriceRow(Base, table=True):
    """Copy of a price per unit in micros, for a period, at one site or (null) the chain, from PriceChanged."""

    __tablename__ = "price"

    price_id: UUID = Field(sa_column=_ids())
    product_id: UUID
    at_site: str | None = Field(sa_type=Text)
    micros: int = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_column=_instant())
    valid_to: datetime | None = Field(sa_column=_instant(nullable=True))
    revision: int


class LevelRow(Base, table=True):
    """Copy of stock's figures for display at the desk, as decimal text, from StockLevelChanged."""

    __tablename__ = "level"

    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(sa_column=_ids())
    on_hand: str = Field(sa_type=Text)
    available: str = Field(sa_type=Text)
    minimum: str | None = Field(sa_type=Text)
    revision: int = Field(sa_type=BigInteger)


class ChargeNumberRow(Base, table=True):
    """The last number given to a charge, or to a return, at a site."""

    __tablename__ = "charge_number"

    site: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    last: int = Field(sa_type=BigInteger)


class ChargeRow(Base, table=True):
    """A charge, or an id abandoned for good. `charge_id` is made by the client and is the idempotency key."""

    __tablename__ = "charge"

    charge_id: UUID = Field(sa_column=_ids())
    site: str = Field(sa_type=Text)
    number: int | None = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    member_id: UUID | None
    happened_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_instant())
    currency: str = Field(sa_type=Text)
    net_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    is_held: bool
    source: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    tax_from: date | None
    tax_revision: int
    tax_rounding: str = Field(sa_type=Text)


class ChargeLineRow(Base, table=True):
    """A line of a charge; quantity in smallest units, prices in micros. Partitioned by month of recording."""

    __tablename__ = "charge_line"

    charge_id: UUID = Field(sa_column=_ids())
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    product_id: UUID
    product_revision: int
    quantity: int = Field(sa_type=BigInteger)
    unit_decimals: int = Field(sa_type=SmallInteger)
    effect: str = Field(sa_type=Text)
    unit_price: int = Field(sa_type=BigInteger)
    list_price: int | None = Field(sa_type=BigInteger)
    price_id: UUID | None
    net_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    tax_code: int = Field(sa_type=SmallInteger)
    application_code: int = Field(sa_type=SmallInteger)
    tax_inclusive: bool
    treatment_id: UUID | None
    lot_id: UUID | None
    description: str = Field(sa_type=Text)


class TenderRow(Base, table=True):
    """A payment of a charge, or (below zero) a refund of a return."""

    __tablename__ = "tender"

    document_id: UUID = Field(sa_column=_ids())
    position: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    kind: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    reference: str = Field(sa_type=Text)


class ChargeVoidRow(Base, table=True):
    """The one reversal that a charge may have."""

    __tablename__ = "charge_void"

    charge_id: UUID = Field(sa_column=_ids())
    void_id: UUID
    happened_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_instant())
    reason: str = Field(sa_type=Text)
    disposition: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)


class SaleReturnRow(Base, table=True):
    """Goods or money that came back, with or without the charge they were sold by."""

    __tablename__ = "sale_return"

    return_id: UUID = Field(sa_column=_ids())
    charge_id: UUID | None
    site: str = Field(sa_type=Text)
    number: int = Field(sa_type=BigInteger)
    member_id: UUID | None
    happened_at: datetime = Field(sa_column=_instant())
    recorded_at: datetime = Field(sa_column=_instant())
    currency: str = Field(sa_type=Text)
    net_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)


class ReturnLineRow(Base, table=True):
    """A returned line: amounts above zero are what went back."""

    __tablename__ = "return_line"

    return_id: UUID = Field(sa_column=_ids())
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    charge_id: UUID | None
    charge_line: int | None = Field(sa_type=SmallInteger)
    product_id: UUID
    quantity: int = Field(sa_type=BigInteger)
    unit_decimals: int = Field(sa_type=SmallInteger)
    unit_price: int = Field(sa_type=BigInteger)
    net_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    disposition: str = Field(sa_type=Text)
    moves_stock: bool
    description: str = Field(sa_type=Text)


class RecipeRow(Base, table=True):
    """What a service consumes, each revision of it: [product, quantity in its unit] in the order of the recipe."""

    __tablename__ = "recipe"

    service_id: UUID = Field(sa_column=_ids())
    revision: int = Field(sa_column=Column(Integer, primary_key=True))
    lines: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))


class AppointmentRow(Base, table=True):
    """A service booked for a member; `reported` is the revision of the outside system that told it last."""

    __tablename__ = "appointment"

    appointment_id: UUID = Field(sa_column=_ids())
    site: str = Field(sa_type=Text)
    service_id: UUID
    member_id: UUID | None
    practitioner: str = Field(sa_type=Text)
    starts_at: datetime = Field(sa_column=_instant())
    minutes: int
    sessions: int
    note: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    treatment_id: UUID | None
    source: str = Field(sa_type=Text)
    reported: int
    revision: int
    actor: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())


class TreatmentRow(Base, table=True):
    """A service that took place; `is_licensed`: whoever recorded it may record treatments (STK-40)."""

    __tablename__ = "treatment"

    treatment_id: UUID = Field(sa_column=_ids())
    site: str = Field(sa_type=Text)
    appointment_id: UUID | None
    service_id: UUID
    member_id: UUID | None
    practitioner: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=_instant())
    sessions: int
    recipe_revision: int
    source: str = Field(sa_type=Text)
    revision: int
    actor: str = Field(sa_type=Text)
    is_licensed: bool
    recorded_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())


class TreatmentLineRow(Base, table=True):
    """What a treatment was expected to take of a product and what was drawn, in millionths of its unit."""

    __tablename__ = "treatment_line"

    treatment_id: UUID = Field(sa_column=_ids())
    product_id: UUID = Field(sa_column=_ids())
    expected: int = Field(sa_type=BigInteger)
    drawn: int | None = Field(sa_type=BigInteger)
    lot_id: UUID | None
    prescriber: str = Field(sa_type=Text)
    order_reference: str = Field(sa_type=Text)


class CheckoutRow(Base, table=True):
    """A completed treatment on its way to the desk: open until a charge names it, or somebody says why not."""

    __tablename__ = "checkout"

    treatment_id: UUID = Field(sa_column=_ids())
    site: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=_instant())
    updated_at: datetime = Field(sa_column=_instant())


class DispensedRow(Base, table=True):
    """What a charged line confirmed: its lot against FEFO (STK-36), its prescriber and order (STK-40)."""

    __tablename__ = "dispensed"

    charge_id: UUID = Field(sa_column=_ids())
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    product_id: UUID
    lot_id: UUID | None
    lot_choice: str = Field(sa_type=Text)
    fefo_lot_id: UUID | None
    drug_class: str = Field(sa_type=Text)
    prescriber: str = Field(sa_type=Text)
    order_reference: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
