"""The only home of the named noes of selling: each has a stable code, a sentence, its numbers and the ways out."""

from lotwise.values import BadValue, Refusal, Unknown


class UnknownSite(Unknown):
    """No such site was defined."""

    code = "unknown-site"
    title = "There is no such site"


class UnknownProduct(Unknown):
    """No product has this id or code."""

    code = "unknown-product"
    title = "There is no such product"


class UnknownMember(Unknown):
    """No member has this id."""

    code = "unknown-member"
    title = "There is no such member"


class UnknownAppointment(Unknown):
    """No appointment has this id, or it belongs to a site out of reach."""

    code = "unknown-appointment"
    title = "There is no such appointment"


class UnknownTreatment(Unknown):
    """No treatment has this id, or it belongs to a site out of reach."""

    code = "unknown-treatment"
    title = "There is no such treatment"


class NotAService(Refusal):
    """Only a service is booked and given; goods are sold."""

    code = "not-a-service"
    title = "The product is not a service"


class AppointmentClosed(Refusal):
    """The appointment was cancelled or completed already."""

    code = "appointment-closed"
    title = "The appointment is not booked any more"


class SameId(Refusal):
    """The id of an appointment or treatment came again with other contents."""

    code = "id-taken"
    title = "This id stands for something else"


class CheckoutClosed(Refusal):
    """The treatment was charged or dismissed already."""

    code = "checkout-closed"
    title = "The treatment does not wait for the desk"


class LotNotConfirmed(Refusal):
    """The line completes only with a scanned or chosen lot (STK-36)."""

    code = "lot-not-confirmed"
    title = "Scan or choose the lot"


class PrescriptionMissing(Refusal):
    """A prescription line needs its prescriber and its order's reference (STK-40)."""

    code = "prescription-missing"
    title = "The prescription is missing"


class NotLicensed(Refusal):
    """Prescription goods are given out by a licensed role, or with a treatment that one recorded (STK-40)."""

    code = "not-licensed"
    title = "A licensed person must give this out"
    status = 403


class MemberTaken(Refusal):
    """A member with this id is kept already."""

    code = "member-taken"
    title = "The member exists already"


class UnknownCharge(Unknown):
    """No charge has this id, or it belongs to a site out of reach."""

    code = "unknown-charge"
    title = "There is no such charge"


class UnknownLine(Unknown):
    """The charge has no line of this number."""

    code = "unknown-line"
    title = "The charge has no such line"


class BadQuantity(BadValue):
    """A quantity that the product or the kind of line does not allow."""

    code = "bad-quantity"
    title = "The quantity is not allowed"


class BadPrice(BadValue):
    """A price below zero on a line that is not a correction, or one too large to be money."""

    code = "bad-price"
    title = "The price is not allowed"


class BadMoment(BadValue):
    """A charge that would lie in the future."""

    code = "bad-moment"
    title = "The time is not allowed"


class BadTender(BadValue):
    """Tenders that do not fit what is to be paid."""

    code = "bad-tender"
    title = "The payment does not fit the charge"


class AmountTooLarge(BadValue):
    """Money beyond the range that can be kept."""

    code = "amount-too-large"
    title = "The amount is too large"


class ProductIsArchived(Refusal):
    """An archived product is not offered any more."""

    code = "product-archived"
    title = "The product is archived"


class NotForSale(Refusal):
    """Back bar is consumed by services, never sold."""

    code = "not-for-sale"
    title = "The product is back bar: it is not for sale"


class NoPrice(Refusal):
    """The price book has no price for the product at this site and time, and none was given."""

    code = "no-price"
    title = "The product has no price here"


class NotPermitted(Refusal):
    """The person may charge, but not this way (a price of their own, a past date, a correction, a fact)."""

    code = "forbidden"
    title = "You may not do this"
    status = 403


class DifferentBody(Refusal):
    """The same id came again with other contents."""

    code = "idempotency-key-reused"
    title = "This id was used for another request"
    status = 422


class ChargeClosed(Refusal):
    """The charge id was abandoned: nothing can be recorded under it any more."""

    code = "charge-closed"
    title = "The charge was abandoned"


class AlreadyRecorded(Refusal):
    """A recorded charge cannot be abandoned."""

    code = "already-recorded"
    title = "The charge is already recorded"


class AlreadyVoided(Refusal):
    """A charge is voided once."""

    code = "already-voided"
    title = "The charge is already voided"


class HasReturns(Refusal):
    """A charge of which something came back cannot be voided whole."""

    code = "has-returns"
    title = "Part of the charge was already returned"


class MoreThanSold(Refusal):
    """A return takes back at most what was sold and not yet returned."""

    code = "more-than-sold"
    title = "More would come back than was sold"


class NotReturnable(Refusal):
    """Only sold lines come back; corrections and adjustments are reversed by lines of their own."""

    code = "not-returnable"
    title = "The line is not a sale"


class DuplicateLine(BadValue):
    """A return names a line of the charge twice."""

    code = "duplicate-line"
    title = "The line is named twice"


class TreatedGoods(Refusal):
    """Goods used in a treatment never return to sellable stock (SAL-19)."""

    code = "treated-goods"
    title = "Treated goods cannot go back on the shelf"


class HoldTooShort(Refusal):
    """The hold on the goods is about to run out: less than 30 seconds remain."""

    code = "hold-too-short"
    title = "The hold on the goods is about to run out"


class StockUnreachable(Refusal):
    """Stock did not answer in time and the site's setting is to refuse."""

    code = "stock-unreachable"
    title = "Stock could not be asked"


class TooBusy(Refusal):
    """More charges wait to be recorded than a process takes on; the same request may be sent again soon."""

    code = "busy"
    title = "Too much at once"
    status = 503


class StockRefused(Refusal):
    """Stock refused the hold; its own code, numbers and ways out pass through."""

    code = "not-enough-stock"
    title = "Stock too low, can't create charge"


class StaleRevision(Refusal):
    """The record was changed by somebody else since it was read."""

    code = "stale"
    title = "The record was changed in the meantime"
    status = 412


class UnknownParked(Unknown):
    """No bill waits under this id: it was never parked, or somebody took it up."""

    code = "unknown-parked-bill"
    title = "No such bill waits"


class AlreadyParked(Refusal):
    """The id of a parked bill came again."""

    code = "already-parked"
    title = "This bill waits already"
