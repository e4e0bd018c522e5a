"""The only home of why these lots were taken: the same rule again, over what lay there then (N-17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import places
from lotwise.stock.domain.allocations import allocate, fefo, is_usable

FIRST = "soonest expiry first"
NAMED = "named, or drawn from an opened container"
EXPIRED = "expired"
RECALLED = "recalled"
QUARANTINED = "set apart in quarantine"
DAMAGED = "damaged"
BACK_BAR = "back bar: kept for giving services"
OPENED = "opened already: drawn from for treatments"
LATER = "arrived later"
NOT_NEEDED = "not needed: the lots before it sufficed"


@dataclass(slots=True)
class Candidate:
    """What lay of a lot at one place just before the charge; quantity in smallest units."""

    lot_id: UUID
    number: str
    expires_on: date | None
    received_at: datetime
    kind: str
    area: str
    on_hand: int
    is_recalled: bool = False

    @property
    def lot_key(self) -> UUID:
        """The lot's id for ordering."""
        return self.lot_id

    @property
    def is_open(self) -> bool:
        """Whether the rule may look at it at all."""
        where = self.kind == places.SHELF or (self.kind == places.QUARANTINE and self.area == places.EXPIRED)
        return where and not self.is_recalled


class Verdict(NamedTuple):
    """A candidate in the order of the rule, what was taken of it, and why that and no more."""

    candidate: Candidate
    taken: int
    why: str


def judge(
    candidates: Sequence[Candidate], taken: Mapping[UUID, int], wanted: int, day: date, at: datetime
) -> list[Verdict]:
    """Every candidate with its verdict: those the rule may take in its order, then those it may not.

    `wanted` is what the charge took in all, `day` the site's day it happened on, `at` the instant.
    """
    order = fefo([one for one in candidates if one.is_open])
    plan = {pick.position: pick.quantity for pick in allocate(order, wanted, day, at).picks}
    left = dict(taken)
    verdicts = []
    for position, one in enumerate(order):
        part = min(left.get(one.lot_id, 0), one.on_hand)
        left[one.lot_id] = left.get(one.lot_id, 0) - part
        verdicts.append(Verdict(one, part, _why(one, part, plan.get(position, 0), day, at)))
    for one in sorted((one for one in candidates if not one.is_open), key=lambda one: (one.number, one.lot_id)):
        part = min(left.get(one.lot_id, 0), one.on_hand)
        left[one.lot_id] = left.get(one.lot_id, 0) - part
        verdicts.append(Verdict(one, part, NAMED if part else _closed(one)))
    return verdicts


def _why(one: Candidate, part: int, planned: int, day: date, at: datetime) -> str:
    if part:
        return FIRST if planned else NAMED
    if not is_usable(one.expires_on, day):
        return EXPIRED
    return LATER if one.received_at > at else NOT_NEEDED


def _closed(one: Candidate) -> str:
    if one.is_recalled or one.area == places.RECALLED:
        return RECALLED
    if one.kind in {places.BACK_BAR, places.IN_USE}:
        return BACK_BAR if one.kind == places.BACK_BAR else OPENED
    return DAMAGED if one.area == places.DAMAGED else QUARANTINED
