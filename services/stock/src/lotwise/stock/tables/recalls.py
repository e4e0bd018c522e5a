"""The only home of the shape of recalls: what they name, which lots they block, whom to tell, and lots' lineage."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, Text, text
from sqlmodel import Field

from lotwise.stock.tables.base import Base, bigint_column, instant_column, text_column


class RecallRow(Base, table=True):
    """A recall: its reason, class and source; while active its lines block every later receipt they match."""

    __tablename__: ClassVar[str] = "recall"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_by_state", "state", "id"),
        CheckConstraint("state in ('active','released')", name="recall_state"),
        CheckConstraint("severity in ('I','II','III','')", name="recall_severity"),
    )
    id: UUID = Field(primary_key=True)
    state: str = Field(sa_column=text_column())
    title: str = Field(sa_column=text_column())
    severity: str = Field(sa_column=text_column())
    reason: str = Field(sa_column=text_column())
    source: str = Field(sa_column=text_column())
    notice_text: str = Field(sa_column=text_column())
    begun_at: datetime = Field(sa_column=instant_column())
    begun_by: str = Field(sa_column=text_column())
    released_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    released_by: str = Field(sa_column=text_column())
    release_reason: str = Field(sa_column=text_column())
    followed_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int = Field(sa_column=bigint_column())


class RecallLineRow(Base, table=True):
    """What a recall names: a product (or a GTIN, or a maker) and a lot, a range, a serial or all of it."""

    __tablename__: ClassVar[str] = "recall_line"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_line_by_product", "product_id", postgresql_where=text("product_id is not null")),
        Index("recall_line_by_gtin", "gtin", postgresql_where=text("gtin <> ''")),
        Index("recall_line_by_manufacturer", text("lower(manufacturer)"), postgresql_where=text("manufacturer <> ''")),
        CheckConstraint("kind in ('lot','range','serial','all')", name="recall_line_kind"),
        CheckConstraint("product_id is not null or gtin <> '' or manufacturer <> ''", name="recall_line_subject"),
    )
    recall_id: UUID = Field(foreign_key="recall.id", primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    product_id: UUID | None = None
    gtin: str = Field(sa_column=text_column())
    manufacturer: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())
    first: str = Field(sa_column=text_column())
    last: str = Field(sa_column=text_column())
    expires_from: date | None = Field(sa_column=Column(Date, nullable=True))
    expires_until: date | None = Field(sa_column=Column(Date, nullable=True))


class RecallLotRow(Base, table=True):
    """A lot of ours that a recall blocks, since when, how sure, and until when."""

    __tablename__: ClassVar[str] = "recall_lot"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_lot_by_lot", "lot_id"),
        CheckConstraint("match in ('exact','alike','lineage','named')", name="recall_lot_match"),
    )
    recall_id: UUID = Field(foreign_key="recall.id", primary_key=True)
    lot_id: UUID = Field(foreign_key="lot.id", primary_key=True)
    match: str = Field(sa_column=text_column())
    blocked_at: datetime = Field(sa_column=instant_column())
    released_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    released_by: str = Field(sa_column=text_column())
    release_reason: str = Field(sa_column=text_column())


class RecallSerialRow(Base, table=True):
    """A unit of ours that a recall blocks by its serial, since when, how sure, and until when."""

    __tablename__: ClassVar[str] = "recall_serial"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_serial_by_serial", "serial_id"),
        CheckConstraint("match in ('exact','alike','named')", name="recall_serial_match"),
    )
    recall_id: UUID = Field(foreign_key="recall.id", primary_key=True)
    serial_id: UUID = Field(foreign_key="serial.id", primary_key=True)
    match: str = Field(sa_column=text_column())
    blocked_at: datetime = Field(sa_column=instant_column())
    released_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    released_by: str = Field(sa_column=text_column())
    release_reason: str = Field(sa_column=text_column())


class RecallSiteRow(Base, table=True):
    """A site that held a recalled lot and was told; cleared when nothing of it is left there, or on release."""

    __tablename__: ClassVar[str] = "recall_site"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_site_open", "lot_id", "site", postgresql_where=text("cleared_at is null")),
    )
    recall_id: UUID = Field(foreign_key="recall.id", primary_key=True)
    lot_id: UUID = Field(foreign_key="lot.id", primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), primary_key=True))
    quantity: int = Field(sa_column=bigint_column())
    told_at: datetime = Field(sa_column=instant_column())
    cleared_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class RecallNoticeRow(Base, table=True):
    """A charge whose member may have received a recalled lot: how sure that is, and whether somebody reached them."""

    __tablename__: ClassVar[str] = "recall_notice"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("recall_notice_by_state", "recall_id", "state", "charge_id"),
        CheckConstraint("how in ('confirmed','assumed','possible')", name="recall_notice_how"),
        CheckConstraint("state in ('to_contact','contacted','acknowledged','unreachable')", name="recall_notice_state"),
    )
    recall_id: UUID = Field(foreign_key="recall.id", primary_key=True)
    charge_id: UUID = Field(primary_key=True)
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    happened_at: datetime = Field(sa_column=instant_column())
    how: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    note: str = Field(sa_column=text_column())
    changed_by: str = Field(sa_column=text_column())
    changed_at: datetime | None = Field(sa_column=instant_column(nullable=True))


class RecallDrillRow(Base, table=True):
    """A rehearsal: what was traced of which lots, how completely, and how long it took."""

    __tablename__: ClassVar[str] = "recall_drill"
    id: UUID = Field(primary_key=True)
    drilled_at: datetime = Field(sa_column=instant_column())
    drilled_by: str = Field(sa_column=text_column())
    title: str = Field(sa_column=text_column())
    lots: int = Field(sa_column=Column(Integer, nullable=False))
    sites: int = Field(sa_column=Column(Integer, nullable=False))
    charges: int = Field(sa_column=Column(Integer, nullable=False))
    possible: int = Field(sa_column=Column(Integer, nullable=False))
    received: int = Field(sa_column=bigint_column())
    traced: int = Field(sa_column=bigint_column())
    is_complete: bool = Field(sa_column=Column(Boolean, nullable=False))
    took_ms: int = Field(sa_column=bigint_column())


class NamedLotRow(Base, table=True):
    """A charge's line named its lot (scanned or chosen): whoever received it is confirmed, not assumed."""

    __tablename__: ClassVar[str] = "named_lot"
    cause_id: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    lot_id: UUID = Field(primary_key=True)


class LotLineageRow(Base, table=True):
    """A quantity of one lot became another lot: merged into it, or split off it."""

    __tablename__: ClassVar[str] = "lot_lineage"
    __table_args__: ClassVar[tuple[object, ...]] = (
        Index("lot_lineage_by_parent", "parent_id"),
        Index("lot_lineage_by_child", "child_id"),
        CheckConstraint("kind in ('merge','split')", name="lot_lineage_kind"),
        CheckConstraint("parent_id <> child_id and quantity > 0", name="lot_lineage_step"),
    )
    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text_column())
    parent_id: UUID = Field(foreign_key="lot.id")
    child_id: UUID = Field(foreign_key="lot.id")
    site: str = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=False))
    quantity: int = Field(sa_column=bigint_column())
    cost_minor: int = Field(sa_column=bigint_column())
    happened_at: datetime = Field(sa_column=instant_column())
    actor: str = Field(sa_column=text_column())
    reason: str = Field(sa_column=text_column())
