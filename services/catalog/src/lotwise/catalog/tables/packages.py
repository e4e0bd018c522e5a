"""The only home of the shape of the rows of packages and what they hold."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from lotwise.catalog.tables.base import Base


class PackageRow(Base, table=True):
    """What a digital product gives whoever buys it; without items it was taken back."""

    __tablename__ = "package"
    __table_args__ = (
        CheckConstraint(
            "package_type IN ('treatment', 'membership', 'bundle', 'membership_services')", name="package_type_known"
        ),
        CheckConstraint(
            "(package_type IN ('membership', 'membership_services')) = (period IS NOT NULL) "
            "AND period IN ('month', 'year')",
            name="package_period",
        ),
        CheckConstraint("valid_days BETWEEN 1 AND 36500", name="package_valid_days"),
        CheckConstraint("rollover_periods BETWEEN 0 AND 120", name="package_rollover"),
        CheckConstraint("refund_rule IN ('list', 'pro_rata')", name="package_refund_rule"),
    )

    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    package_type: str = Field(sa_type=Text)
    valid_days: int | None
    period: str | None = Field(sa_type=Text)
    rollover_periods: int
    redeem_at: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    refund_rule: str = Field(sa_type=Text)
    revision: int


class PackageItemRow(Base, table=True):
    """A quantity of a product in smallest units that a package holds, or as often as wanted."""

    __tablename__ = "package_item"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="package_item_quantity"),
        CheckConstraint("product_id <> package_id", name="package_item_other"),
        Index("package_item_product", "product_id"),
    )

    package_id: UUID = Field(foreign_key="package.product_id", primary_key=True)
    product_id: UUID = Field(foreign_key="product.id", primary_key=True)
    position: int
    quantity: int = Field(sa_type=BigInteger)
    is_unlimited: bool
