"""The only home of what a lot is: identity product + manufacturer + number, its expiry, owner and look-alikes."""

import re
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

RETURNED = "returned"
FOUND = "found"
_NOISE = re.compile(r"[^0-9a-z]")


class Lot(NamedTuple):
    """Goods made together. `owner` is "" for our own, else the supplier whose goods they are (consigned)."""

    id: UUID
    product_id: UUID
    number: str
    expires_on: date | None
    received_at: datetime
    owner: str = ""
    unit_cost: int = 0
    is_recalled: bool = False


def look_alike(number: str) -> str:
    """The number as a tired eye reads it: no case, no spaces or dashes, O for 0 and I for 1."""
    return _NOISE.sub("", number.lower()).replace("o", "0").replace("i", "1").replace("l", "1")


def squeezed(number: str) -> str:
    """The number without case, spaces and punctuation: what two hands write of one label (N-20)."""
    return _NOISE.sub("", number.lower())


def days_left(expires_on: date, today: date) -> int:
    """Whole days of use after today; below zero once expired."""
    return (expires_on - today).days
