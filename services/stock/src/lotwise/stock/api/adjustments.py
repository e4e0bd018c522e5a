"""HTTP of corrections: written off, used or found, with a managed reason, and with a witness where one is needed."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, Instant, Note, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.reasons import Account, ReasonCode
from lotwise.stock.api.shapes import (
    AreaName,
    LotMoved,
    ProblemOut,
    Quantity,
    SerialNumber,
    Strict,
    exponent,
    problem_of,
    trace,
)
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    NoteMissing,
    NotEnoughInLot,
    NotEnoughLeft,
    NotKept,
    NotOnItsWay,
    NotPending,
    SameWitness,
    SerialExists,
    SerialMove,
    SerialsDiffer,
    UnknownArea,
    UnknownDeed,
    UnknownLot,
    UnknownProduct,
    UnknownReason,
    UnknownSite,
    UseByPassed,
)
from lotwise.stock.operations.adjustments import Adjusted, Adjustment, Outcome, adjust
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.witnessing import confirm, decline
from lotwise.stock.repository.adjustments import adjustments_page
from lotwise.values import Refusal, format_quantity

router = Router(tags=["adjustments"])
REFUSALS = (
    UnknownProduct, UnknownSite, UnknownLot, UnknownArea, UnknownReason, NoteMissing, NotKept, BadQuantity, BadDate,
    NotEnoughInLot, SerialExists, SerialMove, SerialsDiffer,
)  # fmt: skip
DECISIONS = (UnknownDeed, NotPending, SameWitness)
State = Literal["posted", "pending", "declined", "expired"]


class AdjustmentIn(Strict):
    """A correction: below zero written off, above zero found. Without a lot FEFO decides what is written off.

    `serials` name the units that it is about, each of them or none; they decide the lot.
    """

    adjustment_id: Id | None = None
    site: Slug
    product_id: Id
    quantity: Quantity
    reason: ReasonCode
    note: Note = ""
    lot_id: Id | None = None
    area: AreaName = ""
    happened_at: Instant | None = None
    serials: Annotated[tuple[SerialNumber, ...], Field(max_length=500)] = ()


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
    state: State = "posted"
    needed: str = ""
    expires_at: datetime | None = None


class UsageIn(Strict):
    """What the staff used at work: the quantity is above zero; without a lot FEFO decides which."""

    usage_id: Id | None = None
    site: Slug
    product_id: Id
    quantity: PositiveQuantity
    reason: ReasonCode = "usage"
    note: Note = ""
    lot_id: Id | None = None
    happened_at: Instant | None = None


class DecisionIn(Strict):
    """What a witness adds to a yes or a no."""

    note: Note = ""


class EnteredOut(BaseModel):
    """An adjustment as it was entered and what became of it; `quantity` and `cost_minor` are signed.

    While it is pending its cost is what it would cost now, and nothing has moved.
    """

    adjustment_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    drug_class: str
    lot_id: UUID | None
    lot_number: str | None
    quantity: str
    cost_minor: int
    reason: str
    account: Account
    note: str
    state: State
    needed: str
    happened_at: datetime
    entered_at: datetime
    actor: str
    expires_at: datetime | None
    witness: str | None
    witnessed_at: datetime | None
    witness_note: str


class AdjustmentResult(BaseModel):
    """What became of one correction of many."""

    outcome: Literal["adjusted", "pending", "repeated", "refused"]
    adjustment_id: UUID | None
    adjustment: AdjustmentOut | None = None
    problem: ProblemOut | None = None


class AdjustmentsOut(BaseModel):
    """What became of each correction, in the order sent."""

    adjusted: int
    pending: int = 0
    repeated: int
    refused: int
    results: list[AdjustmentResult]


def _adjustment(cmd: Command, one: AdjustmentIn) -> Adjustment:
    return Adjustment(
        one.adjustment_id or uuid7(), one.site, one.product_id, one.quantity, one.reason, one.note, one.lot_id,
        one.area, happened(one.happened_at, cmd.who, one.site), cmd.who.actor, trace(), serials=one.serials,
    )  # fmt: skip


def adjusted_out(one: Adjusted) -> AdjustmentOut:
    """What a correction did, in the API's words."""
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
        state=one.state,
        needed=one.needed,
        expires_at=one.expires_at,
    )


@router.post("/adjustments", permission="stock.adjust", status_code=201, refusals=REFUSALS)
async def adjust_one(cmd: Cmd, body: AdjustmentIn) -> Answer[AdjustmentOut]:
    """Write off or add what was found, append-only, with its cost (STK-08, STK-18).

    What needs a second person answers `pending`: it is written down and moves nothing until a witness confirms it.
    """
    return await _one(cmd, _adjustment(cmd, body))


