"""The only home of the tally: what a batch of facts adds to each read model, before it is stored set-wise.

Sums commute, states keep their newest revision: a batch may come in any order and be cut anywhere.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

ProductDay = tuple[str, date, str]
SiteDay = tuple[str, date]
Definition = Mapping[str, Any]


def _cells(width: int) -> "defaultdict[Any, list[int]]":
    return defaultdict(lambda: [0] * width)


@dataclass(slots=True)
class Tally:
    """What a batch adds. Quantities are millionths of the unit, money is minor units, both signed.

    sales: units, lines, net, tax · charges: charges, returns, voids · costs: units, cost (COGS) ·
    waste (by product day and reason): units, cost, entries · owed (by kind, owner, day, site): sold, used, refunded,
    expired · homes: when and where an owner was sold first · steps of memberships and free lines: as they were told,
    once · the rest by id, newest revision wins.
    """

    zones: dict[str, str] = field(default_factory=dict)
    sales: dict[ProductDay, list[int]] = field(default_factory=lambda: _cells(4))
    charges: dict[SiteDay, list[int]] = field(default_factory=lambda: _cells(3))
    costs: dict[ProductDay, list[int]] = field(default_factory=lambda: _cells(2))
    waste: dict[tuple[str, date, str, str], list[int]] = field(default_factory=lambda: _cells(3))
    owed: dict[tuple[str, str, date, str], list[int]] = field(default_factory=lambda: _cells(4))
    homes: dict[tuple[str, str], tuple[datetime, str]] = field(default_factory=dict)
    steps: dict[tuple[str, int, str], tuple[Any, ...]] = field(default_factory=dict)
    free: dict[tuple[str, int], tuple[Any, ...]] = field(default_factory=dict)
    levels: dict[tuple[str, str], Definition] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    sites: dict[str, Definition] = field(default_factory=dict)
    products: dict[str, Definition] = field(default_factory=dict)
    categories: dict[str, Definition] = field(default_factory=dict)
    suppliers: dict[str, Definition] = field(default_factory=dict)

    def zone(self, site: str) -> str:
        """The time zone of a site as far as it is known; days of an unknown site are kept in UTC until it is."""
        return self.zones.get(site, "UTC")


def keep_newest(known: "dict[Any, Definition]", key: object, body: Definition) -> None:
    """Keep the state with the highest revision; of equals the first."""
    old = known.get(key)
    if old is None or body.get("revision", 1) > old.get("revision", 1):
        known[key] = body
