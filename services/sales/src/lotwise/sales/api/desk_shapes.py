"""The only home of the JSON of quotes and of the opening desk at sales' HTTP border."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Instant, Slug
from lotwise.sales.api.line_shapes import LineOut, Lines, Strict
from lotwise.sales.api.shapes import TaxTotalOut


class QuoteIn(Strict):
    """What would be charged; nothing is kept and nothing is held."""

    site: Slug
    happened_at: Instant | None = None
    lines: Lines


class QuoteLineOut(LineOut):
    """A line of a quote with the steps that led to its total."""

    code: str
    name: str
    unit: str
    kind: str
    tax_inclusive: bool
    on_hand: str | None
    available: str | None
    explanation: list[str]


class QuoteOut(BaseModel):
    """A priced and taxed charge that was not recorded."""

    site: str
    happened_at: datetime
    currency: str
    lines: list[QuoteLineOut]
    taxes: list[TaxTotalOut]
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_minor: int
    total_minor: int


class TileOut(BaseModel):
    """A product as the desk shows it: its price now at the site, tax included or not, and stock's last figures."""

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
    taxes: TaxesOut
    tiles: list[TileOut]
