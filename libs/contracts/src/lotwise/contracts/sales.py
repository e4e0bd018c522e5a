"""What sales says: charges recorded, voided and returned. Members are opaque ids: no name crosses this border."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Id, Instant, Minor, PriceText, QuantityText

Effect = Literal["sale", "return", "adjustment", "none"]
"""What a line does to stock: a sale takes, a return gives back, an adjustment writes off, none moves nothing."""

Disposition = Literal["restock", "quarantine", "waste"]

Owed = Literal["none", "package", "membership", "gift", "account", "tip"]
"""What the money of a line is for, where it is owed rather than earned (SAL-20): revenue follows with its use."""


class LineDiscount(Value):
    """What a discount took from a line: minor units, above zero for a sale. Without an id somebody gave it by hand."""

    discount_id: Id | None = None
    name: str
    minor: Minor
    reason: str = ""


class SaleLine(Value):
    """One line of a charge. `quantity` is signed: above zero sold, below zero returned or written off.

    `net_minor` and the taxes are signed like the quantity's money; unit prices keep six decimals. `kit_id` is the
    bundle that a component was sold in, `redeems` the balance it was taken from, `free_reason` why it cost nothing.
    """

    line: int = Field(ge=1)
    product_id: Id
    quantity: QuantityText
    effect: Effect = "sale"
    unit_price: PriceText
    list_price: PriceText | None = None
    net_minor: Minor
    tax_1_minor: Minor = 0
    tax_2_minor: Minor = 0
    treatment_id: Id | None = None
    lot_id: Id | None = None
    description: str = ""
    discounts: tuple[LineDiscount, ...] = ()
    owed: Owed = "none"
    kit_id: Id | None = None
    redeems: Id | None = None
    seller: str = ""
    performer: str = ""
    free_reason: str = ""


class Payment(Value):
    """One tender of a document: minor units, below zero what was paid out.

    Kinds are cash (less its change), card, account, gift, reward, other, and `rounding`: what cash in steps gave or
    took, so that the payments sum to the totals.
    """

    kind: str
    amount_minor: Minor


class SaleRecorded(Event):
    """A charge was recorded, once and for all. `charge_id` is the cause of every movement that follows."""

    speaker: ClassVar[str] = "sales"
    charge_id: Id
    number: str
    member_id: Id | None = None
    happened_at: Instant
    currency: str = "USD"
    lines: tuple[SaleLine, ...]
    net_minor: Minor
    tax_minor: Minor
    total_minor: Minor
    is_held: bool = False
    payments: tuple[Payment, ...] = ()
    till_id: Id | None = None
    source: str = "desk"
    actor: str = ""


class SaleVoided(Event):
    """A charge was taken back whole: its money and (by disposition) its goods reverse once."""

    speaker: ClassVar[str] = "sales"
    charge_id: Id
    void_id: Id
    happened_at: Instant
    reason: str
    disposition: Disposition = "restock"
    lines: tuple[SaleLine, ...]
    net_minor: Minor
    tax_minor: Minor
    actor: str = ""


class ReturnLine(Value):
    """Goods and money of one returned line; amounts are what went back, above zero.

    `owed` is set where the money was still owed rather than earned: no revenue is taken back (SAL-20).
    """

    line: int = Field(ge=1)
    product_id: Id
    quantity: QuantityText
    unit_price: PriceText
    net_minor: Minor
    tax_1_minor: Minor = 0
    tax_2_minor: Minor = 0
    disposition: Disposition = "restock"
    moves_stock: bool = True
    description: str = ""
    owed: Owed = "none"


class SaleReturned(Event):
    """Goods or money came back. Without `charge_id` the original is unknown: goods enter an own lot at last cost."""

    speaker: ClassVar[str] = "sales"
    return_id: Id
    charge_id: Id | None = None
    number: str
    member_id: Id | None = None
    happened_at: Instant
    currency: str = "USD"
    reason: str = ""
    lines: tuple[ReturnLine, ...]
    net_minor: Minor
    tax_minor: Minor
    source: str = "desk"
    actor: str = ""


class TreatmentLine(Value):
    """A product of a treatment: what its recipe expects, and what was drawn when somebody recorded it."""

    product_id: Id
    expected: QuantityText = "0"
    drawn: QuantityText | None = None
    lot_id: Id | None = None


class TreatmentCompleted(Event):
    """A treatment took place; stock consumes each product of it once, whatever comes first (DESIGN 3.8).

    `revision` grows when the recorded quantities are corrected: only the difference is consumed.
    """

    speaker: ClassVar[str] = "sales"
    treatment_id: Id
    appointment_id: Id | None = None
    service_id: Id
    member_id: Id | None = None
    practitioner: str = ""
    lines: tuple[TreatmentLine, ...] = ()
    happened_at: Instant
    revision: int = 1


class AppointmentEvent(Event):
    """An appointment as it now stands; a growing `revision` tells the newest."""

    appointment_id: Id
    service_id: Id
    member_id: Id | None = None
    practitioner: str = ""
    starts_at: Instant
    minutes: int = Field(default=30, ge=1, le=1440)
    revision: int = 1


class AppointmentBooked(AppointmentEvent):
    """A service was booked for a member."""

    speaker: ClassVar[str] = "sales"


class AppointmentMoved(AppointmentEvent):
    """It was moved to another time, site, service or practitioner."""

    speaker: ClassVar[str] = "sales"


class AppointmentCancelled(AppointmentEvent):
    """It will not take place."""

    speaker: ClassVar[str] = "sales"


class BalanceItem(Value):
    """What a sold package gives of a product: its quantity, and the share of the price paid for it (net, minor)."""

    product_id: Id
    quantity: QuantityText
    value_minor: Minor
    is_unlimited: bool = False


class PackageSold(Event):
    """A member bought a package: what was paid (net) is owed until it is used, refunded or expires (SAL-20)."""

    speaker: ClassVar[str] = "sales"
    balance_id: Id
    product_id: Id
    charge_id: Id
    line: int
    member_id: Id
    items: tuple[BalanceItem, ...]
    value_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    expires_at: Instant | None = None
    actor: str = ""


class PackageRedeemed(Event):
    """Part of a package was used; `value_minor` of what was owed is earned. Below zero: a use was taken back."""

    speaker: ClassVar[str] = "sales"
    balance_id: Id
    package_id: Id
    product_id: Id
    quantity: QuantityText
    value_minor: Minor
    charge_id: Id
    line: int
    member_id: Id
    currency: str = "USD"
    happened_at: Instant
    actor: str = ""


class PackageRefunded(Event):
    """A package was given back: `refund_minor` went out, `kept_minor` of what was owed is earned."""

    speaker: ClassVar[str] = "sales"
    balance_id: Id
    package_id: Id
    member_id: Id
    refund_minor: Minor
    kept_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    reason: str = ""
    actor: str = ""


class PackageExpired(Event):
    """A package ran out; what was still owed is earned as breakage. Below zero: a manager extended it again."""

    speaker: ClassVar[str] = "sales"
    balance_id: Id
    package_id: Id
    member_id: Id
    value_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    reason: str = ""
    actor: str = ""


class MembershipEvent(Event):
    """A membership of a member, as it now stands; a growing `revision` tells the newest."""

    membership_id: Id
    package_id: Id
    member_id: Id
    happened_at: Instant
    actor: str = ""
    revision: int = 1


class MembershipRenewed(MembershipEvent):
    """A period began: its first (joined) or a further one; its fee is owed by `charge_id`, earned over the period."""

    speaker: ClassVar[str] = "sales"
    period: int = Field(ge=1)
    from_day: date
    to_day: date
    fee_minor: Minor
    currency: str = "USD"
    charge_id: Id | None = None


class MembershipPaused(MembershipEvent):
    """It rests from a day on, until another if that is known."""

    speaker: ClassVar[str] = "sales"
    from_day: date
    to_day: date | None = None


class MembershipResumed(MembershipEvent):
    """It goes on; the rest of the paused period is given back as days."""

    speaker: ClassVar[str] = "sales"
    from_day: date


class MembershipPastDue(MembershipEvent):
    """A fee was not paid; at `suspended` it gives nothing until it is."""

    speaker: ClassVar[str] = "sales"
    state: Literal["past_due", "suspended"] = "past_due"
    due_minor: Minor = 0


class MembershipEnded(MembershipEvent):
    """It ended: cancelled, not paid, upgraded, voided or run out.

    `refunded_minor` of its present period's fee (net) was given back, credited or taken back; the rest is earned.
    """

    speaker: ClassVar[str] = "sales"
    on_day: date
    reason: str
    refunded_minor: Minor = 0


class GiftCertificateSold(Event):
    """A gift certificate was sold or topped up; its amount is owed until it is spent. Below zero: it was voided."""

    speaker: ClassVar[str] = "sales"
    certificate_id: Id
    charge_id: Id | None = None
    amount_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    expires_at: Instant | None = None
    actor: str = ""


class GiftCertificateRedeemed(Event):
    """A certificate paid for something; below zero: it was given back."""

    speaker: ClassVar[str] = "sales"
    certificate_id: Id
    charge_id: Id
    amount_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    actor: str = ""


class GiftCertificateExpired(Event):
    """A certificate ran out; what was still owed is earned as breakage."""

    speaker: ClassVar[str] = "sales"
    certificate_id: Id
    value_minor: Minor
    currency: str = "USD"
    happened_at: Instant


class AccountMoved(Event):
    """A member's account changed (SAL-25): above zero the chain owes more, below zero less. `why` names the deed."""

    speaker: ClassVar[str] = "sales"
    entry_id: Id
    member_id: Id
    amount_minor: Minor
    currency: str = "USD"
    why: Literal["received", "returned", "spent", "reversed", "opening"]
    charge_id: Id | None = None
    happened_at: Instant
    actor: str = ""


