"""The only home of the shape of the definitions, the ledger and what follows from it: balances, levels, holds."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column

STORY = ("cause_id", "site", "happened_at", "quantity", "cost_minor", "reverses", "from_location", "to_location")
"""What a trace reads of a lot's movements: carried by their index, for they lie far apart."""
LYING = ("kind", "lot_id", "on_hand", "cost_minor", "location_id", "id")
"""What every question about a site's goods reads of their balances."""


class SiteRow(Base, table=True):
    """Our copy of a site."""

    __tablename__: ClassVar[str] = "site"
    slug: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=text_column())
    time_zone: str = Field(sa_column=text_column())
    legal_entity: str = Field(sa_column=text_column())
    is_central_store: bool
    stock_policy: str = Field(sa_column=text_column())
    revision: int = Field(sa_column=bigint_column())


class ProductRow(Base, table=True):
    """Our copy of a product's definition; costs in micros, quantities in smallest units."""

    __tablename__: ClassVar[str] = "product"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("product_by_name", text('lower(name) COLLATE "C"'), "id"),
        Index("product_by_code", "code"),
    )
    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=text_column())
    name: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    purpose: str | None = Field(sa_column=text_column(nullable=True))
    category_id: UUID | None = None
    category_name: str | None = Field(sa_column=text_column(nullable=True))
    unit: str = Field(sa_column=text_column())
    unit_decimals: int = Field(sa_column=Column(SmallInteger, nullable=False))
    manufacturer: str = Field(sa_column=text_column())
    cost: int | None = Field(sa_column=bigint_column(nullable=True))
    reorder_at: int | None = Field(sa_column=bigint_column(nullable=True))
    normal_order_quantity: int | None = Field(sa_column=bigint_column(nullable=True))
    supplier_id: UUID | None = None
    is_serialised: bool
    confirm_lot: bool
    drug_class: str = Field(sa_column=Column(Text, nullable=False, server_default="otc"))
    is_archived: bool
    revision: int = Field(sa_column=bigint_column())
    container_rule: str = Field(sa_column=Column(Text, nullable=False, server_default="none"))
    use_by_hours: int | None = None
    container_sizes: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False, server_default="{}"))


class CategoryRow(Base, table=True):
    """Our copy of a category, for the filter of the stock list."""

    __tablename__: ClassVar[str] = "category"
    id: UUID = Field(primary_key=True)
    name: str = Field(sa_column=text_column())
    revision: int = Field(sa_column=bigint_column())


class BarcodeRow(Base, table=True):
    """What a scanner may read for a product, and how many smallest units one such pack holds."""

    __tablename__: ClassVar[str] = "barcode"
    __table_args__: ClassVar[tuple[object, ...]] = (Index("barcode_by_product", "product_id"),)
    code: str = Field(sa_column=Column(Text, primary_key=True))
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    units: int = Field(sa_column=bigint_column())


class LocationRow(Base, table=True):
    """An account that stock moves between."""

    __tablename__: ClassVar[str] = "location"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("location_identity", "site", "kind", "area", unique=True),
        CheckConstraint(
            "kind in ('shelf','supplier','patient','waste','lost_and_found','transit','quarantine','in_use',"
            "'unattributed','usage','back_bar')",
            name="location_kind",
        ),
    )
    id: int = Field(sa_column=Column(Integer, Identity(always=True), primary_key=True))
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    kind: str = Field(sa_column=text_column())
    area: str = Field(sa_column=text_column())


class LotRow(Base, table=True):
    """Goods made together: product + manufacturer + number; goods without a number are a lot per receipt."""

    __tablename__: ClassVar[str] = "lot"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index(
            "lot_identity", "product_id", "manufacturer", "number", "owner",
            unique=True, postgresql_where=text("number <> ''"),
        ),
        Index("lot_by_look_alike", "product_id", "look_alike"),
        Index("lot_by_expiry", "expires_on", postgresql_where=text("expires_on is not null")),
        Index("lot_by_manufacturer", text("lower(manufacturer)")),
        Index("lot_by_number", "look_alike", postgresql_where=text("look_alike <> ''")),
        Index("lot_recalled", "id", postgresql_where=text("is_recalled")),
    )  # fmt: skip
    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    manufacturer: str = Field(sa_column=text_column())
    number: str = Field(sa_column=text_column())
    look_alike: str = Field(sa_column=text_column())
    expires_on: date | None = Field(sa_column=Column(Date, nullable=True))
    owner: str = Field(sa_column=text_column())
    supplier_id: UUID | None = None
    purchase_order: str = Field(sa_column=text_column())
    received_at: datetime = Field(sa_column=instant_column())
    unit_cost: int = Field(sa_column=bigint_column())
    origin: str = Field(sa_column=text_column())
    is_recalled: bool = Field(sa_column=Column(Boolean, nullable=False, server_default="false"))


