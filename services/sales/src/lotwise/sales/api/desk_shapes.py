"""The only home of the JSON of quotes and of the opening desk at sales' HTTP border."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Id, Instant, Slug
from lotwise.sales.api.balance_shapes import BalanceOfferOut
from lotwise.sales.api.line_shapes import Coupons, Discounts, LineOut, Lines, Strict
from lotwise.sales.api.shapes import TaxTotalOut


class QuoteIn(Strict):
    """What would be charged; nothing is kept and nothing is held."""

    site: Slug
    happened_at: Instant | None = None
    member_id: Id | None = None
    lines: Lines
    discounts: Discounts = ()
    coupons: Coupons = ()


Ask = Literal["variant", "minutes", "name", "price", "performer", "service", "lot", "prescription"]


class OfferOut(BaseModel):
    """A product to choose: a variant, or an add-on of a service; its price now at the site."""

    product_id: UUID
    code: str
    name: str
    kind: str
    price: str | None
    variant_name: str = ""
    add_on_kind: str | None = None


class RuleOut(BaseModel):
    """A rule that priced a line, or that nearly did, with the record that it stands in."""

    rule: str
    is_applied: bool
    text: str
    record_id: UUID | None = None


class ExplainedOut(BaseModel):
    """Why a line of a recorded charge cost what it cost."""

    line: int
    product_id: UUID
    explanation: list[str]
    rules: list[RuleOut]


class ExplanationsOut(BaseModel):
    """Why each line of a recorded charge cost what it cost; amounts are those recorded."""

    charge_id: UUID
    site: str
    happened_at: datetime
    lines: list[ExplainedOut]


class QuoteLineOut(LineOut):
    """A line of a quote with the steps that led to its total, what it needs, and what else is offered with it.

    `asks` is what it needs beside a quantity: a kit's part its own lot or prescription. `asked` is the number of the
    line that was asked for: a kit has a line for each component, under the kit's name.
    """

    asked: int
    kit_name: str | None
    price_per: str
    asks: list[Ask]
    balances: list[BalanceOfferOut]

    code: str
    name: str
    unit: str
    kind: str
    tax_inclusive: bool
    on_hand: str | None
    available: str | None
    explanation: list[str]
    rules: list[RuleOut]
    add_ons: list[OfferOut]
    variants: list[OfferOut]


class QuoteOut(BaseModel):
    """A priced and taxed charge that was not recorded."""

    site: str
    happened_at: datetime
    currency: str
    is_member: bool
    lines: list[QuoteLineOut]
    taxes: list[TaxTotalOut]
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_minor: int
    total_minor: int


class TileOut(BaseModel):
    """A product as the desk shows it: its price now at the site, tax included or not, and stock's last figures.

    `asks` is what a line of it needs beside a quantity; `variants` are to choose from, `add_ons` are offered with it.
    """

    key: str | None = None
    product_id: UUID
    code: str
    name: str
    kind: str
    unit: str
    unit_decimals: int
    category_name: str | None
    price: str | None
    tax_inclusive: bool
    on_hand: str | None
    available: str | None
    minimum: str | None
    price_per: str
    asks: list[Ask]
    variants: list[OfferOut]
    add_ons: list[OfferOut]


class ChoiceOut(BaseModel):
    """A discount that the desk may choose: it is in force at the site today and does not come by itself."""

    discount_id: UUID
    name: str
    scope: str
    form: str
    value: str
    min_quantity: str
    min_spend: str | None
    for_members: bool
    is_combinable: bool
    needs_coupon: bool


class MayOut(BaseModel):
    """What whoever asks may do at this desk, and how far: percent of a line, minor units of a charge; none is no bound.

    `beyond` is the right to go beyond these limits.
    """

    discount: bool
    free: bool
    price: bool
    beyond: bool
    discount_percent: str | None
    discount_minor: int | None
    free_minor: int | None


class TaxesOut(BaseModel):
    """The two taxes in force at a site."""

    valid_from: date
    name_1: str
    rate_1_1: str
    rate_1_2: str
    name_2: str
    rate_2_1: str
    rate_2_2: str


class DeskOut(BaseModel):
    """All that the charge desk of a site needs to open: F1 to F12 and its settings."""

    site: str
    site_name: str
    time_zone: str
    currency: str
    tax_rounding: str
    stock_unreachable: str
    cash_rounding_minor: int
    taxes: TaxesOut
    discounts: list[ChoiceOut]
    may: MayOut
    tiles: list[TileOut]
