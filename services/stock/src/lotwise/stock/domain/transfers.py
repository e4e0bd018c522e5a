"""The only home of a transfer's life: asked for, approved, shipped, received; differences are explained."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import costs

REQUESTED = "requested"
DECLINED = "declined"
APPROVED = "approved"
DRAFT = "draft"
SHIPPED = "shipped"
RECEIVED = "received"
CANCELLED = "cancelled"
STATES = (REQUESTED, DECLINED, APPROVED, DRAFT, SHIPPED, RECEIVED, CANCELLED)

MOVES: dict[str, tuple[frozenset[str], str | None]] = {
    "edit": (frozenset({REQUESTED, DRAFT}), None),
    "approve": (frozenset({REQUESTED}), APPROVED),
    "decline": (frozenset({REQUESTED}), DECLINED),
    "ship": (frozenset({DRAFT, APPROVED}), SHIPPED),
    "receive": (frozenset({SHIPPED}), RECEIVED),
    "explain": (frozenset({SHIPPED}), RECEIVED),
    "find": (frozenset({SHIPPED, RECEIVED}), None),
    "return": (frozenset({SHIPPED, RECEIVED}), None),
    "cancel": (frozenset({REQUESTED, APPROVED, DRAFT, SHIPPED}), CANCELLED),
}
"""What may be done in which states, and the state after it; None leaves the state as it is."""

PERSON, SHORTAGE, SPLIT, RETURN = "person", "shortage", "split", "return"
"""What a transfer follows from."""

RETURNED = "returned"
EXPLANATIONS = {"loss": "lost_and_found", "theft": "lost_and_found", "damage": "waste", "waste": "waste"}
"""Why goods did not arrive, and the account that takes them; what is `returned` goes on the way back instead."""
REASONS = frozenset(EXPLANATIONS) | {RETURNED}


class Shipped(NamedTuple):
    """What of a lot left, and what of it is still on its way (smallest units), with its cost (minor units)."""

    line: int
    product_id: UUID
    lot_id: UUID
    in_transit: int
    left_minor: int = 0


class Arrival(NamedTuple):
    """How much of one shipped lot arrived and how much did not."""

    lot: Shipped
    arrived: int
    missing: int


class Part(NamedTuple):
    """A quantity of one shipped lot with its share of the cost."""

    lot: Shipped
    quantity: int
    cost: int


class LotChange(NamedTuple):
    """What one lot of a transfer gained: quantities in smallest units, costs in minor units; all signed."""

    line: int
    lot_id: UUID
    received: int = 0
    lost: int = 0
    returned: int = 0
    found: int = 0
    left_minor: int = 0
    lost_minor: int = 0


def next_state(state: str, move: str) -> str | None:
    """The state after a move, or None when the move is not allowed now."""
    allowed, after = MOVES[move]
    return (after or state) if state in allowed else None


def arrivals(shipped: Sequence[Shipped], counted: Mapping[tuple[UUID, UUID | None], int]) -> tuple[list[Arrival], bool]:
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


def pick(lots: Iterable[Shipped], product_id: UUID, lot_id: UUID | None, quantity: int) -> tuple[list[Part], int]:
    """Take a quantity of a product (of one lot, or of any) off what is on its way, in shipped order.

    Returns the parts with their costs and what could not be found. A lot's last unit takes the rest of its cost.
    """
    parts = []
    for lot in lots:
        if lot.product_id != product_id or lot_id not in {None, lot.lot_id}:
            continue
        part = min(lot.in_transit, quantity)
        if part:
            parts.append(Part(lot, part, costs.share(lot.left_minor, part, lot.in_transit)))
            quantity -= part
    return parts, quantity


def left_of(lots: Iterable[Shipped], parts: Iterable[Part]) -> list[Shipped]:
    """What is on its way after parts were taken off."""
    gone: dict[tuple[int, UUID], tuple[int, int]] = {}
    for part in parts:
        key = (part.lot.line, part.lot.lot_id)
        quantity, cost = gone.get(key, (0, 0))
        gone[key] = (quantity + part.quantity, cost + part.cost)
    rest = []
    for lot in lots:
        quantity, cost = gone.get((lot.line, lot.lot_id), (0, 0))
        rest.append(lot._replace(in_transit=lot.in_transit - quantity, left_minor=lot.left_minor - cost))
    return rest
