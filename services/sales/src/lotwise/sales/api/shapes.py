"""The only home of the JSON that crosses sales' HTTP border: what is asked and what is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from lotwise.contracts.fields import Code, Flag, Id, Instant, Minor, PriceText, QuantityText, Slug, Text, Whole
from lotwise.contracts.sales import Disposition
from lotwise.sales.api.line_shapes import Coupons, Discounts, LineOut, Lines, Short, Strict

Source = Literal["desk", "till", "import"]
ToldSource = Literal["desk", "till", "import", "membership"]
"""Where a charge came from; fees of memberships are charged by the clock."""

TenderKind = Literal["cash", "card", "account", "gift", "reward", "other"]


class TenderIn(Strict):
    """A payment."""

    kind: TenderKind
    amount_minor: Minor
    reference: Short = ""


Tenders = Annotated[tuple[TenderIn, ...], Field(max_length=20)]


class ChargeIn(Strict):
    """A charge to record.

    `hold` true (the desk's way): stock sets the goods aside first and may refuse. `hold` false: a fact, a sale that
    already happened (needs charge.backdate). `charge_id` is the Idempotency-Key; one of the two may be left out.
    `is_provisional` with `hold` false: the desk took it in the last three days while its line was down (SAL-26).
    `source` left out is `till` for facts and for keys with the role till, else `desk`: only a desk's charge can be due.
    """

    charge_id: Id | None = None
    site: Slug
    happened_at: Instant | None = None
    member_id: Id | None = None
    hold: Flag = True
    is_provisional: Flag = False
    source: Source | None = None
    lines: Lines
    tenders: Tenders = ()
    discounts: Discounts = ()
    coupons: Coupons = ()
    till_id: Id | None = None


class FactIn(Strict):
    """A sale that already happened, from a till that was offline or an import; `charge_id` is its idempotency key."""

    charge_id: Id
    site: Slug
    happened_at: Instant | None = None
    member_id: Id | None = None
    hold: Literal[False] = False
    source: Source = "till"
    lines: Lines
    tenders: Tenders = ()
    discounts: Discounts = ()
    coupons: Coupons = ()
    till_id: Id | None = None


class FactsIn(Strict):
    """Up to 1,000 facts in one call."""

    charges: Annotated[tuple[FactIn, ...], Field(min_length=1, max_length=1000)]


class TenderOut(BaseModel):
    """A payment as it was kept; `rounding` is what cash in steps gave or took."""

    kind: TenderKind | Literal["rounding"]
    amount_minor: int
    reference: str = ""


class ChargeOut(BaseModel):
    """A recorded charge; money in minor units."""

    charge_id: UUID
    number: str
    site: str
    state: Literal["recorded", "voided"]
    member_id: UUID | None
    happened_at: datetime
    recorded_at: datetime
    currency: str
    is_held: bool
    source: ToldSource
    actor: str
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    change_minor: int
    due_minor: int
    lines: list[LineOut]
    tenders: list[TenderOut]


class DispensedOut(BaseModel):
    """What a line confirmed: its lot against the one that FEFO proposed, and its prescription."""

    lot_id: UUID | None
    lot_choice: Literal["none", "fefo", "deviation", "unchecked", "assumed"]
    fefo_lot_id: UUID | None
    drug_class: str
    prescriber: str
    order_reference: str
    actor: str


class ChargeLineView(LineOut):
    """A line as it is shown: with the product's code and name of today, what came back of it, what it confirmed.

    `tax_inclusive`: its price had the tax inside, so `total_minor` is what stands beside it on paper, else `net_minor`.
    """

    code: str | None
    name: str | None
    tax_inclusive: bool = False
    returned: str
    dispensed: DispensedOut | None = None


class PaymentOut(BaseModel):
    """A later payment on a charge; `due_minor` is what it left to be paid."""

    payment_id: UUID
    charge_id: UUID
    site: str
    happened_at: datetime
    recorded_at: datetime
    currency: str
    actor: str
    paid_minor: int
    change_minor: int
    due_minor: int
    tenders: list[TenderOut]


class VoidOut(BaseModel):
    """The reversal of a charge."""

    charge_id: UUID
    void_id: UUID
    happened_at: datetime
    reason: str
    disposition: Disposition


class ReturnLineOut(BaseModel):
    """A returned line; amounts are what went back."""

    line: int
    charge_line: int | None
    product_id: UUID
    quantity: str
    unit_price: str
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    total_minor: int
    disposition: Disposition
    moves_stock: bool
    description: str = ""


class ReturnOut(BaseModel):
    """A return; money in minor units, above zero is what went back."""

    return_id: UUID
    number: str
    charge_id: UUID | None
    site: str
    member_id: UUID | None
    happened_at: datetime
    recorded_at: datetime
    currency: str
    reason: str
    source: Source
    actor: str
    net_minor: int
    tax_1_minor: int
    tax_2_minor: int
    tax_minor: int
    total_minor: int
    lines: list[ReturnLineOut]
    tenders: list[TenderOut]


class ChargeView(ChargeOut):
    """A charge with what happened to it since."""

    lines: list[ChargeLineView]  # type: ignore[assignment]
    void: VoidOut | None
    returns: list[ReturnOut]
    payments: list[PaymentOut] = []
    session_id: UUID | None = None


class ChargeRowOut(BaseModel):
    """A charge in a list."""

    charge_id: UUID
    number: str
    site: str
    state: Literal["recorded", "voided"]
    member_id: UUID | None
    happened_at: datetime
    source: ToldSource
    is_held: bool
    total_minor: int
    currency: str
    due_minor: int = 0


class ResultOut(BaseModel):
    """What became of one row of a batch; a refused one says why and changed nothing."""

    id: UUID
    outcome: Literal["accepted", "replayed", "refused"]
    number: str | None = None
    total_minor: int | None = None
    problem: dict[str, Any] | None = None


class BatchOut(BaseModel):
    """The results of a batch in the order of its rows, and how many of each kind there are."""

    accepted: int
    replayed: int
    refused: int
    results: list[ResultOut]


class VoidIn(Strict):
    """Why a charge is taken back whole, where its goods go, and out of which till its money."""

    reason: Text
    disposition: Disposition = "restock"
    happened_at: Instant | None = None
    till_id: Id | None = None


class AbandonIn(Strict):
    """Closes a charge id for good; `release_hold` also lets go of the goods that stock holds for it."""

    site: Slug
    reason: Short = ""
    release_hold: Flag = True


class AbandonOut(BaseModel):
    """A closed charge id."""

    charge_id: UUID
    site: str
    state: Literal["abandoned"] = "abandoned"


class ReturnLineIn(Strict):
    """A line that comes back: of the charge by its `line` number, else a product with its price."""

    line: Annotated[Whole, Field(ge=1, le=500)] | None = None
    product_id: Id | None = None
    code: Code | None = None
    quantity: QuantityText
    unit_price: PriceText | None = None
    disposition: Disposition = "restock"
    moves_stock: Flag | None = None
    description: Short = ""

    @model_validator(mode="after")
    def _names_a_line(self) -> "ReturnLineIn":
        if self.line is None and self.product_id is None and self.code is None:
            raise ValueError("name a line of the charge, or the product by product_id or code")
        return self


class ReturnIn(Strict):
    """Goods or money that come back, with or without the charge they were sold by.

    `refund` originals pays back the way the charge was paid; else `tenders` (below zero) say how.
    """

    return_id: Id | None = None
    charge_id: Id | None = None
    site: Slug
    happened_at: Instant | None = None
    member_id: Id | None = None
    reason: Short = ""
    source: Source = "desk"
    lines: Annotated[tuple[ReturnLineIn, ...], Field(min_length=1, max_length=500)]
    tenders: Tenders = ()
    refund: Literal["given", "originals"] = "given"
    till_id: Id | None = None

    @model_validator(mode="after")
    def _lines_fit(self) -> "ReturnIn":
        if any((line.line is None) != (self.charge_id is None) for line in self.lines):
            raise ValueError("with charge_id each line names a line of that charge; without it, a product")
        if self.refund == "originals" and (self.charge_id is None or self.tenders):
            raise ValueError("a refund to the originals names the charge and no tenders")
        return self


class ReturnsIn(Strict):
    """Up to 1,000 returns in one call; each needs its return_id."""

    returns: Annotated[tuple[ReturnIn, ...], Field(min_length=1, max_length=1000)]


class TaxTotalOut(BaseModel):
    """One tax: name, percent, what was taxed, the tax."""

    name: str
    percent: str
    base_minor: int
    tax_minor: int


class ReceiptOut(BaseModel):
    """What is printed: the site, the charge with names, each tax, payments, change; `copy_no` 0 is the original."""

    copy_no: int = 0
    payments: list[PaymentOut] = []
    site: str
    site_name: str
    number: str
    happened_at: datetime
    local_time: str
    state: str
    currency: str
    lines: list[ChargeLineView]
    taxes: list[TaxTotalOut]
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    change_minor: int
    due_minor: int
    tenders: list[TenderOut]
