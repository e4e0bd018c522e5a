"""The only home of which product a function key of the desk picks: pinned ones, the sorted list in between (CAT-46)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

KEYS = 12


def filled(pins: Mapping[int, UUID], listed: Sequence[UUID]) -> dict[int, UUID]:
    """Product by key, 1 to 12: pins stay where they are, the others are the first of the list that no key picks yet."""
    pinned = set(pins.values())
    rest = iter([product_id for product_id in listed if product_id not in pinned])
    found = {key: pins[key] if key in pins else next(rest, None) for key in range(1, KEYS + 1)}
    return {key: product_id for key, product_id in found.items() if product_id is not None}
