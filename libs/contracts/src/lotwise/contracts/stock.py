"""What stock says: goods received, issued and returned, levels and their crossings, lots and transfers."""

from datetime import date
from typing import ClassVar, Literal

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Id, Instant, Minor, PriceText, QuantityText, Slug


class LotTaken(Value):
    """A quantity of one lot that moved, with the cost that moved with it."""

    line: int = 0
    product_id: Id
    lot_id: Id | None = None
    lot_number: str = ""
    expires_on: date | None = None
    quantity: QuantityText
    cost_minor: Minor
    is_unattributed: bool = False


class StockReceived(Event):
    """Goods came onto a shelf from a supplier."""

    speaker: ClassVar[str] = "stock"
    receipt_id: Id
    product_id: Id
    lot_id: Id
    lot_number: str = ""
    expires_on: date | None = None
    quantity: QuantityText
    unit_cost: PriceText
    cost_minor: Minor
    supplier_id: Id | None = None
    purchase_order: str = ""
    happened_at: Instant


class StockIssued(Event):
    """A charge's goods left: the lots really taken, with their cost (COGS). One event a charge."""

    speaker: ClassVar[str] = "stock"
    charge_id: Id
    happened_at: Instant
    taken: tuple[LotTaken, ...]


class StockReturned(Event):
    """Goods of a charge came back, at the cost they left with (or the last known cost)."""

    speaker: ClassVar[str] = "stock"
    charge_id: Id | None = None
    return_id: Id
    happened_at: Instant
    disposition: Literal["restock", "quarantine", "waste"]
    taken: tuple[LotTaken, ...]


class StockAdjusted(Event):
    """A correction with its reason: `quantity` and `cost_minor` are signed, below zero means written off."""

    speaker: ClassVar[str] = "stock"
    adjustment_id: Id
    product_id: Id
    lot_id: Id | None = None
    quantity: QuantityText
    cost_minor: Minor
    reason: str
    note: str = ""
    happened_at: Instant
    actor: str = ""


class LevelNow(Value):
    """The figures of a product at a site; `revision` grows, older ones are ignored.

    `on_hand` lies on the shelves, `opened` in containers that serve whoever comes; both less held are available.
    """

    product_id: Id
    on_hand: QuantityText
    held: QuantityText
    opened: QuantityText = "0"
    available: QuantityText
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    value_minor: Minor = 0
    revision: int


class StockLevelChanged(Event):
    """The figures of all products of a site that one batch of movements touched: one message, not one a product."""

    speaker: ClassVar[str] = "stock"
    version: ClassVar[int] = 2
    levels: tuple[LevelNow, ...]


class MinimumChanged(Event):
    """The two levels of a product at a site were set."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    revision: int


class ResupplyChanged(Event):
    """Who resupplies a product at a site was set: a central store, or nobody (the site orders for itself; STK-32)."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    resupplied_from: Slug | None = None
    revision: int


class Crossing(Event):
    """Usable on hand crossed a level; `shortage_id` names this shortage until it is restored.

    `resupplied_from` names the central store that covers it by a transfer: nobody orders for it (STK-39).
    `requested` is what other sites have asked of this one: its need is on hand less that.
    """

    shortage_id: Id
    product_id: Id
    on_hand: QuantityText
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    normal_order_quantity: QuantityText | None = None
    resupplied_from: Slug | None = None
    requested: QuantityText | None = None
    happened_at: Instant


class StockBelowMin(Crossing):
    """Usable on hand fell from at or above the minimum to below it: once per crossing."""

    speaker: ClassVar[str] = "stock"


class ReorderPointReached(Crossing):
    """Usable on hand fell to or under the reorder point: once per crossing."""

    speaker: ClassVar[str] = "stock"


class StockRestored(Crossing):
    """Usable on hand is back at or above the minimum (and above the reorder point): the shortage is over."""

    speaker: ClassVar[str] = "stock"


class StockOut(Crossing):
    """Usable on hand reached zero: once per crossing."""

    speaker: ClassVar[str] = "stock"


class ShortageRecorded(Event):
    """A recorded sale took more than the lots had; the rest stands on the unattributed account."""

    speaker: ClassVar[str] = "stock"
    charge_id: Id
    product_id: Id
    quantity: QuantityText
    happened_at: Instant


class CostCorrected(Event):
    """Goods sold before they were received were settled from a lot: `cost_minor` is what they cost more (or less)."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    quantity: QuantityText
    cost_minor: Minor
    cause_id: Id
    happened_at: Instant


class LotEvent(Event):
    """Something happened to a lot at a site."""

    lot_id: Id
    product_id: Id
    lot_number: str = ""
    expires_on: date | None = None
    quantity: QuantityText
    cost_minor: Minor
    happened_at: Instant
    reason: str = ""


class LotExpiring(LotEvent):
    """A lot will expire within a threshold of days; once per threshold."""

    speaker: ClassVar[str] = "stock"
    days_left: int


class LotExpired(LotEvent):
    """A lot's last usable day at a site is over; what was left went to quarantine."""

    speaker: ClassVar[str] = "stock"


class LotQuarantined(LotEvent):
    """A lot, or all of it at a site, was set apart."""

    speaker: ClassVar[str] = "stock"


class LotReleased(LotEvent):
    """A quarantined lot may be used again."""

    speaker: ClassVar[str] = "stock"


class TransferShipped(Event):
    """A transfer left its site; its goods are in transit."""

    speaker: ClassVar[str] = "stock"
    transfer_id: Id
    from_site: Slug
    to_site: Slug
    taken: tuple[LotTaken, ...]
    happened_at: Instant


