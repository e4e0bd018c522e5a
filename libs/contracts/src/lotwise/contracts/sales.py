"""What sales says: charges recorded, voided and returned. Members are opaque ids: no name crosses this border."""

from typing import ClassVar, Literal

from pydantic import Field

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Id, Instant, Minor, PriceText, QuantityText

Effect = Literal["sale", "return", "adjustment", "none"]
"""What a line does to stock: a sale takes, a return gives back, an adjustment writes off, none moves nothing."""

Disposition = Literal["restock", "quarantine", "waste"]


class SaleLine(Value):
    """One line of a charge. `quantity` is signed: above zero sold, below zero returned or written off.

    `net_minor` and the taxes are signed like the quantity's money; unit prices keep six decimals.
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
    """Goods and money of one returned line; amounts are what went back, above zero."""

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
