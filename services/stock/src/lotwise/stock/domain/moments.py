"""The only home of what an instant of the past means: which days lie wholly before it, and what is left to look at.

Two clocks (DESIGN 3.9): what had happened (`as_of`) and what was recorded (`known_at`). A day belongs to the zone that
its site had when a movement was recorded, so a site that changed its zone has several pieces of time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.values import day_bounds, site_day

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
NO_DAY = date(1, 1, 1)
LAST_DAY = date(9999, 12, 31)
ID_SLACK = timedelta(hours=1)
"""How far the instant in a movement's id may lie from its recorded_at: a long transaction, a clock set right."""


class Moment(NamedTuple):
    """An instant on one clock or on both, inclusive; None leaves that clock open."""

    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether nothing of the past is asked for."""
        return self.as_of is None and self.known_at is None

    def day(self, now: datetime) -> datetime:
        """The instant whose day decides how long a lot was still usable."""
        return self.as_of or self.known_at or now


class Zoned(NamedTuple):
    """A site and the zone it had for what was recorded from an instant on."""

    site: str
    zone: str
    since: datetime


class Piece(NamedTuple):
    """What was recorded at a site within one zone, and from which instants on its days are not wholly before."""

    site: str
    recorded_from: datetime
    recorded_until: datetime
    happened_start: datetime
    recorded_start: datetime


class Edge(NamedTuple):
    """A site's days on the two clocks: totals of days before both are wholly before the moment.

    `happened_last` is the latest day that the moment may belong to; it differs from `happened_day` only where a site
    changed its zone.
    """

    site: str
    happened_day: date
    recorded_day: date
    happened_last: date


class Span(NamedTuple):
    """A stretch of recording, with the movement ids that may lie in it."""

    recorded_from: datetime
    recorded_until: datetime
    id_from: UUID
    id_until: UUID


def id_at(instant: datetime) -> UUID:
    """The lowest UUIDv7 of an instant."""
    stamp = max(0, int(instant.timestamp() * 1000))
    return UUID(int=min(stamp, 2**48 - 1) << 80)


def span(recorded_from: datetime, recorded_until: datetime) -> Span:
    """A stretch of recording, its end excluded."""
    first = id_at(max(EVER, recorded_from - ID_SLACK)) if recorded_from > EVER else UUID(int=0)
    last = id_at(recorded_until + ID_SLACK) if recorded_until < NEVER else UUID(int=2**128 - 1)
    return Span(recorded_from, recorded_until, first, last)


def edges(moment: Moment, zones: Iterable[Zoned]) -> tuple[list[Edge], list[Piece]]:
    """For each site the days that bound the moment, and the pieces of time that its boundary days consist of."""
    by_site: dict[str, list[Zoned]] = {}
    for one in sorted(zones, key=lambda zoned: (zoned.site, zoned.since)):
        by_site.setdefault(one.site, []).append(one)
    found: list[Edge] = []
    pieces: list[Piece] = []
    for site, history in by_site.items():
        happened = [_day(moment.as_of, one.zone) for one in history]
        recorded = [_day(moment.known_at, one.zone) for one in history]
        edge = Edge(site, min(happened), min(recorded), max(happened))
        found.append(edge)
        for index, one in enumerate(history):
            until = history[index + 1].since if index + 1 < len(history) else NEVER
            pieces.append(
                Piece(site, one.since, until, _start(edge.happened_day, one.zone), _start(edge.recorded_day, one.zone))
            )
    return found, pieces


def _day(instant: datetime | None, zone: str) -> date:
    return LAST_DAY if instant is None else site_day(instant, zone)


def _start(day: date, zone: str) -> datetime:
    return NEVER if day == LAST_DAY else day_bounds(day, zone)[0]


def spans(
    moment: Moment, edges_: Sequence[Edge], zones: Sequence[Zoned], recorded_days: Iterable[tuple[str, date]]
) -> list[Span]:
    """Where the movements of the boundary days were recorded: these days of sites, and the day of `known_at`.

    Overlapping stretches are joined, so that no movement is met twice.
    """
    until = NEVER if moment.known_at is None else moment.known_at + timedelta(microseconds=1)
    by_site: dict[str, list[str]] = {}
    for zoned in zones:
        by_site.setdefault(zoned.site, []).append(zoned.zone)
    stretches: list[tuple[datetime, datetime]] = []
    for site, day in set(recorded_days):
        bounds = [day_bounds(day, zone) for zone in by_site[site]]
        stretches.append((min(one[0] for one in bounds), min(until, max(one[1] for one in bounds))))
    if moment.known_at is not None:
        starts = [_start(edge.recorded_day, zone) for edge in edges_ for zone in by_site[edge.site]]
        stretches.append((min(starts, default=until), until))
    return [span(*one) for one in _joined(stretches)]


def _joined(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
