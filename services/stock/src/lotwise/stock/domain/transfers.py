"""The only home of a transfer's life: draft, shipped, received, cancelled; a difference is explained, never silent."""

from typing import NamedTuple
from uuid import UUID

DRAFT = "draft"
SHIPPED = "shipped"
RECEIVED = "received"
CANCELLED = "cancelled"

MOVES = {
    "ship": ({DRAFT}, SHIPPED),
    "receive": ({SHIPPED}, RECEIVED),
    "cancel": ({DRAFT, SHIPPED}, CANCELLED),
}
EXPLANATIONS = {"loss": "lost_and_found", "theft": "lost_and_found", "damage": "waste", "waste": "waste"}
"""Why goods did not arrive, and the account that takes them."""


class Shipped(NamedTuple):
    """What of a lot left, and what of it is still on its way (smallest units)."""

    line: int
    product_id: UUID
    lot_id: UUID
    in_transit: int


class Arrival(NamedTuple):
    """How much of one shipped lot arrived and how much did not."""

    lot: Shipped
    arrived: int
    missing: int


def next_state(state: str, move: str) -> str | None:
    """The state after a move, or None when the move is not allowed now."""
    allowed, after = MOVES[move]
    return after if state in allowed else None


def arrivals(shipped: list[Shipped], counted: dict[tuple[UUID, UUID | None], int]) -> tuple[list[Arrival], bool]:
    """Match what was counted by (product, lot; lot None means any) with what was shipped.

    Returns the arrivals in shipped order, and whether more was counted than shipped. Nothing counted for a product
    that was not named at all means it arrived in full when `counted` is empty.
    """
    if not counted:
        return [Arrival(lot, lot.in_transit, 0) for lot in shipped], False
    left = dict(counted)
    result = []
    for lot in shipped:
        arrived = 0
        for key in ((lot.product_id, lot.lot_id), (lot.product_id, None)):
            part = min(left.get(key, 0), lot.in_transit - arrived)
            if part:
                left[key] -= part
                arrived += part
        result.append(Arrival(lot, arrived, lot.in_transit - arrived))
    return result, any(left.values())
