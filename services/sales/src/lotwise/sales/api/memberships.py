"""The only home of the doors to memberships: join, look, pause, resume, cancel, upgrade, and how fees are paid."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from lotwise.contracts.fields import Day, Flag, Id, Note, Slug, Text, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api import balance_views as views
from lotwise.sales.api.balance_shapes import MembershipOut
from lotwise.sales.api.balances import REFUNDING
from lotwise.sales.api.charges import PRICING, TILLS, selling_of
from lotwise.sales.api.line_shapes import Strict
from lotwise.sales.api.shapes import ChargeOut, ReturnOut, Tenders
from lotwise.sales.domain import balance_refusals as noes
from lotwise.sales.domain import refusals
from lotwise.sales.domain.memberships import Membership
from lotwise.sales.domain.owing import Joining
from lotwise.sales.operations import fees, membership_life
from lotwise.sales.operations import memberships as periods
from lotwise.sales.operations.answers import charge_answer, return_answer
from lotwise.sales.operations.fees import JoinAsked
from lotwise.sales.operations.membership_life import RefundAsked
from lotwise.sales.operations.recording import Recorded
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import memberships as rows
from lotwise.values import BadValue

router = Router(prefix="/v1", tags=["memberships"])
PaidBy = Literal["none", "account", "card"]
State = Literal["active", "past_due", "suspended", "paused", "ended"]
CHANGING = (noes.UnknownMembership, noes.MembershipEnded)
JOINING = (
    *PRICING, noes.NotAMembership, noes.MembershipTaken, noes.BadDay, noes.MemberNeeded, noes.AccountShort,
    noes.UnknownCertificate, noes.CertificateEmpty, noes.CertificateClosed, noes.BadCertificate,
    refusals.UnknownMember, *TILLS,
)  # fmt: skip


class PaymentSetIn(Strict):
    """How further fees are paid: at the desk, out of the account, or with the card whose reference is on file."""

    paid_by: PaidBy = "none"
    payment_reference: Annotated[Note, Field(max_length=200)] = ""


class JoinIn(PaymentSetIn):
    """Who joins what where. With `anchor_day` the first fee is for the days until that day of the month."""

    site: Slug
    member_id: Id
    product_id: Id
    anchor_day: Whole | None = None
    tenders: Tenders = ()
    till_id: Id | None = None


class UpgradeIn(Strict):
    """The dearer membership, and how the difference is paid."""

    product_id: Id
    tenders: Tenders = ()
    till_id: Id | None = None


class PauseIn(Strict):
    """From which day it rests (today by default), until which day if that is known, and why."""

    from_day: Day | None = None
    to_day: Day | None = None
    reason: Text


class ReasonIn(Strict):
    """Why something is done."""

    reason: Text


class CancelIn(Strict):
    """Whether it ends with its period or today, and whether the unused part of its fee goes back then."""

    reason: Text
    at_period_end: Flag = True
    refund: Flag = False
    tenders: Tenders = ()
    is_to_originals: Flag = False
    till_id: Id | None = None


class JoinedOut(BaseModel):
    """A membership with the charge that it began with."""

    membership: MembershipOut
    charge: ChargeOut


class CancelledOut(BaseModel):
    """A membership that was cancelled, and the refund of its fee if there was one."""

    membership: MembershipOut
    refund: ReturnOut | None


@router.post("/memberships", permission="balance.write", status_code=201, refusals=JOINING)
async def post_membership(body: JoinIn, cmd: Cmd, request: Request) -> Answer[JoinedOut]:
    """Let a member join: the first fee is charged now, further ones on the renewal day."""
    selling = selling_of(request)
    await selling.members.check(body.member_id)
    await selling.prices.look_again(body.site, {body.product_id}, set())
    _check_payment(body)
    how = Joining(body.anchor_day, None, body.paid_by, body.payment_reference)
    asked = JoinAsked(uuid7(), body.site, body.member_id, body.product_id, how, body.tenders, body.till_id)
    async with cmd.transaction() as tx:
        recorded = await fees.join(tx, selling, asked, cmd.who, datetime.now(UTC))
        found = await rows.begun_by(tx, asked.charge_id)
        answer = _joined(selling, (await rows.load(tx, [found]))[found], recorded)
        return await cmd.answer(tx, answer, 201, site=body.site, target=found)


def _check_payment(body: PaymentSetIn) -> None:
    if body.paid_by == "card" and not body.payment_reference.strip():
        raise BadValue("a card on file has a reference", field="payment_reference")


def _joined(selling: Selling, one: Membership, recorded: Recorded) -> JoinedOut:
    charge = ChargeOut.model_validate(charge_answer(recorded.charge, recorded.recorded_at))
    return JoinedOut(membership=views.membership(selling, one), charge=charge)


@router.get("/memberships", permission="sales.read")
async def list_memberships(
    read: Read,
    request: Request,
    site: Slug | None = None,
    state: State | None = None,
    due_within: Annotated[int | None, Query(ge=0, le=366, description="Renews within so many days (notices).")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[MembershipOut]:
    """Memberships by the day on which they renew; those that ended only when asked for."""
    selling = selling_of(request)
    today = datetime.now(UTC).date()
    async with read.connection() as tx:
        found = await rows.page(
            tx,
            visible(read.who, "sales.read", site),
            after=cursor_decode(after, date, UUID),
            limit=limit,
            state=state,
            due_before=None if due_within is None else today + timedelta(days=due_within),
        )
    last = cursor_encode(found[-1].to_day, found[-1].membership_id) if len(found) == limit else None
    return Page(rows=[views.membership(selling, one) for one in found], next=last)


@router.get("/memberships/{membership_id}", permission="sales.read", site="record", refusals=(noes.UnknownMembership,))
async def get_membership(membership_id: UUID, read: Read, request: Request) -> MembershipOut:
    """A membership with the fee of its present period."""
    async with read.connection() as tx:
        one = await periods.known(tx, membership_id)
        if not read.who.allows("sales.read", one.site):
            raise noes.UnknownMembership(f"no membership has the id {membership_id}")
        fee = (await periods.period_of(tx, one)).fee_minor
    return views.membership(selling_of(request), one, fee)


@router.post(
    "/memberships/{membership_id}:pause",
    permission="balance.write",
    site="record",
    refusals=(*CHANGING, noes.BadDay, noes.MembershipResting),
)
async def post_pause(membership_id: UUID, body: PauseIn, cmd: Cmd, request: Request) -> Answer[MembershipOut]:
    """Let a membership rest: it gives nothing and its days are given back when it goes on."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        opened = await membership_life.opened(tx, selling, membership_id, cmd.who, datetime.now(UTC), body.reason)
        rests = await membership_life.pause(opened, body.from_day, body.to_day)
        return await cmd.answer(tx, views.membership(selling, rests), site=rests.site, reason=body.reason)


