"""The shape of transfers, of who resupplies whom, and of the notes between legal entities."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


def _text_default() -> Column[str]:
    return Column(Text, nullable=False, server_default="")


def _zero() -> Column[int]:
    return Column(BigInteger, nullable=False, server_default="0")


class TransferRow(Base, table=True):
    """An order to move stock between two sites: who asked, who decided, who shipped, and what it follows from."""

    __tablename__: ClassVar[str] = "transfer"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("transfer_by_state", "state", "id"),
        Index("transfer_by_target", "to_site", "from_site"),
        Index("transfer_by_source", "from_site", "to_site"),
        Index("transfer_by_seq", "seq", unique=True),
        Index("transfer_by_shortage", "shortage_id", unique=True, postgresql_where=text("shortage_id is not null")),
        Index("transfer_by_origin", "of_transfer", postgresql_where=text("of_transfer is not null")),
        Index("transfer_moving", "shipped_at", postgresql_where=text("state = 'shipped'")),
        Index("transfer_asked", "from_site", postgresql_where=text("state in ('requested', 'approved')")),
        CheckConstraint("from_site <> to_site", name="transfer_sites"),
        CheckConstraint(
            "state in ('requested','declined','approved','draft','shipped','received','cancelled')",
            name="transfer_state",
        ),
        CheckConstraint("origin in ('person','shortage','split','return')", name="transfer_origin"),
    )
    id: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    from_site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    to_site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    state: str = Field(sa_column=text_column())
    origin: str = Field(sa_column=Column(Text, nullable=False, server_default="person"))
    shortage_id: UUID | None = None
    of_transfer: UUID | None = Field(default=None, foreign_key="transfer.id")
    note: str = Field(sa_column=text_column())
    created_at: datetime = Field(sa_column=instant_column())
    created_by: str = Field(sa_column=text_column())
    decided_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    decided_by: str = Field(sa_column=_text_default())
    shipped_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    shipped_by: str = Field(sa_column=_text_default())
    carrier: str = Field(sa_column=_text_default())
    overdue_told_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    received_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int = Field(sa_column=bigint_column())


class TransferLineRow(Base, table=True):
    """What a transfer was asked to carry, and what of it was approved; lot empty means FEFO decides."""

    __tablename__: ClassVar[str] = "transfer_line"
    __table_args__: ClassVar[tuple[object, ...]] = (
        CheckConstraint("quantity > 0", name="transfer_line_quantity"),
        CheckConstraint("approved >= 0", name="transfer_line_approved"),
    )
    transfer_id: UUID = Field(foreign_key="transfer.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    product_id: UUID = Field(foreign_key="product.id")
    lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    quantity: int = Field(sa_column=bigint_column())
    approved: int | None = Field(sa_column=bigint_column(nullable=True))


class TransferLotRow(Base, table=True):
    """A lot that left: how much shipped, arrived, was lost, went back, turned up; the rest is in transit.

    `left_minor` is the cost of what is in transit, `lost_minor` of what is lost and was not found.
    """

    __tablename__: ClassVar[str] = "transfer_lot"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("transfer_lot_by_lot", "lot_id"),
        CheckConstraint(
            "shipped >= received + lost + returned and received >= 0 and lost >= found and found >= 0"
            " and returned >= 0",
            name="transfer_lot_sum",
        ),
        CheckConstraint("left_minor >= 0 and lost_minor >= 0", name="transfer_lot_cost"),
    )
    transfer_id: UUID = Field(foreign_key="transfer.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    lot_id: UUID = Field(foreign_key="lot.id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    shipped: int = Field(sa_column=bigint_column())
    received: int = Field(sa_column=bigint_column())
    lost: int = Field(sa_column=bigint_column())
    returned: int = Field(sa_column=_zero())
    found: int = Field(sa_column=_zero())
    cost_minor: int = Field(sa_column=bigint_column())
    left_minor: int = Field(sa_column=_zero())
    lost_minor: int = Field(sa_column=_zero())


class TransferStepRow(Base, table=True):
    """One step of a transfer's life: who did what when, and the lots it moved."""

    __tablename__: ClassVar[str] = "transfer_step"
    __table_args__: ClassVar[tuple[object, ...]] = (Index("transfer_step_by_transfer", "transfer_id", "id"),)
    id: UUID = Field(primary_key=True)
    transfer_id: UUID = Field(foreign_key="transfer.id")
    move: str = Field(sa_column=text_column())
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    actor: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    lines: list[Any] = Field(sa_column=Column(JSONB, nullable=False))


class ResupplyRow(Base, table=True):
    """Who resupplies a product at a site: a site that sends it, or (empty) the site orders for itself."""

    __tablename__: ClassVar[str] = "resupply"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("resupply_by_source", "from_site", "product_id", postgresql_where=text("from_site is not null")),
        CheckConstraint("from_site <> site", name="resupply_sites"),
    )
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    from_site: str | None = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=True))
    set_by: str = Field(sa_column=text_column())
    set_at: datetime = Field(sa_column=instant_column())
    revision: int = Field(sa_column=bigint_column())


class CompanyTermsRow(Base, table=True):
    """On which terms one legal entity supplies another, and its last note's number; percents in millionths."""

    __tablename__: ClassVar[str] = "company_terms"
    __table_args__: ClassVar[tuple[object, ...]] = (
        CheckConstraint("markup >= 0", name="company_terms_markup"),
        CheckConstraint("tax_percent >= 0", name="company_terms_tax"),
        CheckConstraint("from_entity <> to_entity", name="company_terms_entities"),
    )
    from_entity: str = Field(sa_column=Column(Text, primary_key=True))
    to_entity: str = Field(sa_column=Column(Text, primary_key=True))
    markup: int = Field(sa_column=bigint_column())
    tax_name: str = Field(sa_column=text_column())
    tax_percent: int = Field(sa_column=bigint_column())
    last_number: int = Field(sa_column=bigint_column())
    revision: int = Field(sa_column=bigint_column())


class CompanyNoteRow(Base, table=True):
    """A note between legal entities for goods that changed hands; one that credits another has sums below zero."""

    __tablename__: ClassVar[str] = "company_note"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("company_note_by_number", "from_entity", "to_entity", "number", unique=True),
        Index("company_note_by_transfer", "transfer_id"),
        Index("company_note_by_credited", "credits", postgresql_where=text("credits is not null")),
    )
    id: UUID = Field(primary_key=True)
    from_entity: str = Field(sa_column=text_column())
    to_entity: str = Field(sa_column=text_column())
    number: int = Field(sa_column=bigint_column())
    transfer_id: UUID = Field(foreign_key="transfer.id")
    credits: UUID | None = Field(default=None, foreign_key="company_note.id")
    from_site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    to_site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    happened_at: datetime = Field(sa_column=instant_column())
    issued_at: datetime = Field(sa_column=instant_column())
    issued_by: str = Field(sa_column=text_column())
    markup: int = Field(sa_column=bigint_column())
    tax_name: str = Field(sa_column=text_column())
    tax_percent: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    price_minor: int = Field(sa_column=bigint_column())
    tax_minor: int = Field(sa_column=bigint_column())
    lines: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
