"""The only home of what is owed to members as entries and figures: packages, fees, gift certificates and accounts."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Move(NamedTuple):
    """A change of what is owed, in the order of its columns: above zero more is owed, below zero less.

    `site` is where the owner was sold (of an account: where it moved); `quantity` in millionths, above zero used.
    """

    entry_id: UUID
    kind: str
    owner_id: UUID
    why: str
    amount_minor: int
    product_id: UUID | None
    quantity: int
    charge_id: UUID | None
    line: int | None
    site: str
    member_id: UUID | None
    currency: str
    happened_at: datetime
    recorded_at: datetime
    reason: str
    actor: str


class Deed(NamedTuple):
    """Where, when and by whom something is done to balances, because of which charge and why."""

    site: str
    happened_at: datetime
    now: datetime
    actor: str
    charge_id: UUID | None = None
    reason: str = ""
