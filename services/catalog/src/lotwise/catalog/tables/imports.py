"""The only home of the shape of the rows of imports of products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from lotwise.catalog.tables.base import NOW, Base


class ImportFileRow(Base, table=True):
    """A file on its way into the catalog; its bytes are kept until they are read."""

    __tablename__ = "product_import"
    __table_args__ = (
        CheckConstraint(
            "state IN ('reading', 'judging', 'ready', 'applying', 'done', 'failed')", name="product_import_state"
        ),
        Index(
            "product_import_waiting",
            "created_at",
            postgresql_where=text("state IN ('reading', 'judging', 'applying')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    who: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=NOW))
    content: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))
    rows: int
    done: int
    columns: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    unused: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    problem: str | None = Field(sa_type=Text)
    applied_by: str | None = Field(sa_type=Text)
    applied_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class ImportLineRow(Base, table=True):
    """A row of the file, what would become of it and what became of it."""

    __tablename__ = "product_import_row"
    __table_args__ = (
        CheckConstraint("outcome IN ('created', 'updated', 'unchanged', 'refused')", name="product_import_row_outcome"),
        Index("product_import_row_part", "import_id", "part", "line"),
        Index("product_import_row_outcome_line", "import_id", "outcome", "line"),
    )

    import_id: UUID = Field(
        sa_column=Column(ForeignKey("product_import.id", ondelete="CASCADE"), primary_key=True, nullable=False)
    )
    line: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    part: int = Field(sa_column=Column(SmallInteger, nullable=False))
    code: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    outcome: str | None = Field(sa_type=Text)
    changes: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    warnings: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    field: str | None = Field(sa_type=Text)
    problem: str | None = Field(sa_type=Text)
    advice: str | None = Field(sa_type=Text)
    product_id: UUID | None
    is_applied: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=false()))
