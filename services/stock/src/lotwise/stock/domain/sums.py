"""The only home of the totals of sites: what their goods are worth and how many, and how changes add to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import places

KINDS = (places.SHELF, places.TRANSIT, places.QUARANTINE, places.UNATTRIBUTED)
"""The kinds of places whose goods a total tells of."""


class Change(NamedTuple):
    """How the goods of one kind of place changed, of one kind of owner and expiry: cost, and lots and cells that are
    there now and were not (or the other way round, below zero). `product_id` names one that may have turned.
    """

    site: str
    kind: str
    is_consigned: bool
    expires_on: date | None
    cost_minor: int
    lots: int
    cells: int
    product_id: UUID | None = None


@dataclass(slots=True)
class Sums:
    """The totals of a site, or of several; money in minor units.

    `stocked` counts cells with anything on a shelf, `unattributed` those that sold what no lot covers; `expiring` is
    by last usable day how many lots lie on shelves and what they cost.
    """

    stocked: int = 0
    unattributed: int = 0
    value_minor: int = 0
    consigned_minor: int = 0
    quarantined_minor: int = 0
    in_transit_minor: int = 0
    expiring: dict[date, tuple[int, int]] = field(default_factory=dict)

    def change(self, by: Change) -> None:
        """Take in what changed."""
        if by.kind == places.SHELF:
            self.stocked += by.cells
            if by.is_consigned:
                self.consigned_minor += by.cost_minor
            else:
                self.value_minor += by.cost_minor
            self._expire(by.expires_on, by.lots, by.cost_minor)
        elif by.kind == places.UNATTRIBUTED:
            self.unattributed += by.cells
        elif by.kind == places.QUARANTINE:
            self.quarantined_minor += by.cost_minor
        elif by.kind == places.TRANSIT:
            self.in_transit_minor += by.cost_minor

    def _expire(self, day: date | None, lots: int, cost_minor: int) -> None:
        if day is None:
            return
        before = self.expiring.get(day, (0, 0))
        after = (before[0] + lots, before[1] + cost_minor)
        if after == (0, 0):
            self.expiring.pop(day, None)
        else:
            self.expiring[day] = after

    def figures(self, by: date) -> dict[str, int]:
        """The totals by name; `by` is the last day whose lots count as expiring."""
        soon = [found for day, found in self.expiring.items() if day <= by]
        return {
            "stocked": self.stocked, "unattributed": self.unattributed, "value_minor": self.value_minor,
            "consigned_minor": self.consigned_minor, "quarantined_minor": self.quarantined_minor,
            "in_transit_minor": self.in_transit_minor, "lots_expiring": sum(lots for lots, _ in soon),
            "expiring_minor": sum(cost for _, cost in soon),
        }  # fmt: skip


def changed(before: Mapping[str, Sums], changes: Iterable[Change]) -> dict[str, Sums]:
    """The totals of sites after what changed; a site that had nothing begins with zeros."""
    found = dict(before)
    for one in changes:
        found.setdefault(one.site, Sums()).change(one)
    return found


def together(sums: Iterable[Sums], by: date) -> dict[str, int]:
    """The figures of all these sites added up."""
    total = Sums().figures(by)
    for one in sums:
        for name, value in one.figures(by).items():
            total[name] += value
    return total
