"""The only home of what the clock does to memberships: renew, suspend, end, pause and resume (SAL-11 SAL-21).

One step is one transaction, and the membership's row says which step is next: whoever looks twice, late or at the same
time as another finds nothing left to do.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import structlog

from lotwise.contracts.ids import named_id
from lotwise.contracts.sales import MembershipEnded as MembershipEndedEvent
from lotwise.contracts.sales import MembershipPastDue, MembershipResumed
from lotwise.kit.database import Tx
from lotwise.kit.principal import Principal
from lotwise.sales.domain import memberships as rules
from lotwise.sales.domain.charges import Charge
from lotwise.sales.domain.liabilities import Deed
from lotwise.sales.domain.memberships import Membership, Patience, Pause
from lotwise.sales.domain.refusals import NoPrice
from lotwise.sales.domain.tenders import Tender
from lotwise.sales.operations import fees, memberships
from lotwise.sales.operations.charges import Question, made_ready
from lotwise.sales.operations.ledger import Ledger, Wanted
from lotwise.sales.operations.packages import Sale
from lotwise.sales.operations.recording import Ready, record_within
from lotwise.sales.operations.selling import Selling
from lotwise.sales.repository import memberships as rows
from lotwise.values import MICROS, Refusal, day_bounds, half_up, site_day

log = structlog.get_logger(__name__)
ACTOR = "job:sales.memberships"
AT_ONCE = 200
STEPS_MAX = 400
"""More steps than a membership can owe to a clock that stood still for thirty years."""

NOBODY = UUID(int=0)


class Look(NamedTuple):
    """A look at the clock: what it needs, and when and where it is."""

    selling: Selling
    now: datetime
    today: date
    zone: str


async def run(selling: Selling, now: datetime, patience: Patience) -> int:
    """Take every step that is due, of every membership; how many were taken. One that cannot be taken is logged."""
    after, taken = NOBODY, 0
    while True:
        async with selling.db.reading() as tx:
            ids = await rows.with_work(tx, (now + timedelta(days=1)).date(), after, AT_ONCE)
        for membership_id in ids:
            try:
                taken += await catch_up(selling, membership_id, now, patience)
            except Refusal as refusal:
                log.warning("a membership waits", membership_id=str(membership_id), why=refusal.detail)
        if len(ids) < AT_ONCE:
            return taken
        after = ids[-1]


async def catch_up(selling: Selling, membership_id: UUID, now: datetime, patience: Patience) -> int:
    """Take the steps of one membership that are due, one after the other; how many there were."""
    taken = 0
    while taken < STEPS_MAX and await _step(selling, membership_id, now, patience):
        taken += 1
    return taken


async def _step(selling: Selling, membership_id: UUID, now: datetime, patience: Patience) -> bool:
    async with selling.db.transaction() as tx:
        known = await memberships.known(tx, membership_id)
        site = selling.prices.book.sites.get(known.site)
        if site is None:
            return False
        look = Look(selling, now, site_day(now, site.time_zone), site.time_zone)
        deed = Deed(known.site, now, now, ACTOR)
        accounts = [known.member_id] if known.paid_by == "account" else []
        ledger = await Ledger.open(tx, Wanted(memberships=[membership_id], accounts=accounts), deed, known.currency)
        membership = ledger.memberships[membership_id]
        due_charge = membership.due_charge_id
        is_paid = due_charge is None or not await rows.due_of(tx, due_charge)
        what = rules.next_step(membership, look.today, patience, is_paid=is_paid)
        if what is None:
            return False
        await STEPS[what](ledger, look, membership)
        await ledger.close()
    return True


async def _pause(ledger: Ledger, look: Look, membership: Membership) -> None:
    since = day_bounds(membership.paused_from or look.today, look.zone)[0]
    await memberships.kept(ledger, membership._replace(state="paused"), since)


async def _resume(ledger: Ledger, look: Look, membership: Membership) -> None:
    on_day = (membership.paused_to or look.today) + rules.DAY
    await resume(ledger, membership, on_day, look.zone, day_bounds(on_day, look.zone)[0])


async def resume(
    ledger: Ledger, membership: Membership, on_day: date, zone: str, since: datetime | None = None
) -> Membership:
    """Let a membership go on from a day: its rested days are given back to its period and to what that gives.

    `since` is the moment from which it gives again, that of the deed by default. Raises MembershipResting,
    MembershipEnded.
    """
    goes_on, days = rules.resume(membership, on_day)
    rested_from = membership.paused_from or on_day
    if days:
        period = await memberships.period_of(ledger.tx, membership)
        await rows.save_period(ledger.tx, period._replace(to_day=goes_on.to_day))
        await rows.put_pause(ledger.tx, Pause(membership.membership_id, rested_from, on_day - rules.DAY))
        await memberships.move_given(ledger, membership.membership_id, days, zone)
    else:
        await rows.drop_pause(ledger.tx, membership.membership_id, rested_from)
    kept = await memberships.kept(ledger, goes_on, since)
    ledger.events.append(memberships.said(MembershipResumed, kept, ledger.deed, from_day=on_day))
    return kept


async def _paid(ledger: Ledger, look: Look, membership: Membership) -> None:
    """What was due is paid: it goes on; of a suspended one the days that it did not give are not charged."""
    to_day = membership.to_day
    if membership.state == "suspended":
        to_day = max(to_day, look.today - rules.DAY)
    goes_on = membership._replace(state="active", to_day=to_day, due_charge_id=None, due_minor=0, past_due_on=None)
    kept = await memberships.kept(ledger, goes_on)
    ledger.events.append(memberships.said(MembershipResumed, kept, ledger.deed, from_day=look.today))


async def _suspend(ledger: Ledger, _look: Look, membership: Membership) -> None:
    kept = await memberships.kept(ledger, membership._replace(state="suspended"))
    ledger.events.append(
        memberships.said(MembershipPastDue, kept, ledger.deed, state="suspended", due_minor=kept.due_minor)
    )


async def _end(ledger: Ledger, look: Look, membership: Membership) -> None:
    since = day_bounds(membership.to_day, look.zone)[1]
    await end(ledger, membership, membership.to_day, membership.reason or "cancelled", since)


async def _lapse(ledger: Ledger, look: Look, membership: Membership) -> None:
    on_day = min(look.today, membership.to_day)
    if on_day < membership.to_day:
        period = await memberships.period_of(ledger.tx, membership)
        await rows.save_period(ledger.tx, period._replace(ended_on=max(on_day, period.from_day)))
    await end(ledger, membership, on_day, "not paid")


async def end(
    ledger: Ledger, membership: Membership, on_day: date, reason: str, since: datetime | None = None
) -> Membership:
    """Let a membership end with what its periods gave, and tell it; `since` is the moment, by default the deed's."""
    ended = await memberships.kept(ledger, rules.end(membership, on_day, reason), since)
    await memberships.close_given(ledger, membership.membership_id)
    back = (await memberships.period_of(ledger.tx, membership)).refunded_minor
    ledger.events.append(
        memberships.said(MembershipEndedEvent, ended, ledger.deed, on_day=on_day, reason=reason, refunded_minor=back)
    )
    return ended


