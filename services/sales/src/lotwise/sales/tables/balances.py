"""The only home of the shape of the rows of packages sold, memberships, gift certificates and accounts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Integer, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from lotwise.sales.tables.base import Base, id_column, instant_column


class PackageBalanceRow(Base, table=True):
    """A package of a member, or what a period of a membership gives; money in minor units."""

    __tablename__ = "package_balance"

    balance_id: UUID = Field(sa_column=id_column())
    package_id: UUID
    membership_id: UUID | None
    member_id: UUID
    site: str = Field(sa_type=Text)
    charge_id: UUID
    line: int = Field(sa_type=SmallInteger)
    state: str = Field(sa_type=Text)
    value_minor: int = Field(sa_type=BigInteger)
    earned_minor: int = Field(sa_type=BigInteger)
    refunded_minor: int = Field(sa_type=BigInteger)
    kept_minor: int = Field(sa_type=BigInteger)
    expired_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    taxed_at_sale: bool
    tax_inclusive: bool
    sold_at: datetime = Field(sa_column=instant_column())
    expires_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    refund_rule: str = Field(sa_type=Text)
    redeem_at: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    currency: str = Field(sa_type=Text)
    revision: int


class PackageItemRow(Base, table=True):
    """What a package gives of a product, in millionths of its unit, with its share of the price."""

    __tablename__ = "package_item"

    balance_id: UUID = Field(sa_column=id_column())
    product_id: UUID = Field(sa_column=id_column())
    position: int = Field(sa_type=SmallInteger)
    quantity: int = Field(sa_type=BigInteger)
    used: int = Field(sa_type=BigInteger)
    value_minor: int = Field(sa_type=BigInteger)
    earned_minor: int = Field(sa_type=BigInteger)
    list_minor: int = Field(sa_type=BigInteger)
    is_unlimited: bool


class MembershipRow(Base, table=True):
    """A membership with its present period; days are the site's own."""

    __tablename__ = "membership"

    membership_id: UUID = Field(sa_column=id_column())
    package_id: UUID
    member_id: UUID
    site: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    period: str = Field(sa_type=Text)
    anchor_day: int = Field(sa_type=SmallInteger)
    anchor_month: int | None = Field(sa_type=SmallInteger)
    joined_on: date = Field(sa_type=Date)
    period_no: int = Field(sa_type=Integer)
    from_day: date = Field(sa_type=Date)
    to_day: date = Field(sa_type=Date)
    paid_by: str = Field(sa_type=Text)
    payment_reference: str = Field(sa_type=Text)
    due_charge_id: UUID | None
    due_minor: int = Field(sa_type=BigInteger)
    past_due_on: date | None = Field(sa_type=Date)
    paused_from: date | None = Field(sa_type=Date)
    paused_to: date | None = Field(sa_type=Date)
    is_cancelled: bool
    reason: str = Field(sa_type=Text)
    ended_on: date | None = Field(sa_type=Date)
    refund_rule: str = Field(sa_type=Text)
    rollover_periods: int = Field(sa_type=SmallInteger)
    redeem_at: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    currency: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    revision: int


class MembershipMomentRow(Base, table=True):
    """From when on a membership gave what it promises, or no longer; append-only."""

    __tablename__ = "membership_moment"

    membership_id: UUID = Field(sa_column=id_column())
    since: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    gives: bool


class MembershipPeriodRow(Base, table=True):
    """A period of a membership with its fee."""

    __tablename__ = "membership_period"

    membership_id: UUID = Field(sa_column=id_column())
    period_no: int = Field(sa_column=Column(Integer, primary_key=True))
    from_day: date = Field(sa_type=Date)
    to_day: date = Field(sa_type=Date)
    days: int = Field(sa_type=SmallInteger)
    price_minor: int = Field(sa_type=BigInteger)
    fee_minor: int = Field(sa_type=BigInteger)
    tax_1_minor: int = Field(sa_type=BigInteger)
    tax_2_minor: int = Field(sa_type=BigInteger)
    charge_id: UUID | None
    refunded_minor: int = Field(sa_type=BigInteger)
    ended_on: date | None = Field(sa_type=Date)


class MembershipPauseRow(Base, table=True):
    """Days on which a membership rested."""

    __tablename__ = "membership_pause"

    membership_id: UUID = Field(sa_column=id_column())
    from_day: date = Field(sa_column=Column(Date, primary_key=True))
    to_day: date | None = Field(sa_type=Date)


class GiftCertificateRow(Base, table=True):
    """A gift certificate: what was sold onto it, what it paid, what ran out."""

    __tablename__ = "gift_certificate"

    certificate_id: UUID = Field(sa_column=id_column())
    number: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    site: str = Field(sa_type=Text)
    member_id: UUID | None
    state: str = Field(sa_type=Text)
    sold_minor: int = Field(sa_type=BigInteger)
    spent_minor: int = Field(sa_type=BigInteger)
    expired_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    sold_at: datetime = Field(sa_column=instant_column())
    expires_at: datetime | None = Field(sa_column=instant_column(nullable=True))
    revision: int


class MemberAccountRow(Base, table=True):
    """A member's account: above zero the chain owes the member, below zero the member owes."""

    __tablename__ = "member_account"

    member_id: UUID = Field(sa_column=id_column())
    balance_minor: int = Field(sa_type=BigInteger)
    credit_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(sa_type=Text)
    revision: int


class BalanceMoveRow(Base, table=True):
    """What changed what is owed to members, append-only: above zero more is owed, below zero less.

    The moves of an owner (a package, certificate or account) add up to what it still owes.
    """

    __tablename__ = "balance_move"

    seq: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    entry_id: UUID = Field(sa_column_kwargs={"unique": True})
    kind: str = Field(sa_type=Text)
    owner_id: UUID
    why: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    product_id: UUID | None
    quantity: int = Field(sa_type=BigInteger)
    charge_id: UUID | None
    line: int | None = Field(sa_type=SmallInteger)
    site: str = Field(sa_type=Text)
    member_id: UUID | None
    currency: str = Field(sa_type=Text)
    happened_at: datetime = Field(sa_column=instant_column())
    recorded_at: datetime = Field(sa_column=instant_column())
    reason: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
