"""The only home of what a person does to a membership: pause, resume, cancel with or without refund, how it is paid."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import MembershipPaused
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain import memberships as rules
from lotwise.sales.domain.liabilities import Deed
from lotwise.sales.domain.memberships import Membership, Pause, Period
from lotwise.sales.domain.returns import Return
from lotwise.sales.operations import memberships
from lotwise.sales.operations.charges import TenderAsked
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.operations.renewals import end, resume
from lotwise.sales.operations.returns import MoneyBack, ReturnAsked, give_money_back
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import charges as charge_rows
from lotwise.sales.repository import memberships as rows
from lotwise.sales.repository import packages as package_rows
from lotwise.values import half_up, site_day


class RefundAsked(NamedTuple):
    """How money goes back: by which tenders or the way it came, out of which till, and why."""

    reason: str
    tenders: Sequence[TenderAsked] = ()
    till_id: UUID | None = None
    is_to_originals: bool = False

    @property
    def may_use_account(self) -> bool:
        """Whether money may go onto the member's account."""
        return self.is_to_originals or any(one.kind == "account" for one in self.tenders)


class Opened(NamedTuple):
    """A locked membership, the ledger of the deed on it, and its site's zone and day."""

    ledger: Ledger
    membership: Membership
    zone: str
    today: date


async def opened(
    tx: Tx,
    selling: Selling,
    membership_id: UUID,
    who: Principal,
    now: datetime,
    reason: str = "",
    refund: RefundAsked | None = None,
) -> Opened:
    """Lock a membership for whoever may change it at its site. Raises UnknownMembership, Forbidden.

    For a refund the charge of its fee is locked first, as a void does, then the account that the money may go onto.
    """
    known = await memberships.known(tx, membership_id)
    who.at("balance.write", known.site)
    site = selling.prices.book.sites.get(known.site)
    zone = "UTC" if site is None else site.time_zone
    deed = Deed(known.site, now, now, who.actor, None, reason)
    accounts: list[UUID] = []
    if refund is not None:
        paid = (await memberships.period_of(tx, known)).charge_id
        if paid is not None:
            await charge_rows.lock(tx, paid)
        accounts = [known.member_id] if refund.may_use_account else []
    wanted = Wanted(memberships=[membership_id], accounts=accounts)
    ledger = await Ledger.open(tx, wanted, deed, known.currency)
    return Opened(ledger, ledger.memberships[membership_id], zone, site_day(now, zone))


async def pause(one: Opened, from_day: date | None, to_day: date | None) -> Membership:
    """Let it rest from a day on, today by default. Raises BadDay, MembershipResting, MembershipEnded."""
    ledger, first = one.ledger, from_day or one.today
    rests = await memberships.kept(ledger, rules.pause(one.membership, first, to_day, one.today))
    await rows.put_pause(ledger.tx, Pause(rests.membership_id, first, to_day))
    ledger.events.append(memberships.said(MembershipPaused, rests, ledger.deed, from_day=first, to_day=to_day))
    await ledger.close()
    return rests


async def go_on(one: Opened) -> Membership:
    """Let it go on today; a pause that lies ahead is dropped. Raises MembershipResting, MembershipEnded."""
    goes_on = await resume(one.ledger, one.membership, one.today, one.zone)
    await one.ledger.close()
    return goes_on


async def pay_by(one: Opened, paid_by: str, reference: str) -> Membership:
    """How its further fees are paid. Raises MembershipEnded."""
    rules.check_running(one.membership)
    changed = await memberships.kept(one.ledger, one.membership._replace(paid_by=paid_by, payment_reference=reference))
    await one.ledger.close()
    return changed


async def cancel(
    selling: Selling, one: Opened, asked: RefundAsked, who: Principal, *, at_period_end: bool, refund: bool
) -> tuple[Membership, Return | None]:
    """Cancel it with its period, or today; today with what its rule gives back of the fee, if that is asked.

    Raises MembershipEnded, CancelledAlready, and what a refund's tenders, till and limits raise.
    """
    ledger, membership = one.ledger, one.membership
    after = rules.cancel(membership, one.today, asked.reason, at_period_end=at_period_end)
    if after.state != "ended":
        kept = await memberships.kept(ledger, after)
        await ledger.close()
        return kept, None
    back = await _close_period(selling, one, asked, who, refund=refund)
    ended = await end(ledger, membership, one.today, asked.reason)
    await ledger.close()
    return ended, back


async def _close_period(
    selling: Selling, one: Opened, asked: RefundAsked, who: Principal, *, refund: bool
) -> Return | None:
    """The present period ends today; what is given back of its fee is no longer owed, the rest is earned."""
    ledger, membership = one.ledger, one.membership
    period = await memberships.period_of(ledger.tx, membership)
    if one.today >= period.to_day:
        return None
    net = await refundable(ledger.tx, membership, period, one.today) if refund else 0
    ended_on = max(one.today, period.from_day)
    await rows.save_period(ledger.tx, period._replace(refunded_minor=net, ended_on=ended_on))
    if not net or period.charge_id is None:
        return None
    ledger.note(
        "membership", membership.membership_id, "refunded", -net,
        site=membership.site, member_id=membership.member_id,
    )  # fmt: skip
    taxes = [half_up(tax * net, period.fee_minor) for tax in (period.tax_1_minor, period.tax_2_minor)]
    line = await rows.line_of(ledger.tx, period.charge_id, membership.package_id)
    money = MoneyBack(uuid7(), period.charge_id, line, net, taxes[0], taxes[1])
    return await give_money_back(
        selling, ledger.tx, money, refund_of(membership.site, period.charge_id, asked), who, ledger.deed.now
    )


async def refundable(tx: Tx, membership: Membership, period: Period, today: date) -> int:
    """What of the present period's fee goes back today: its unused days or, by the rule `list`, the fee less what was
    used of it at list price; nothing of a fee that was not paid.
    """
    if membership.due_minor and membership.due_charge_id == period.charge_id:
        return 0
    pauses = (await rows.pauses(tx, [membership.membership_id])).get(membership.membership_id, [])
    unused = rules.unused_part(period.fee_minor, period, pauses, today)
    if membership.refund_rule == "pro_rata":
        return unused
    ids = await package_rows.ids_of_membership(tx, membership.membership_id)
    given = await package_rows.load(tx, ids)
    used = sum(
        item.used_list_minor for one in given.values() if one.charge_id == period.charge_id for item in one.items
    )
    return max(0, min(unused, period.fee_minor - used))


def refund_of(site: str, charge_id: UUID, asked: RefundAsked) -> ReturnAsked:
    """A refund as a return that names no goods."""
    return ReturnAsked(
        charge_id, site, None, None, asked.reason, "desk", (), asked.tenders, asked.till_id, asked.is_to_originals
    )
