"""What an asset is worth: the published figures of every method, and what holds for all of them (STK-23)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.stock.domain.depreciation import (
    DECLINING_BALANCE,
    FIXED_DECLINING,
    METHODS,
    STRAIGHT_LINE,
    SUM_OF_YEARS,
    UNITS_OF_PRODUCTION,
    Plan,
    Use,
    add_months,
    book_value,
    declining,
    fixed_declining,
    months_between,
    per_period,
    problem,
    schedule,
    sum_of_years,
)

BEGAN = date(2024, 1, 1)
LASER = Plan(STRAIGHT_LINE, 6_000_000, 600_000, 60, BEGAN)


def yearly(plan: Plan, uses: tuple[Use, ...] = ()) -> list[int]:
    """What each calendar year costs."""
    return [one.depreciation for one in schedule(plan, uses)]


def test_straight_line_equals_the_published_figures() -> None:
    """STK-23: SLN(30000, 7500, 10) = 2250.00 every year; a laser of 60,000 with salvage 6,000 over 5 years 10,800."""
    assert yearly(Plan(STRAIGHT_LINE, 3_000_000, 750_000, 120, BEGAN)) == [225_000] * 10
    assert yearly(LASER) == [1_080_000] * 5


def test_double_declining_equals_the_published_figures() -> None:
    """STK-23: DDB(2400, 300, 10) gives 480.00 first and 22.12 in year 10, 1.32 on day 1 of 3650, 40.00 in month 1 of
    120, 306.00 in year 2 at 1.5; DDB(100000, 10000, 20 or 10) at 2 and 3; the laser 24,000 down to 1,776.
    """
    ten = per_period(declining(240_000, 30_000, 10))
    assert (ten[0], ten[9], sum(ten)) == (48_000, 2_212, 210_000)
    assert per_period(declining(240_000, 30_000, 3650)[:2]) == [132]
    assert per_period(declining(240_000, 30_000, 120))[0] == 4_000
    assert per_period(declining(240_000, 30_000, 10, Fraction(3, 2)))[1] == 30_600
    firsts = [
        per_period(declining(10_000_000, 1_000_000, years, Fraction(factor)))[0]
        for years, factor in ((20, 2), (20, 3), (10, 2), (10, 3))
    ]
    assert firsts == [1_000_000, 1_500_000, 2_000_000, 3_000_000]
    laser = LASER._replace(method=DECLINING_BALANCE)
    assert yearly(laser) == [2_400_000, 1_440_000, 864_000, 518_400, 177_600]


def test_fixed_declining_equals_the_published_figures() -> None:
    """STK-23: DB(1,000,000; 100,000; 6 years; 7 months) year by year, and DB(40000, 100, 6, 3, 2) = 8323.12."""
    assert per_period(fixed_declining(100_000_000, 10_000_000, 6, 7)) == [
        18_608_333, 25_963_942, 17_681_444, 12_041_064, 8_199_964, 5_584_176, 1_584_510,
    ]  # fmt: skip
    assert per_period(fixed_declining(4_000_000, 10_000, 6, 2))[2] == 832_312


def test_sum_of_years_equals_the_published_figures() -> None:
    """STK-23: SYD(30000, 7500, 10) is 4090.91 in the first year and 409.09 in the tenth; all ten are 22,500.00."""
    found = per_period(sum_of_years(3_000_000, 750_000, 10))
    assert (found[0], found[9], sum(found)) == (409_091, 40_909, 2_250_000)
    assert yearly(Plan(SUM_OF_YEARS, 3_000_000, 750_000, 120, BEGAN)) == found


def test_units_of_production_follow_the_work() -> None:
    """STK-23: 4,800 of 20,000 thousand pulses of a laser cost 12,960; more work than bought for costs no more."""
    plan = Plan(UNITS_OF_PRODUCTION, 6_000_000, 600_000, 0, BEGAN, units_total=20_000)
    read = (Use(date(2024, 5, 1), 3_000), Use(date(2024, 12, 31), 1_800), Use(date(2025, 2, 1), 90_000))
    assert book_value(plan, date(2024, 4, 30), read) == 6_000_000
    assert book_value(plan, date(2024, 12, 31), read) == 6_000_000 - 1_296_000
    assert book_value(plan, date(2025, 2, 1), read) == 600_000
    assert yearly(plan, read) == [1_296_000, 4_104_000]


def test_a_part_year_costs_its_part() -> None:
    """STK-23: given a laser in service on 1 October; then 2024 costs 3 months of 12, the last year 9, and all of it
    the cost less salvage; on 16 November half of that month is gone.
    """
    plan = LASER._replace(in_service_on=date(2024, 10, 1))
    assert yearly(plan) == [270_000, 1_080_000, 1_080_000, 1_080_000, 1_080_000, 810_000]
    assert book_value(plan, date(2024, 11, 15)) == 6_000_000 - 135_000
    assert [one.depreciation for one in schedule(plan, months=1)][:3] == [90_000] * 3
    assert [one.depreciation for one in schedule(plan, months=3)][:2] == [270_000, 270_000]


def test_before_service_it_is_worth_its_cost_and_after_its_life_its_salvage() -> None:
    """STK-23: the day before service nothing is lost, the day after the life nothing more."""
    assert book_value(LASER, date(2023, 12, 31)) == 6_000_000
    assert book_value(LASER, date(2028, 12, 31)) == 600_000
    assert book_value(LASER, date(2190, 1, 1)) == 600_000


def test_months_end_where_the_calendar_ends_them() -> None:
    """STK-23: a month from 31 January ends with February; half of a month of 28 days is 14."""
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert months_between(date(2025, 2, 1), date(2025, 2, 14)) == Fraction(1, 2)
    assert months_between(date(2025, 1, 31), date(2025, 2, 27)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"method": "guess"}, "method"),
        ({"cost": -1}, "cost_minor"),
        ({"salvage": 6_000_001}, "salvage_minor"),
        ({"salvage": -1}, "salvage_minor"),
        ({"life_months": 0}, "life_months"),
        ({"method": SUM_OF_YEARS, "life_months": 18}, "life_months"),
        ({"method": DECLINING_BALANCE, "factor": 0}, "factor"),
        ({"method": UNITS_OF_PRODUCTION}, "units_total"),
    ],
)
def test_a_senseless_plan_is_named(change: dict[str, object], field: str) -> None:
    """STK-23: each senseless plan names the field that makes it so."""
    assert problem(LASER._replace(**change)) == field  # type: ignore[arg-type]


plans = st.builds(
    lambda method, cost, share, years, began, factor: Plan(
        method, cost, cost * share // 100, 12 * years, began, factor, 1000
    ),
    st.sampled_from(METHODS),
    st.integers(0, 10**9),
    st.integers(0, 100),
    st.integers(1, 15),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(500, 4000),
)


@given(plans, st.sampled_from([1, 3, 12]), st.lists(st.integers(0, 400), max_size=5))
def test_every_schedule_conserves_the_cost(plan: Plan, months: int, work: list[int]) -> None:
    """STK-23: whatever the method and period; then no period is below zero, they follow each other without a gap, their
    sum is the cost less what is left, and what is left is never under the salvage.
    """
    uses = [Use(plan.in_service_on + timedelta(days=90 * step), units) for step, units in enumerate(work)]
    rows = schedule(plan, uses, months=months)
    assert problem(plan) is None
    assert all(one.depreciation >= 0 for one in rows)
    assert [one.until for one in rows[:-1]] == [one.first for one in rows[1:]]
    assert sum(one.depreciation for one in rows) == plan.cost - (rows[-1].book_value if rows else plan.cost)
    assert all(one.book_value >= plan.salvage for one in rows)
    assert all(one.book_value == plan.cost - one.accumulated for one in rows)
    if plan.method in {STRAIGHT_LINE, SUM_OF_YEARS}:
        assert rows[-1].book_value == plan.salvage
    if plan.method == FIXED_DECLINING:
        assert rows[0].first == plan.in_service_on
