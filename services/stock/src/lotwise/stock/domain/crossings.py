"""The only home of when a level is crossed: under the minimum, at the reorder point, at zero, restored."""

from typing import NamedTuple

BELOW_MIN = "below_min"
REORDER = "reorder"
OUT = "out"
RESTORED = "restored"


class Flags(NamedTuple):
    """Which levels a cell stands under now."""

    is_below: bool
    is_at_reorder: bool
    is_out: bool

    @property
    def is_short(self) -> bool:
        """Any of the three: the shortage lives until none holds."""
        return self.is_below or self.is_at_reorder or self.is_out


def flags(on_hand: int, minimum: int | None, reorder_at: int | None, requested: int = 0) -> Flags:
    """Where usable on hand stands: strictly below the minimum, at or under the reorder point, at zero or under.

    What other sites asked for counts as gone already, but for being out: only an empty shelf is out (STK-39).
    """
    free = on_hand - requested
    return Flags(
        is_below=minimum is not None and free < minimum,
        is_at_reorder=reorder_at is not None and free <= reorder_at,
        is_out=on_hand <= 0,
    )


def crossings(was: Flags, now: Flags, *, has_shortage: bool) -> list[str]:
    """What is to be said, each once per crossing; RESTORED ends a shortage that was told.

    A cell that is out and was out before says nothing: a product never stocked raises no alarm.
    """
    said = []
    if now.is_below and not was.is_below:
        said.append(BELOW_MIN)
    if now.is_at_reorder and not was.is_at_reorder:
        said.append(REORDER)
    if now.is_out and not was.is_out:
        said.append(OUT)
    if has_shortage and not now.is_short:
        said.append(RESTORED)
    return said
