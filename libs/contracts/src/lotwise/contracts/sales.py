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


class TreatmentLine(Value):
    """A product of a treatment: what its recipe expects, and what was drawn when somebody recorded it."""

    product_id: Id
    expected: QuantityText = "0"
    drawn: QuantityText | None = None
    lot_id: Id | None = None


class TreatmentCompleted(Event):
    """A treatment took place; stock consumes each product of it once, whatever comes first (DESIGN 3.8).

    `revision` grows when the recorded quantities are corrected: only the difference is consumed.
    """

    speaker: ClassVar[str] = "sales"
    treatment_id: Id
    appointment_id: Id | None = None
    service_id: Id
    member_id: Id | None = None
    practitioner: str = ""
    lines: tuple[TreatmentLine, ...] = ()
    happened_at: Instant
    revision: int = 1


class AppointmentEvent(Event):
    """An appointment as it now stands; a growing `revision` tells the newest."""

    appointment_id: Id
    service_id: Id
    member_id: Id | None = None
    practitioner: str = ""
    starts_at: Instant
    minutes: int = Field(default=30, ge=1, le=1440)
    revision: int = 1


class AppointmentBooked(AppointmentEvent):
    """A service was booked for a member."""

    speaker: ClassVar[str] = "sales"


class AppointmentMoved(AppointmentEvent):
    """It was moved to another time, site, service or practitioner."""

    speaker: ClassVar[str] = "sales"


class AppointmentCancelled(AppointmentEvent):
    """It will not take place."""

    speaker: ClassVar[str] = "sales"
