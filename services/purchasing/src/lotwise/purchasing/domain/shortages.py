"""The only home of what a shortage leads to: the two levels, netting what is on order, and whole packs (PUR-20)."""

from dataclasses import dataclass

NOTED, DRAFTED, COVERED, UNSOURCED, NOT_ORDERED = "noted", "drafted", "covered", "unsourced", "not_ordered"


@dataclass(frozen=True, slots=True)
class Need:
    """The figures of a shortage, in smallest units: usable on hand, what is on order (drafts too), and the levels."""

    usable: int
    on_order: int
    minimum: int | None
    reorder_at: int | None
    normal: int | None = None
    pack: int = 1


def level(minimum: int | None, reorder_at: int | None) -> int | None:
    """The level at or under which an order is due: the reorder point, else just under the minimum, else none.

    "Usable below the minimum" is "usable at or under the minimum less one smallest unit": one rule for both levels.
    """
    if reorder_at is not None:
        return reorder_at
    return None if minimum is None else minimum - 1


def order_quantity(need: Need) -> int:
    """How much to order, in smallest units; 0 when usable and on order together already exceed the level.

    The normal quantity, or more when that would not lift usable + on order above the level; always whole packs.
    """
    due_at = level(need.minimum, need.reorder_at)
    position = need.usable + need.on_order
    if due_at is None or position > due_at:
        return 0
    wanted = max(need.normal or 0, due_at + 1 - position)
    return -(-wanted // need.pack) * need.pack
