"""What purchasing says: suppliers, orders and their receipts, and costs learnt by receiving."""

from datetime import date
from typing import ClassVar, Literal

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Id, Instant, Minor, PriceText, QuantityText


class SupplierDefined(Event):
    """A supplier exists or was changed; `number` was assigned when it was entered."""

    speaker: ClassVar[str] = "purchasing"
    supplier_id: Id
    number: int
    name: str
    is_archived: bool = False
    revision: int = 1


class ContractEvent(Event):
    """About the contract with a supplier; it belongs to the chain."""

    supplier_id: Id
    name: str
    reference: str = ""
    happened_at: Instant


class ContractEnding(ContractEvent):
    """The contract ends within its notice: once per end (ALR-08)."""

    speaker: ClassVar[str] = "purchasing"
    ends_on: date
    days_left: int


class ContractChanged(ContractEvent):
    """The contract now ends on another day, or is not kept any more: extended, corrected, taken out."""

    speaker: ClassVar[str] = "purchasing"
    ends_on: date | None = None


class OrderLine(Value):
    """One line of an order: what was asked, at which cost."""

    line: int
    product_id: Id
    quantity: QuantityText
    unit_cost: PriceText


class OrderEvent(Event):
    """Something happened to a purchase order; the site is the ship-to."""

    order_id: Id
    number: str
    supplier_id: Id
    happened_at: Instant


class PurchaseOrderDrafted(OrderEvent):
    """A draft exists or changed; `shortage_ids` are the shortages it newly answers.

    `lines` are those that are new or changed (quantity "0": taken off); `total_minor` is the whole draft's.
    """

    speaker: ClassVar[str] = "purchasing"
    origin: Literal["person", "shortage"] = "person"
    shortage_ids: tuple[Id, ...] = ()
    lines: tuple[OrderLine, ...]
    total_minor: Minor


class PurchaseOrderSent(OrderEvent):
    """An order went to its supplier."""

    speaker: ClassVar[str] = "purchasing"
    lines: tuple[OrderLine, ...]
    total_minor: Minor
    due_on: date | None = None
    shortage_ids: tuple[Id, ...] = ()


class ReceivedLine(Value):
    """What was really delivered of a line, at the confirmed cost, with its lot.

    `line` is unique within the receipt; `order_line` is the line of the order (several lots of it may come at once).
    `area` is the storage area of the site that it was put into, "" for the main shelf.
    """

    line: int
    order_line: int = 0
    product_id: Id
    quantity: QuantityText
    unit_cost: PriceText
    lot_number: str = ""
    expires_on: date | None = None
    area: str = ""


class PurchaseOrderReceived(OrderEvent):
    """A delivery was confirmed, in full or in part; stock gains its lots."""

    speaker: ClassVar[str] = "purchasing"
    receipt_id: Id
    lines: tuple[ReceivedLine, ...]
    is_complete: bool
    actor: str = ""


class PurchaseOrderCancelled(OrderEvent):
    """An order will not come."""

    speaker: ClassVar[str] = "purchasing"
    reason: str = ""
    shortage_ids: tuple[Id, ...] = ()


class CostUpdated(Event):
    """Receiving taught a product's cost (CAT-54, PUR-17)."""

    speaker: ClassVar[str] = "purchasing"
    product_id: Id
    cost: PriceText
    supplier_id: Id | None = None
    happened_at: Instant
    revision: int = 1
