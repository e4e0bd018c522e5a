"""The only home of what the desk reads of sales: tiles, a priced bill, a receipt."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from lotwise.backoffice.gateway import Shape

LOT, PRESCRIPTION = "lot", "prescription"
"""What a line may have to confirm before it is paid."""


class Tile(Shape):
    """A product on the desk."""

    key: str | None = None
    product_id: UUID
    code: str
    name: str
    kind: str = "physical"
    unit: str = "piece"
    price: str | None = None
    price_per: str = "unit"
    available: str | None = None
    minimum: str | None = None


class May(Shape):
    """How far this person may give discounts by hand: percent of a line, minor units of a bill; none is no bound."""

    discount: bool = False
    beyond: bool = False
    discount_percent: str | None = None
    discount_minor: int | None = None


class Desk(Shape):
    """What the desk of a site opens with."""

    site: str
    site_name: str = ""
    stock_unreachable: str = "sell"
    tiles: tuple[Tile, ...] = ()
    may: May = May()


class Discount(Shape):
    """What a discount took from a line."""

    discount_id: UUID | None = None
    name: str
    minor: int
    reason: str = ""


class AddOn(Shape):
    """An add-on that goes with a service."""

    product_id: UUID
    name: str
    price: str | None = None


class Balance(Shape):
    """A balance of the member's that would cover a line (SAL-24), and how much of it."""

    balance_id: UUID
    name: str = ""
    left: str | None = None
    covers: str | None = None
    is_unlimited: bool = False
    last_day: date | None = None


class TaxedLine(Shape):
    """What a line comes to, and whether its price had the tax inside."""

    quantity: str
    unit_price: str
    total_minor: int
    net_minor: int
    tax_inclusive: bool = False
    description: str = ""
    discounts: tuple[Discount, ...] = ()

    @property
    def shown_minor(self) -> int:
        """What stands beside the line: with tax where the price has it inside."""
        return self.total_minor if self.tax_inclusive else self.net_minor


class QuoteLine(TaxedLine):
    """A priced line; `asked` is the number of the line on the bill that it comes from (a kit has several)."""

    line: int
    asked: int | None = None
    product_id: UUID
    name: str
    kit_name: str | None = None
    code: str = ""
    unit: str = "piece"
    kind: str = "physical"
    list_price: str | None = None
    available: str | None = None
    price_per: str = "unit"
    minutes: int | None = None
    add_ons: tuple[AddOn, ...] = ()
    balances: tuple[Balance, ...] = ()
    explanation: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()

    @property
    def asks_care(self) -> bool:
        """Whether it needs its lot or its prescription."""
        return LOT in self.asks or PRESCRIPTION in self.asks

    @property
    def prefix(self) -> str:
        """What the fields begin with in which its lot and prescription are said: a kit has some for each part."""
        return "set_" if self.kit_name is None else f"set_part_{self.product_id}_"

    def lacks(self, said: Mapping[str, Any]) -> list[str]:
        """What of its lot and its prescription nobody said yet; what a treatment recorded counts."""
        if said.get("treatment_id"):
            return []
        own = said
        if self.kit_name is not None:
            parts = said.get("parts", ())
            own = next((one for one in parts if one.get("product_id") == str(self.product_id)), {})
        lacks_order = PRESCRIPTION in self.asks and not (own.get(PRESCRIPTION) or said.get(PRESCRIPTION))
        return [LOT] * (LOT in self.asks and not own.get("lot_id")) + [PRESCRIPTION] * lacks_order

    @property
    def is_short(self) -> bool:
        """Whether more is asked for than stock last said there is."""
        return (
            self.kind == "physical" and self.available is not None and Decimal(self.quantity) > Decimal(self.available)
        )


class Tax(Shape):
    """One tax of a bill."""

    name: str
    percent: str = ""
    tax_minor: int


class Quote(Shape):
    """A priced bill."""

    lines: tuple[QuoteLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    net_minor: int = 0
    tax_minor: int = 0
    total_minor: int = 0

    def of(self, number: int) -> Sequence[QuoteLine]:
        """The priced lines of the bill's line with this number."""
        return [line for line in self.lines if (line.asked or line.line) == number]

    def lacking(self, number: int, said: Mapping[str, Any]) -> list[QuoteLine]:
        """Those of them whose lot or prescription nobody said yet."""
        return [line for line in self.of(number) if line.lacks(said)]


class ReceiptLine(TaxedLine):
    """A line on paper."""

    name: str | None = None
    owed: str = "none"
    redeems: UUID | None = None
    seller: str = ""
    performer: str = ""


class LaterPayment(Shape):
    """What was paid of a charge later."""

    happened_at: datetime
    tenders: tuple["Tender", ...] = ()


class Tender(Shape):
    """A payment."""

    kind: str
    amount_minor: int


class Receipt(Shape):
    """What is printed."""

    charge_id: UUID | None = None
    site: str
    site_name: str = ""
    number: str
    happened_at: datetime
    state: str = "recorded"
    lines: tuple[ReceiptLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int = 0
    change_minor: int = 0
    due_minor: int = 0
    tenders: tuple[Tender, ...] = ()
    payments: tuple[LaterPayment, ...] = ()
    copy_no: int = 0


class Drawer(Shape):
    """A till of the site."""

    till_id: UUID
    name: str
    state: str = "closed"


class Parked(Shape):
    """A bill that waits."""

    parked_id: UUID
    site: str
    label: str
    member_id: UUID | None = None
    total_minor: int = 0
    actor: str = ""
    parked_at: datetime
    bill: dict[str, Any] = Field(default_factory=dict)
