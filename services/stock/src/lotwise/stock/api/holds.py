"""HTTP of holds: what sales asks before it commits a charge, alone or grouped; and what is open."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, PositiveQuantity, Slug
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import ProblemOut, Strict, exponent, problem_of
from lotwise.stock.domain.refusals import (
    BadQuantity,
    HoldClosed,
    LotIsRecalled,
    NotEnoughStock,
    NotKept,
    UnknownHold,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.operations.holds import Granted, Outcome, Wanted, hold, void_hold
from lotwise.stock.repository.holds import list_holds
from lotwise.values import Refusal, format_quantity

router = Router(tags=["holds"])
REFUSALS = (NotEnoughStock, UnknownProduct, UnknownSite, NotKept, BadQuantity, HoldClosed, LotIsRecalled)
FIRST = UUID(int=0)


class HoldLineIn(Strict):
    """How much of a product is to be set aside; a named lot must not be recalled."""

    product_id: Id
    quantity: PositiveQuantity
    lot_id: Id | None = None


class HoldIn(Strict):
    """A hold: its id is the charge's. All lines or none; two lines of one product count together."""

    hold_id: Id
    site: Slug
    minutes: Annotated[float, Field(gt=0, le=1440, strict=True)] = 15
    lines: Annotated[tuple[HoldLineIn, ...], Field(min_length=1, max_length=500)]


class HoldsIn(Strict):
    """Holds of concurrent charges, granted in this order in one transaction."""

    holds: Annotated[tuple[HoldIn, ...], Field(min_length=1, max_length=500)]


class HoldOut(BaseModel):
    """A hold that stands until it is posted by its charge, voided, or swept after `expires_at`."""

    hold_id: UUID
    expires_at: datetime
    is_repeat: bool = False


class HoldResult(BaseModel):
    """What became of one hold: granted until an instant, or refused with the numbers."""

    hold_id: UUID
    expires_at: datetime | None = None
    is_repeat: bool = False
    problem: ProblemOut | None = None


class HoldsOut(BaseModel):
    """What became of each hold, in the order sent."""

    results: list[HoldResult]


class VoidIn(Strict):
    """Which site's hold is released."""

    site: Slug


class VoidOut(BaseModel):
    """Whether the hold was open until now."""

    hold_id: UUID
    was_open: bool


class HeldLine(BaseModel):
    """What a hold sets aside of a product; a broken line holds nothing any more."""

    product_id: UUID
    code: str | None
    name: str | None
    quantity: str
    is_broken: bool


class OpenHold(BaseModel):
    """A hold as it stands."""

    hold_id: UUID
    site: str
    state: str
    granted_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    actor: str
    lines: list[HeldLine]


def _wanted(cmd: Command, one: HoldIn) -> Wanted:
    lines = [(line.product_id, line.quantity) for line in one.lines]
    lots = tuple(line.lot_id for line in one.lines if line.lot_id)
    return Wanted(one.hold_id, one.site, lines, round(one.minutes * 60), cmd.who.actor, lots)


@router.post("/holds", permission="stock.hold", status_code=201, refusals=REFUSALS)
async def hold_one(cmd: Cmd, body: HoldIn) -> Answer[HoldOut]:
    """Set goods aside for a charge, within what is available by the site's policy (SAL-12)."""
    async with cmd.transaction() as tx:
        outcome = (await hold(tx, [_wanted(cmd, body)], exponent(cmd.runtime)))[0]
        if isinstance(outcome, Refusal):
            raise outcome
        answer = HoldOut(hold_id=outcome.hold_id, expires_at=outcome.expires_at, is_repeat=outcome.is_repeat)
        return await cmd.answer(tx, answer, 201, target=body.hold_id)


@router.post("/holds:batch", permission="stock.hold")
async def hold_many(cmd: Cmd, body: HoldsIn) -> Answer[HoldsOut]:
    """Set goods aside for many charges at once; each is granted or refused for itself, in this order."""
    async with cmd.transaction() as tx:
        outcomes = await hold(tx, [_wanted(cmd, one) for one in body.holds], exponent(cmd.runtime))
        results = [_result(one.hold_id, outcome) for one, outcome in zip(body.holds, outcomes, strict=True)]
        return await cmd.answer(tx, HoldsOut(results=results), target=f"{len(results)} holds")


def _result(hold_id: UUID, outcome: Outcome) -> HoldResult:
    if isinstance(outcome, Granted):
        return HoldResult(hold_id=hold_id, expires_at=outcome.expires_at, is_repeat=outcome.is_repeat)
    return HoldResult(hold_id=hold_id, problem=problem_of(outcome))


@router.post("/holds/{hold_id}:void", permission="stock.hold", refusals=(UnknownHold, HoldClosed))
async def void_one(cmd: Cmd, hold_id: UUID, body: VoidIn) -> Answer[VoidOut]:
    """Release a hold; again it changes nothing. The hold of a recorded charge is refused."""
    async with cmd.transaction() as tx:
        was_open = await void_hold(tx, hold_id, body.site, exponent(cmd.runtime))
        return await cmd.answer(tx, VoidOut(hold_id=hold_id, was_open=was_open), site=body.site)


@router.get("/holds", permission="stock.read")
async def holds(
    read: Read,
    site: str | None = None,
    state: str | None = "granted",
    product: UUID | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[OpenHold]:
    """Holds by id: open ones unless another state is asked for ("" for all)."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await list_holds(tx, sites, state or None, keys[0] if keys else FIRST, limit, product)
    shown = [open_hold(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].hold_id) if len(shown) == limit else None)


def open_hold(row: object) -> OpenHold:
    """A row of the list in the API's words."""
    values = dict(row)  # type: ignore[call-overload]
    lines = [
        HeldLine(
            product_id=line["product_id"],
            code=line["code"],
            name=line["name"],
            quantity=format_quantity(line["quantity"], line["decimals"] or 0),
            is_broken=line["is_broken"],
        )
        for line in values.pop("lines")
    ]
    return OpenHold(hold_id=values.pop("id"), lines=lines, **values)
