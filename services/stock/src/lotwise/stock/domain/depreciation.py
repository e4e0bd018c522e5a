"""The only home of what an asset is worth on a day: exact integers in minor units, by one of five methods.

What is worth is computed exactly and rounded half-up once; a period's depreciation is the difference of two worths, so
that all periods together are the cost less what is left, to the cent, and the salvage is never undercut.
"""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from lotwise.values import half_up

STRAIGHT_LINE = "straight_line"
DECLINING_BALANCE = "declining_balance"
FIXED_DECLINING = "fixed_declining"
SUM_OF_YEARS = "sum_of_years"
UNITS_OF_PRODUCTION = "units_of_production"
METHODS = (STRAIGHT_LINE, DECLINING_BALANCE, FIXED_DECLINING, SUM_OF_YEARS, UNITS_OF_PRODUCTION)
WHOLE_YEARS = (FIXED_DECLINING, SUM_OF_YEARS)
"""The methods whose formula counts years: their life is whole years."""

DOUBLE = 2000
_YEAR = 12
_EXACT = Context(prec=60)


class Plan(NamedTuple):
    """How an asset loses its worth: money in minor units, life in months, `factor` in thousandths (2000 is double).

    `units_total` is how many units of work it is bought for; the other methods leave it 0.
    """

    method: str
    cost: int
    salvage: int
    life_months: int
    in_service_on: date
    factor: int = DOUBLE
    units_total: int = 0

    @property
    def ends_on(self) -> date:
        """The first day after its life."""
        return add_months(self.in_service_on, self.life_months)


class Use(NamedTuple):
    """Units of work an asset did, as read on a day."""

    day: date
    units: int


class Period(NamedTuple):
    """A row of a schedule: from a day until before another, what it cost, what is left after it (minor units)."""

    first: date
    until: date
    depreciation: int
    accumulated: int
    book_value: int


def problem(plan: Plan) -> str | None:
    """The field that makes a plan senseless, or None."""
    works = plan.method == UNITS_OF_PRODUCTION
    broken_years = plan.method in WHOLE_YEARS and plan.life_months % _YEAR > 0
    senseless = {
        "method": plan.method not in METHODS,
        "cost_minor": plan.cost < 0,
        "salvage_minor": not 0 <= plan.salvage <= plan.cost,
        "units_total": works and plan.units_total <= 0,
        "life_months": not works and (plan.life_months <= 0 or broken_years),
        "factor": plan.method == DECLINING_BALANCE and plan.factor <= 0,
    }
    return next((field for field, is_so in senseless.items() if is_so), None)


def book_value(plan: Plan, day: date, uses: Iterable[Use] = ()) -> int:
    """What the asset is worth at the end of a day: its cost until it is in service, its salvage at the least."""
    if plan.method == UNITS_OF_PRODUCTION:
        done = sum(one.units for one in uses if one.day <= day)
        part = Fraction(min(done, plan.units_total), plan.units_total)
        return _rounded(plan.cost - (plan.cost - plan.salvage) * part)
    months = min(months_between(plan.in_service_on, day), Fraction(plan.life_months))
    return _rounded(_worth(plan, months)) if months > 0 else plan.cost


def schedule(plan: Plan, uses: Sequence[Use] = (), *, months: int = _YEAR, until: date | None = None) -> list[Period]:
    """The periods of the asset's life by calendar, `months` long each (1, 3 or 12); the first and last may be parts.

    Units of production have no end of their own: their schedule runs to the last reading, or `until`.
    """
    end = plan.ends_on
    if plan.method == UNITS_OF_PRODUCTION:
        last = max((one.day for one in uses), default=plan.in_service_on)
        end = _next_start(until or last, months)
    elif until is not None:
        end = min(end, _next_start(until, months))
    rows: list[Period] = []
    first, before = plan.in_service_on, plan.cost
    while first < end:
        stop = min(_next_start(first, months), end)
        after = book_value(plan, date.fromordinal(stop.toordinal() - 1), uses)
        rows.append(Period(first, stop, before - after, plan.cost - after, after))
        first, before = stop, after
    return rows


