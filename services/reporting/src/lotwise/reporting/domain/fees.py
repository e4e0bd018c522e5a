"""The only home of how a membership's fee is earned: by the days of its period, of which a pause leaves as many.

What is earned by the end of a day is the fee times the days passed over all days, half-up: the days of a period add up
to its fee. A run is a stretch of days without a pause; any two days of it tell what lies between them.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.values import half_up

DAY = timedelta(days=1)


class Step(NamedTuple):
    """What happened to a membership, in the order of its columns; `minor` is the fee, or what was given back of it."""

    revision: int
    step: str
    site: str
    product_id: UUID
    from_day: date
    to_day: date | None
    minor: int


class Run(NamedTuple):
    """Days that earn one after another: `passed` of the fee's `days` were before the first of them."""

    first_day: date
    site: str
    product_id: UUID
    last_day: date
    passed: int
    days: int
    fee_minor: int


class _Period:
    """A period as its membership's steps leave it."""

    def __init__(self, step: Step) -> None:
        self.begun = step
        self.last = step.to_day or step.from_day
        self.days = (self.last - step.from_day).days + 1
        self.rests: list[tuple[date, date | None]] = []
        self.ended: tuple[date, int] | None = None

    def runs(self) -> "list[Run]":
        """Its stretches of days, and the day of its end with what is left to earn then."""
        begun, found, first, passed = self.begun, list[Run](), self.begun.from_day, 0
        last = self.last if self.ended is None else min(self.last, self.ended[0] - DAY)
        for rests_from, rests_to in [*sorted(self.rests, key=lambda rest: rest[0]), (date.max, None)]:
            until = min(last, rests_from - DAY)
            if until >= first:
                found.append(Run(first, begun.site, begun.product_id, until, passed, self.days, begun.minor))
                passed += (until - first).days + 1
            if rests_to is None:
                break
            first = max(first, rests_to + DAY)
        return found + self._closing(passed)

    def _closing(self, passed: int) -> "list[Run]":
        if self.ended is None:
            return []
        day, back = self.ended
        fee = self.begun.minor
        left = fee - back - half_up(fee * min(passed, self.days), self.days)
        return [Run(day, self.begun.site, self.begun.product_id, day, 0, 1, left)] if left else []


def runs_of(steps: Iterable[Step]) -> "list[Run]":
    """The runs of a membership's steps, in whatever order they are given."""
    periods: list[_Period] = []
    rest: tuple[date, date | None] | None = None
    for step in sorted(steps):
        if step.step == "renewed":
            periods.append(_Period(step))
        elif not periods:
            continue
        elif step.step == "paused":
            rest = (step.from_day, step.to_day)
            periods[-1].rests.append(rest)
        elif step.step == "resumed" and rest is not None:
            _resume(periods[-1], rest, step.from_day)
            rest = None
        elif step.step == "ended":
            periods[-1].ended = (step.from_day, step.minor)
    return [run for period in periods for run in period.runs()]


def _resume(period: _Period, rest: tuple[date, date | None], on_day: date) -> None:
    """The days it rested lengthen the period; a pause that never began is none."""
    if rest in period.rests:
        period.rests.remove(rest)
    days = (on_day - rest[0]).days
    if days > 0:
        period.rests.append((rest[0], on_day - DAY))
        period.last += DAY * days
