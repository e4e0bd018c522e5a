"""The only home of the fact: one event of the journal as plain values, and how its texts are read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from lotwise.values import site_day

MICRO = 1_000_000
UTC_ZONE = "UTC"


class Fact(NamedTuple):
    """One event as the journal keeps it: `name` is its kebab name ("sale-recorded"), `body` its JSON object."""

    name: str
    site: str
    at: datetime
    body: Mapping[str, Any]


def micro(text: str) -> int:
    """A quantity as millionths of its unit, exact at any size: "2.5" → 2500000."""
    if "." not in text:
        return int(text) * MICRO
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(6, "0"))


def local_day(instant: str, zone: str) -> date:
    """The calendar day, in the site's zone, of an ISO instant with its offset."""
    return site_day(datetime.fromisoformat(instant), zone)