def months_between(start: date, day: date) -> Fraction:
    """Months in service at the end of a day, exactly: whole ones, and the days of the running one over its length."""
    after = date.fromordinal(day.toordinal() + 1)
    if after <= start:
        return Fraction(0)
    whole = (after.year - start.year) * _YEAR + after.month - start.month
    if add_months(start, whole) > after:
        whole -= 1
    began, ends = add_months(start, whole), add_months(start, whole + 1)
    return whole + Fraction((after - began).days, (ends - began).days)


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last one of a shorter month."""
    year, month = divmod(day.year * _YEAR + day.month - 1 + months, _YEAR)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def per_period(worths: Sequence[Fraction]) -> list[int]:
    """What is lost between exact worths, in minor units: the sum is the first less the last, rounded."""
    rounded = [_rounded(one) for one in worths]
    return [before - after for before, after in pairwise(rounded)]


def declining(cost: int, salvage: int, periods: int, factor: Fraction = Fraction(2)) -> list[Fraction]:
    """Worths at the ends of periods: each loses `factor / periods` of what it began with, down to the salvage (DDB)."""
    return [_declined(cost, salvage, Fraction(factor, periods), Fraction(done)) for done in range(periods + 1)]


def fixed_declining(cost: int, salvage: int, years: int, first_months: int = _YEAR) -> list[Fraction]:
    """Worths at the ends of years at the rate that leads from cost to salvage, rounded to three decimals (DB).

    The first year has `first_months`; then a last part year takes the months that are missing.
    """
    rate = _fixed_rate(cost, salvage, years)
    worths = [Fraction(cost)]
    parts = [first_months, *[_YEAR] * (years - 1), *([_YEAR - first_months] if first_months < _YEAR else [])]
    for part in parts:
        worths.append(worths[-1] - worths[-1] * rate * Fraction(part, _YEAR))
    return worths


def sum_of_years(cost: int, salvage: int, years: int) -> list[Fraction]:
    """Worths at the ends of years: each loses the years that remain over the sum of all years' digits (SYD)."""
    return [_by_digits(cost, salvage, years, Fraction(done)) for done in range(years + 1)]


def _worth(plan: Plan, months: Fraction) -> Fraction:
    if plan.method == STRAIGHT_LINE:
        return plan.cost - (plan.cost - plan.salvage) * months / plan.life_months
    years = months / _YEAR
    if plan.method == SUM_OF_YEARS:
        return _by_digits(plan.cost, plan.salvage, plan.life_months // _YEAR, years)
    if plan.method == FIXED_DECLINING:
        rate = _fixed_rate(plan.cost, plan.salvage, plan.life_months // _YEAR)
    else:
        rate = Fraction(plan.factor, 1000) * _YEAR / plan.life_months
    return _declined(plan.cost, plan.salvage, rate, years)


def _declined(cost: int, salvage: int, rate: Fraction, years: Fraction) -> Fraction:
    """The worth after some years, the running one in part: within a year it falls evenly, never below the salvage."""
    kept = max(Fraction(0), 1 - rate)
    whole = years.numerator // years.denominator
    floor = Fraction(salvage)
    at_start = max(floor, cost * kept**whole)
    at_end = max(floor, cost * kept ** (whole + 1))
    return at_start - (at_start - at_end) * (years - whole)


def _by_digits(cost: int, salvage: int, years: int, done: Fraction) -> Fraction:
    whole = min(done.numerator // done.denominator, years)
    digits = years * (years + 1) // 2
    lost = whole * years - whole * (whole - 1) // 2
    running = (years - whole) * (done - whole)
    return cost - (cost - salvage) * (lost + running) / digits


def _fixed_rate(cost: int, salvage: int, years: int) -> Fraction:
    if not cost:
        return Fraction(0)
    kept = _EXACT.power(_EXACT.divide(Decimal(salvage), Decimal(cost)), _EXACT.divide(Decimal(1), Decimal(years)))
    return Fraction(_EXACT.subtract(Decimal(1), kept).quantize(Decimal("0.001"), ROUND_HALF_UP))


def _rounded(worth: Fraction) -> int:
    return half_up(worth.numerator, worth.denominator)


def _next_start(day: date, months: int) -> date:
    """The first day of the calendar period after the one a day lies in."""
    index = day.year * _YEAR + day.month - 1
    year, month = divmod((index // months + 1) * months, _YEAR)
    return date(year, month + 1, 1)
