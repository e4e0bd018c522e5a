"""The only home of what posting a count waits for: everything counted, counted again, explained and witnessed."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain import counts
from lotwise.stock.domain.counts import Count, Difference, Line
from lotwise.stock.domain.refusals import (
    CountIncomplete,
    CountUnexplained,
    NothingToCount,
    RecountNeeded,
    WitnessNeeded,
)
from lotwise.stock.domain.witness import Rule

NAMED_MAX = 20


class Posting(NamedTuple):
    """How a count is posted: what stands for differences without a cause, and whether uncounted lines stay."""

    count_id: UUID
    actor: str
    leave_uncounted: bool = False
    cause_of_rest: str | None = None
    trace_id: str = ""


class Watch(NamedTuple):
    """What calls for a second person: the site's rule, and the reasons that always do."""

    rule: Rule
    reasons: frozenset[str]


class Sum(NamedTuple):
    """What the differences come to: their value in minor units, the drug classes they touch, their reasons."""

    cost: int
    classes: Collection[str]
    reasons: Collection[str]


def ready(count: Count, lines: Sequence[Line], posting: Posting) -> list[Line]:
    """The counted lines, when the count may be posted as far as they go.

    Raises NothingToCount, CountIncomplete or RecountNeeded with the first lines that are in the way.
    """
    counted = [line for line in lines if line.passes]
    missing = [line.line for line in lines if not line.passes]
    if not counted:
        raise NothingToCount(
            f"Nothing of {count.name} is counted", ways_out=("count a line", "call the count off"), lines=len(lines)
        )
    if missing and not posting.leave_uncounted:
        raise CountIncomplete(
            f"{len(missing)} of {len(lines)} lines are not counted",
            ways_out=("count them", "count nought where nothing lies", "leave them as they are recorded"),
            lines=len(lines),
            uncounted=len(missing),
            first_lines=missing[:NAMED_MAX],
        )
    again = [line.line for line in counted if line.needs_recount]
    if again:
        raise RecountNeeded(
            f"{len(again)} lines differ by more than the tolerance",
            ways_out=("count them again",),
            recounts=len(again),
            first_lines=again[:NAMED_MAX],
        )
    return counted


def cause_of(one: Difference, posting: Posting) -> str | None:
    """Why a line differs: its own cause, else the one for the rest; None when nothing differs."""
    if not one.quantity:
        return None
    return one.line.cause or posting.cause_of_rest


def explained(differences: Collection[Difference], posting: Posting) -> None:
    """Pass when every difference has a cause that fits its sign. Raises CountUnexplained naming those that have not."""
    without = [
        one.line.line
        for one in differences
        if one.quantity and not counts.explains(cause_of(one, posting) or "", one.quantity)
    ]
    if without:
        raise CountUnexplained(
            f"{len(without)} differences have no cause that fits them",
            field="cause",
            ways_out=("say why each line differs", "give one cause for the rest"),
            unexplained=len(without),
            first_lines=without[:NAMED_MAX],
        )


def witnessed(count: Count, posting: Posting, watch: Watch, found: Sum) -> None:
    """Pass when one person is enough, or a second one saw these very figures (N-22). Raises WitnessNeeded."""
    limits = [one for one in (count.rules.witness_above_minor, watch.rule.above_minor) if one is not None]
    limit = min(limits, default=None)
    why = _why(watch, found, limit)
    if not why:
        return
    is_fresh = count.witness is not None and count.witnessed_revision == count.revision
    if is_fresh and count.witness != posting.actor:
        return
    raise WitnessNeeded(
        "The witness is the one who posts" if is_fresh else "A second person must confirm these figures",
        ways_out=("let another person with the permission stock.witness confirm the count",),
        why=why,
        value_minor=found.cost,
        above_minor=limit,
        witness=count.witness or "",
        revision=count.revision,
    )


def _why(watch: Watch, found: Sum, limit: int | None) -> str:
    """Why a second person is needed: "reason", "class" or "value"; "" when one is enough. The stricter limit counts."""
    if watch.reasons & set(found.reasons):
        return "reason"
    if set(watch.rule.classes) & set(found.classes):
        return "class"
    return "value" if limit is not None and found.cost > limit else ""
