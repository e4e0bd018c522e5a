"""What outside tills say, to a stream of their own; sales turns each report into a charge."""

from typing import ClassVar

from lotwise.contracts.envelope import Event, Value
from lotwise.contracts.fields import Code, Id, Instant, PositiveQuantity, PriceText


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
