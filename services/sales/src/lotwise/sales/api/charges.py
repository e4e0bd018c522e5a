"""The only home of the doors to charges: record one, record many, look, void, abandon, print."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lotwise.contracts.fields import Instant, Slug
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.idempotency import KeyMissing
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.principal import Principal
from lotwise.kit.problems import of_refusal
from lotwise.kit.web import PRINCIPAL, Router, header_of
from lotwise.sales.api import views
from lotwise.sales.api.shapes import (
    AbandonIn,
    AbandonOut,
    BatchOut,
    ChargeIn,
    ChargeOut,
    ChargeRowOut,
    ChargeView,
    FactIn,
    FactsIn,
    ReceiptOut,
    Source,
    VoidIn,
    VoidOut,
)
from lotwise.sales.domain import money_refusals, pricing_refusals, refusals
from lotwise.sales.domain.balance_refusals import SELLING, UNDOING
from lotwise.sales.domain.receipts import charge_number
from lotwise.sales.operations import charges, facts
from lotwise.sales.operations.answers import charge_answer, void_answer
from lotwise.sales.operations.circumstances import look
from lotwise.sales.operations.dispensing import dispense, is_special
from lotwise.sales.operations.facts import Fact
from lotwise.sales.operations.packages import prepared, redeems
from lotwise.sales.operations.recording import Outcome, Recorded
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import charges as rows
from lotwise.sales.repository import definitions
from lotwise.values import BadValue, Refusal

router = Router(prefix="/v1", tags=["charges"])
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description="The charge's id.")]
PRICING = (
    refusals.UnknownSite,
    refusals.UnknownProduct,
    refusals.BadQuantity,
    refusals.BadPrice,
    refusals.BadMoment,
    refusals.BadTender,
    refusals.AmountTooLarge,
    refusals.NoPrice,
    refusals.NotPermitted,
    refusals.ProductIsArchived,
    refusals.NotForSale,
    pricing_refusals.ChooseVariant,
    pricing_refusals.AddOnWithoutService,
    pricing_refusals.MinutesNeeded,
    pricing_refusals.BadMinutes,
    pricing_refusals.NameNeeded,
    pricing_refusals.PerformerNeeded,
    pricing_refusals.PartNotInKit,
    pricing_refusals.UnknownDiscount,
    pricing_refusals.DiscountNotInForce,
    pricing_refusals.DiscountDoesNotFit,
    pricing_refusals.BadDiscount,
    pricing_refusals.BeyondLimit,
)
TILLS = (
    money_refusals.UnknownTill,
    money_refusals.TillNotOpen,
    money_refusals.TillCounted,
    money_refusals.OthersTill,
)
_one = ChargeIn.__pydantic_validator__
_many = FactsIn.__pydantic_validator__
_fact = FactIn.__pydantic_validator__


def selling_of(request: Request) -> Selling:
    """What selling needs at hand in this process."""
    selling: Selling = request.app.state.runtime.state["selling"]
    return selling


@router.post(
    "/charges",
    permission="charge.create",
    status_code=201,
    refusals=(
        *PRICING,
        refusals.UnknownMember,
        refusals.DifferentBody,
        refusals.ChargeClosed,
        refusals.StockRefused,
        refusals.StockUnreachable,
        refusals.HoldTooShort,
        refusals.LotNotConfirmed,
        refusals.PrescriptionMissing,
        refusals.NotLicensed,
        refusals.TooBusy,
        *SELLING,
        *TILLS,
    ),
)
async def post_charge(body: ChargeIn, request: Request, idempotency_key: Key = None) -> Answer[ChargeOut]:
    """Record a charge once. Sent again with the same contents: 201 and the same answer, Idempotent-Replayed: true."""
    return await _record(request, body, idempotency_key)


async def record_charge(request: Request) -> Response:
    """The short way to POST /v1/charges: the bytes are read here."""
    try:
        body: ChargeIn = _one.validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None
    return await _record(request, body, header_of(request, b"idempotency-key"))


async def _record(request: Request, body: ChargeIn, key: str | None) -> Answer[ChargeOut]:
    selling, who = selling_of(request), request.scope[PRINCIPAL]
    charge_id = _charge_id(body, key)
    now = datetime.now(UTC)
    source = body.source or _source(body, who)
    around = await look(selling, body)
    priced = await charges.known_definitions(
        selling,
        body.site,
        body.lines,
        lambda: charges.price(
            selling, body, who, now, is_fact=not body.hold, around=around, is_provisional=body.is_provisional
        ),
    )
    if redeems(priced.lines):
        if known := await charges.recorded_before(selling, charge_id, charges.request_hash(body, charges.CHARGE_WAYS)):
            return _answer(known)
        priced = await prepared(selling, priced, body.member_id)
    special = None
    if is_special(selling.prices.book, priced.lines):
        special = await dispense(selling, priced, priced.asked, who, is_fact=not body.hold)
        priced = special.priced
    one = charges.made_ready(
        priced,
        body,
        charge_id,
        currency=selling.currency,
        actor=who.actor,
        source=source,
        body_hash=charges.request_hash(body, charges.CHARGE_WAYS),
    )
    if body.till_id is not None:
        one = await charges.at_till(selling, one, body.till_id, who, is_fact=not body.hold)
    if body.hold:
        await selling.members.check(body.member_id)
    if special is not None:
        return _answer(await charges.record_special(selling, one, special, is_held=body.hold))
    recorded = await (charges.hold_and_record(selling, one) if body.hold else charges.record(selling, one))
    return _answer(recorded)


post_charge.direct = record_charge  # type: ignore[attr-defined]


def _charge_id(body: ChargeIn, key: str | None) -> UUID:
    """The charge's id is its idempotency key; it stands in the body, in the header, or the same in both."""
    if key is None:
        if body.charge_id is None:
            raise KeyMissing("Send the charge's id as Idempotency-Key or as charge_id.", field="Idempotency-Key")
        return body.charge_id
    try:
        named = UUID(key)
    except ValueError:
        raise BadValue("The Idempotency-Key of a charge is its id, a UUID.", field="Idempotency-Key") from None
    if body.charge_id is not None and body.charge_id != named:
        raise BadValue("charge_id and Idempotency-Key name different charges.", field="charge_id")
    return named


