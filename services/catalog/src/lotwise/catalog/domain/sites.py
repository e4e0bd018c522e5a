"""The only home of what a site is, and of its taxes over time."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from lotwise.values import BadValue, parse_price, price_text

CHAIN = "chain"
BEGINNING = date(1970, 1, 1)
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
_PERCENT_MAX = 100_000_000


@dataclass(frozen=True, slots=True)
class Site:
    """A clinic or store; its slug is its identity for ever."""

    slug: str
    name: str
    time_zone: str
    legal_entity: str = ""
    is_central_store: bool = False
    stock_policy: str = "block_at_zero"
    stock_unreachable: str = "sell"
    tax_rounding: str = "line"
    cash_rounding_minor: int = 1
    package_tax_point: str = "sale"
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the two taxes of a site: its name and its two rates in percent, in micros."""

    name: str = ""
    rate_1: int = 0
    rate_2: int = 0


@dataclass(frozen=True, slots=True)
class SiteTaxes:
    """The two taxes of a site from a day on."""

    slug: str
    valid_from: date
    tax_1: Slot = Slot()
    tax_2: Slot = Slot()
    revision: int = 1


def checked(site: Site) -> Site:
    """The site if its slug and time zone may stand for ever. Raises BadValue with the field."""
    if site.slug == CHAIN or not _SLUG.fullmatch(site.slug):
        raise BadValue(
            "A site's slug has lower-case letters, digits and dashes, at most 40; `chain` is reserved.", field="slug"
        )
    if site.time_zone not in available_timezones():
        raise BadValue(f"{site.time_zone} is not a time zone of the IANA list.", field="time_zone")
    return site


def changed(was: Site, now: Site) -> Site | None:
    """The site with its next revision, or None when nothing changed."""
    return None if was == replace(now, revision=was.revision) else replace(now, revision=was.revision + 1)


def differences(was: Site, now: Site) -> list[tuple[str, Any, Any]]:
    """The fields that changed, each with its old and new value."""
    names = (field.name for field in fields(Site) if field.name != "revision")
    return [
        (name, getattr(was, name), getattr(now, name)) for name in names if getattr(was, name) != getattr(now, name)
    ]


def slot_of(name: str, rate_1: str, rate_2: str) -> Slot:
    """A tax slot from its rates as decimal strings in percent; 0 to 100. Raises BadValue."""
    return Slot(name.strip(), _percent("rate_1", rate_1), _percent("rate_2", rate_2))


def _percent(field: str, text: str) -> int:
    rate = parse_price(text)
    if not 0 <= rate <= _PERCENT_MAX:
        raise BadValue("A tax rate lies between 0 and 100 percent.", field=field)
    return rate


def rate_text(rate: int) -> str:
    """A rate in micros as the shortest decimal string: 9975000 → "9.975", 5000000 → "5"."""
    text = price_text(rate)
    return text.rstrip("0").rstrip(".")
