"""The only home of stock's named noes."""

from typing import ClassVar

from lotwise.values import BadValue, Refusal, Unknown


class UnknownProduct(Unknown):
    """No product with that id has been heard of (yet)."""

    code: ClassVar[str] = "unknown-product"
    title: ClassVar[str] = "There is no such product"


class UnknownSite(Unknown):
    """No site with that slug has been heard of (yet)."""

    code: ClassVar[str] = "unknown-site"
    title: ClassVar[str] = "There is no such site"


class UnknownLot(Unknown):
    """No lot with that id, or none of that product."""

    code: ClassVar[str] = "unknown-lot"
    title: ClassVar[str] = "There is no such lot"


class UnknownArea(Unknown):
    """The site has no storage area of that name."""

    code: ClassVar[str] = "unknown-area"
    title: ClassVar[str] = "There is no such storage area"


class UnknownHold(Unknown):
    """No hold with that id."""

    code: ClassVar[str] = "unknown-hold"
    title: ClassVar[str] = "There is no such hold"


class UnknownTransfer(Unknown):
    """No transfer with that id."""

    code: ClassVar[str] = "unknown-transfer"
    title: ClassVar[str] = "There is no such transfer"


class BadQuantity(BadValue):
    """A quantity that the product's unit, or the size of a stock, does not allow."""

    code: ClassVar[str] = "bad-quantity"
    title: ClassVar[str] = "The quantity is not allowed"


class BadDate(BadValue):
    """A date in the future, or earlier than this person may enter."""

    code: ClassVar[str] = "bad-date"
    title: ClassVar[str] = "The date is not allowed"


class NotKept(Refusal):
    """A service or a digital product has no stock."""

    code: ClassVar[str] = "not-kept"
    title: ClassVar[str] = "This product has no stock"


class NotEnoughStock(Refusal):
    """The wanted quantity is not available under the site's policy (SAL-12)."""

    code: ClassVar[str] = "not-enough-stock"
    title: ClassVar[str] = "There is not enough stock"


class NotEnoughInLot(Refusal):
    """The named lot holds less at this place than is to be moved."""

    code: ClassVar[str] = "not-enough-in-lot"
    title: ClassVar[str] = "The lot does not hold that much here"


class LotIsExpired(Refusal):
    """The lot's last usable day is over."""

    code: ClassVar[str] = "lot-expired"
    title: ClassVar[str] = "The lot is expired"


class LotMismatch(Refusal):
    """The lot is known with another expiry date."""

    code: ClassVar[str] = "lot-mismatch"
    title: ClassVar[str] = "The lot is known with another expiry date"


class HoldClosed(Refusal):
    """The hold was already posted or released."""

    code: ClassVar[str] = "hold-closed"
    title: ClassVar[str] = "The hold is closed"


class TransferMove(Refusal):
    """The transfer's state does not allow this step."""

    code: ClassVar[str] = "transfer-move"
    title: ClassVar[str] = "The transfer cannot do that now"


class TransferUnexplained(Refusal):
    """Less (or more) arrived than was shipped and nobody said why."""

    code: ClassVar[str] = "transfer-unexplained"
    title: ClassVar[str] = "The difference must be explained"


class AreaExists(Refusal):
    """The site already has a storage area of that name."""

    code: ClassVar[str] = "area-exists"
    title: ClassVar[str] = "The storage area exists already"


class LevelsCrossed(BadValue):
    """A minimum or a reorder point below zero."""

    code: ClassVar[str] = "bad-level"
    title: ClassVar[str] = "The level is not allowed"


class NothingToMove(Refusal):
    """There is nothing of it at this place."""

    code: ClassVar[str] = "nothing-to-move"
    title: ClassVar[str] = "There is nothing to move"


class UnreadableCode(BadValue):
    """What was scanned is no barcode we can read."""

    code: ClassVar[str] = "unreadable-code"
    title: ClassVar[str] = "The code cannot be read"


