"""The only home of which lots leave first: FEFO as of the day the goods really left (SPEC decision 3)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID


class Candidate(Protocol):
    """A balance of one lot on a shelf: what an allocation looks at."""

    on_hand: int

    @property
    def expires_on(self) -> date | None:
        """The last usable day; None for a lot that does not expire."""

    @property
    def received_at(self) -> datetime:
        """When the lot first arrived."""

    @property
    def lot_key(self) -> UUID:
        """The lot's id: the last word when all else is equal."""


C = TypeVar("C", bound=Candidate)


class Pick(NamedTuple):
    """A quantity (smallest units) to take from the candidate at a position."""

    position: int
    quantity: int


class Plan(NamedTuple):
    """What is taken from where, and what no lot covers."""

    picks: list[Pick]
    missing: int


def fefo(candidates: Sequence[C]) -> list[C]:
    """The candidates in the order they should leave: soonest expiry, then receipt, then lot id; no expiry last."""
    return sorted(candidates, key=lambda one: (one.expires_on or date.max, one.received_at, one.lot_key))


def is_usable(expires_on: date | None, day: date) -> bool:
    """A lot is usable through its expiry date, at the site's date."""
    return expires_on is None or expires_on >= day


def allocate(candidates: Sequence[C], wanted: int, day: date, at: datetime) -> Plan:
    """Split `wanted` over candidates that are in FEFO order, as of `day` and the instant `at`.

    Lots that arrived after `at` come last: they are taken only when those of the time do not suffice
    (clocks of tills differ), rather than inventing a shortage beside a full shelf.
    """
    picks: list[Pick] = []
    later: list[int] = []
    for index, one in enumerate(candidates):
        on_hand = one.on_hand
        if on_hand <= 0 or not is_usable(one.expires_on, day):
            continue
        if one.received_at > at:
            later.append(index)
            continue
        quantity = min(on_hand, wanted)
        picks.append(Pick(index, quantity))
        wanted -= quantity
        if not wanted:
            return Plan(picks, 0)
    for index in later:
        quantity = min(candidates[index].on_hand, wanted)
        picks.append(Pick(index, quantity))
        wanted -= quantity
        if not wanted:
            break
    return Plan(picks, wanted)