async def _one(cmd: Command, wanted: Adjustment) -> Answer[AdjustmentOut]:
    async with cmd.transaction() as tx:
        outcome = (await adjust(tx, [wanted], exponent(cmd.runtime)))[0]
        if isinstance(outcome, Refusal):
            raise outcome
        return await cmd.answer(
            tx, adjusted_out(outcome), 201, target=wanted.adjustment_id, reason=wanted.note or wanted.reason
        )


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
        words = ("adjusted", "pending", "repeated", "refused")
        counts = {word: sum(one.outcome == word for one in results) for word in words}
        return await cmd.answer(tx, AdjustmentsOut(results=results, **counts), target=f"{len(results)} adjustments")


def _result(one: AdjustmentIn, outcome: Outcome) -> AdjustmentResult:
    if isinstance(outcome, Refusal):
        return AdjustmentResult(outcome="refused", adjustment_id=one.adjustment_id, problem=problem_of(outcome))
    out = adjusted_out(outcome)
    word: Literal["adjusted", "pending", "repeated"] = "pending" if outcome.state == "pending" else "adjusted"
    if outcome.is_repeat:
        word = "repeated"
    return AdjustmentResult(outcome=word, adjustment_id=out.adjustment_id, adjustment=out)


@router.post("/usages", permission="stock.use", status_code=201, refusals=REFUSALS)
async def use(cmd: Cmd, body: UsageIn) -> Answer[AdjustmentOut]:
    """Take goods off the shelf for the work itself: usage, neither a sale nor waste (STK-34)."""
    wanted = Adjustment(
        body.usage_id or uuid7(), body.site, body.product_id, f"-{body.quantity}", body.reason, body.note,
        body.lot_id, "", happened(body.happened_at, cmd.who, body.site), cmd.who.actor, trace(), account="usage",
    )  # fmt: skip
    return await _one(cmd, wanted)


@router.get("/adjustments", permission="stock.read")
async def entered(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    state: State | None = None,
    account: Account | None = None,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[EnteredOut]:
    """What was entered, newest first: waste, loss, found and usage, with its witness (STK-08, STK-25)."""
    keys = cursor_decode(after, datetime, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        filters = {"sites": sites, "product": product, "state": state, "account": account, "reason": reason or None}
        rows = await adjustments_page(tx, (keys[0], keys[1]) if keys else None, limit, filters)
    last = cursor_encode(rows[-1]["entered_at"].isoformat(), rows[-1]["id"]) if len(rows) == limit else None
    return Page(rows=[_entered(row) for row in rows], next=last)


def _entered(row: Any) -> EnteredOut:
    return EnteredOut(
        **{name: row[name] for name in EnteredOut.model_fields if name not in {"adjustment_id", "quantity"}},
        adjustment_id=row["id"],
        quantity=format_quantity(row["quantity"], row["unit_decimals"]),
    )


@router.get("/adjustments/{adjustment_id}", permission="stock.read", refusals=(UnknownDeed,))
async def one_entered(read: Read, adjustment_id: UUID) -> EnteredOut:
    """One adjustment as it was entered."""
    async with read.connection() as tx:
        rows = await adjustments_page(tx, None, 1, {"id": adjustment_id})
    if not rows:
        raise UnknownDeed("No adjustment has this id", adjustment_id=str(adjustment_id))
    read.who.at("stock.read", rows[0]["site"])
    return _entered(rows[0])


@router.post(
    "/adjustments/{adjustment_id}:confirm",
    permission="stock.witness",
    refusals=(*DECISIONS, NotEnoughInLot, NotEnoughLeft, NotOnItsWay),
)
async def confirm_one(cmd: Cmd, adjustment_id: UUID, body: DecisionIn) -> Answer[AdjustmentOut]:
    """Witness what waited: it is done now, with both names (N-22, STK-40)."""
    async with cmd.transaction() as tx:
        done = await confirm(tx, adjustment_id, cmd.who, body.note, exponent(cmd.runtime))
        return await cmd.answer(tx, adjusted_out(done), site=done.adjustment.site, reason=body.note or "witnessed")


@router.post("/adjustments/{adjustment_id}:decline", permission="stock.witness", refusals=(*DECISIONS, UseByPassed))
async def decline_one(cmd: Cmd, adjustment_id: UUID, body: DecisionIn) -> Answer[EnteredOut]:
    """Say that it was not so: nothing moves, and what was entered stays in the list as declined."""
    async with cmd.transaction() as tx:
        site = await decline(tx, adjustment_id, cmd.who, body.note)
        row = (await adjustments_page(tx, None, 1, {"id": adjustment_id}))[0]
        return await cmd.answer(tx, _entered(row), site=site, reason=body.note or "declined")
