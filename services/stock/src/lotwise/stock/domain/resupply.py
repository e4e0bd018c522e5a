"""The only home of how much a centrally supplied site asks its source for when it runs short (STK-39)."""

from typing import NamedTuple


class Need(NamedTuple):
    """The figures of a shortage in smallest units; `coming` is what is on its way, asked for, or on order already."""

    on_hand: int
    coming: int
    minimum: int | None
    reorder_at: int | None
    normal: int | None


def due_level(minimum: int | None, reorder_at: int | None) -> int | None:
    """The level at or under which goods are needed: the reorder point, else just under the minimum, else none."""
    if reorder_at is not None:
        return reorder_at
    return None if minimum is None else minimum - 1


def to_request(need: Need) -> int:
    """How much to ask for: the normal quantity, or more where that would not lift the site above the level.

    0 when the site stands above the level, with what is coming or without.
    """
    due = due_level(need.minimum, need.reorder_at)
    if due is None or need.on_hand > due:
        return 0
    position = need.on_hand + need.coming
    if position > due:
        return 0
    return max(need.normal or 0, due + 1 - position)
