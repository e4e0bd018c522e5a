"""The only home of what a package saves: its price against what its parts cost one by one (CAT-21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from lotwise.values import half_up


@dataclass(frozen=True, slots=True)
class Part:
    """What an item of a package costs on its own, in minor units; None when it has no price."""

    product_id: UUID
    amount: int | None


@dataclass(frozen=True, slots=True)
class Saving:
    """The price of a package, the sum of its parts and the difference, in minor units; percent in hundredths."""

    price: int | None
    parts: int | None
    saved: int | None
    percent: int | None


def saving_of(price: int | None, parts: Sequence[Part]) -> Saving:
    """What a package saves; without a price of its own or of a part nobody can say. Dearer than its parts: negative."""
    amounts = [part.amount for part in parts]
    known = [amount for amount in amounts if amount is not None]
    total = sum(known) if known and len(known) == len(amounts) else None
    if price is None or total is None:
        return Saving(price, total, None, None)
    saved = total - price
    return Saving(price, total, saved, half_up(saved * 10_000, total) if total else None)
