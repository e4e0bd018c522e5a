"""The only home of waste and adjustments: what left or came without a sale, with its reason and cost.

Expired goods are waste on the day they expired; that they are thrown away later adds nothing.
"""

from collections.abc import Mapping
from typing import Any

from lotwise.reporting.domain.facts import Fact, local_day, micro
from lotwise.reporting.domain.tally import Tally

EXPIRED = "expired"
COUNTED_AT_EXPIRY = frozenset({"expiry", "expired"})


def adjusted(tally: Tally, fact: Fact) -> None:
    """A correction: quantity and cost are signed, below zero was written off (and counts as a loss above zero)."""
    reason = fact.body["reason"]
    if reason not in COUNTED_AT_EXPIRY:
        _add(tally, fact, fact.body, reason, sign=-1)


def expired(tally: Tally, fact: Fact) -> None:
    """What was left of a lot when its last usable day was over."""
    _add(tally, fact, fact.body, EXPIRED, sign=1)


def add(tally: Tally, fact: Fact, part: Mapping[str, Any], reason: str) -> None:
    """A part of an event (product, quantity, cost above zero) was lost for a reason."""
    _add(tally, fact, part, reason, sign=1)


def _add(tally: Tally, fact: Fact, part: Mapping[str, Any], reason: str, sign: int) -> None:
    day = local_day(fact.body["happened_at"], tally.zone(fact.site))
    cell = tally.waste[fact.site, day, part["product_id"], reason]
    cell[0] += sign * micro(part["quantity"])
    cell[1] += sign * part["cost_minor"]
    cell[2] += 1
