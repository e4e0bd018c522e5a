"""The only home of the charges of memberships' fees: joining with a chosen day, changing to a dearer one (SAL-21)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.sales import MembershipEnded as MembershipEndedEvent
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain import memberships as rules
from lotwise.sales.domain.balance_refusals import MembershipResting, NotAnUpgrade
from lotwise.sales.domain.charges import Priced, price_charge
from lotwise.sales.domain.definitions import Site
from lotwise.sales.domain.drafts import Rights
from lotwise.sales.domain.liabilities import Deed
from lotwise.sales.domain.lines import Asked
from lotwise.sales.domain.memberships import Anchor, Membership, Pause, Period
from lotwise.sales.domain.owing import Joining, Owing
from lotwise.sales.domain.refusals import NoPrice, UnknownSite
from lotwise.sales.operations import balances, memberships
from lotwise.sales.operations.charges import Question, TenderAsked, made_ready
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.operations.recording import Recorded
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.tills import held_seat
from lotwise.sales.repository import memberships as rows
from lotwise.values import MICROS, half_up, price_text, site_day

STATING = Rights(state_facts=True, set_prices=True)


class JoinAsked(NamedTuple):
    """How somebody joins: where, whom, what, on which day it renews, how its fees are paid now and later."""

    charge_id: UUID
    site: str
    member_id: UUID
    product_id: UUID
    how: Joining
    tenders: Sequence[TenderAsked]
    till_id: UUID | None = None


def priced_fee(selling: Selling, site: str, product_id: UUID, at: datetime, micros: int | None) -> Priced:
    """A fee priced by the one engine, at the price book's price or at its part. Raises what `price_charge` raises."""
    asked = Asked(product_id, None, "1", "sale", None if micros is None else price_text(micros))
    book = selling.prices.book
    return price_charge(book, site, [asked], at, STATING, is_fact=True, exponent=selling.exponent)


def list_micros(selling: Selling, site: str, product_id: UUID, at: datetime) -> int:
    """What a membership costs at a site. Raises NoPrice."""
    price = selling.prices.book.price(product_id, site, at)
    if price is None:
        raise NoPrice(
            "the membership has no price at this site on that day",
            field="product_id",
            ways_out=("set a price in the catalog",),
        )
    return price.micros


def site_of(selling: Selling, slug: str) -> Site:
    """A site that is known. Raises UnknownSite."""
    site = selling.prices.book.sites.get(slug)
    if site is None:
        raise UnknownSite(f"no site is called {slug!r}", field="site")
    return site


async def join(tx: Tx, selling: Selling, asked: JoinAsked, who: Principal, now: datetime) -> Recorded:
    """Let a member join, with the charge of the first fee: whole, or by the days until the chosen renewal day.

    Raises UnknownSite, NotAMembership, MembershipTaken, BadDay, NoPrice, BadTender and what the tenders raise.
    """
    site = site_of(selling, asked.site)
    definition = memberships.definition_of(selling.prices.book, asked.product_id)
    today = site_day(now, site.time_zone)
    anchor = rules.anchor_of(today, definition.period or "month", asked.how.anchor_day)
    full = list_micros(selling, asked.site, asked.product_id, now)
    part = rules.prorated(full, anchor, today)
    priced = priced_fee(selling, asked.site, asked.product_id, now, None if part == full else part)
    return await _charged(tx, selling, priced, asked, who, now)


async def _charged(
    tx: Tx, selling: Selling, priced: Priced, asked: JoinAsked, who: Principal, now: datetime
) -> Recorded:
    question = Question(asked.site, now, (), asked.member_id, asked.tenders)
    one = made_ready(
        priced, question, asked.charge_id, currency=selling.currency, actor=who.actor, source="desk", body_hash=b"",
    )  # fmt: skip
    if asked.till_id is not None:
        session_id = await held_seat(tx, asked.till_id, asked.site, who)
        one = one._replace(charge=one.charge._replace(session_id=session_id))
    return await balances.record_in(tx, selling, one, Owing(is_fact=False, joins={1: asked.how}), now)


class Credit(NamedTuple):
    """What is left of a period's fee for the days from one on: as it was priced, and net."""

    price: int
    net: int


