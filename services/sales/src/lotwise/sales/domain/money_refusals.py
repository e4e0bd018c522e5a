"""The only home of the named noes of payments and tills: each has a stable code, a sentence, its numbers, ways out."""

from lotwise.values import BadValue, Refusal, Unknown


class NothingDue(Refusal):
    """The charge is paid."""

    code = "nothing-due"
    title = "Nothing is left to pay"


class ChargeIsVoid(Refusal):
    """A voided charge takes no payment and gives no refund."""

    code = "charge-voided"
    title = "The charge was voided"


class RefundElsewhere(Refusal):
    """Money goes back the way it came, unless a manager says otherwise."""

    code = "refund-other-tender"
    title = "This was not paid that way"
    status = 403


class RefundTooLarge(Refusal):
    """The refund is over the limit of whoever gives it."""

    code = "refund-over-limit"
    title = "The refund is over your limit"
    status = 403


class UnknownTill(Unknown):
    """No till has this id at this site."""

    code = "unknown-till"
    title = "There is no such till"


class UnknownTillSession(Unknown):
    """No session of a till has this id, or it belongs to a site out of reach."""

    code = "unknown-till-session"
    title = "There is no such day of a till"


class TillTaken(Refusal):
    """A till of this name stands at the site already, or the id is taken."""

    code = "till-taken"
    title = "This till exists already"


class TillInUse(Refusal):
    """An open till cannot be put away."""

    code = "till-in-use"
    title = "The till is open"


class TillAlreadyOpen(Refusal):
    """A till is opened once; whoever closes it makes room for the next."""

    code = "till-already-open"
    title = "The till is open already"


class TillNotOpen(Refusal):
    """Nothing goes into or out of a drawer that is not open."""

    code = "till-not-open"
    title = "The till is not open"


class TillCounted(Refusal):
    """The drawer was counted: nothing moves any more until it is closed, or a manager lets it be counted anew."""

    code = "till-counted"
    title = "The till was counted already"


class TillNotCounted(Refusal):
    """A till is closed after its drawer was counted, never before."""

    code = "till-not-counted"
    title = "Count the drawer first"


class TillClosedAlready(Refusal):
    """A till is closed once."""

    code = "till-closed"
    title = "The till is closed already"


class OthersTill(Refusal):
    """A drawer belongs to the person who opened it, unless the till is shared."""

    code = "till-of-another"
    title = "This is another person's drawer"
    status = 403


class BillsParked(Refusal):
    """Bills wait that would be forgotten with the drawer."""

    code = "bills-parked"
    title = "Bills are still set aside"


class ReasonNeeded(BadValue):
    """A drawer that does not add up is closed with a reason."""

    code = "reason-needed"
    title = "Say why the drawer does not add up"


class TooMuchOut(Refusal):
    """More cash was to be taken than lies in the drawer."""

    code = "not-enough-cash"
    title = "There is not that much cash in the drawer"


class MailNotSet(Refusal):
    """Receipts cannot be mailed: no server is set."""

    code = "mail-not-set"
    title = "No mail server is set"


class MailNotSent(Refusal):
    """The mail server did not take the message."""

    code = "mail-not-sent"
    title = "The mail was not sent"
    status = 503


class BadAddress(BadValue):
    """There is no mail address, or it is none."""

    code = "bad-address"
    title = "This is no mail address"
