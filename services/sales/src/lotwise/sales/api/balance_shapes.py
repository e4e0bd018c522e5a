"""The only home of the JSON of what members hold at sales' HTTP border: packages, certificates, accounts, figures."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Flag, Id, Slug, Text, Whole
from lotwise.sales.api.line_shapes import Strict
from lotwise.sales.api.shapes import ReturnOut, Tenders


class HeldItemOut(BaseModel):
    """What a balance gives of a product: bought, used, left ("unlimited" where there is no end), and its value."""

    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    used: str
    left: str
    is_unlimited: bool
    value_minor: int
    earned_minor: int


class PackageOut(BaseModel):
    """A package of a member, or what a period of a membership gives; money in minor units.

    `last_day` is the last one on which it may be used, `refund_minor` what its rule would give back now, net.
    """

    balance_id: UUID
    package_id: UUID
    code: str
    name: str
    membership_id: UUID | None
    member_id: UUID
    site: str
    charge_id: UUID
    line: int
    state: str
    value_minor: int
    earned_minor: int
    refunded_minor: int
    kept_minor: int
    expired_minor: int
    outstanding_minor: int
    refund_minor: int
    refund_rule: str
    taxed_at_sale: bool
    sold_at: datetime
    expires_at: datetime | None
    last_day: date | None
    redeem_at: list[str]
    currency: str
    revision: int
    items: list[HeldItemOut]


class BalanceOfferOut(BaseModel):
    """A balance that a line may be taken from with `redeem`: what is left of it, and how much of the line it covers."""

    balance_id: UUID
    code: str
    name: str
    left: str
    covers: str
    is_unlimited: bool
    last_day: date | None
    membership_id: UUID | None


class MoveOut(BaseModel):
    """An entry of what is owed: above zero more, below zero less."""

    why: str
    amount_minor: int
    product_id: UUID | None
    quantity: str
    charge_id: UUID | None
    line: int | None
    happened_at: datetime
    reason: str
    actor: str


class PackageView(PackageOut):
    """A package with its history."""

    moves: list[MoveOut]


class CertificateOut(BaseModel):
    """A gift certificate; its number is masked unless the charge that sold it is asked for."""

    certificate_id: UUID
    number: str
    site: str
    member_id: UUID | None
    state: str
    sold_minor: int
    spent_minor: int
    expired_minor: int
    balance_minor: int
    currency: str
    sold_at: datetime
    expires_at: datetime | None


class AccountOut(BaseModel):
    """A member's account: above zero the chain owes the member. `reach_minor` is what it can pay now."""

    member_id: UUID
    balance_minor: int
    credit_minor: int
    reach_minor: int
    currency: str


class EntryOut(MoveOut):
    """An entry of an account with the balance after it."""

    entry_id: UUID
    site: str
    balance_minor: int


class StatementOut(BaseModel):
    """A member's account with its entries, the newest first; `next` reads on."""

    account: AccountOut
    rows: list[EntryOut]
    next: str | None = None


class LimitIn(Strict):
    """How far below zero a member's account may go, in minor units."""

    credit_minor: Annotated[Whole, Field(ge=0, le=10**12)]
    reason: Text


class RefundIn(Strict):
    """Why a package is given back, and how its money goes out: by tenders (below zero), or the way it came."""

    reason: Text
    tenders: Tenders = ()
    is_to_originals: Flag = False
    till_id: Id | None = None


class RefundOut(BaseModel):
    """A package that was given back: what went out (net and taxes), what was kept, and the return that says so."""

    package: PackageOut
    refund_minor: int
    tax_minor: int
    kept_minor: int
    document: ReturnOut | None


class ExtendIn(Strict):
    """The new last day of a package, and why a manager gives it."""

    last_day: Day
    reason: Text


class NumberIn(Strict):
    """The number of a gift certificate as typed or scanned, and the site where somebody asks."""

    site: Slug
    number: Text


class MembershipOut(BaseModel):
    """A membership with its present period; days are the site's own. `due_on` is when it renews."""

    membership_id: UUID
    package_id: UUID
    code: str
    name: str
    member_id: UUID
    site: str
    state: str
    period: str
    anchor_day: int
    joined_on: date
    period_no: int
    from_day: date
    to_day: date
    due_on: date
    fee_minor: int | None
    paid_by: str
    payment_reference: str
    due_charge_id: UUID | None
    due_minor: int
    past_due_on: date | None
    paused_from: date | None
    paused_to: date | None
    is_cancelled: bool
    reason: str
    ended_on: date | None
    currency: str
    revision: int


class BalancesOut(BaseModel):
    """All that a member holds."""

    member_id: UUID
    packages: list[PackageOut]
    memberships: list[MembershipOut]
    certificates: list[CertificateOut]
    account: AccountOut


class SoldOut(BaseModel):
    """What a charge sold to be used later, the numbers of its certificates in full: to be printed once."""

    charge_id: UUID
    packages: list[PackageOut]
    memberships: list[MembershipOut]
    certificates: list[CertificateOut]


class OwedOut(BaseModel):
    """What was sold of a kind at a site, what became of it, and what is owed at the end of the day; minor units."""

    kind: str
    site: str
    sold_minor: int
    used_minor: int
    refunded_minor: int
    expired_minor: int
    outstanding_minor: int


class LiabilitiesOut(BaseModel):
    """What the chain owes its members at the end of a day, by kind and site (SAL-20, REP-16)."""

    day: date
    currency: str
    rows: list[OwedOut]
    outstanding_minor: int


class EarnedOut(BaseModel):
    """What the days of memberships earned at a site on a day; minor units."""

    site: str
    day: date
    earned_minor: int


class EarnedListOut(BaseModel):
    """What memberships earned, day by day."""

    rows: list[EarnedOut]


class WrongOut(BaseModel):
    """An owner whose row disagrees with its entries; there should be none."""

    kind: str
    owner_id: UUID
    row_minor: int
    entries_minor: int


class KeptProofOut(BaseModel):
    """One night's proof: when, over how many entries, and whoever disagreed with them."""

    proof_id: UUID
    started_at: datetime
    finished_at: datetime
    entries: int
    wrong: list[WrongOut]


class ProofOut(BaseModel):
    """Whether the books of what is owed add up: how many entries there are, and whoever disagrees with them."""

    entries: int
    wrong: list[WrongOut]
