"""The only home of the shape of counts: the sheet, its lines, every pass over a line, and the plans of cycle counts."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


class CountPlanRow(Base, table=True):
    """Which part of a site is counted how often; `told_on` is the due date whose passing was told."""

    __tablename__: ClassVar[str] = "count_plan"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("count_plan_due", "site", "next_due_on", postgresql_where=text("is_active")),
        CheckConstraint("interval_days between 1 and 3660", name="count_plan_interval"),
        CheckConstraint("abc_class in ('A','B','C')", name="count_plan_class"),
        CheckConstraint("tolerance_bp between 0 and 10000 and tolerance_micros >= 0", name="count_plan_tolerance"),
    )
    id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    name: str = Field(sa_column=text_column())
    area: str | None = Field(sa_column=text_column(nullable=True))
    category_id: UUID | None = None
    abc_class: str | None = Field(sa_column=text_column(nullable=True))
    interval_days: int = Field(sa_column=Column(Integer, nullable=False))
    next_due_on: date = Field(sa_column=Column(Date, nullable=False))
    is_blind: bool
    tolerance_bp: int | None = Field(sa_column=Column(Integer, nullable=True))
    tolerance_micros: int | None = Field(sa_column=bigint_column(nullable=True))
    witness_above_minor: int | None = Field(sa_column=bigint_column(nullable=True))
    is_active: bool
    told_on: date | None = Field(sa_column=Column(Date, nullable=True))
    last_posted_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int = Field(sa_column=bigint_column())


class CountRow(Base, table=True):
    """A count of a part of a site. `tolerance_micros` is in millionths of a unit; the witness saw one revision.

    `posted_snapshot` is the ledger's position at posting; until `watched_at` facts that came late were looked for.
    """

    __tablename__: ClassVar[str] = "stock_count"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("stock_count_by_site", "site", "id"),
        Index("stock_count_watched", "closed_at", postgresql_where=text("state = 'posted'")),
        Index("stock_count_open_plan", "plan_id", unique=True, postgresql_where=text("state = 'open'")),
        CheckConstraint("kind in ('full','cycle')", name="stock_count_kind"),
        CheckConstraint("state in ('open','posted','cancelled')", name="stock_count_state"),
        CheckConstraint("abc_class in ('A','B','C')", name="stock_count_class"),
        CheckConstraint("tolerance_bp between 0 and 10000 and tolerance_micros >= 0", name="stock_count_tolerance"),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="stock_count_closed"),
        CheckConstraint("witness is distinct from closed_by or witness is null", name="stock_count_witness"),
    )
    id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    kind: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    area: str | None = Field(sa_column=text_column(nullable=True))
    category_id: UUID | None = None
    abc_class: str | None = Field(sa_column=text_column(nullable=True))
    plan_id: UUID | None = Field(default=None, foreign_key="count_plan.id")
    is_blind: bool
    tolerance_bp: int | None = Field(sa_column=Column(Integer, nullable=True))
    tolerance_micros: int | None = Field(sa_column=bigint_column(nullable=True))
    witness_above_minor: int | None = Field(sa_column=bigint_column(nullable=True))
    note: str = Field(sa_column=text_column())
    opened_at: datetime = Field(sa_column=instant_column())
    opened_by: str = Field(sa_column=text_column())
    closed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    closed_by: str | None = Field(sa_column=text_column(nullable=True))
    witness: str | None = Field(sa_column=text_column(nullable=True))
    witnessed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    witnessed_revision: int | None = Field(sa_column=bigint_column(nullable=True))
    posted_snapshot: str | None = Field(sa_column=text_column(nullable=True))
    posted_base: int | None = Field(sa_column=bigint_column(nullable=True))
    watched_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int = Field(sa_column=bigint_column())


class CountLineRow(Base, table=True):
    """A lot at a place to be counted. Without a lot it is all goods of the product that carry no lot number there.

    `expected`, `difference` and `cost_minor` are written when the count is posted; `came_late` is what came to light
    after that, and `seen_snapshot` the position up to which it was looked for.
    """

    __tablename__: ClassVar[str] = "count_line"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index(
            "count_line_identity", "count_id", "product_id", "location_id", "lot_id", "expires_on",
            unique=True, postgresql_nulls_not_distinct=True,
        ),
        Index("count_line_by_product", "product_id", "count_id"),
        Index("count_line_by_id", "id", unique=True),
    )  # fmt: skip
    count_id: UUID = Field(foreign_key="stock_count.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    id: UUID
    product_id: UUID = Field(foreign_key="product.id")
    location_id: int = Field(sa_column=Column(Integer, ForeignKey("location.id"), nullable=False))
    lot_id: UUID | None = Field(default=None, foreign_key="lot.id")
    expires_on: date | None = Field(sa_column=Column(Date, nullable=True))
    listed: int = Field(sa_column=bigint_column())
    is_extra: bool
    is_pending: bool
    is_confirmed: bool
    passes: int = Field(sa_column=Column(Integer, nullable=False))
    needs_recount: bool
    cause: str | None = Field(sa_column=text_column(nullable=True))
    cause_note: str = Field(sa_column=text_column())
    explained_by: str | None = Field(sa_column=text_column(nullable=True))
    expected: int | None = Field(sa_column=bigint_column(nullable=True))
    difference: int | None = Field(sa_column=bigint_column(nullable=True))
    cost_minor: int | None = Field(sa_column=bigint_column(nullable=True))
    is_superseded: bool
    came_late: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    seen_snapshot: str | None = Field(sa_column=text_column(nullable=True))
    seen_base: int | None = Field(sa_column=bigint_column(nullable=True))


class CountPassRow(Base, table=True):
    """Somebody counted a line: what they found, what the ledger said at that instant, and the ledger's position.

    `snapshot` and `base` name the transactions whose movements `recorded` holds: what is not visible in it came later.
    """

    __tablename__: ClassVar[str] = "count_pass"
    __table_args__: ClassVar[tuple[object, ...]] = (CheckConstraint("counted >= 0", name="count_pass_counted"),)
    count_id: UUID = Field(foreign_key="stock_count.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    counted: int = Field(sa_column=bigint_column())
    recorded: int = Field(sa_column=bigint_column())
    unattributed: int = Field(sa_column=bigint_column())
    counted_at: datetime = Field(sa_column=instant_column())
    entered_at: datetime = Field(sa_column=instant_column())
    counted_by: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    snapshot: str = Field(sa_column=text_column())
    base: int = Field(sa_column=bigint_column())


class CountUnitsRow(Base, table=True):
    """The units that a pass over a line found, by their serials; never edited."""

    __tablename__: ClassVar[str] = "count_units"
    count_id: UUID = Field(foreign_key="stock_count.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    serials: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