async def _renew(ledger: Ledger, look: Look, membership: Membership) -> None:
    """Begin the next period: its fee is charged, out of the account or with the card on file where there is one."""
    selling, from_day = look.selling, membership.due_on
    at = day_bounds(from_day, look.zone)[0]
    charge_id = named_id("membership fee", membership.membership_id, membership.period_no + 1)
    one = await _fee(ledger, look, membership, at, charge_id)
    ledger.deed = ledger.deed._replace(happened_at=at, charge_id=charge_id)
    total, due = one.charge.total_minor, one.charge.due_minor
    if membership.paid_by == "account" and total and not due:
        ledger.move_account(membership.member_id, -total, "spent", "tenders.0")
    begun = membership._replace(
        period_no=membership.period_no + 1,
        from_day=from_day,
        to_day=rules.period_end(membership.anchor, from_day),
    )
    if due:
        begun = begun._replace(state="past_due", due_charge_id=charge_id, due_minor=due, past_due_on=from_day)
    begun = await memberships.kept(ledger, begun)
    sale = Sale(charge_id, membership.site, membership.member_id, at, membership.currency)
    (line,) = one.charge.lines
    await memberships.begin_period(ledger, selling.prices.book, begun, line, sale, selling.exponent)
    if due:
        ledger.events.append(memberships.said(MembershipPastDue, begun, ledger.deed, due_minor=due))
    outcome = (await record_within(ledger.tx, [one], look.now))[charge_id]
    if isinstance(outcome, Refusal):
        raise outcome


async def _fee(ledger: Ledger, look: Look, membership: Membership, at: datetime, charge_id: UUID) -> Ready:
    selling = look.selling
    try:
        full = fees.list_micros(selling, membership.site, membership.package_id, at)
        part = rules.prorated(full, membership.anchor, membership.due_on)
        micros = None if part == full else part
    except NoPrice:
        period = await memberships.period_of(ledger.tx, membership)
        scale: int = 10**selling.exponent
        micros = half_up(period.price_minor * MICROS, scale)
    priced = fees.priced_fee(selling, membership.site, membership.package_id, at, micros)
    tenders = _tenders(ledger, membership, priced.total_minor)
    question = Question(membership.site, at, (), membership.member_id, tenders)
    told = blake2b(charge_id.bytes, digest_size=16).digest()
    one = made_ready(
        priced, question, charge_id, currency=selling.currency, actor=ACTOR, source="membership", body_hash=told
    )
    due = priced.total_minor - sum(tender.amount_minor for tender in tenders)
    return one._replace(charge=one.charge._replace(due_minor=due), owing=None)


def _tenders(ledger: Ledger, membership: Membership, total: int) -> list[Tender]:
    if total <= 0:
        return []
    if membership.paid_by == "card":
        return [Tender("card", total, membership.payment_reference)]
    if membership.paid_by == "account" and ledger.accounts[membership.member_id].reach_minor >= total:
        return [Tender("account", total)]
    return []


STEPS: dict[str, Callable[[Ledger, Look, Membership], Awaitable[None]]] = {
    "pause": _pause,
    "resume": _resume,
    "paid": _paid,
    "suspend": _suspend,
    "end": _end,
    "lapse": _lapse,
    "renew": _renew,
}


async def paid_now(selling: Selling, tx: Tx, charge: Charge, who: Principal, now: datetime) -> None:
    """A fee that was due is paid at the desk: its membership goes on at once."""
    membership_id = await rows.owing(tx, charge.charge_id)
    if membership_id is None:
        return
    deed = Deed(charge.site, now, now, who.actor, charge.charge_id)
    ledger = await Ledger.open(tx, Wanted(memberships=[membership_id]), deed, charge.currency)
    membership = ledger.memberships[membership_id]
    if membership.due_charge_id == charge.charge_id and membership.state in {"past_due", "suspended"}:
        site = selling.prices.book.sites.get(membership.site)
        zone = "UTC" if site is None else site.time_zone
        await _paid(ledger, Look(selling, now, site_day(now, zone), zone), membership)
        await ledger.close()