class MovementRow(Base, table=True):
    """One row of the ledger, partitioned by the month of `recorded_at`; the application can only add and read."""

    __tablename__: ClassVar[str] = "movement"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("movement_by_lot", "lot_id", "id", postgresql_include=STORY),
        Index("movement_by_cell", "site", "product_id", "id"),
        Index("movement_by_cause", "cause_id"),
        Index("movement_by_reversed", "reverses", postgresql_where=text("reverses is not null")),
        Index("movement_by_xid", "xid", postgresql_using="brin"),
        Index("movement_of_transfers", "happened_at", postgresql_where=text("reason = 'transfer'")),
        Index("movement_unattributed", "product_id", "id", postgresql_where=text("lot_id is null")),
        CheckConstraint("quantity > 0 or (quantity = 0 and cost_minor <> 0)", name="movement_quantity"),
        CheckConstraint("quantity = 0 or cost_minor >= 0", name="movement_cost"),
        CheckConstraint("from_location <> to_location", name="movement_legs"),
        {"postgresql_partition_by": "RANGE (recorded_at)"},
    )
    id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    happened_at: datetime = Field(sa_column=instant_column())
    site: str = Field(sa_column=text_column())
    product_id: UUID
    lot_id: UUID | None = None
    from_location: int = Field(sa_column=Column(Integer, nullable=False))
    to_location: int = Field(sa_column=Column(Integer, nullable=False))
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    actor: str = Field(sa_column=text_column())
    reason: str = Field(sa_column=text_column())
    cause_id: UUID
    line: int = Field(sa_column=Column(Integer, nullable=False))
    trace_id: str = Field(sa_column=text_column())
    reverses: UUID | None = None
    content_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    xid: int = Field(
        sa_column=Column(BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint"))
    )


class BalanceRow(Base, table=True):
    """What lies of a lot at a place, with its cost; only the unattributed account may be below zero."""

    __tablename__: ClassVar[str] = "balance"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index(
            "balance_identity", "location_id", "product_id", "lot_id", unique=True, postgresql_nulls_not_distinct=True
        ),
        Index("balance_live", "site", "product_id", postgresql_include=LYING, postgresql_where=text("on_hand <> 0")),
        Index("balance_live_by_lot", "lot_id", postgresql_where=text("on_hand <> 0")),
        CheckConstraint("on_hand >= 0 or kind = 'unattributed'", name="balance_not_negative"),
        CheckConstraint("kind <> 'unattributed' or (on_hand <= 0 and lot_id is null)", name="balance_unattributed"),
        CheckConstraint("kind = 'unattributed' or lot_id is not null", name="balance_has_lot"),
        CheckConstraint("on_hand <> 0 or cost_minor = 0", name="balance_empty_has_no_cost"),
        CheckConstraint("on_hand < 0 or cost_minor >= 0", name="balance_cost"),
    )
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    location_id: int = Field(sa_column=Column(Integer, ForeignKey("location.id"), nullable=False))
    site: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    on_hand: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    version: int = Field(sa_column=bigint_column())


class LevelRow(Base, table=True):
    """The figures of a product at a site: the row whose lock guards all of the cell's balances."""

    __tablename__: ClassVar[str] = "level"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("level_by_product", "product_id"),
        Index("level_short", "site", postgresql_where=text("shortage_id is not null")),
        CheckConstraint("on_hand >= 0", name="level_on_hand"),
        CheckConstraint("held >= 0", name="level_held"),
        CheckConstraint("unattributed <= 0", name="level_unattributed"),
        CheckConstraint("minimum >= 0 and reorder_at >= 0", name="level_minimum"),
        CheckConstraint("requested >= 0", name="level_requested"),
    )
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    on_hand: int = Field(sa_column=bigint_column())
    held: int = Field(sa_column=bigint_column())
    value_minor: int = Field(sa_column=bigint_column())
    unattributed: int = Field(sa_column=bigint_column())
    minimum: int | None = Field(sa_column=bigint_column(nullable=True))
    reorder_at: int | None = Field(sa_column=bigint_column(nullable=True))
    last_cost: int | None = Field(sa_column=bigint_column(nullable=True))
    is_below: bool
    is_at_reorder: bool
    is_out: bool
    shortage_id: UUID | None = None
    short_since: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int = Field(sa_column=bigint_column())
    setting_revision: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    requested: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


