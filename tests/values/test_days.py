"""Promises of days at a site."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

from lotwise.values import day_bounds, month_end, site_day


def test_a_day_belongs_to_its_site() -> None:
    """At one instant it is still the 20th in Vancouver and already the 21st in London (DESIGN 3.5, STK-17)."""
    instant = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    assert site_day(instant, "America/Vancouver") == date(2026, 11, 20)
    assert site_day(instant, "Europe/London") == date(2026, 11, 21)


def test_a_day_of_the_clock_change_is_longer_or_shorter() -> None:
    """The bounds of a day hold 25 hours in autumn and 23 in spring."""
    start, end = day_bounds(date(2026, 11, 1), "America/New_York")
    assert end - start == timedelta(hours=25)
    start, end = day_bounds(date(2026, 3, 8), "America/New_York")
    assert end - start == timedelta(hours=23)


def test_a_month_without_a_day_means_its_last_day() -> None:
    """An expiry printed as 02/2028 holds through the 29th (decision 3)."""
    assert month_end(2028, 2) == date(2028, 2, 29)
    assert month_end(2026, 2) == date(2026, 2, 28)


def test_zones_are_those_of_the_pinned_package() -> None:
    """WEB: a province that keeps its summer clock from 2026 on has the day that PostgreSQL gives it."""
    assert zoneinfo.TZPATH == ()
    assert site_day(datetime(2026, 11, 22, 7, 6, tzinfo=UTC), "America/Vancouver") == date(2026, 11, 22)
