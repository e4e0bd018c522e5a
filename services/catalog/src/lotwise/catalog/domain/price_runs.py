"""The only home of a run of the price-setting tool: what it does to each product's list, and what undoing it does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.catalog.domain import periods, price_rules
from lotwise.catalog.domain.periods import Plan
from lotwise.catalog.domain.price_rules import Reason, Rule
from lotwise.catalog.domain.prices import EVERYONE, Price, valid_at
from lotwise.catalog.domain.refusals import PriceOverlap


@dataclass(frozen=True, slots=True)
class Place:
    """Which list of prices: the chain's or a site's, for everyone or for members, from when on."""

    at_site: str | None
    audience: str
    begins: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that a run may price, with its cost in micros."""

    product_id: UUID
    code: str
    name: str
    cost: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """What a run does to one product: the price it starts from, its own on that list, and the new one or a reason."""

    candidate: Candidate
    was: int | None
    was_own: int | None
    now: int | None = None
    reason: Reason | None = None
    plan: Plan[Price] = field(default_factory=Plan)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept: who set which prices how, when, and whether it was undone."""

    id: UUID
    rule: Rule
    at_site: str | None
    audience: str
    begins: datetime
    chosen: dict[str, Any]
    who: str
    created_at: datetime
    prices: int
    skipped: int
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone: int = 0


def priced(
    candidate: Candidate, known: Sequence[Price], rule: Rule, place: Place, now: datetime, ids: tuple[UUID, UUID],
    minor_exponent: int,
) -> Row:  # fmt: skip
    """What the rule does to a product. A site without a price starts from the chain's, members from everyone's."""
    own = _own(known, place, place.begins)
    start = own or valid_at(known, place.begins, place.at_site, place.audience)
    start = start or valid_at(known, place.begins, place.at_site, EVERYONE)
    row = Row(candidate, start.price if start else None, own.price if own else None)
    result = price_rules.new_price(rule, row.was, candidate.cost, minor_exponent)
    if isinstance(result, Reason):
        return replace(row, reason=result)
    if own is not None and own.price == result:
        return replace(row, reason=Reason.SAME)
    begins = place.begins if _listed(known, place) or place.begins > now else periods.BEGINNING
    wanted = Price(ids[0], candidate.product_id, place.at_site, result, begins, audience=place.audience)
    try:
        plan = periods.place(_listed(known, place), wanted, ids[1], now)
    except PriceOverlap:
        return replace(row, reason=Reason.OVERLAP)
    return replace(row, now=result, plan=plan)


def undone(
    known: Sequence[Price], kept: tuple[UUID, int, int | None], place: Place, now: datetime, ids: tuple[UUID, UUID]
) -> Plan[Price] | None:
    """What takes a run's price (its id, worth, and the one before) back; None when somebody changed it since.

    A price that had none before it ends; one that has not begun yet gives way to what it replaced.
    """
    price_id, set_to, before = kept
    instant = max(now, place.begins)
    own = _own(known, place, instant)
    if own is None or own.id != price_id or own.price != set_to:
        return None
    if before is None:
        return Plan(changed=(periods.ended(own, now),))
    wanted = Price(ids[0], own.product_id, place.at_site, before, instant, audience=place.audience)
    try:
        return periods.place(_listed(known, place), wanted, ids[1], now)
    except PriceOverlap:
        return None


def _listed(known: Sequence[Price], place: Place) -> list[Price]:
    return [row for row in known if row.shares_list(place.at_site, place.audience)]


def _own(known: Sequence[Price], place: Place, instant: datetime) -> Price | None:
    return next((row for row in _listed(known, place) if periods.covers(row, instant)), None)
