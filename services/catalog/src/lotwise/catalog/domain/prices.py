"""The only home of the price list's periods: a new price cuts what was valid before, and history is never covered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from lotwise.catalog.domain.refusals import PriceOverlap
from lotwise.values import BadValue

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Price:
    """A price per unit in micros, valid from an instant until another one (excluded; None: until further notice)."""

    id: UUID
    product_id: UUID
    at_site: str | None
    price: int
    valid_from: datetime
    valid_to: datetime | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new price does to the list: rows that are new and rows whose end (or price) changed."""

    new: tuple[Price, ...] = ()
    changed: tuple[Price, ...] = ()


def place(current: Sequence[Price], wanted: Price, tail_id: UUID, now: datetime) -> Plan:
    """Put a price into the list of one product at one site (or the chain's).

    An open end lasts until the next price begins; a closed one gives way to the price it interrupted. The same price
    over the same period changes nothing; a price that has not begun yet is replaced in place.
    Raises PriceOverlap when it would cover another price whole, BadValue when it ends before it begins.
    """
    if wanted.valid_to is not None and wanted.valid_to <= wanted.valid_from:
        raise BadValue("A price must end after it begins.", field="valid_to")
    around = next((row for row in current if _covers(row, wanted.valid_from)), None)
    wanted = _bounded(current, wanted)
    if around is not None and around.price == wanted.price and _reaches(around, wanted.valid_to):
        return Plan()
    if around is not None and around.valid_from == wanted.valid_from:
        return _replaced(around, wanted, now)
    return _cut(around, wanted, tail_id)


def _covers(row: Price, instant: datetime) -> bool:
    return row.valid_from <= instant and (row.valid_to is None or instant < row.valid_to)


def _reaches(row: Price, until: datetime | None) -> bool:
    return row.valid_to is None or (until is not None and until <= row.valid_to)


def _bounded(current: Sequence[Price], wanted: Price) -> Price:
    later = [row for row in current if row.valid_from > wanted.valid_from]
    begins = min((row.valid_from for row in later), default=None)
    if wanted.valid_to is None:
        return replace(wanted, valid_to=begins)
    if begins is not None and begins < wanted.valid_to:
        raise PriceOverlap(
            "Another price begins before this one would end.", field="valid_to", begins=begins.isoformat()
        )
    return wanted


def _replaced(row: Price, wanted: Price, now: datetime) -> Plan:
    if row.valid_from <= now or row.valid_to != wanted.valid_to:
        raise PriceOverlap(
            "Another price begins at that very time.",
            field="valid_from",
            ways_out=("choose a later beginning",),
            begins=row.valid_from.isoformat(),
        )
    return Plan(changed=(replace(row, price=wanted.price, revision=row.revision + 1),))


def _cut(around: Price | None, wanted: Price, tail_id: UUID) -> Plan:
    if around is None:
        return Plan(new=(wanted,))
    shortened = replace(around, valid_to=wanted.valid_from, revision=around.revision + 1)
    if wanted.valid_to is None or (around.valid_to is not None and around.valid_to <= wanted.valid_to):
        return Plan(new=(wanted,), changed=(shortened,))
    tail = replace(around, id=tail_id, valid_from=wanted.valid_to, revision=1)
    return Plan(new=(wanted, tail), changed=(shortened,))


def valid_at(prices: Sequence[Price], instant: datetime, site: str | None) -> Price | None:
    """The price at an instant: the site's own wins over the chain's."""
    valid = [row for row in prices if _covers(row, instant) and row.at_site in {site, None}]
    return next((row for row in valid if row.at_site is not None), next(iter(valid), None))
