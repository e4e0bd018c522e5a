"""The only home of periods that may not overlap: a new one cuts what was valid before, and history is never covered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, cast
from uuid import UUID

from lotwise.catalog.domain.refusals import PriceOverlap
from lotwise.values import BadValue

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Period(Protocol):
    """Something valid from an instant until another one (excluded; None: until further notice)."""

    @property
    def id(self) -> UUID:
        """What names it."""

    @property
    def at_site(self) -> str | None:
        """The site it is valid at; None is the chain."""

    @property
    def valid_from(self) -> datetime:
        """When it begins."""

    @property
    def valid_to(self) -> datetime | None:
        """When it ends."""

    @property
    def revision(self) -> int:
        """How often it was written."""

    @property
    def worth(self) -> object:
        """What it says while it is valid."""


P = TypeVar("P", bound=Period)


@dataclass(frozen=True, slots=True)
class Plan(Generic[P]):
    """What a new period does to the list: rows that are new and rows whose end (or worth) changed."""

    new: tuple[P, ...] = ()
    changed: tuple[P, ...] = ()


def place(current: Sequence[P], wanted: P, tail_id: UUID, now: datetime) -> Plan[P]:
    """Put a period into the list of one thing at one place.

    An open end lasts until the next one begins; a closed one gives way to the one it interrupted. The same worth
    over the same period changes nothing; one that has not begun yet is replaced in place.
    Raises PriceOverlap when it would cover another one whole, BadValue when it ends before it begins.
    """
    if wanted.valid_to is not None and wanted.valid_to <= wanted.valid_from:
        raise BadValue("A price must end after it begins.", field="valid_to")
    around = next((row for row in current if covers(row, wanted.valid_from)), None)
    wanted = _bounded(current, wanted)
    if around is not None and around.worth == wanted.worth and _reaches(around, wanted.valid_to):
        return Plan()
    if around is not None and around.valid_from == wanted.valid_from:
        return _replaced(around, wanted, now)
    return _cut(around, wanted, tail_id)


def ended(row: P, now: datetime) -> P:
    """The period over by now; one that has not begun yet is withdrawn: it ends where it begins.

    Raises BadValue for one that is over already.
    """
    if row.valid_to is not None and row.valid_to <= now:
        raise BadValue("This one is over already.", field="valid_to")
    return changed(row, valid_to=max(now, row.valid_from), revision=row.revision + 1)


def is_withdrawn(row: Period) -> bool:
    """Whether it was taken back before it began: it is valid at no time."""
    return row.valid_to == row.valid_from


def covers(row: Period, instant: datetime) -> bool:
    """Whether it is valid at an instant."""
    return row.valid_from <= instant and (row.valid_to is None or instant < row.valid_to)


def valid_at(rows: Sequence[P], instant: datetime, site: str | None) -> P | None:
    """The one valid at an instant: the site's own wins over the chain's."""
    valid = [row for row in rows if covers(row, instant) and row.at_site in {site, None}]
    return next((row for row in valid if row.at_site is not None), next(iter(valid), None))


def changed(row: P, **changes: Any) -> P:
    """The row with some of its fields changed."""
    return cast("P", replace(cast("Any", row), **changes))


def _reaches(row: Period, until: datetime | None) -> bool:
    return row.valid_to is None or (until is not None and until <= row.valid_to)


def _bounded(current: Sequence[P], wanted: P) -> P:
    later = [row for row in current if row.valid_from > wanted.valid_from]
    begins = min((row.valid_from for row in later), default=None)
    if wanted.valid_to is None:
        return changed(wanted, valid_to=begins)
    if begins is not None and begins < wanted.valid_to:
        raise PriceOverlap(
            "Another price begins before this one would end.",
            field="valid_to",
            ways_out=("let this one end when the other begins", "choose another period"),
            begins=begins.isoformat(),
        )
    return wanted


def _replaced(row: P, wanted: P, now: datetime) -> Plan[P]:
    if row.valid_from <= now or row.valid_to != wanted.valid_to:
        raise PriceOverlap(
            "Another price begins at that very time.",
            field="valid_from",
            ways_out=("choose a later beginning",),
            begins=row.valid_from.isoformat(),
        )
    return Plan(changed=(changed(wanted, id=row.id, revision=row.revision + 1),))


def _cut(around: P | None, wanted: P, tail_id: UUID) -> Plan[P]:
    if around is None:
        return Plan(new=(wanted,))
    shortened = changed(around, valid_to=wanted.valid_from, revision=around.revision + 1)
    if wanted.valid_to is None or (around.valid_to is not None and around.valid_to <= wanted.valid_to):
        return Plan(new=(wanted,), changed=(shortened,))
    tail = changed(around, id=tail_id, valid_from=wanted.valid_to, revision=1)
    return Plan(new=(wanted, tail), changed=(shortened,))
