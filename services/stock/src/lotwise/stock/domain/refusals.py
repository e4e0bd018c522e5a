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