def credit_of(period: Period, pauses: Sequence[Pause], from_day: date) -> Credit:
    """What is left of a period's fee from a day on."""
    before = from_day - timedelta(days=1)
    return Credit(
        rules.unused_part(period.price_minor, period, pauses, before),
        rules.unused_part(period.fee_minor, period, pauses, before),
    )


class Upgrade(NamedTuple):
    """What a change to another membership costs now: minor units before tax, and how the new one is joined."""

    price_minor: int
    credit: Credit
    how: Joining


def upgrade_of(
    membership: Membership, period: Period, pauses: Sequence[Pause], new_period: str, full_minor: int, today: date
) -> Upgrade:
    """The new fee for the rest of the period less what is left of the old one; a year for a month begins anew.

    Raises NotAnUpgrade when that is below zero.
    """
    credit = credit_of(period, pauses, today)
    how = Joining(None, None, membership.paid_by, membership.payment_reference, credit.price, credit.net)
    fee = full_minor
    if new_period == membership.period:
        begins = rules.last_anchor(membership.anchor, membership.to_day)
        rest = (membership.due_on - today).days
        fee = half_up(full_minor * rest, max(rest, (membership.due_on - begins).days))
        anchor: Anchor = membership.anchor
        how = how._replace(anchor_day=anchor.day, anchor_month=anchor.month, until=membership.to_day)
    if fee < credit.price:
        raise NotAnUpgrade(
            "it costs less than what is left of the present membership",
            field="product_id",
            ways_out=("cancel the present one with its period and join the other then",),
            fee_minor=fee,
            left_minor=credit.price,
        )
    return Upgrade(fee - credit.price, credit, how)


async def upgrade(
    tx: Tx, selling: Selling, membership_id: UUID, asked: JoinAsked, who: Principal, now: datetime
) -> Recorded:
    """Change a membership to a dearer one from today: the difference for the rest of the period is charged now.

    Raises UnknownMembership, MembershipEnded, MembershipResting, NotAMembership, NotAnUpgrade and what `join` raises.
    """
    known = await memberships.known(tx, membership_id)
    who.at("balance.write", known.site)
    deed = Deed(known.site, now, now, who.actor, asked.charge_id, "upgraded")
    accounts = [known.member_id] if any(one.kind == "account" for one in asked.tenders) else []
    ledger = await Ledger.open(tx, Wanted(memberships=[membership_id], accounts=accounts), deed, known.currency)
    membership = ledger.memberships[membership_id]
    rules.check_running(membership)
    if membership.state != "active" or membership.paused_from is not None:
        raise MembershipResting(
            "only an active membership without a pause is upgraded",
            ways_out=("resume it first",) if membership.paused_from else ("take the fee that is due first",),
            state=membership.state,
        )
    definition = memberships.definition_of(selling.prices.book, asked.product_id)
    today = site_day(now, site_of(selling, membership.site).time_zone)
    period = await memberships.period_of(tx, membership)
    pauses = (await rows.pauses(tx, [membership_id])).get(membership_id, [])
    micros = list_micros(selling, membership.site, asked.product_id, now)
    scale: int = 10**selling.exponent
    plan = upgrade_of(membership, period, pauses, definition.period or "month", half_up(micros * scale, MICROS), today)
    await _let_go(ledger, membership, period, plan.credit, today)
    await ledger.close()
    priced = priced_fee(selling, membership.site, asked.product_id, now, half_up(plan.price_minor * MICROS, scale))
    joined = asked._replace(site=membership.site, member_id=membership.member_id, how=plan.how)
    return await _charged(tx, selling, priced, joined, who, now)


async def _let_go(ledger: Ledger, membership: Membership, period: Period, credit: Credit, today: date) -> None:
    """The old membership ends yesterday; what is left of its fee is owed by the new one."""
    ended_on = today - timedelta(days=1)
    await rows.save_period(ledger.tx, period._replace(refunded_minor=credit.net, ended_on=ended_on))
    ended = await memberships.kept(ledger, rules.end(membership, ended_on, "upgraded"))
    await memberships.close_given(ledger, membership.membership_id)
    ledger.note(
        "membership", membership.membership_id, "upgraded", -credit.net,
        site=membership.site, member_id=membership.member_id,
    )  # fmt: skip
    ledger.events.append(
        memberships.said(
            MembershipEndedEvent, ended, ledger.deed, on_day=ended_on, reason="upgraded", refunded_minor=credit.net
        )
    )
