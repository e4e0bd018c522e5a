"""The only home of taking back: how much may come back, what is refunded, and where the goods may go."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.refusals import MoreThanSold, NotReturnable, TreatedGoods
from lotwise.sales.domain.taxes import Taxed
from lotwise.sales.domain.tenders import Tender
from lotwise.values import format_quantity, half_up


class Sold(NamedTuple):
    """A recorded line with what already came back of it; quantities in smallest units, money in minor units."""

    line: int
    product_id: UUID
    quantity: int
    unit_decimals: int
    effect: str
    unit_price: int
    net: int
    tax_1: int
    tax_2: int
    treatment_id: UUID | None
    returned: int


def check_returnable(sold: Sold, quantity: int, disposition: str) -> None:
    """Raise NotReturnable, MoreThanSold or TreatedGoods unless `quantity` of the line may come back that way."""
    if sold.effect != "sale":
        raise NotReturnable(f"line {sold.line} is of kind {sold.effect}", line=sold.line)
    left = sold.quantity - sold.returned
    if quantity > left:
        raise MoreThanSold(
            f"of line {sold.line} at most {format_quantity(left, sold.unit_decimals)} can come back",
            line=sold.line,
            sold=format_quantity(sold.quantity, sold.unit_decimals),
            returned=format_quantity(sold.returned, sold.unit_decimals),
            wanted=format_quantity(quantity, sold.unit_decimals),
        )
    check_disposition([sold], disposition)


def check_disposition(lines: Sequence[Sold], disposition: str) -> None:
    """Treated goods never return to sellable stock (SAL-19): raise TreatedGoods."""
    treated = [line.line for line in lines if line.treatment_id is not None]
    if treated and disposition == "restock":
        raise TreatedGoods(
            "goods of a treatment go to quarantine or to waste",
            ways_out=("choose quarantine", "choose waste"),
            lines=treated,
        )


def refund(sold: Sold, quantity: int) -> Taxed:
    """What goes back for `quantity` more: the line's stored money in proportion, the last part takes the rest.

    Shares are differences of cumulated, rounded shares, so that parts returned one by one add up to exactly what was
    taken, with the tax stored at the sale (CAT-63), whatever the rates are today.
    """
    before, after = sold.returned, sold.returned + quantity
    return Taxed(*(_share(part, sold.quantity, before, after) for part in (sold.net, sold.tax_1, sold.tax_2)))


def _share(total: int, whole: int, before: int, after: int) -> int:
    return half_up(total * after, whole) - half_up(total * before, whole)


class ReturnLine(NamedTuple):
    """A line that comes back, in the order of its columns; amounts are what goes back, above zero."""

    line: int
    charge_id: UUID | None
    charge_line: int | None
    product_id: UUID
    quantity: int
    unit_decimals: int
    unit_price: int
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    disposition: str
    moves_stock: bool
    description: str


class Return(NamedTuple):
    """A return in the order of its columns, then its lines, its refunds and the till's session they came out of."""

    return_id: UUID
    charge_id: UUID | None
    site: str
    number: int
    member_id: UUID | None
    happened_at: datetime
    currency: str
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    reason: str
    source: str
    actor: str
    request_hash: bytes
    lines: Sequence[ReturnLine]
    tenders: Sequence[Tender]
    session_id: UUID | None = None

    @property
    def total_minor(self) -> int:
        """What goes back to the member: net and both taxes."""
        return self.net_minor + self.tax_1_minor + self.tax_2_minor
