"""The only home of the doors to returns."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request

from lotwise.contracts.ids import named_id
from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.problems import of_refusal
from lotwise.kit.web import Router
from lotwise.sales.api import views
from lotwise.sales.api.charges import PRICING, selling_of
from lotwise.sales.api.shapes import BatchOut, ReturnIn, ReturnOut, ReturnsIn
from lotwise.sales.domain import money_refusals, refusals
from lotwise.sales.domain.balance_refusals import SPENDING, BalanceClosed
from lotwise.sales.domain.receipts import return_number
from lotwise.sales.operations import returns
from lotwise.sales.operations.answers import return_answer
from lotwise.sales.operations.charges import RETURN_WAYS, request_hash
from lotwise.sales.operations.returns import Asking, LineAsked, Outcome, ReturnAsked, Taken
from lotwise.values import BadValue, Refusal

router = Router(prefix="/v1", tags=["returns"])
TAKING_BACK = (
    *PRICING,
    refusals.UnknownCharge,
    refusals.UnknownLine,
    refusals.DuplicateLine,
    refusals.DifferentBody,
    refusals.MoreThanSold,
    refusals.NotReturnable,
    refusals.TreatedGoods,
    *SPENDING,
    BalanceClosed,
    money_refusals.RefundElsewhere,
    money_refusals.RefundTooLarge,
    money_refusals.UnknownTill,
    money_refusals.TillNotOpen,
    money_refusals.TillCounted,
    money_refusals.OthersTill,
)


@router.post("/returns", permission="charge.return", status_code=201, refusals=TAKING_BACK)
async def post_return(body: ReturnIn, cmd: Cmd, request: Request) -> Answer[ReturnOut]:
    """Take goods and money back, of a charge or without it; refunds use the tax stored at the sale."""
    return_id = body.return_id or _id_of(cmd.key or "", cmd.who.subject)
    asking = _asking(return_id, body)
    async with cmd.transaction() as tx:
        await _look_for_definitions(request, [asking])
        found = await returns.take_back(selling_of(request), tx, [asking], cmd.who, datetime.now(UTC))
        outcome = found[return_id]
        if isinstance(outcome, Refusal):
            raise outcome
        kept = outcome.kept
        answer = ReturnOut.model_validate(return_answer(kept.back, kept.recorded_at))
        return await cmd.answer(tx, answer, 201, site=body.site, target=return_id, reason=body.reason or None)


def _asking(return_id: UUID, body: ReturnIn) -> Asking:
    lines = [
        LineAsked(
            line.line,
            line.product_id,
            line.code,
            line.quantity,
            line.unit_price,
            line.disposition,
            line.moves_stock,
            line.description,
        )
        for line in body.lines
    ]
    asked = ReturnAsked(
        body.charge_id,
        body.site,
        body.happened_at,
        body.member_id,
        body.reason,
        body.source,
        lines,
        body.tenders,
        body.till_id,
        body.refund == "originals",
    )
    ways = RETURN_WAYS | {"till_id"} | ({"refund"} if body.refund == "given" else set())
    return Asking(return_id, asked, request_hash(body, ways))


def _id_of(key: str, owner: str) -> UUID:
    """A return without an id of its own has its key as id, or one made from the key."""
    try:
        return UUID(key)
    except ValueError:
        return named_id("return", owner, key)


@router.post("/returns:batch", permission="charge.return", site="record", refusals=TAKING_BACK)
async def post_returns(body: ReturnsIn, cmd: Cmd, request: Request) -> Answer[BatchOut]:
    """Take back up to 1,000 returns; each has its own outcome, a refused one stops no other."""
    askings = [_asking(_named(row), row) for row in body.returns]
    async with cmd.transaction() as tx:
        await _look_for_definitions(request, askings)
        found = await returns.take_back(selling_of(request), tx, askings, cmd.who, datetime.now(UTC))
        results = [_result(one.return_id, found[one.return_id]) for one in askings]
        kinds = [result["outcome"] for result in results]
        answer = BatchOut(
            accepted=kinds.count("accepted"),
            replayed=kinds.count("replayed"),
            refused=kinds.count("refused"),
            results=results,
        )
        return await cmd.answer(tx, answer, site=body.returns[0].site)


def _named(row: ReturnIn) -> UUID:
    if row.return_id is None:
        raise BadValue("In a batch each return needs its return_id.", field="returns")
    return row.return_id


def _result(return_id: UUID, outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Taken):
        back = outcome.kept.back
        return {
            "id": return_id,
            "outcome": "replayed" if outcome.replayed else "accepted",
            "number": return_number(back.site, back.number),
            "total_minor": back.total_minor,
            "problem": None,
        }
    return views.refused(return_id, orjson.loads(of_refusal(outcome).body))


async def _look_for_definitions(request: Request, askings: list[Asking]) -> None:
    """Read from the database what this process has not heard of yet."""
    book = selling_of(request).prices.book
    ids = {line.product_id for one in askings for line in one.asked.lines if line.product_id is not None}
    codes = {line.code for one in askings for line in one.asked.lines if line.code is not None}
    unknown = {code for code in codes if book.by_code(code) is None}
    if unknown or not ids <= book.products.keys():
        await selling_of(request).prices.look_again(askings[0].asked.site, ids, unknown)