class UnknownReason(BadValue):
    """No reason of that code stands in the managed list, or it is archived."""

    code: ClassVar[str] = "unknown-reason"
    title: ClassVar[str] = "There is no such reason"


class NoteMissing(BadValue):
    """The reason asks for a note in words."""

    code: ClassVar[str] = "note-missing"
    title: ClassVar[str] = "This reason asks for a note"


class ReasonExists(Refusal):
    """The managed list has a reason of that code."""

    code: ClassVar[str] = "reason-exists"
    title: ClassVar[str] = "There is such a reason already"


class UnknownDeed(Unknown):
    """No adjustment with that id."""

    code: ClassVar[str] = "unknown-adjustment"
    title: ClassVar[str] = "There is no such adjustment"


class NotPending(Refusal):
    """The adjustment waits for no witness: it was done, declined, or its time ran out."""

    code: ClassVar[str] = "not-pending"
    title: ClassVar[str] = "This waits for no witness"


class UseByPassed(Refusal):
    """What is left of a vial beyond its use-by is thrown away: a witness signs it and cannot decline it."""

    code: ClassVar[str] = "use-by-passed"
    title: ClassVar[str] = "Its use-by has passed"


class SameWitness(Refusal):
    """Who did the deed cannot witness it."""

    code: ClassVar[str] = "same-witness"
    title: ClassVar[str] = "The witness is another person"


class UnknownDamage(Unknown):
    """No damage with that id."""

    code: ClassVar[str] = "unknown-damage"
    title: ClassVar[str] = "There is no such damage"


class NotConsigned(Refusal):
    """The lot is our own: nobody else's goods lie in it."""

    code: ClassVar[str] = "not-consigned"
    title: ClassVar[str] = "These goods are our own"


class QuantityMoved(Refusal):
    """On hand is no longer what the form was made from."""

    code: ClassVar[str] = "quantity-moved"
    title: ClassVar[str] = "Stock moved since the form was made"


class TemporaryExists(Refusal):
    """The product has a temporary minimum here already."""

    code: ClassVar[str] = "temporary-exists"
    title: ClassVar[str] = "There is a temporary minimum already"


class UnknownTemporary(Unknown):
    """No temporary minimum with that id."""

    code: ClassVar[str] = "unknown-temporary"
    title: ClassVar[str] = "There is no such temporary minimum"


class UnknownRecall(Unknown):
    """No recall with that id."""

    code: ClassVar[str] = "unknown-recall"
    title: ClassVar[str] = "There is no such recall"


class UnknownNotice(Unknown):
    """The recall's list has no such charge."""

    code: ClassVar[str] = "unknown-notice"
    title: ClassVar[str] = "The recall's list has no such charge"


class LotIsRecalled(Refusal):
    """A recall blocks the lot: it cannot be sold, held, moved to another site or released."""

    code: ClassVar[str] = "lot-recalled"
    title: ClassVar[str] = "The lot is recalled"


class RecallClosed(Refusal):
    """The recall, or this lot of it, was released before."""

    code: ClassVar[str] = "recall-closed"
    title: ClassVar[str] = "The recall is released"


class RecallNamesNothing(BadValue):
    """A recall's line names no product, no code and no maker, or no lot where it must."""

    code: ClassVar[str] = "recall-names-nothing"
    title: ClassVar[str] = "The recall must name what it blocks"


class LotExists(Refusal):
    """Another lot of the product has that number already."""

    code: ClassVar[str] = "lot-exists"
    title: ClassVar[str] = "The product has a lot of that number"


class LotsDiffer(Refusal):
    """The two lots cannot become one: another product, another owner, or the same lot twice."""

    code: ClassVar[str] = "lots-differ"
    title: ClassVar[str] = "These lots cannot become one"


class ReturnTooMuch(Refusal):
    """More is to go back than arrived and was not sent back before."""

    code: ClassVar[str] = "return-too-much"
    title: ClassVar[str] = "That much did not arrive"


