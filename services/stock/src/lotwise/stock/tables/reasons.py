"""The only home of the shape of corrections: reasons, witness rules, adjustments, damages, liabilities, minimums."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Text,
    text,
)
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column

ACCOUNTS = "account in ('waste','loss','found','usage')"


class ReasonRow(Base, table=True):
    """A reason a chain added, or its own version of one that every chain begins with."""

    __tablename__: ClassVar[str] = "reason"
    __table_args__: ClassVar[tuple[object, ...]] = (CheckConstraint(ACCOUNTS, name="reason_account"),)
    code: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_column=text_column())
    account: str = Field(sa_column=text_column())
    needs_note: bool
    needs_witness: bool
    is_archived: bool
    revision: int = Field(sa_column=bigint_column())


class WitnessRuleRow(Base, table=True):
    """When a deed needs a second person: for the chain, or for one site."""

    __tablename__: ClassVar[str] = "witness_rule"
    __table_args__: ClassVar[tuple[object, ...]] = (CheckConstraint("hours between 1 and 720", name="witness_hours"),)
    scope: str = Field(sa_column=Column(Text, primary_key=True))
    above_minor: int | None = Field(sa_column=bigint_column(nullable=True))
    classes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hours: int = Field(sa_column=Column(Integer, nullable=False))
    revision: int = Field(sa_column=bigint_column())


class AdjustmentRow(Base, table=True):
    """A correction as it was entered, with what became of it; what moved stands in the ledger under its id.

    What waits for a witness may be the rest of a container or goods that a transfer did not bring: then what moved
    stands under theirs.
    """

    __tablename__: ClassVar[str] = "adjustment"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("adjustment_by_site", "site", "entered_at", "id"),
        Index("adjustment_by_time", "entered_at", "id"),
        Index("adjustment_by_product", "product_id", "entered_at", "id"),
        Index("adjustment_pending", "expires_at", postgresql_where=text("state = 'pending'")),
        Index(
            "adjustment_of_container",
            "container_id",
            postgresql_where=text("state = 'pending' and container_id is not null"),
        ),
        Index(
            "adjustment_of_transfer",
            "transfer_id",
            postgresql_where=text("state = 'pending' and transfer_id is not null"),
        ),
        CheckConstraint("state in ('posted','pending','declined','expired')", name="adjustment_state"),
        CheckConstraint(ACCOUNTS, name="adjustment_account"),
        CheckConstraint("quantity <> 0", name="adjustment_quantity"),
        CheckConstraint("witness is distinct from actor", name="adjustment_witness"),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID | None = None
    area: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    reason: str = Field(sa_column=text_column())
    account: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    needed: str = Field(sa_column=text_column())
    happened_at: datetime = Field(sa_column=instant_column())
    entered_at: datetime = Field(sa_column=instant_column())
    actor: str = Field(sa_column=text_column())
    trace_id: str = Field(sa_column=text_column())
    expires_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    witness: str | None = Field(sa_column=text_column(nullable=True))
    witnessed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    witness_note: str = Field(sa_column=text_column())
    serials: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    damage_id: UUID | None = None
    container_id: UUID | None = None
    transfer_id: UUID | None = None


class DamageRow(Base, table=True):
    """Goods set apart as damaged or defective, and what became of them: repaired, scrapped, sent back."""

    __tablename__: ClassVar[str] = "damage"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("damage_open", "site", "id", postgresql_where=text("repaired + scrapped + returned < quantity")),
        CheckConstraint("quantity > 0", name="damage_quantity"),
        CheckConstraint(
            "repaired >= 0 and scrapped >= 0 and returned >= 0 and repaired + scrapped + returned <= quantity",
            name="damage_parts",
        ),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID = Field(foreign_key="lot.id", primary_key=True)
    quantity: int = Field(sa_column=bigint_column())
    repaired: int = Field(sa_column=bigint_column())
    scrapped: int = Field(sa_column=bigint_column())
    returned: int = Field(sa_column=bigint_column())
    note: str = Field(sa_column=text_column())
    is_defective: bool = Field(sa_column=Column(Boolean, nullable=False))
    happened_at: datetime = Field(sa_column=instant_column())
    actor: str = Field(sa_column=text_column())


class LiabilityRow(Base, table=True):
    """What is owed to a supplier for consigned goods that were used, lost or bought; below zero it reverses."""

    __tablename__: ClassVar[str] = "liability"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("liability_by_time", "happened_at", "movement_id"),
        Index("liability_by_supplier", "supplier_id", "happened_at"),
        Index("liability_by_cell", "site", "product_id"),
        CheckConstraint("quantity <> 0", name="liability_quantity"),
    )
    movement_id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID = Field(foreign_key="lot.id")
    supplier_id: UUID | None = None
    quantity: int = Field(sa_column=bigint_column())
    liability_minor: int = Field(sa_column=bigint_column())
    reason: str = Field(sa_column=text_column())
    cause_id: UUID
    happened_at: datetime = Field(sa_column=instant_column())


class TemporaryMinimumRow(Base, table=True):
    """A minimum for some days: the levels it replaced come back by themselves."""

    __tablename__: ClassVar[str] = "temporary_minimum"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("temporary_minimum_active", "site", "product_id", unique=True, postgresql_where=text("state = 'active'")),
        CheckConstraint("state in ('active','ended','superseded')", name="temporary_minimum_state"),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    product_id: UUID = Field(foreign_key="product.id")
    minimum: int | None = Field(sa_column=bigint_column(nullable=True))
    reorder_at: int | None = Field(sa_column=bigint_column(nullable=True))
    was_minimum: int | None = Field(sa_column=bigint_column(nullable=True))
    was_reorder_at: int | None = Field(sa_column=bigint_column(nullable=True))
    setting_revision: int = Field(sa_column=Column(BigInteger, nullable=False))
    ends_on: date = Field(sa_column=Column(Date, nullable=False))
    ends_at: datetime = Field(sa_column=instant_column())
    reason: str = Field(sa_column=text_column())
    actor: str = Field(sa_column=text_column())
    made_at: datetime = Field(sa_column=instant_column())
    state: str = Field(sa_column=text_column())
    ended_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    ended_by: str | None = Field(sa_column=text_column(nullable=True))
