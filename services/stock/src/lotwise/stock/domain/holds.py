"""The only home of whether stock may be promised: within available, by the site's policy (DESIGN 3.7)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

WARN = "warn"
BLOCK_AT_ZERO = "block_at_zero"
BLOCK_AT_MINIMUM = "block_at_minimum"

K = TypeVar("K")


class Figures(NamedTuple):
    """What a hold is measured against, in smallest units: usable on hand, held by others, the site's minimum."""

    on_hand: int
    held: int
    minimum: int | None = None

    def grantable(self, policy: str) -> int:
        """How much may still be promised under a policy; never below zero."""
        floor = (self.minimum or 0) if policy == BLOCK_AT_MINIMUM else 0
        return max(0, self.on_hand - self.held - floor)


def summed(lines: Iterable[tuple[K, int]]) -> dict[K, int]:
    """Lines of one product count as one: two lines of 1 for the last 1 are 2."""
    total: dict[K, int] = {}
    for product, quantity in lines:
        total[product] = total.get(product, 0) + quantity
    return total


def lacking(wanted: Mapping[K, int], figures: Mapping[K, Figures], policy: str) -> list[K]:
    """The products of a hold that cannot be promised: all lines or none. A site that only warns lacks nothing."""
    if policy == WARN:
        return []
    return [product for product, quantity in wanted.items() if quantity > figures[product].grantable(policy)]


def to_break(held_lines: Iterable[tuple[K, int]], excess: int) -> list[K]:
    """Which hold lines (newest first) must be broken so that what is held falls by at least `excess`."""
    broken = []
    for key, quantity in held_lines:
        if excess <= 0:
            break
        broken.append(key)
        excess -= quantity
    return broken


def ways_out(figures: Figures, wanted: int, in_transit: int, on_order: int, policy: str) -> tuple[str, ...]:
    """What would let a refused charge through: only what does, alone or all on its way together (SAL-12, STK-46).

    Lowering the minimum helps when goods are free but for it; a new order helps unless enough is ordered already.
    """
    short = wanted - figures.grantable(policy)
    is_coming = in_transit + on_order >= short
    ways = []
    if policy == BLOCK_AT_MINIMUM and figures.on_hand - figures.held >= wanted:
        ways.append("lower the minimum temporarily")
    if in_transit >= short or (in_transit and is_coming):
        ways.append("receive the transfer that is on its way")
    if on_order >= short or (on_order and is_coming):
        ways.append("receive the open purchase order")
    if not is_coming:
        ways.append("create a purchase order")
    return tuple(ways)