class TransferReceived(Event):
    """A transfer arrived; `missing` names what did not. `is_closed`: nothing of it is on its way any more."""

    speaker: ClassVar[str] = "stock"
    transfer_id: Id
    from_site: Slug
    to_site: Slug
    taken: tuple[LotTaken, ...]
    missing: tuple[LotTaken, ...] = ()
    is_closed: bool = False
    happened_at: Instant


class TransferCancelled(Event):
    """A transfer on its way was called off; its goods went back to the site they left."""

    speaker: ClassVar[str] = "stock"
    transfer_id: Id
    from_site: Slug
    to_site: Slug
    taken: tuple[LotTaken, ...]
    happened_at: Instant


class HoldBroken(Event):
    """A hold can no longer be honoured: a recall, an expiry or a count took its goods."""

    speaker: ClassVar[str] = "stock"
    hold_id: Id
    product_id: Id
    quantity: QuantityText
    reason: str


class LedgerSealed(Event):
    """The head of the ledger's hash chain at a block: whoever keeps it can prove a later change."""

    speaker: ClassVar[str] = "stock"
    block: int
    head: str
    movements: int


class LotRecalled(LotEvent):
    """A recall blocked a lot at a site; `recall_id` joins all sites and lots of one recall (STK-12, ALR-05).

    With `serials` only these units of the lot are blocked, and the rest of it may be used.
    """

    speaker: ClassVar[str] = "stock"
    recall_id: Id
    serials: tuple[str, ...] = ()


class LotCorrected(Event):
    """The number or expiry of a lot was mistyped and is corrected, with who and why (N-20)."""

    speaker: ClassVar[str] = "stock"
    lot_id: Id
    product_id: Id
    was_number: str
    lot_number: str
    was_expires_on: date | None = None
    expires_on: date | None = None
    reason: str
    actor: str = ""
    happened_at: Instant


class ContainerEvent(Event):
    """Something happened to an opened container; `quantity` and `cost_minor` are what the happening moved."""

    container_id: Id
    product_id: Id
    lot_id: Id
    lot_number: str = ""
    quantity: QuantityText
    cost_minor: Minor
    actor: str = ""
    happened_at: Instant


class ContainerOpened(ContainerEvent):
    """A container was opened and is drawn first until `use_by` (STK-37, N-07)."""

    speaker: ClassVar[str] = "stock"
    use_by: Instant | None = None
    diluent: str = ""


class ContainerDiscarded(ContainerEvent):
    """The rest of an opened container became waste, with its cost."""

    speaker: ClassVar[str] = "stock"
    reason: str


class TreatmentConsumed(Event):
    """What a treatment really took: movements of `taken`, above what was taken for it before (N-14).

    A quantity below zero was not taken after all: it lies where it came from again.
    """

    speaker: ClassVar[str] = "stock"
    treatment_id: Id
    practitioner: str = ""
    taken: tuple[LotTaken, ...]
    happened_at: Instant


class CountedDifference(Value):
    """What a count found against the ledger at the line's own position; signed, with its cause."""

    product_id: Id
    lot_id: Id | None = None
    recorded: QuantityText
    counted: QuantityText
    difference: QuantityText
    cost_minor: Minor
    cause: str


class CountPosted(Event):
    """A count was closed: its differences are in the ledger (STK-05 to 07)."""

    speaker: ClassVar[str] = "stock"
    count_id: Id
    number: str
    plan_id: Id | None = None
    differences: tuple[CountedDifference, ...] = ()
    counted_lines: int
    posted_by: str
    happened_at: Instant


class CountOverdue(Event):
    """A planned count was not held by its due date (STK-45)."""

    speaker: ClassVar[str] = "stock"
    plan_id: Id
    name: str
    due_on: date
    happened_at: Instant


class TransferOverdue(Event):
    """A transfer has been in transit longer than its site allows, or arrived short without a word (N-25)."""

    speaker: ClassVar[str] = "stock"
    transfer_id: Id
    from_site: Slug
    to_site: Slug
    days: int
    happened_at: Instant


class ConsignmentIssued(Event):
    """Goods of a supplier were used, lost or bought: the liability arises; below zero it reverses (STK-43)."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    lot_id: Id
    lot_number: str = ""
    supplier_id: Id
    quantity: QuantityText
    liability_minor: Minor
    reason: str
    cause_id: Id
    happened_at: Instant


class SerialEvent(Event):
    """Something is due for a serial."""

    serial_id: Id
    product_id: Id
    serial: str
    due_on: date
    happened_at: Instant


class MaintenanceDue(SerialEvent):
    """Maintenance of a device is due (STK-22, ALR-08)."""

    speaker: ClassVar[str] = "stock"
    work: str = ""


class WarrantyEnding(SerialEvent):
    """The warranty of a serial ends soon (STK-20, ALR-08)."""

    speaker: ClassVar[str] = "stock"


class MaintenanceRecorded(SerialEvent):
    """Maintenance of a serial was done on `due_on`; `next_due_on` when it is due again (STK-22)."""

    speaker: ClassVar[str] = "stock"
    work: str = ""
    cost_minor: Minor = 0
    next_due_on: date | None = None


class WarrantyChanged(SerialEvent):
    """The warranty of a serial now ends on `due_on`: extended, corrected or entered (STK-20)."""

    speaker: ClassVar[str] = "stock"


class SerialMoved(Event):
    """A serial left a place or a state: told at the site it left and at the one it is at (STK-21)."""

    speaker: ClassVar[str] = "stock"
    serial_id: Id
    product_id: Id
    serial: str
    state: str
    at_site: Slug
    room: str = ""
    actor: str = ""
    happened_at: Instant
