"""The only home of the named noes about what members hold: packages, memberships, gift certificates and accounts."""

from lotwise.values import BadValue, Refusal, Unknown


class UnknownBalance(Unknown):
    """No package, and no period of a membership, has this id."""

    code = "unknown-balance"
    title = "There is no such balance"


class UnknownMembership(Unknown):
    """No membership has this id."""

    code = "unknown-membership"
    title = "There is no such membership"


class UnknownCertificate(Unknown):
    """No gift certificate has this number."""

    code = "unknown-certificate"
    title = "There is no such gift certificate"


class MemberNeeded(Refusal):
    """What is sold, spent or redeemed belongs to a member, and nobody is named."""

    code = "member-needed"
    title = "Choose the member first"


class OtherMember(Refusal):
    """The balance belongs to somebody else."""

    code = "other-member"
    title = "The balance belongs to another member"


class BalanceEmpty(Refusal):
    """Less is left on the balance than the line would use."""

    code = "balance-empty"
    title = "Not enough is left on the balance"


class BalanceExpired(Refusal):
    """The balance ran out."""

    code = "balance-expired"
    title = "The balance has expired"


class BalanceClosed(Refusal):
    """The balance was refunded or its sale was voided."""

    code = "balance-closed"
    title = "The balance is closed"


class NotInBalance(Refusal):
    """The balance does not hold this product."""

    code = "not-in-balance"
    title = "The balance does not cover this product"


class NotRedeemableHere(Refusal):
    """The balance is redeemed at other sites only."""

    code = "not-redeemable-here"
    title = "The balance cannot be redeemed at this site"


class BalanceUsed(Refusal):
    """A sale whose balance was used already cannot be voided whole."""

    code = "balance-used"
    title = "Part of it was used already"


class BalanceChanged(Refusal):
    """Somebody else used the balance between the price and the record."""

    code = "balance-changed"
    title = "The balance has just been used elsewhere"


class BadExtension(BadValue):
    """A new last day that lies in the past or before the present one."""

    code = "bad-extension"
    title = "The new last day is not allowed"


class MembershipResting(Refusal):
    """The membership is paused, suspended or has ended: it gives nothing now."""

    code = "membership-not-active"
    title = "The membership is not active"


class MembershipEnded(Refusal):
    """The membership ended already."""

    code = "membership-ended"
    title = "The membership has ended"


class CancelledAlready(Refusal):
    """The membership was cancelled before; it ends with its period."""

    code = "cancelled-already"
    title = "The membership is cancelled already"


class MembershipTaken(Refusal):
    """The member holds this membership already."""

    code = "membership-taken"
    title = "The member holds this membership already"


class NotAMembership(Refusal):
    """The product is not a membership."""

    code = "not-a-membership"
    title = "The product is not a membership"


class NotAnUpgrade(Refusal):
    """The other membership costs less than what is left of this one."""

    code = "not-an-upgrade"
    title = "The other membership costs less"


class BadDay(BadValue):
    """A day that lies in the past, out of order, or on no calendar."""

    code = "bad-day"
    title = "The day is not allowed"


class CertificateEmpty(Refusal):
    """Less is left on the certificate than it should pay."""

    code = "certificate-empty"
    title = "Not enough is left on the gift certificate"


class CertificateClosed(Refusal):
    """The certificate expired, or its sale was voided."""

    code = "certificate-closed"
    title = "The gift certificate is not valid any more"


class BadCertificate(BadValue):
    """A number that no certificate can have, or an amount that none can hold."""

    code = "bad-certificate"
    title = "The gift certificate is not right"


class AccountShort(Refusal):
    """The member's account and credit limit do not reach."""

    code = "account-short"
    title = "Not enough on the member's account"


class MembershipCharge(Refusal):
    """The fee of a running membership is not voided: the membership is cancelled."""

    code = "membership-charge"
    title = "The charge is a fee of a membership"


REDEEMING = (
    UnknownBalance,
    OtherMember,
    BalanceEmpty,
    BalanceExpired,
    BalanceClosed,
    NotInBalance,
    NotRedeemableHere,
    MembershipResting,
)
"""What a line may be refused for that is taken from a balance."""

SPENDING = (UnknownCertificate, CertificateEmpty, CertificateClosed, BadCertificate, AccountShort, MemberNeeded)
"""What a tender may be refused for that spends a certificate or an account."""

SELLING = (*REDEEMING, *SPENDING, BalanceChanged, MembershipTaken, NotAMembership)
"""What a charge may be refused for that touches what members hold."""

UNDOING = (BalanceUsed, BalanceClosed, AccountShort, MembershipCharge)
"""What the void of such a charge may be refused for."""