@router.post(
    "/memberships/{membership_id}:resume",
    permission="balance.write",
    site="record",
    refusals=(*CHANGING, noes.MembershipResting),
)
async def post_resume(membership_id: UUID, body: ReasonIn, cmd: Cmd, request: Request) -> Answer[MembershipOut]:
    """Let a paused membership go on today, or drop a pause that lies ahead."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        opened = await membership_life.opened(tx, selling, membership_id, cmd.who, datetime.now(UTC), body.reason)
        goes_on = await membership_life.go_on(opened)
        return await cmd.answer(tx, views.membership(selling, goes_on), site=goes_on.site, reason=body.reason)


@router.post(
    "/memberships/{membership_id}:cancel",
    permission="balance.write",
    site="record",
    refusals=(*CHANGING, noes.CancelledAlready, *REFUNDING),
)
async def post_cancel(membership_id: UUID, body: CancelIn, cmd: Cmd, request: Request) -> Answer[CancelledOut]:
    """Cancel a membership with its period, or as of today with what its rule gives back."""
    selling, now = selling_of(request), datetime.now(UTC)
    asked = RefundAsked(body.reason, body.tenders, body.till_id, body.is_to_originals)
    async with cmd.transaction() as tx:
        opened = await membership_life.opened(tx, selling, membership_id, cmd.who, now, body.reason, asked)
        one, back = await membership_life.cancel(
            selling, opened, asked, cmd.who, at_period_end=body.at_period_end, refund=body.refund
        )
        answer = CancelledOut(
            membership=views.membership(selling, one),
            refund=None if back is None else ReturnOut.model_validate(return_answer(back, now)),
        )
        return await cmd.answer(tx, answer, site=one.site, reason=body.reason)


@router.post(
    "/memberships/{membership_id}:upgrade",
    permission="balance.write",
    site="record",
    refusals=(*CHANGING, noes.MembershipResting, noes.NotAnUpgrade, *JOINING),
)
async def post_upgrade(membership_id: UUID, body: UpgradeIn, cmd: Cmd, request: Request) -> Answer[JoinedOut]:
    """Change to a dearer membership today: the difference for the rest of the period is charged now."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        known = await periods.known(tx, membership_id)
        asked = JoinAsked(uuid7(), known.site, known.member_id, body.product_id, Joining(), body.tenders, body.till_id)
        recorded = await fees.upgrade(tx, selling, membership_id, asked, cmd.who, datetime.now(UTC))
        found = await rows.begun_by(tx, asked.charge_id)
        answer = _joined(selling, (await rows.load(tx, [found]))[found], recorded)
        return await cmd.answer(tx, answer, site=known.site, target=found)


@router.post("/memberships/{membership_id}:payment", permission="balance.write", site="record", refusals=CHANGING)
async def post_payment_set(
    membership_id: UUID, body: PaymentSetIn, cmd: Cmd, request: Request
) -> Answer[MembershipOut]:
    """How further fees are paid; the reference is the terminal's, never a card number."""
    selling = selling_of(request)
    _check_payment(body)
    async with cmd.transaction() as tx:
        opened = await membership_life.opened(tx, selling, membership_id, cmd.who, datetime.now(UTC))
        one = await membership_life.pay_by(opened, body.paid_by, body.payment_reference)
        return await cmd.answer(tx, views.membership(selling, one), site=one.site)