def _answer(recorded: Recorded) -> Answer[ChargeOut]:
    body = orjson.dumps(charge_answer(recorded.charge, recorded.recorded_at), default=str)
    headers = {"Idempotent-Replayed": "true"} if recorded.replayed else None
    return Answer(body, 201, headers)


@router.post(
    "/charges:batch", permission="charge.create", site="record", refusals=(*PRICING, refusals.TooBusy, *SELLING)
)
async def post_charges(body: FactsIn, request: Request) -> Answer[BatchOut]:
    """Record up to 1,000 facts; each has its own outcome, a malformed or refused one stops no other."""
    return await _record_all(request, body.charges)


async def record_batch(request: Request) -> Response:
    """The short way to POST /v1/charges:batch: rows that fit no shape are refused one by one, the rest go together."""
    content = await request.body()
    try:
        body: FactsIn = _many.validate_json(content)
    except ValidationError as error:
        return await _record_all(request, _row_by_row(content, error))
    return await _record_all(request, body.charges)


def _source(body: ChargeIn, who: Principal) -> Source:
    """Where a charge comes from when it does not say: facts and machines with the role `till` are outside tills."""
    return "till" if not body.hold or any(grant.role == "till" for grant in who.grants) else "desk"


async def _record_all(request: Request, read: Sequence[FactIn | dict[str, Any]]) -> Answer[BatchOut]:
    selling, who = selling_of(request), request.scope[PRINCIPAL]
    good = [row for row in read if isinstance(row, FactIn)]
    asked = [
        Fact(row.charge_id, row, row.source, charges.request_hash(row, charges.CHARGE_WAYS), row.till_id)
        for row in good
    ]
    outcomes = iter(await facts.record_facts(selling, asked, who, datetime.now(UTC)))
    results = [_result(row, outcomes) for row in read]
    counts = dict.fromkeys(("accepted", "replayed", "refused"), 0)
    for result in results:
        counts[result["outcome"]] += 1
    return Answer(orjson.dumps({**counts, "results": results}, default=str))


post_charges.direct = record_batch  # type: ignore[attr-defined]


def _row_by_row(content: bytes, error: ValidationError) -> list[FactIn | dict[str, Any]]:
    """Each row as a fact, or as its refusal; a call that is no list of rows with ids is refused whole."""
    whole = RequestValidationError(error.errors(include_url=False, include_context=False))
    try:
        listed = orjson.loads(content)["charges"]
        if not isinstance(listed, list) or not 1 <= len(listed) <= 1000:
            raise whole
        ids = [UUID(row["charge_id"]) for row in listed]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise whole from None
    return [_row(row, charge_id) for row, charge_id in zip(listed, ids, strict=True)]


