"""The only home of what a price on the list is: for whom, where, from when on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lotwise.catalog.domain import periods
from lotwise.catalog.domain.periods import BEGINNING, Plan, place

__all__ = ["BEGINNING", "EVERYONE", "MEMBERS", "Plan", "Price", "place", "valid_at"]
EVERYONE, MEMBERS = "everyone", "members"


@dataclass(frozen=True, slots=True)
class Price:
    """A price in micros per unit, minute or hour, for everyone or for members, over a period."""

    id: UUID
    product_id: UUID
    at_site: str | None
    price: int
    valid_from: datetime
    valid_to: datetime | None = None
    revision: int = 1
    audience: str = EVERYONE

    @property
    def worth(self) -> int:
        """The price itself."""
        return self.price

    def shares_list(self, at_site: str | None, audience: str) -> bool:
        """Whether it stands on the list of that place and audience, where periods may not overlap."""
        return (self.at_site, self.audience) == (at_site, audience)


def valid_at(prices: Sequence[Price], instant: datetime, site: str | None, audience: str = EVERYONE) -> Price | None:
    """The price of an audience at an instant: the site's own wins over the chain's."""
    return periods.valid_at([row for row in prices if row.audience == audience], instant, site)
