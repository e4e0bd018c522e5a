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


class StockLevelChanged(Event):
    """The figures of a product at a site after a batch of movements; `revision` grows, older ones are ignored."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    on_hand: QuantityText
    held: QuantityText
    available: QuantityText
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    value_minor: Minor = 0
    revision: int


class MinimumChanged(Event):
    """The two levels of a product at a site were set."""

    speaker: ClassVar[str] = "stock"
    product_id: Id
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    revision: int


class Crossing(Event):
    """Usable on hand crossed a level; `shortage_id` names this shortage until it is restored."""

    shortage_id: Id
    product_id: Id
    on_hand: QuantityText
    minimum: QuantityText | None = None
    reorder_at: QuantityText | None = None
    normal_order_quantity: QuantityText | None = None
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
    """A transfer arrived; `missing` names what did not."""

    speaker: ClassVar[str] = "stock"
    transfer_id: Id
    from_site: Slug
    to_site: Slug
    taken: tuple[LotTaken, ...]
    missing: tuple[LotTaken, ...] = ()
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
