"""The only home of the shape of the rows of charges, their payments and what came back."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class ChargeNumberRow(Base, table=True):
    """The last number given to a charge, or to a return, at a site."""

    __tablename__ = "charge_number"

    site: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    last: int = Field(sa_type=BigInteger)


class ChargeRow(Base, table=True):
    """A charge, or an id abandoned for good. `charge_id` is made by the client and is the idempotency key.

    `session_id` is the day of the till it was charged at, `due_minor` what of a desk's charge is still to be paid.
    """

    __tablename__ = "charge"

    charge_id: UUID = Field(sa_column=id_column())
    site: str = Field(sa_type=Text)
    number: int | None = Field(sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    member_id: UUID | None
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
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
    session_id: UUID | None
    due_minor: int = Field(sa_type=BigInteger)


class ChargeLineRow(Base, table=True):
    """A line of a charge; quantity in smallest units, prices in micros. Partitioned by month of recording."""

    __tablename__ = "charge_line"

    charge_id: UUID = Field(sa_column=id_column())
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
    """A payment of a charge or a later one, or (below zero) a refund of a return or a void."""

    __tablename__ = "tender"

    document_id: UUID = Field(sa_column=id_column())
    position: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    kind: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    reference: str = Field(sa_type=Text)


class ChargeVoidRow(Base, table=True):
    """The one reversal that a charge may have."""

    __tablename__ = "charge_void"

    charge_id: UUID = Field(sa_column=id_column())
    void_id: UUID
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    reason: str = Field(sa_type=Text)
    disposition: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    session_id: UUID | None


class SaleReturnRow(Base, table=True):
    """Goods or money that came back, with or without the charge they were sold by."""

    __tablename__ = "sale_return"

    return_id: UUID = Field(sa_column=id_column())
    charge_id: UUID | None
    site: str = Field(sa_type=Text)
    number: int = Field(sa_type=BigInteger)
    member_id: UUID | None
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    currency: str = Field(sa_type=Text)
    net_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    request_hash: bytes = Field(sa_type=LargeBinary)
    session_id: UUID | None


class ReturnLineRow(Base, table=True):
    """A returned line: amounts above zero are what went back."""

    __tablename__ = "return_line"

    return_id: UUID = Field(sa_column=id_column())
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


class DispensedRow(Base, table=True):
    """What a charged line confirmed: its lot against FEFO (STK-36), its prescriber and order (STK-40)."""

    __tablename__ = "dispensed"

    charge_id: UUID = Field(sa_column=id_column())
    line: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    product_id: UUID
    lot_id: UUID | None
    lot_choice: str = Field(sa_type=Text)
    fefo_lot_id: UUID | None
    drug_class: str = Field(sa_type=Text)
    prescriber: str = Field(sa_type=Text)
    order_reference: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