class LotIsApart(Refusal):
    """The lot is recalled or set apart: it may not leave, be used or be sold."""

    code: ClassVar[str] = "lot-set-apart"
    title: ClassVar[str] = "The lot is set apart"


class NotOnItsWay(Refusal):
    """More is explained, or found again, than is missing."""

    code: ClassVar[str] = "not-on-its-way"
    title: ClassVar[str] = "That much is not missing"


class SharesDiffer(BadValue):
    """The shares of a divided receipt do not sum to what was bought, or name a place twice."""

    code: ClassVar[str] = "shares-differ"
    title: ClassVar[str] = "The shares do not fit"


class SamePlace(BadValue):
    """Goods move from one place to another one."""

    code: ClassVar[str] = "same-place"
    title: ClassVar[str] = "It lies there already"


class UnknownNote(Unknown):
    """No intercompany note with that id."""

    code: ClassVar[str] = "unknown-note"
    title: ClassVar[str] = "There is no such note"


class UnknownCount(Unknown):
    """No count with that id, or no line of that number in it."""

    code: ClassVar[str] = "unknown-count"
    title: ClassVar[str] = "There is no such count"


class UnknownPlan(Unknown):
    """No count plan with that id."""

    code: ClassVar[str] = "unknown-count-plan"
    title: ClassVar[str] = "There is no such count plan"


class CountClosed(Refusal):
    """The count was posted or called off: nothing of it changes any more."""

    code: ClassVar[str] = "count-closed"
    title: ClassVar[str] = "The count is closed"


class CountOpen(Refusal):
    """The plan has a count that is still open."""

    code: ClassVar[str] = "count-open"
    title: ClassVar[str] = "A count of this plan is open already"


class NothingToCount(Refusal):
    """Nothing lies in the part of the site that was named, or nothing was counted."""

    code: ClassVar[str] = "nothing-to-count"
    title: ClassVar[str] = "There is nothing to count"


class CountTooLarge(Refusal):
    """More lines than one count holds."""

    code: ClassVar[str] = "count-too-large"
    title: ClassVar[str] = "The count is too large"


class CountIncomplete(Refusal):
    """Lines have not been counted yet."""

    code: ClassVar[str] = "count-incomplete"
    title: ClassVar[str] = "Not everything is counted"


class RecountNeeded(Refusal):
    """Lines differ by more than the tolerance and nobody has counted them again (N-15)."""

    code: ClassVar[str] = "recount-needed"
    title: ClassVar[str] = "Some lines must be counted again"


class CountUnexplained(Refusal):
    """Differences have no cause, or one that does not fit their sign (STK-07)."""

    code: ClassVar[str] = "count-unexplained"
    title: ClassVar[str] = "A difference has no cause"


class CountOvertaken(Refusal):
    """Since the line was counted more left the ledger than the count would leave there."""

    code: ClassVar[str] = "count-overtaken"
    title: ClassVar[str] = "The ledger overtook the count"


class LineCountedMeanwhile(Refusal):
    """Somebody else counted the line since this person looked at it."""

    code: ClassVar[str] = "line-counted-meanwhile"
    title: ClassVar[str] = "Somebody else counted this line"


class LotAmbiguous(Refusal):
    """Several lots of the product carry that number."""

    code: ClassVar[str] = "lot-ambiguous"
    title: ClassVar[str] = "Several lots carry this number"


class WitnessNeeded(Refusal):
    """A second person must confirm, and the one who posts is not that person (N-22)."""

    code: ClassVar[str] = "witness-needed"
    title: ClassVar[str] = "A witness is needed"


class UnknownCharge(Unknown):
    """Stock moved nothing for a charge of that id, at the sites that may be seen."""

    code: ClassVar[str] = "unknown-charge"
    title: ClassVar[str] = "There is no such charge"