class DailyTotalRow(Base, table=True):
    """What an account gained of a lot by day of happening and day of recording, in the site's days (DESIGN 3.9)."""

    __tablename__: ClassVar[str] = "daily_total"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index(
            "daily_total_identity", "product_id", "location_id", "happened_on", "lot_id", "recorded_on",
            unique=True, postgresql_nulls_not_distinct=True,
        ),
        Index("daily_total_by_day", "location_id", "happened_on"),
        Index("daily_total_by_recording", "recorded_on", postgresql_using="brin"),
        Index(
            "daily_total_late", "location_id", "product_id", "recorded_on",
            postgresql_where=text("recorded_on > happened_on"),
        ),
        Index("daily_total_early", "location_id", "happened_on", postgresql_where=text("happened_on > recorded_on")),
        Index(
            "daily_total_stabbed", text("daterange(happened_on, recorded_on, '(]')"), postgresql_using="gist",
            postgresql_where=text("recorded_on > happened_on"),
        ),
    )  # fmt: skip
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    product_id: UUID
    location_id: int = Field(sa_column=Column(Integer, nullable=False))
    lot_id: UUID | None = None
    happened_on: date = Field(sa_column=Column(Date, nullable=False))
    recorded_on: date = Field(sa_column=Column(Date, nullable=False))
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())


class EffectRow(Base, table=True):
    """A cause took its effect: the unpartitioned uniqueness that redelivery meets (DESIGN 3.6)."""

    __tablename__: ClassVar[str] = "effect"
    cause_id: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))


class HoldRow(Base, table=True):
    """Stock set aside for a charge until it is recorded, abandoned or swept."""

    __tablename__: ClassVar[str] = "hold"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("hold_open", "expires_at", postgresql_where=text("state = 'granted'")),
        Index("hold_open_by_site", "site", "id", postgresql_where=text("state = 'granted'")),
        CheckConstraint("state in ('granted','posted','void')", name="hold_state"),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    state: str = Field(sa_column=text_column())
    granted_at: datetime = Field(sa_column=instant_column())
    expires_at: datetime = Field(sa_column=instant_column())
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    actor: str = Field(sa_column=text_column())


class HoldLineRow(Base, table=True):
    """How much of a product a hold sets aside; a broken line holds nothing any more."""

    __tablename__: ClassVar[str] = "hold_line"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("hold_line_by_product", "product_id", "hold_id"),
        CheckConstraint("quantity > 0", name="hold_line_quantity"),
    )
    hold_id: UUID = Field(foreign_key="hold.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    quantity: int = Field(sa_column=bigint_column())
    broken_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class OpenOrderRow(Base, table=True):
    """What is on order for a site, as purchasing told: the numbers a refusal shows (SAL-12)."""

    __tablename__: ClassVar[str] = "open_order"
    __table_args__: ClassVar[tuple[object, ...]] = (Index("open_order_by_cell", "site", "product_id"),)
    order_id: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    site: str = Field(sa_column=text_column())
    number: str = Field(sa_column=text_column())
    product_id: UUID
    ordered: int = Field(sa_column=bigint_column())
    received: int = Field(sa_column=bigint_column())
    due_on: date | None = Field(sa_column=Column(Date, nullable=True))


class ExpiryTellingRow(Base, table=True):
    """Which warning of a lot's coming expiry was said at a site: once per threshold."""

    __tablename__: ClassVar[str] = "expiry_telling"
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    lot_id: UUID = Field(foreign_key="lot.id", primary_key=True)
    threshold_days: int = Field(sa_column=Column(Integer, nullable=False))


class LedgerEraRow(Base, table=True):
    """What is added to this cluster's transaction numbers: they begin anew where a backup is restored."""

    __tablename__: ClassVar[str] = "ledger_era"
    __table_args__: ClassVar[tuple[object, ...]] = (CheckConstraint("only_one", name="ledger_era_only_one_check"),)
    only_one: bool = Field(primary_key=True, default=True)
    base: int = Field(sa_column=bigint_column())


class SealRow(Base, table=True):
    """A block of the ledger's chain: which transactions it covers, what their rows hash to, and the chain's head."""

    __tablename__: ClassVar[str] = "seal"
    block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    xid_from: int = Field(sa_column=bigint_column())
    xid_to: int = Field(sa_column=bigint_column())
    movements: int = Field(sa_column=bigint_column())
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    head: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = Field(sa_column=instant_column())
