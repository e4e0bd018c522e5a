"""A site's day: instants are UTC, days (expiry, reports) belong to the site's time zone.

Zones are those of the pinned package, never the machine's: a clock change that one part knows and another does not
would put a deed near midnight on two days.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec
from zoneinfo import ZoneInfo, reset_tzpath

SiteDay = date
if find_spec("tzdata") is not None:
    reset_tzpath(())


def site_day(instant: datetime, zone: str) -> SiteDay:
    """The calendar day at a site in `zone` (IANA name) at an aware instant."""
    return instant.astimezone(ZoneInfo(zone)).date()


def day_bounds(day: SiteDay, zone: str) -> tuple[datetime, datetime]:
    """The UTC instants at which the site's day begins and ends (end excluded); 23 or 25 hours at a clock change."""
    tz = ZoneInfo(zone)
    start = datetime.combine(day, time(), tz)
    end = datetime.combine(day + timedelta(days=1), time(), tz)
    return start.astimezone(UTC), end.astimezone(UTC)


def month_end(year: int, month: int) -> date:
    """The last day of a month: what an expiry printed without a day means."""
    return date(year, month, monthrange(year, month)[1])
