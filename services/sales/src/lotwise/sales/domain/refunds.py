"""The only home of giving money back: how much of a return is paid out, to which tenders, and what that needs."""

from collections.abc import Mapping, Sequence

from lotwise.sales.domain.money_refusals import RefundElsewhere, RefundTooLarge
from lotwise.sales.domain.tenders import CASH, ROUNDING, Tender, by_kind, summed
from lotwise.values import half_up


def set_off(total: int, due: int) -> int:
    """How much of a return is set off against what was never paid of its charge; minor units."""
    return max(0, min(total, due))


def originals(amount: int, paid: Mapping[str, int], step: int = 1) -> list[Tender]:
    """The refunds of `amount` to the tenders that paid, the last one first; less than `amount` where less was paid.

    Cash goes back in steps of `step`, as it came; what that gives or takes is for `round_cash` to add.
    """
    left, found = amount, []
    for kind, taken in reversed(list(paid.items())):
        part = min(left, taken + paid.get(ROUNDING, 0) if kind == CASH else taken)
        if kind != ROUNDING and part > 0:
            found.append(Tender(kind, -half_up(part, step) * step if kind == CASH else -part))
            left -= part
    return found


def check_kinds(total: int, refunds: Sequence[Tender], paid: Mapping[str, int], *, may_override: bool) -> None:
    """Pass refunds that go back the way the money came. Raises RefundElsewhere naming the kind and what is left of it.

    A charge without any recorded payment (an outside till's) sets no limits.
    """
    if may_override or not paid:
        return
    back = by_kind(total, refunds)
    slack = abs(back.pop(ROUNDING, 0)) + abs(paid.get(ROUNDING, 0))
    for kind, amount in back.items():
        most = paid.get(kind, 0) + (slack if kind == CASH and paid.get(CASH, 0) else 0)
        if -amount > most:
            raise RefundElsewhere(
                f"of what was paid by {kind} at most {most} minor units can go back that way",
                field="tenders",
                ways_out=("refund to the tender it was paid with", "ask a manager to do it"),
                kind=kind,
                left_minor=most,
                wanted_minor=-amount,
            )


def check_limit(refunds: Sequence[Tender], limit: int | None, *, may_override: bool) -> None:
    """Pass a refund within the person's limit (None: no limit). Raises RefundTooLarge."""
    out = -sum(one.amount_minor for one in refunds if one.kind != ROUNDING)
    if limit is not None and out > limit and not may_override:
        raise RefundTooLarge(
            "the refund is larger than you may give",
            field="tenders",
            ways_out=("ask a manager to do it",),
            limit_minor=limit,
            refund_minor=out,
        )


def left_of(documents: Sequence[tuple[int, Sequence[Tender]]]) -> dict[str, int]:
    """What stays of a charge's money by kind: its own tenders, later payments and refunds, as (total, tenders)."""
    return summed(by_kind(total, tenders) for total, tenders in documents)
