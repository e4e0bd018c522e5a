"""The only home of what a day's end asks of treatments: no consumption is silent, no difference unexplained (N-14)."""

from typing import NamedTuple

NO_STOCK = "no_stock"
NOT_CONSUMED = "not_consumed"
VARIANCE = "variance"
KINDS = (NO_STOCK, NOT_CONSUMED, VARIANCE)


class Known(NamedTuple):
    """What is known of a product in a completed treatment, in smallest units."""

    charged: int
    drawn: int | None
    poured: int
    expected: int
    consumed: int
    unattributed: int

    @property
    def stated(self) -> int | None:
        """What was drawn, if anybody recorded it."""
        return None if self.drawn is None and not self.poured else max(self.drawn or 0, self.poured)

    @property
    def basis(self) -> int:
        """What the drawn figure is measured against: the charge, without one the recipe."""
        return self.charged if self.charged > 0 else self.expected


def exceptions_of(known: Known) -> list[tuple[str, int]]:
    """What must be explained, each with its difference: taken from no lot, not taken at all, drawn against charged."""
    found = []
    if known.unattributed:
        found.append((NO_STOCK, known.unattributed))
    if known.expected and not known.consumed:
        found.append((NOT_CONSUMED, -known.expected))
    elif known.stated is not None and known.stated != known.basis:
        found.append((VARIANCE, known.stated - known.basis))
    return found
