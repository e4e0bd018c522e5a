"""What outside tills say, to a stream of their own; sales turns each report into a charge.

Outside appointment books (EMRs) speak there too: sales keeps what they report of appointments and treatments.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Code, Id, Instant, Note, PositiveQuantity, PriceText, QuantityText


class ReportedLine(Value):
    """One line as the till sold it: a code the catalog knows, and the price it took."""

    code: Code
    quantity: PositiveQuantity
    unit_price: PriceText


class SaleReported(Event):
    """An outside till sold; its `sale_id` is the idempotency key of the charge."""

    speaker: ClassVar[str] = "till"
    sale_id: Id
    happened_at: Instant
    lines: tuple[ReportedLine, ...]


class ReportedUse(Value):
    """What was drawn of a product for a treatment, and of which lot where that was recorded."""

    code: Code
    drawn: QuantityText
    lot_id: Id | None = None


class AppointmentReported(Event):
    """An appointment as an outside book has it now: booked, moved, cancelled or completed.

    Each report says the whole appointment. `appointment_id` with `revision` is the idempotency key; the highest
    revision counts, so reports may come twice and in any order. Completed, `happened_at` is when it took place and
    `uses` what was drawn; without `uses` the recipe's quantities are consumed.
    """

    speaker: ClassVar[str] = "till"
    appointment_id: Id
    revision: int = Field(default=1, ge=1, le=2_000_000_000)
    state: Literal["booked", "moved", "cancelled", "completed"] = "booked"
    service: Code
    member_id: Id | None = None
    practitioner: Annotated[Note, Field(max_length=200)] = ""
    starts_at: Instant
    minutes: int = Field(default=30, ge=1, le=1440)
    sessions: int = Field(default=1, ge=1, le=100)
    reason: Annotated[Note, Field(max_length=200)] = ""
    happened_at: Instant | None = None
    uses: tuple[ReportedUse, ...] = ()
