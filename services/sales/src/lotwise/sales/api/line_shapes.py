"""The only home of the JSON of a charge's lines at sales' HTTP border: as they are asked for and as they are told."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from lotwise.contracts.fields import Code, Id, Note, PriceText, QuantityText, Text, Whole
from lotwise.contracts.sales import Effect, Owed
from lotwise.sales.domain.lines import BEYOND_PLAIN

Short = Annotated[Note, StringConstraints(max_length=200)]
FreeReason = Literal["touch_up", "compensation", "training", "tester", "staff"]


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PrescriptionIn(Strict):
    """Who prescribed a line, and the reference of the order (STK-40)."""

    prescriber: Text
    order_reference: Text


class DiscountIn(Strict):
    """A discount that somebody gives: a defined one by its id, or a percentage or an amount by hand with its reason."""

    discount_id: Id | None = None
    percent: PriceText | None = None
    amount: PriceText | None = None
    reason: Short = ""

    @model_validator(mode="after")
    def _is_one(self) -> "DiscountIn":
        if sum(one is not None for one in (self.discount_id, self.percent, self.amount)) != 1:
            raise ValueError("name one of discount_id, percent and amount")
        return self


Discounts = Annotated[tuple[DiscountIn, ...], Field(max_length=20)]
Coupons = Annotated[tuple[Text, ...], Field(max_length=20)]
Often = Annotated[Whole, Field(ge=-(2**31), le=2**31 - 1)]


class PartIn(Strict):
    """What a part of a kit confirms; without a prescription of its own that of the kit's line counts."""

    product_id: Id
    lot_id: Id | None = None
    prescription: PrescriptionIn | None = None


class LineIn(Strict):
    """A line of a charge: a product by id or by code, a decimal quantity, and perhaps the price that was taken.

    `minutes` is how long a service took that is priced by time, `add_on_to` the number of the line it adds to,
    `redeem` the balance it is taken from, `performer` who gave the service or whom a tip is for, `parts` the lots and
    prescriptions of a kit's parts.
    """

    product_id: Id | None = None
    code: Code | None = None
    quantity: QuantityText
    unit_price: PriceText | None = None
    effect: Effect = "sale"
    description: Short = ""
    treatment_id: Id | None = None
    lot_id: Id | None = None
    prescription: PrescriptionIn | None = None
    minutes: Often | None = None
    add_on_to: Annotated[Whole, Field(ge=1, le=500)] | None = None
    discounts: Discounts = ()
    redeem: Id | None = None
    seller: Short = ""
    performer: Short = ""
    free_reason: FreeReason | None = None
    gift_number: Short | None = None
    parts: Annotated[tuple[PartIn, ...], Field(max_length=100)] = ()

    @property
    def is_plain(self) -> bool:
        """Whether nothing beyond product, quantity, price, effect, treatment, lot and prescription was said."""
        return self.__pydantic_fields_set__.isdisjoint(BEYOND_PLAIN)

    @model_validator(mode="after")
    def _names_a_product(self) -> "LineIn":
        if self.product_id is None and self.code is None:
            raise ValueError("name the product by product_id or by code")
        return self


Lines = Annotated[tuple[LineIn, ...], Field(min_length=1, max_length=500)]


class LineDiscountOut(BaseModel):
    """What a discount took from a line; without an id somebody gave it by hand."""

    discount_id: UUID | None = None
    name: str
    minor: int
    reason: str = ""


class ShareOut(BaseModel):
    """What of a package's price is for one of its products, taxed by that product's own code."""

    product_id: UUID
    quantity: str
    is_unlimited: bool
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_code: int
    application_code: int


class LineOut(BaseModel):
    """A line as it was priced and taxed; what a plain sale does not have may be left out."""

    line: int
    product_id: UUID
    quantity: str
    effect: Effect
    unit_price: str
    list_price: str | None
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    total_minor: int
    treatment_id: UUID | None = None
    lot_id: UUID | None = None
    description: str = ""
    discounts: list[LineDiscountOut] = []
    owed: Owed = "none"
    kit_id: UUID | None = None
    redeems: UUID | None = None
    seller: str = ""
    performer: str = ""
    free_reason: str = ""
    minutes: int | None = None
    add_on_to: int | None = None
    shares: list[ShareOut] = []
