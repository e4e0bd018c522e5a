"""The only home of money at risk of expiry: what of each lot will not be consumed before its last day (N-12).

Lots leave soonest expiry first. Up to a day d the site consumes rate x days; a lot gets what the lots before it leave
of that. What is left of it then is at risk, with its share of the lot's own cost.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain.costs import share


class Ageing(NamedTuple):
    """What lies of a lot on a site's shelves, in smallest units and minor units, and its last usable day."""

    lot_id: UUID
    on_hand: int
    cost: int
    expires_on: date | None


class Risk(NamedTuple):
    """How much of a lot will be left on its last day, and what that cost."""

    lot_id: UUID
    quantity: int
    cost: int


def at_risk(lots: Sequence[Ageing], consumed: int, days: int, today: date) -> list[Risk]:
    """What of one product's lots (in FEFO order) expires unused at a site that consumed so much in so many days.

    A part of a unit that would be consumed by then counts as unused.
    """
    used = 0
    risks: list[Risk] = []
    for lot in lots:
        if lot.expires_on is None:
            continue
        left = max(0, (lot.expires_on - today).days)
        eaten = min(lot.on_hand, max(0, consumed * left // days - used))
        used += eaten
        rest = lot.on_hand - eaten
        if rest:
            risks.append(Risk(lot.lot_id, rest, share(lot.cost, rest, lot.on_hand)))
    return risks
