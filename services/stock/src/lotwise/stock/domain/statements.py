"""The only home of the location statement: opening + in - out ± adjustments = closing, transit beside it (STK-30)."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Statement(NamedTuple):
    """One line, in smallest units or minor units. What came and what went are above zero; adjustments are signed.

    Goods lost on their way count as come and adjusted at their destination: it bears the loss.
    """

    opening: int
    received: int
    transferred_in: int
    sold: int
    used: int
    transferred_out: int
    adjusted: int
    closing: int
    transit_opening: int
    transit_closing: int

    @property
    def is_balanced(self) -> bool:
        """Whether what was there and what happened make what is there, transit included."""
        came = self.received + self.transferred_in
        went = self.sold + self.used + self.transferred_out
        return self.opening + came - went + self.adjusted == self.closing


def statement_of(row: Mapping[str, Any], suffix: str = "") -> Statement:
    """Read a line off the changes of all accounts of a place.

    What is sent is read off the movements into transit; the rest of what passed between the place and transit came in.
    """

    def figure(name: str) -> int:
        return int(row[name + suffix])

    lost = figure("wasted") + figure("lost")
    net = figure("held_change") + figure("supplied") + figure("sold") + figure("used") + lost
    return Statement(
        opening=figure("closing") - figure("held_change"),
        received=-figure("supplied"),
        transferred_in=net + figure("sent"),
        sold=figure("sold"),
        used=figure("used"),
        transferred_out=figure("sent"),
        adjusted=-lost,
        closing=figure("closing"),
        transit_opening=figure("in_transit") - figure("transit_change"),
        transit_closing=figure("in_transit"),
    )
