"""The only home of memberships: the days of their periods, their fees by days, pauses, and what ends them (SAL-21).

Days are the site's own. The anchor is the day on which a membership renews: the 31st is the last day of a shorter
month and the 31st again after it; Feb 29 is Feb 28 in a common year.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.balance_refusals import BadDay, CancelledAlready, MembershipEnded, MembershipResting
from lotwise.values import half_up

DAY = timedelta(days=1)
YEAR_MAX = 2200
PAUSE_DAYS_MAX = 366


class Anchor(NamedTuple):
    """The day on which a membership renews: each month, or each year when a month is named."""

    day: int
    month: int | None

    def in_month(self, year: int, month: int) -> date:
        """The anchor in a month: its last day where the month is shorter."""
        return date(year, month, min(self.day, monthrange(year, month)[1]))


class Membership(NamedTuple):
    """A membership in the order of its columns. `from_day` to `to_day` is its present period, both inclusive."""

    membership_id: UUID
    package_id: UUID
    member_id: UUID
    site: str
    state: str
    period: str
    anchor_day: int
    anchor_month: int | None
    joined_on: date
    period_no: int
    from_day: date
    to_day: date
    paid_by: str
    payment_reference: str
    due_charge_id: UUID | None
    due_minor: int
    past_due_on: date | None
    paused_from: date | None
    paused_to: date | None
    is_cancelled: bool
    reason: str
    ended_on: date | None
    refund_rule: str
    rollover_periods: int
    redeem_at: Sequence[str]
    currency: str
    actor: str
    revision: int

    @property
    def anchor(self) -> Anchor:
        """The day on which it renews."""
        return Anchor(self.anchor_day, self.anchor_month)

    @property
    def due_on(self) -> date:
        """The day on which the next period begins."""
        return self.to_day + DAY

    @property
    def gives(self) -> bool:
        """Whether its entitlements and the members' prices are given now."""
        return self.state in {"active", "past_due"}


class Period(NamedTuple):
    """A period of a membership in the order of its columns; money in minor units.

    `days` is how many days its fee is for: pauses move its end and leave them as many. `price_minor` is what its fee
    line added up to before taxes were told apart, `fee_minor` the net of it. `ended_on` is the last day on which it
    gave something, where that was earlier than its end.
    """

    membership_id: UUID
    period_no: int
    from_day: date
    to_day: date
    days: int
    price_minor: int
    fee_minor: int
    tax_1_minor: int
    tax_2_minor: int
    charge_id: UUID | None
    refunded_minor: int
    ended_on: date | None


class Pause(NamedTuple):
    """Days on which a membership rested, both inclusive; without an end it rests still."""

    membership_id: UUID
    from_day: date
    to_day: date | None


def anchor_of(joined_on: date, period: str, day: int | None = None) -> Anchor:
    """The anchor of a membership joined on a day, or on a chosen day of the month. Raises BadDay."""
    if day is not None and not 1 <= day <= 31:
        raise BadDay(
            "a membership renews on a day from 1 to 31",
            field="anchor_day",
            ways_out=("choose a day from 1 to 31; in a shorter month it is the last day",),
            anchor_day=day,
        )
    return Anchor(day or joined_on.day, joined_on.month if period == "year" else None)


def next_anchor(anchor: Anchor, after: date) -> date:
    """The first renewal day after a day. Raises BadDay beyond the calendar that is kept."""
    year, month = after.year, after.month
    while year <= YEAR_MAX:
        if anchor.month is None or anchor.month == month:
            found = anchor.in_month(year, month)
            if found > after:
                return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    raise BadDay("a membership lasts until the year 2200 at most", field="from_day")


def last_anchor(anchor: Anchor, on: date) -> date:
    """The renewal day on a day or before it."""
    year, month = on.year, on.month
    while True:
        if anchor.month is None or anchor.month == month:
            found = anchor.in_month(year, month)
            if found <= on:
                return found
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)


def period_end(anchor: Anchor, from_day: date) -> date:
    """The last day of a period that begins on a day: the day before the next renewal."""
    return next_anchor(anchor, from_day) - DAY


def usable_until(anchor: Anchor, to_day: date, rollover_periods: int) -> date:
    """The last day on which what a period gives may be used: its end, or that of the periods it rolls over into."""
    last = to_day
    for _ in range(rollover_periods):
        last = period_end(anchor, last + DAY)
    return last


def prorated(price: int, anchor: Anchor, from_day: date) -> int:
    """The fee of a period that begins on a day: whole on a renewal day, else by its days, half-up."""
    begins = last_anchor(anchor, from_day)
    if begins == from_day:
        return price
    ends = next_anchor(anchor, from_day)
    return half_up(price * (ends - from_day).days, (ends - begins).days)


def days_between(first: date, last: date, pauses: Sequence[Pause]) -> int:
    """How many days lie between two days, both inclusive, leaving out those of pauses."""
    if last < first:
        return 0
    count = (last - first).days + 1
    for pause in pauses:
        begin, end = max(first, pause.from_day), min(last, pause.to_day or last)
        count -= max(0, (end - begin).days + 1)
    return max(0, count)


def earned(period: Period, pauses: Sequence[Pause], day: date) -> int:
    """What of a period's fee is earned at the end of a day; to the cent, the last day takes the rest (SAL-20)."""
    if period.ended_on is not None and day >= period.ended_on:
        return period.fee_minor - period.refunded_minor
    return period.fee_minor - unused_part(period.fee_minor, period, pauses, day)


