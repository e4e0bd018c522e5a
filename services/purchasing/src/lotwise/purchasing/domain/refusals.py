"""The only home of purchasing's named noes."""

from lotwise.values import Refusal


class SupplierNameTaken(Refusal):
    """Another supplier has this name."""

    code = "supplier-name-taken"
    title = "There is a supplier of that name"


class SupplierArchived(Refusal):
    """An archived supplier gets no new orders."""

    code = "supplier-archived"
    title = "The supplier is archived"


class MoveRefused(Refusal):
    """An order cannot go from its state to that one (PUR-02)."""

    code = "order-move-refused"
    title = "The order cannot make this move"


class NotADraft(Refusal):
    """Only a draft can be edited."""

    code = "order-not-a-draft"
    title = "The order is no longer a draft"


class NothingOrdered(Refusal):
    """An order without lines cannot be sent."""

    code = "nothing-ordered"
    title = "The order has no lines"


class TooManyLines(Refusal):
    """An order that one message could not carry."""

    code = "too-many-lines"
    title = "The order has too many lines"


class OverDelivery(Refusal):
    """More was delivered than ordered; a person has to confirm it (PUR-04)."""

    code = "over-delivery"
    title = "More was delivered than ordered"


class CentrallySupplied(Refusal):
    """The site gets this product from a central store and does not order it itself (STK-32)."""

    code = "centrally-supplied"
    title = "A central store supplies this product"


class NotForOrdering(Refusal):
    """A product that cannot be ordered: it has no stock, or it is archived."""

    code = "not-for-ordering"
    title = "This product cannot be ordered"
