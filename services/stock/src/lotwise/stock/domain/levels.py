"""The only home of a level: the figures of a product at a site, and what of them is available."""

from dataclasses import dataclass
from uuid import UUID

from lotwise.stock.domain.crossings import Flags

NEW = Flags(is_below=False, is_at_reorder=False, is_out=True)
"""A product never stocked is out, and was never told to be."""


@dataclass(slots=True)
class Level:
    """The figures of one product at one site; quantities in smallest units, value in minor units.

    `on_hand` is what lies on the shelves; expired lots leave it at the site's midnight. `minimum` and `reorder_at`
    are the site's own; without an own reorder point the product's default counts. `revision` grows with every change
    that is told, `setting_revision` with the two levels alone: selling does not disturb who edits them. `requested`
    is what other sites asked of this one and has not left yet.
    """

    on_hand: int = 0
    held: int = 0
    value_minor: int = 0
    unattributed: int = 0
    minimum: int | None = None
    own_reorder_at: int | None = None
    reorder_at: int | None = None
    normal_order_quantity: int | None = None
    last_cost: int | None = None
    flags: Flags = NEW
    shortage_id: UUID | None = None
    revision: int = 0
    setting_revision: int = 0
    requested: int = 0

    @property
    def available(self) -> int:
        """On hand less what is promised."""
        return self.on_hand - self.held