def unearned(period: Period, pauses: Sequence[Pause], day: date) -> int:
    """What of a period's fee is still owed at the end of a day."""
    gone = period.refunded_minor if period.ended_on is not None and day >= period.ended_on else 0
    return period.fee_minor - gone - earned(period, pauses, day)


def unused_part(amount: int, period: Period, pauses: Sequence[Pause], today: date) -> int:
    """The share of an amount that belongs to the days of a period after today."""
    passed = days_between(period.from_day, min(today, period.to_day), pauses)
    return amount - half_up(amount * min(passed, period.days), period.days)


def check_running(membership: Membership) -> None:
    """Raise MembershipEnded when it ended."""
    if membership.state == "ended":
        raise MembershipEnded(
            f"it ended on {membership.ended_on}: {membership.reason}",
            ways_out=("sell a new membership",),
            membership_id=str(membership.membership_id),
        )


def check_gives(membership: Membership, field: str) -> None:
    """Raise MembershipResting unless its entitlements are given now."""
    if membership.gives:
        return
    ways = {
        "paused": ("resume the membership", "charge the line at its price"),
        "suspended": ("take the fee that is due", "charge the line at its price"),
    }.get(membership.state, ("sell a new membership", "charge the line at its price"))
    raise MembershipResting(
        f"the membership is {membership.state}",
        field=field,
        ways_out=ways,
        membership_id=str(membership.membership_id),
        state=membership.state,
    )


def pause(membership: Membership, from_day: date, to_day: date | None, today: date) -> Membership:
    """Let it rest from a day of its period on. Raises BadDay, MembershipEnded, MembershipResting."""
    check_running(membership)
    if membership.state != "active" or membership.paused_from is not None:
        raise MembershipResting(
            "only an active membership without a pause can be paused",
            ways_out=("resume it first",) if membership.paused_from else ("take the fee that is due first",),
            state=membership.state,
        )
    if from_day < today:
        raise BadDay("a pause begins today or later", field="from_day", from_day=from_day.isoformat())
    if from_day > membership.to_day:
        raise BadDay(
            f"a pause begins within the present period, which ends on {membership.to_day}",
            field="from_day",
            ways_out=("pause it after it renewed",),
            to_day=membership.to_day.isoformat(),
        )
    if to_day is not None and not from_day <= to_day <= from_day + DAY * PAUSE_DAYS_MAX:
        raise BadDay(
            f"a pause ends on its first day or within {PAUSE_DAYS_MAX} days",
            field="to_day",
            to_day=to_day.isoformat(),
        )
    state = "paused" if from_day <= today else membership.state
    return membership._replace(state=state, paused_from=from_day, paused_to=to_day)


def resume(membership: Membership, on_day: date) -> tuple[Membership, int]:
    """Let it go on from a day: the days it rested are given back and move its due day. How many they were, too.

    Raises MembershipResting when it does not rest and no pause lies ahead, MembershipEnded.
    """
    check_running(membership)
    if membership.paused_from is None:
        raise MembershipResting("the membership is not paused", state=membership.state)
    days = max(0, (on_day - membership.paused_from).days)
    state = "active" if membership.state == "paused" else membership.state
    goes_on = membership._replace(state=state, paused_from=None, paused_to=None)
    if not days:
        return goes_on, 0
    to_day = membership.to_day + DAY * days
    due = to_day + DAY
    month = due.month if membership.anchor_month is not None else None
    return goes_on._replace(to_day=to_day, anchor_day=due.day, anchor_month=month), days


def cancel(membership: Membership, today: date, reason: str, *, at_period_end: bool) -> Membership:
    """Cancel it: with its period, or today. Raises MembershipEnded, CancelledAlready."""
    check_running(membership)
    if at_period_end and membership.is_cancelled:
        raise CancelledAlready(
            f"it ends on {membership.to_day}",
            ways_out=("cancel it as of today instead",),
            membership_id=str(membership.membership_id),
            ends_on=membership.to_day.isoformat(),
        )
    if at_period_end and membership.state in {"active", "past_due"} and membership.paused_from is None:
        return membership._replace(is_cancelled=True, reason=reason)
    return end(membership, today, reason)


class Patience(NamedTuple):
    """How long an unpaid fee is waited for, in days after it was due: until suspended, and until ended."""

    suspend_days: int
    end_days: int


def next_step(membership: Membership, today: date, patience: Patience, *, is_paid: bool) -> str | None:
    """What a look at the clock does next: pause, resume, paid, suspend, end, lapse, renew; None when there is nothing.

    `is_paid`: nothing is due any more of the fee that was not paid. One step is taken at a time, so that a late look
    catches up period by period.
    """
    state, rests_from, rests_to = membership.state, membership.paused_from, membership.paused_to
    if state == "active" and rests_from is not None and rests_from <= today:
        return "pause"
    if state == "paused":
        return "resume" if rests_to is not None and rests_to < today else None
    if state in {"past_due", "suspended"}:
        return "paid" if is_paid else _unpaid_step(membership, today, patience)
    if state == "active" and membership.due_on <= today:
        return "end" if membership.is_cancelled else "renew"
    return None


def _unpaid_step(membership: Membership, today: date, patience: Patience) -> str | None:
    waited = (today - (membership.past_due_on or today)).days
    if membership.is_cancelled and membership.due_on <= today:
        return "end"
    if waited >= patience.end_days:
        return "lapse"
    return "suspend" if membership.state == "past_due" and waited >= patience.suspend_days else None


def end(membership: Membership, on_day: date, reason: str) -> Membership:
    """Let it end on a day."""
    return membership._replace(
        state="ended", ended_on=on_day, reason=reason, paused_from=None, paused_to=None, is_cancelled=True
    )
