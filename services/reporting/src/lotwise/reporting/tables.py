"""The only home of the shape of reporting's rows: the journal, what its entries are found by, and the read models.

Every read model carries a generation: a rebuild fills a new one beside the live one, and the swap is one row.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
)
from sqlmodel import Field, SQLModel

from lotwise.kit.tables import kit_tables, table_registry

UNITS = Numeric(38, 6)


class Base(SQLModel, registry=table_registry()):
    """The base of reporting's tables."""


class Journal(Base, table=True):
    """Every event of every stream, as received, append-only; partitioned by the month it was said in."""

    __tablename__ = "journal"
    __table_args__: Any = (
        Index("journal_event", "id", "at", unique=True),
        Index("journal_cause", "cause_id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    id: UUID
    subject: str = Field(sa_column=Column(Text, nullable=False))
    stream: str = Field(sa_column=Column(Text, nullable=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    cause_id: UUID | None = None
    correlation_id: str | None = Field(default=None, sa_column=Column(Text))
    traceparent: str | None = Field(default=None, sa_column=Column(Text))
    actor: str | None = Field(default=None, sa_column=Column(Text))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class JournalRef(Base, table=True):
    """An id that an entry can be found by: the threads of a journey."""

    __tablename__ = "journal_ref"

    ref: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    event_id: UUID = Field(primary_key=True)


class Projection(Base, table=True):
    """The one row that says which generation of the read models is live, and since when a rebuild of it is due."""

    __tablename__ = "projection"
    __table_args__: Any = (CheckConstraint("id = 1", name="projection_is_one"),)

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    live: int
    last: int
    rebuilt_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    due_since: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class SaleDay(Base, table=True):
    """What charges, voids and returns add up to: per site's day and product; units and money are signed."""

    __tablename__ = "sale_day"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(primary_key=True)
    units: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    lines: int = Field(sa_column=Column(BigInteger, nullable=False))
    net_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    tax_minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class ChargeDay(Base, table=True):
    """How many charges, returns and voids a site's day had."""

    __tablename__ = "charge_day"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, primary_key=True))
    charges: int = Field(sa_column=Column(BigInteger, nullable=False))
    returns: int = Field(sa_column=Column(BigInteger, nullable=False))
    voids: int = Field(sa_column=Column(BigInteger, nullable=False))


class CostDay(Base, table=True):
    """Cost of goods sold, from the lots really taken and given back."""

    __tablename__ = "cost_day"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(primary_key=True)
    units: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    cost_minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class WasteDay(Base, table=True):
    """What was lost without a sale, with its reason; above zero is a loss, below zero was found."""

    __tablename__ = "waste_day"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(primary_key=True)
    reason: str = Field(sa_column=Column(Text, primary_key=True))
    units: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    cost_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    entries: int = Field(sa_column=Column(BigInteger, nullable=False))


class Level(Base, table=True):
    """The latest figures of a product at a site."""

    __tablename__ = "level"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    site: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(primary_key=True)
    on_hand: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    held: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    available: Decimal = Field(sa_column=Column(UNITS, nullable=False))
    minimum: Decimal | None = Field(default=None, sa_column=Column(UNITS))
    reorder_at: Decimal | None = Field(default=None, sa_column=Column(UNITS))
    value_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class PurchaseOrder(Base, table=True):
    """An order's first time at each step, and its latest total."""

    __tablename__ = "purchase_order"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    order_id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, nullable=False))
    number: str = Field(sa_column=Column(Text, nullable=False))
    supplier_id: UUID
    drafted_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    sent_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    received_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    cancelled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    is_complete: bool
    total_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    total_minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class Site(Base, table=True):
    """A site's name and the zone its days follow."""

    __tablename__ = "site"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=Column(Text, nullable=False))
    time_zone: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class Product(Base, table=True):
    """A product's code, name, unit and category: joined when reports are read."""

    __tablename__ = "product"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    product_id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=Column(Text, nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    category_id: UUID | None = None
    unit: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class Category(Base, table=True):
    """A category's name."""

    __tablename__ = "category"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    category_id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class Supplier(Base, table=True):
    """A supplier's name."""

    __tablename__ = "supplier"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    supplier_id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=Column(Text, nullable=False))
    revision: int = Field(sa_column=Column(BigInteger, nullable=False))


class OwedDay(Base, table=True):
    """What of a package, fee, certificate or account was sold, used, given back and run out on a day at a site."""

    __tablename__ = "owed_day"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    owner_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, primary_key=True))
    sold_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    used_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    refunded_minor: int = Field(sa_column=Column(BigInteger, nullable=False))
    expired_minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class OwedHome(Base, table=True):
    """The site that sold a package or certificate first: it is owed there, wherever it is used."""

    __tablename__ = "owed_home"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    owner_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    site: str = Field(sa_column=Column(Text, nullable=False))


class MembershipStep(Base, table=True):
    """What happened to a membership, as it was told: the runs of its fees are made of all its steps."""

    __tablename__ = "membership_step"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    membership_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    step: str = Field(sa_column=Column(Text, primary_key=True))
    site: str = Field(sa_column=Column(Text, nullable=False))
    product_id: UUID
    from_day: date
    to_day: date | None = None
    minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class FeeRun(Base, table=True):
    """Days without a pause that earn a fee: `passed` of its `days` were before the first of them."""

    __tablename__ = "fee_run"

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    membership_id: UUID = Field(primary_key=True)
    first_day: date = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, nullable=False))
    product_id: UUID
    last_day: date
    passed: int
    days: int
    fee_minor: int = Field(sa_column=Column(BigInteger, nullable=False))


class FreeLine(Base, table=True):
    """A line that cost nothing, with its reason; below zero its void. Its cost is in the journal."""

    __tablename__ = "free_line"
    __table_args__: Any = (Index("free_line_day", "generation", "day"),)

    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    document_id: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    site: str = Field(sa_column=Column(Text, nullable=False))
    day: date
    product_id: UUID
    reason: str = Field(sa_column=Column(Text, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False))
    units: Decimal = Field(sa_column=Column(UNITS, nullable=False))


kit_tables(Base.metadata)
