"""The only home of what the chain owes its members as of a day: by kind and site, and the proof that it adds up."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from lotwise.kit.database import Tx
from lotwise.sales.domain import memberships as rules
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.repository import memberships as membership_rows
from lotwise.sales.repository import moves
from lotwise.sales.repository.moves import Wrong
from lotwise.values import day_bounds

USED = {"redeemed", "given back", "spent", "reversed"}
GONE = {"expired", "extended", "kept"}
BACK = {"refunded", "voided", "returned", "upgraded"}


class Owed(NamedTuple):
    """What was sold of a kind at a site until the end of a day, what became of it, and what is owed; minor units.

    Of memberships `used_minor` is what their days earned.
    """

    kind: str
    site: str
    sold_minor: int
    used_minor: int
    refunded_minor: int
    expired_minor: int
    outstanding_minor: int


async def as_of(tx: Tx, book: PriceBook, day: date, sites: Sequence[str] | None) -> list[Owed]:
    """What is owed at the end of a day, each site's by its own clock."""
    zones: dict[str, list[str]] = {}
    for slug, site in book.sites.items():
        if sites is None or slug in sites:
            zones.setdefault(site.time_zone, []).append(slug)
    found: list[Owed] = []
    for zone, slugs in sorted(zones.items()):
        found += await _in_zone(tx, day, day_bounds(day, zone)[1], slugs)
    return sorted(found)


async def _in_zone(tx: Tx, day: date, until: datetime, sites: Sequence[str]) -> list[Owed]:
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for figure in await moves.totals(tx, until, sites):
        sums.setdefault((figure.kind, figure.site), {})[figure.why] = figure.amount_minor
    unearned: dict[str, int] = {}
    periods = await membership_rows.unfinished(tx, day, sites)
    pauses = await membership_rows.pauses(tx, {period.membership_id for _, period in periods})
    for site, period in periods:
        owed = rules.unearned(period, pauses.get(period.membership_id, ()), day)
        unearned[site] = unearned.get(site, 0) + owed
    return [_owed(kind, site, by, unearned.get(site, 0)) for (kind, site), by in sums.items()]


def _owed(kind: str, site: str, by: dict[str, int], unearned: int) -> Owed:
    used = -sum(amount for why, amount in by.items() if why in USED)
    gone = -sum(amount for why, amount in by.items() if why in GONE)
    back = -sum(amount for why, amount in by.items() if why in BACK)
    total = sum(by.values())
    sold = total + used + gone + back
    if kind == "membership":
        return Owed(kind, site, sold, total - unearned, back, gone, unearned)
    return Owed(kind, site, sold, used, back, gone, total)


class Earned(NamedTuple):
    """What of memberships' fees the days of a period earned at a site; minor units."""

    site: str
    day: date
    earned_minor: int


async def earned_by_day(tx: Tx, first: date, last: date, sites: Sequence[str] | None) -> list[Earned]:
    """What memberships' fees earned on each day, to the cent: the differences of what was earned by its end."""
    found: dict[tuple[str, date], int] = {}
    periods = await membership_rows.touching(tx, first, last, sites)
    pauses = await membership_rows.pauses(tx, {period.membership_id for _, period in periods})
    for site, period in periods:
        rests = pauses.get(period.membership_id, ())
        day, ends = max(first, period.from_day), min(last, period.to_day)
        before = rules.earned(period, rests, day - timedelta(days=1)) if day > period.from_day else 0
        while day <= ends:
            now = rules.earned(period, rests, day)
            if now != before:
                found[(site, day)] = found.get((site, day), 0) + now - before
            before, day = now, day + timedelta(days=1)
    return [Earned(site, day, minor) for (site, day), minor in sorted(found.items())]


async def proof(tx: Tx, limit: int) -> tuple[int, list[Wrong]]:
    """How many entries there are, and the owners whose rows disagree with them."""
    return await moves.count(tx), await moves.wrong(tx, limit)