class PaymentTaken(Event):
    """Money moved after a charge was recorded: a later part payment, a refund or a void (SAL-22).

    What was paid with the charge itself is told by `SaleRecorded.payments`. `documents` is 1; journals from before
    hold payments of charges told together, where it is their number and `document_id` names the lump.
    """

    speaker: ClassVar[str] = "sales"
    payment_id: Id
    document_id: Id
    documents: int = Field(default=1, ge=1)
    till_id: Id | None = None
    payments: tuple[Payment, ...]
    currency: str = "USD"
    happened_at: Instant
    actor: str = ""


class TillClosed(Event):
    """A drawer was counted blind at the end of a day: what was counted against what the records expect (SAL-22)."""

    speaker: ClassVar[str] = "sales"
    session_id: Id
    till_id: Id
    day: date
    expected: tuple[Payment, ...]
    counted: tuple[Payment, ...]
    difference_minor: Minor
    currency: str = "USD"
    happened_at: Instant
    actor: str = ""


class MemberMerged(Event):
    """Two ids meant one person: what belonged to `gone_id` belongs to `member_id` from now on."""

    speaker: ClassVar[str] = "sales"
    member_id: Id
    gone_id: Id
    happened_at: Instant


class MemberErased(Event):
    """A member asked to be forgotten: the name is gone, the opaque id stays in the ledger (WEB-10)."""

    speaker: ClassVar[str] = "sales"
    member_id: Id
    happened_at: Instant
