"""The only home of the shape of the rows of prices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from lotwise.catalog.tables.base import Base


class PriceRow(Base, table=True):
    """A price over a period; two periods of one product, site and audience cannot overlap."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("valid_to > valid_from", name="price_period"),
        CheckConstraint("audience IN ('everyone', 'members')", name="price_audience"),
        ExcludeConstraint(
            ("product_id", "="),
            (text("coalesce(at_site, '')"), "="),
            ("audience", "="),
            (text("tstzrange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="price_no_overlap",
        ),
        Index("price_product", "product_id", "valid_from"),
    )

    id: UUID = Field(primary_key=True)
    product_id: UUID = Field(foreign_key="product.id")
    at_site: str | None = Field(sa_column=Column(Text, ForeignKey("site.slug"), nullable=True))
    price: int = Field(sa_type=BigInteger)
    valid_from: datetime = Field(sa_type=DateTime(timezone=True))
    valid_to: datetime | None = Field(sa_type=DateTime(timezone=True))
    revision: int
    audience: str = Field(sa_column=Column(Text, nullable=False, server_default="everyone"))
