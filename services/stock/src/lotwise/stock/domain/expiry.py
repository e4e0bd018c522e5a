"""The only home of when a lot is over at a site: at the site's midnight after its expiry date (SPEC decision 3)."""

from collections.abc import Sequence
from datetime import date, datetime

from lotwise.values import day_bounds, site_day


def is_expired(expires_on: date | None, now: datetime, zone: str) -> bool:
    """Whether the site's date has passed the last usable day."""
    return expires_on is not None and site_day(now, zone) > expires_on


def expired_at(expires_on: date, zone: str) -> datetime:
    """The instant at which the lot stops being usable at a site in `zone`."""
    return day_bounds(expires_on, zone)[1]


def due_threshold(left: int, thresholds: Sequence[int], told: int | None) -> int | None:
    """The narrowest threshold (days) that a lot with `left` days stands in and that was not told yet, or None.

    `told` is the narrowest threshold said so far: each is said once, and a lot that jumps several says the last.
    """
    reached = [days for days in thresholds if left <= days]
    if left < 0 or not reached:
        return None
    narrowest = min(reached)
    return narrowest if told is None or narrowest < told else None
