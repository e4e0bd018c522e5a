"""Days of memberships: month ends, leap years, proration, pauses; the fee earned by days, to the cent."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import named_id
from lotwise.sales.domain import memberships
from lotwise.sales.domain.balance_refusals import BadDay, CancelledAlready, MembershipEnded, MembershipResting
from lotwise.sales.domain.memberships import (
    DAY,
    Anchor,
    Membership,
    Patience,
    Pause,
    Period,
    anchor_of,
    next_anchor,
    period_end,
)

ID = named_id("membership")


def joined(on: date, period: str = "month", **more: Any) -> Membership:
    """A membership joined on a day."""
    anchor = anchor_of(on, period)
    member = Membership(
        ID, named_id("gold"), named_id("member"), "harley", "active", period, anchor.day, anchor.month, on, 1, on,
        period_end(anchor, on), "none", "", None, 0, None, None, None, False, "", None, "pro_rata", 0, (), "USD",
        "user:x", 1,
    )  # fmt: skip
    return member._replace(**more)


def fee(from_day: date, to_day: date, minor: int, **more: Any) -> Period:
    """A period with its fee."""
    days = (to_day - from_day).days + 1
    return Period(ID, 1, from_day, to_day, days, minor, minor, 0, 0, None, 0, None)._replace(**more)


def test_the_31st_is_the_last_day_and_the_31st_again() -> None:
    """SAL-11: joined on 31 January 2027: due 28 February, 31 March, 30 April, 31 May."""
    anchor, day = anchor_of(date(2027, 1, 31), "month"), date(2027, 1, 31)
    days = [day := next_anchor(anchor, day) for _ in range(4)]
    assert days == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2027, 5, 31)]


def test_leap_day_renews_on_the_28th_and_the_29th_again() -> None:
    """SAL-11: a year from 29 February 2028 is due on 28 February until 2032 has a 29th."""
    anchor, day = anchor_of(date(2028, 2, 29), "year"), date(2028, 2, 29)
    days = [day := next_anchor(anchor, day) for _ in range(4)]
    assert days == [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)]


@given(st.dates(date(2000, 1, 1), date(2150, 1, 1)), st.sampled_from(["month", "year"]), st.integers(1, 31))
def test_periods_follow_one_another(on: date, period: str, day: int) -> None:
    """SAL-11: from any day, with any anchor, each period begins the day after the last and has at least a day."""
    anchor = anchor_of(on, period, day)
    for _ in range(30):
        end = period_end(anchor, on)
        assert on <= end <= on + timedelta(days=366)
        on = end + DAY
        assert on == anchor.in_month(on.year, on.month)


@pytest.mark.parametrize("day", [0, 32, -1])
def test_a_day_that_no_month_has_is_refused(day: int) -> None:
    """SAL-11: a membership renews on a day from 1 to 31."""
    with pytest.raises(BadDay):
        anchor_of(date(2026, 1, 1), "month", day)


def test_joining_in_the_middle_costs_the_days_that_are_left() -> None:
    """SAL-21: joined on 16 June for the 1st of the month: 15 of 30 days, half of the fee; on the 1st the whole."""
    anchor = Anchor(1, None)
    assert memberships.prorated(9900, anchor, date(2026, 6, 16)) == 4950
    assert memberships.prorated(9900, anchor, date(2026, 6, 1)) == 9900
    assert memberships.prorated(9900, anchor, date(2026, 7, 31)) == 319


@given(
    st.integers(0, 10**9),
    st.integers(1, 366),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 40)), max_size=3),
)
def test_a_fee_is_earned_by_the_day_and_whole_at_the_end(minor: int, days: int, rests: list[tuple[int, int]]) -> None:
    """SAL-20: what is earned grows day by day, never beyond the fee, rests in pauses, and is whole on the last day."""
    first = date(2026, 1, 1)
    pauses, begin, rested = [], first, 0
    for gap, length in rests:
        begin += DAY * gap
        pauses.append(Pause(ID, begin, begin + DAY * (length - 1)))
        begin += DAY * length
        rested += length
    last = first + DAY * (days + rested - 1)
    pauses = [pause for pause in pauses if pause.from_day <= last]
    period = fee(first, last, minor, days=memberships.days_between(first, last, pauses))
    if not period.days:
        return
    before = 0
    for n in range((period.to_day - first).days + 1):
        now = memberships.earned(period, pauses, first + DAY * n)
        assert before <= now <= minor
        if n and any(pause.from_day <= first + DAY * n <= (pause.to_day or date.max) for pause in pauses):
            assert now == before
        assert now + memberships.unearned(period, pauses, first + DAY * n) == minor
        before = now
    assert before == minor


def test_what_was_ended_and_refunded_is_earned_at_once() -> None:
    """SAL-21: ended on 10 June after 10 of 30 days with 66.00 given back: 33.00 are earned from then on."""
    period = fee(date(2026, 6, 1), date(2026, 6, 30), 9900)
    back = memberships.unused_part(9900, period, [], date(2026, 6, 10))
    ended = period._replace(ended_on=date(2026, 6, 10), refunded_minor=back)
    assert (back, memberships.earned(ended, [], date(2026, 6, 30))) == (6600, 3300)
    assert memberships.unearned(ended, [], date(2026, 6, 10)) == 0


def test_a_pause_gives_its_days_back() -> None:
    """SAL-21: paused from 10 June, resumed on 17 June: 7 days later due, on that day of each month from then on."""
    member = joined(date(2026, 6, 1))
    rests = memberships.pause(member, date(2026, 6, 10), None, date(2026, 6, 10))
    assert (rests.state, rests.gives) == ("paused", False)
    goes_on, days = memberships.resume(rests, date(2026, 6, 17))
    assert (days, goes_on.state, goes_on.due_on, goes_on.anchor_day) == (7, "active", date(2026, 7, 8), 8)


def test_pauses_that_cannot_be() -> None:
    """SAL-21: not in the past, not backwards, not beyond the period, not twice, not once it ended."""
    member, today = joined(date(2026, 6, 1)), date(2026, 6, 10)
    for first, last in (
        (date(2026, 6, 9), None),
        (date(2026, 6, 12), date(2026, 6, 11)),
        (date(2026, 7, 2), None),
        (today, date(2028, 1, 1)),
    ):
        with pytest.raises(BadDay):
            memberships.pause(member, first, last, today)
    rests = memberships.pause(member, today, None, today)
    with pytest.raises(MembershipResting):
        memberships.pause(rests, today, None, today)
    with pytest.raises(MembershipResting):
        memberships.resume(member, today)
    with pytest.raises(MembershipEnded):
        memberships.pause(memberships.end(member, today, "x"), today, None, today)


def test_cancelling_twice_is_refused() -> None:
    """SAL-11: cancelled with its period, a second time only as of today; ended, not at all."""
    member, today = joined(date(2026, 6, 1)), date(2026, 6, 10)
    with_period = memberships.cancel(member, today, "moves away", at_period_end=True)
    assert (with_period.state, with_period.is_cancelled) == ("active", True)
    with pytest.raises(CancelledAlready):
        memberships.cancel(with_period, today, "again", at_period_end=True)
    ended = memberships.cancel(with_period, today, "now", at_period_end=False)
    assert (ended.state, ended.ended_on) == ("ended", today)
    with pytest.raises(MembershipEnded):
        memberships.cancel(ended, today, "again", at_period_end=False)


def test_what_rolls_over_is_usable_until_the_later_period_ends() -> None:
    """SAL-21: of the period from 31 January with one period of rollover: until 30 March."""
    anchor = anchor_of(date(2027, 1, 31), "month")
    assert memberships.usable_until(anchor, date(2027, 2, 27), 0) == date(2027, 2, 27)
    assert memberships.usable_until(anchor, date(2027, 2, 27), 1) == date(2027, 3, 30)


def test_a_look_at_the_clock_takes_one_step_at_a_time() -> None:
    """SAL-21: due: renewed; unpaid: suspended after 14 days and over after 60; paid: goes on; cancelled: ends."""
    member, patience = joined(date(2026, 6, 1)), Patience(14, 60)

    def step(one: Membership, day: date, *, is_paid: bool = False) -> str | None:
        return memberships.next_step(one, day, patience, is_paid=is_paid)

    assert step(member, date(2026, 6, 30)) is None
    assert step(member, date(2026, 7, 1)) == "renew"
    assert step(member._replace(is_cancelled=True), date(2026, 7, 1)) == "end"
    unpaid = member._replace(state="past_due", past_due_on=date(2026, 6, 1))
    assert step(unpaid, date(2026, 6, 14)) is None
    assert step(unpaid, date(2026, 6, 15)) == "suspend"
    assert step(unpaid, date(2026, 6, 15), is_paid=True) == "paid"
    assert step(unpaid._replace(state="suspended"), date(2026, 7, 30)) is None
    assert step(unpaid._replace(state="suspended"), date(2026, 7, 31)) == "lapse"
    rests = memberships.pause(member, date(2026, 6, 10), date(2026, 6, 20), date(2026, 6, 5))
    assert (step(rests, date(2026, 6, 9)), step(rests, date(2026, 6, 10))) == (None, "pause")
    paused = rests._replace(state="paused")
    assert (step(paused, date(2026, 6, 20)), step(paused, date(2026, 6, 21))) == (None, "resume")
