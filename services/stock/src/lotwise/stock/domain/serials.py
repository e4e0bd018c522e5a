"""The only home of what a serial is: one unit by its number, the states it can be in, and its warranty."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

from lotwise.stock.domain import places
from lotwise.stock.domain.lots import squeezed

IN_STOCK = "in_stock"
IN_USE = "in_use"
IN_REPAIR = "in_repair"
IN_TRANSIT = "in_transit"
SOLD = "sold"
SCRAPPED = "scrapped"
RETURNED = "returned"
LOST = "lost"

State = Literal["in_stock", "in_use", "in_repair", "in_transit", "sold", "scrapped", "returned", "lost"]
HERE = (IN_STOCK, IN_USE, IN_REPAIR)
"""The states of a unit that is at its site."""

GONE = (SOLD, SCRAPPED, RETURNED, LOST)
"""The states of a unit that is ours no more."""

PLACES: Mapping[str, tuple[tuple[str, str | None], ...]] = {
    IN_STOCK: ((places.SHELF, None), (places.QUARANTINE, None)),
    IN_USE: ((places.BACK_BAR, None),),
    IN_REPAIR: ((places.QUARANTINE, places.DAMAGED), (places.QUARANTINE, None)),
}
"""Where the books have a unit in a state: (kind, area) in order of likelihood, any area when None."""

TARGETS: Mapping[str, tuple[str, str]] = {
    IN_STOCK: (places.SHELF, ""),
    IN_USE: (places.BACK_BAR, ""),
    IN_REPAIR: (places.QUARANTINE, places.DAMAGED),
    SCRAPPED: (places.WASTE, ""),
    RETURNED: (places.SUPPLIER, ""),
    LOST: (places.LOST_AND_FOUND, ""),
}
"""The account a unit goes to when it enters a state."""

Coverage = Literal["none", "not_yet", "under", "over"]


class Warranty(NamedTuple):
    """From which day until which, and under which terms; without an end there is none."""

    starts_on: date | None = None
    ends_on: date | None = None
    terms: str = ""

    def on(self, day: date) -> Coverage:
        """Whether the unit is under warranty on a day; both ends are covered."""
        if self.ends_on is None:
            return "none"
        if self.starts_on is not None and day < self.starts_on:
            return "not_yet"
        return "under" if day <= self.ends_on else "over"


def repeated(numbers: Iterable[str]) -> str | None:
    """The first number that stands twice in a list, or None."""
    seen: set[str] = set()
    for number in numbers:
        if number in seen:
            return number
        seen.add(number)
    return None


def look_alike(number: str) -> str:
    """The number as two hands write it: without case, spaces and punctuation; itself when nothing else is left."""
    return squeezed(number) or number.casefold()
