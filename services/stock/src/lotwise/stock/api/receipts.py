"""HTTP of receiving: one receipt, or up to 500 at once."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Flag, Id, Instant, PositiveQuantity, PriceText, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import (
    AreaName,
    LotNumber,
    ProblemOut,
    SerialNumber,
    Short,
    Strict,
    exponent,
    problem_of,
    trace,
)
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    LotIsExpired,
    LotMismatch,
    NotKept,
    SerialExists,
    SerialsDiffer,
    UnknownArea,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.receipts import Delivery, Outcome, Received, receive
from lotwise.values import Refusal

router = Router(tags=["receipts"])
REFUSALS = (
    UnknownProduct,
    UnknownSite,
    UnknownArea,
    NotKept,
    BadQuantity,
    BadDate,
    LotIsExpired,
    LotMismatch,
    SerialExists,
    SerialsDiffer,
)


class ReceiptIn(Strict):
    """Goods that arrived; without a cost the last known one counts. `receipt_id` makes a rerun safe."""

    receipt_id: Id | None = None
    site: Slug
    product_id: Id
    quantity: PositiveQuantity
    unit_cost: PriceText | None = None
    lot_number: LotNumber = ""
    expires_on: Day | None = None
    manufacturer: Short = ""
    supplier_id: Id | None = None
    purchase_order: Short = ""
    happened_at: Instant | None = None
    area: AreaName = ""
    accept_expired: Flag = False
    serials: Annotated[tuple[SerialNumber, ...], Field(max_length=500)] = ()


class ReceiptsIn(Strict):
    """Up to 500 receipts, each judged alone; happened_at in the past needs the permission stock.backdate."""

    receipts: Annotated[tuple[ReceiptIn, ...], Field(min_length=1, max_length=500)]


class ReceiptOut(BaseModel):
    """A receipt as it took effect; money in minor units, `unit_cost` per unit."""

    receipt_id: UUID
    site: str
    product_id: UUID
    lot_id: UUID | None
    lot_number: str
    expires_on: date | None
    quantity: str
    unit_cost: str
    cost_minor: int
    happened_at: datetime
    is_quarantined: bool
    is_recalled: bool = False
    is_repeat: bool
    serials: list[str] = []
    warnings: list[str] = []


class ReceiptResult(BaseModel):
    """What became of one receipt of many."""

    outcome: Literal["received", "repeated", "refused"]
    receipt_id: UUID | None
    receipt: ReceiptOut | None = None
    problem: ProblemOut | None = None


class ReceiptsOut(BaseModel):
    """What became of each receipt, in the order sent."""

    received: int
    repeated: int
    refused: int
    results: list[ReceiptResult]


def _delivery(cmd: Command, one: ReceiptIn, *, must_name: bool = False) -> Delivery:
    return Delivery(
        one.receipt_id or uuid7(), 0, one.site, one.product_id, one.quantity, one.unit_cost or "", one.lot_number,
        one.expires_on, one.manufacturer, one.supplier_id, one.purchase_order,
        happened(one.happened_at, cmd.who, one.site), one.area, one.accept_expired, cmd.who.actor, trace(),
        serials=one.serials, must_name=must_name,
    )  # fmt: skip


def receipt_out(one: Received) -> ReceiptOut:
    """A receipt in the API's words."""
    warnings = [f"Looks like lot {number}, which is known" for number in one.look_alikes]
    warnings += [f"Looks like serial {number}, which is known" for number in one.alike_serials]
    if one.recall is not None:
        warnings.append(f"It is recalled and went to quarantine: {one.recall.title}")
    elif one.is_quarantined:
        warnings.append("It is expired and went to quarantine")
    return ReceiptOut(
        receipt_id=one.delivery.receipt_id,
        site=one.delivery.site,
        product_id=one.delivery.product_id,
        lot_id=one.lot.id if one.lot else None,
        lot_number=one.lot.number if one.lot else one.delivery.lot_number,
        expires_on=one.lot.expires_on if one.lot else one.delivery.expires_on,
        quantity=one.quantity,
        unit_cost=one.unit_cost,
        cost_minor=one.cost_minor,
        happened_at=one.delivery.happened_at,
        is_quarantined=one.is_quarantined,
        is_recalled=one.recall is not None,
        is_repeat=one.is_repeat,
        serials=list(one.delivery.serials),
        warnings=warnings,
    )


@router.post("/receipts", permission="stock.receive", status_code=201, refusals=REFUSALS)
async def receive_one(cmd: Cmd, body: ReceiptIn) -> Answer[ReceiptOut]:
    """Receive goods: the level rises by the quantity, the lot keeps its cost and expiry (STK-01, 10, 11)."""
    delivery = _delivery(cmd, body, must_name=True)
    async with cmd.transaction() as tx:
        outcome = (await receive(tx, [delivery], exponent(cmd.runtime)))[0]
        if isinstance(outcome, Refusal):
            raise outcome
        return await cmd.answer(tx, receipt_out(outcome), 201, site=body.site, target=delivery.receipt_id)


@router.post("/receipts:batch", permission="stock.receive", refusals=(BadDate,))
async def receive_many(cmd: Cmd, body: ReceiptsIn) -> Answer[ReceiptsOut]:
    """Receive up to 500 deliveries; a refused one does not hinder the others, a repeated one changes nothing."""
    outcomes: list[Outcome] = []
    deliveries: dict[int, Delivery] = {}
    refused: dict[int, Refusal] = {}
    for index, one in enumerate(body.receipts):
        try:
            deliveries[index] = _delivery(cmd, one)
        except BadDate as refusal:
            refused[index] = refusal
    async with cmd.transaction() as tx:
        received = await receive(tx, list(deliveries.values()), exponent(cmd.runtime))
        found: dict[int, Outcome] = {**dict(zip(deliveries, received, strict=True)), **refused}
        outcomes = [found[index] for index in range(len(body.receipts))]
        results = [_result(one, outcome) for one, outcome in zip(body.receipts, outcomes, strict=True)]
        return await cmd.answer(tx, _summary(results), target=f"{len(results)} receipts")


def _result(one: ReceiptIn, outcome: Outcome) -> ReceiptResult:
    if isinstance(outcome, Refusal):
        return ReceiptResult(outcome="refused", receipt_id=one.receipt_id, problem=problem_of(outcome))
    receipt = receipt_out(outcome)
    word: Literal["received", "repeated"] = "repeated" if outcome.is_repeat else "received"
    return ReceiptResult(outcome=word, receipt_id=receipt.receipt_id, receipt=receipt)


def _summary(results: list[ReceiptResult]) -> ReceiptsOut:
    counts = {word: sum(one.outcome == word for one in results) for word in ("received", "repeated", "refused")}
    return ReceiptsOut(results=results, **counts)