class NotControlled(Refusal):
    """The product is no controlled drug: it has a stock card, but no perpetual log."""

    code: ClassVar[str] = "not-controlled"
    title: ClassVar[str] = "This is no controlled drug"


class UnknownContainer(Unknown):
    """No container with that id."""

    code: ClassVar[str] = "unknown-container"
    title: ClassVar[str] = "There is no such container"


class NotDrawn(Refusal):
    """The product has no container rule: it is used whole."""

    code: ClassVar[str] = "not-drawn"
    title: ClassVar[str] = "This product is not drawn from containers"


class NothingToOpen(Refusal):
    """No closed container of it lies here."""

    code: ClassVar[str] = "nothing-to-open"
    title: ClassVar[str] = "There is nothing to open"


class BadLabel(BadValue):
    """No container of this product holds that much."""

    code: ClassVar[str] = "bad-label"
    title: ClassVar[str] = "No container holds that much"


class LotNotConfirmed(Refusal):
    """The product asks for its lot to be scanned or chosen (STK-36)."""

    code: ClassVar[str] = "lot-not-confirmed"
    title: ClassVar[str] = "The lot must be confirmed"


class UseByNeedsApproval(Refusal):
    """A use-by beyond the label's needs a named approver, another person than who opens."""

    code: ClassVar[str] = "use-by-needs-approval"
    title: ClassVar[str] = "A later use-by needs an approver"


class BadUseBy(BadValue):
    """The use-by lies before the opening, or beyond the lot's last day."""

    code: ClassVar[str] = "bad-use-by"
    title: ClassVar[str] = "The use-by is not allowed"


class ContainerClosed(Refusal):
    """The container was used up or discarded before."""

    code: ClassVar[str] = "container-closed"
    title: ClassVar[str] = "The container is closed"


class ContainerOver(Refusal):
    """The container's use-by has come."""

    code: ClassVar[str] = "container-over"
    title: ClassVar[str] = "The container is past its use-by"


class NotEnoughLeft(Refusal):
    """The container holds less than is to be drawn."""

    code: ClassVar[str] = "not-enough-left"
    title: ClassVar[str] = "There is not that much left"


class PatientNeeded(BadValue):
    """A container for one patient is drawn for a named member or visit."""

    code: ClassVar[str] = "patient-needed"
    title: ClassVar[str] = "Say whom it is for"


class AnotherPatients(Refusal):
    """The container serves another patient and is never offered to a second one (STK-37)."""

    code: ClassVar[str] = "another-patients"
    title: ClassVar[str] = "The container is another patient's"


class UnknownTreatment(Unknown):
    """No completed treatment with that id used that product."""

    code: ClassVar[str] = "unknown-treatment"
    title: ClassVar[str] = "There is no such treatment"


class NothingToExplain(Refusal):
    """The treatment has no such difference (any more)."""

    code: ClassVar[str] = "nothing-to-explain"
    title: ClassVar[str] = "There is nothing to explain"


class UnknownSerial(Unknown):
    """No unit with that id or number."""

    code: ClassVar[str] = "unknown-serial"
    title: ClassVar[str] = "There is no such serial"


class SerialExists(Refusal):
    """A unit of this product with that number is known already (STK-19)."""

    code: ClassVar[str] = "serial-exists"
    title: ClassVar[str] = "This serial number is taken"


class SerialsDiffer(Refusal):
    """Each unit has its serial: as many are named as there are units, and only for products that have them."""

    code: ClassVar[str] = "serials-differ"
    title: ClassVar[str] = "The serial numbers do not fit the quantity"


class SerialMove(Refusal):
    """Where the unit is, or what became of it, does not allow that."""

    code: ClassVar[str] = "serial-move"
    title: ClassVar[str] = "The unit cannot go there from where it is"


class BadDepreciation(BadValue):
    """A method, life, salvage or number of units that makes no sense together."""

    code: ClassVar[str] = "bad-depreciation"
    title: ClassVar[str] = "The depreciation makes no sense"
