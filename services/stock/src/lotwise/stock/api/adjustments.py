"""HTTP of corrections: written off or found, with a reason from the closed list."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, Instant, Note, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import AreaName, LotMoved, ProblemOut, Quantity, Strict, exponent, problem_of, trace
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    NotEnoughInLot,
    NotKept,
    UnknownArea,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.adjustments import Adjusted, Adjustment, Outcome, adjust
from lotwise.stock.operations.dates import happened
from lotwise.values import Refusal

router = Router(tags=["adjustments"])
REFUSALS = (UnknownProduct, UnknownSite, UnknownLot, UnknownArea, NotKept, BadQuantity, BadDate, NotEnoughInLot)
Reason = Literal[
    "waste", "damage", "expiry", "sample", "training", "tester", "loss", "theft", "correction", "count", "found"
]


class AdjustmentIn(Strict):
    """A correction: below zero written off, above zero found. Without a lot FEFO decides what is written off."""

    adjustment_id: Id | None = None
    site: Slug
    product_id: Id
    quantity: Quantity
    reason: Reason
    note: Note = ""
    lot_id: Id | None = None
    area: AreaName = ""
    happened_at: Instant | None = None


class AdjustmentsIn(Strict):
    """Up to 500 corrections, each judged alone."""

    adjustments: Annotated[tuple[AdjustmentIn, ...], Field(min_length=1, max_length=500)]


class AdjustmentOut(BaseModel):
    """What a correction did; quantity and cost are signed."""

    adjustment_id: UUID
    site: str
    product_id: UUID
    quantity: str
    cost_minor: int
    reason: str
    lots: list[LotMoved]
    is_repeat: bool


class AdjustmentResult(BaseModel):
    """What became of one correction of many."""

    outcome: Literal["adjusted", "repeated", "refused"]
    adjustment_id: UUID | None
    adjustment: AdjustmentOut | None = None
    problem: ProblemOut | None = None


class AdjustmentsOut(BaseModel):
    """What became of each correction, in the order sent."""

    adjusted: int
    repeated: int
    refused: int
    results: list[AdjustmentResult]


def _adjustment(cmd: Command, one: AdjustmentIn) -> Adjustment:
    return Adjustment(
        one.adjustment_id or uuid7(), one.site, one.product_id, one.quantity, one.reason, one.note, one.lot_id,
        one.area, happened(one.happened_at, cmd.who, one.site), cmd.who.actor, trace(),
    )  # fmt: skip


def _out(one: Adjusted) -> AdjustmentOut:
    wanted = one.adjustment
    return AdjustmentOut(
        adjustment_id=wanted.adjustment_id,
        site=wanted.site,
        product_id=wanted.product_id,
        quantity=one.quantity,
        cost_minor=one.cost_minor,
        reason=wanted.reason,
        lots=[
            LotMoved(
                product_id=wanted.product_id,
                lot_id=part.lot.id if part.lot else None,
                lot_number=part.lot.number if part.lot else "",
                expires_on=part.lot.expires_on if part.lot else None,
                quantity=text,
                cost_minor=part.cost,
            )
            for part, text in zip(one.taken, one.quantities, strict=True)
        ],
        is_repeat=one.is_repeat,
    )


@router.post("/adjustments", permission="stock.adjust", status_code=201, refusals=REFUSALS)
async def adjust_one(cmd: Cmd, body: AdjustmentIn) -> Answer[AdjustmentOut]:
    """Write off or add what was found, append-only, with its cost (STK-08, STK-18)."""
    wanted = _adjustment(cmd, body)
    async with cmd.transaction() as tx:
        outcome = (await adjust(tx, [wanted], exponent(cmd.runtime)))[0]
        if isinstance(outcome, Refusal):
            raise outcome
        return await cmd.answer(tx, _out(outcome), 201, target=wanted.adjustment_id, reason=body.note or body.reason)


@router.post("/adjustments:batch", permission="stock.adjust", refusals=(BadDate,))
async def adjust_many(cmd: Cmd, body: AdjustmentsIn) -> Answer[AdjustmentsOut]:
    """Make up to 500 corrections; a refused one does not hinder the others, a repeated one changes nothing."""
    wanted: dict[int, Adjustment] = {}
    refused: dict[int, Refusal] = {}
    for index, one in enumerate(body.adjustments):
        try:
            wanted[index] = _adjustment(cmd, one)
        except BadDate as refusal:
            refused[index] = refusal
    async with cmd.transaction() as tx:
        outcomes = await adjust(tx, list(wanted.values()), exponent(cmd.runtime))
        found: dict[int, Outcome] = {**dict(zip(wanted, outcomes, strict=True)), **refused}
        results = [_result(one, found[index]) for index, one in enumerate(body.adjustments)]
        words = ("adjusted", "repeated", "refused")
        counts = {word: sum(one.outcome == word for one in results) for word in words}
        return await cmd.answer(tx, AdjustmentsOut(results=results, **counts), target=f"{len(results)} adjustments")


def _result(one: AdjustmentIn, outcome: Outcome) -> AdjustmentResult:
    if isinstance(outcome, Refusal):
        return AdjustmentResult(outcome="refused", adjustment_id=one.adjustment_id, problem=problem_of(outcome))
    out = _out(outcome)
    word: Literal["adjusted", "repeated"] = "repeated" if outcome.is_repeat else "adjusted"
    return AdjustmentResult(outcome=word, adjustment_id=out.adjustment_id, adjustment=out)