def _row(row: Any, charge_id: UUID) -> FactIn | dict[str, Any]:
    try:
        fact: FactIn = _fact.validate_json(orjson.dumps(row))
    except ValidationError as error:
        return views.refused(charge_id, views.validation(error))
    return fact


def _result(row: FactIn | dict[str, Any], outcomes: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    outcome: Outcome = next(outcomes)
    if isinstance(outcome, Refusal):
        return views.refused(row.charge_id, orjson.loads(of_refusal(outcome).body))
    return facts.result(row.charge_id, outcome)


@router.get("/charges", permission="sales.read")
async def list_charges(
    read: Read,
    site: Slug | None = None,
    after: After = None,
    limit: Limit = 50,
    since: Annotated[Instant | None, Query(alias="from", description="From this instant on.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this instant.")] = None,
    member_id: UUID | None = None,
    number: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    state: Annotated[Literal["recorded", "voided"] | None, Query()] = None,
    due: Annotated[bool, Query(description="Only charges of which something is still to be paid.")] = False,
) -> Page[ChargeRowOut]:
    """Charges, latest first, at one site or at all that may be seen."""
    async with read.connection() as tx:
        found = await rows.page(
            tx,
            visible(read.who, "sales.read", site),
            after=cursor_decode(after, datetime, UUID),
            limit=limit,
            since=since,
            until=until,
            member_id=member_id,
            number=number,
            state=state,
            due=due,
        )
    last = cursor_encode(found[-1].happened_at, found[-1].charge_id) if len(found) == limit else None
    shown = [
        ChargeRowOut.model_validate(one._asdict() | {"number": charge_number(one.site, one.number)}) for one in found
    ]
    return Page(rows=shown, next=last)


@router.get("/charges/{charge_id}", permission="sales.read", site="record", refusals=(refusals.UnknownCharge,))
async def get_charge(charge_id: UUID, read: Read, request: Request) -> ChargeView:
    """A charge with its lines, its reversal and its returns."""
    async with read.connection() as tx:
        return ChargeView.model_validate(await views.charge(tx, selling_of(request), charge_id, read.who))


@router.get("/charges/{charge_id}/receipt", permission="sales.read", site="record", refusals=(refusals.UnknownCharge,))
async def get_receipt(charge_id: UUID, read: Read, request: Request) -> ReceiptOut:
    """What is printed for the member."""
    selling = selling_of(request)
    async with read.connection() as tx:
        shown = await views.charge(tx, selling, charge_id, read.who)
        charge = await charges.load_one(tx, charge_id)
        slots = (await definitions.taxes(tx)).get(charge.site, ())
    return ReceiptOut.model_validate(views.receipt(selling, shown, charge, slots, ZoneInfo))


@router.post(
    "/charges/{charge_id}:void",
    permission="charge.void",
    site="record",
    refusals=(
        refusals.UnknownCharge,
        refusals.AlreadyVoided,
        refusals.HasReturns,
        refusals.TreatedGoods,
        *UNDOING,
        refusals.BadMoment,
        refusals.NotPermitted,
        *TILLS,
    ),
)
async def post_void(charge_id: UUID, body: VoidIn, cmd: Cmd) -> Answer[VoidOut]:
    """Take a charge back whole, once; `disposition` says where its goods go."""
    async with cmd.transaction() as tx:
        charge, done = await charges.void(
            tx,
            charge_id,
            cmd.who,
            reason=body.reason,
            disposition=body.disposition,
            happened_at=body.happened_at,
            now=datetime.now(UTC),
            till_id=body.till_id,
        )
        answer = VoidOut.model_validate(void_answer(done))
        return await cmd.answer(tx, answer, site=charge.site, reason=body.reason, target=charge_id)


@router.post("/charges/{charge_id}:abandon", permission="charge.create", refusals=(refusals.AlreadyRecorded,))
async def post_abandon(charge_id: UUID, body: AbandonIn, cmd: Cmd, request: Request) -> Answer[AbandonOut]:
    """Close a charge id for good: nothing can be recorded under it any more. Doing it again changes nothing."""
    async with cmd.transaction() as tx:
        await charges.abandon(tx, charge_id, body.site, cmd.who.actor, datetime.now(UTC))
        answer = await cmd.answer(
            tx, AbandonOut(charge_id=charge_id, site=body.site), site=body.site, reason=body.reason or None
        )
    if body.release_hold and not cmd.who.actor.startswith("service:"):
        await selling_of(request).holds.release(charge_id, body.site)
    return answer
