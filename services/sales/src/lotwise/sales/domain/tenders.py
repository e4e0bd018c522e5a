"""The only home of how a document is paid: kinds of tender, cash in steps, and whether payments fit a total."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lotwise.sales.domain.refusals import BadTender
from lotwise.values import half_up

CASH = "cash"
ROUNDING = "rounding"
"""What cash in steps gave or took; a row of the payment like any other, so that the books balance (ORACLES)."""
COUNTED = ("cash", "card", "reward", "other")
"""What lies in a drawer or stands on a slip at the end of a day; accounts and certificates count themselves."""


class Tender(NamedTuple):
    """One payment: its kind (cash, card, account, gift, reward, other, rounding), minor units, and its reference."""

    kind: str
    amount_minor: int
    reference: str = ""


class Settled(NamedTuple):
    """What came in, what is given back in cash, and what stays to be paid; minor units."""

    paid_minor: int
    change_minor: int
    due_minor: int


def settle(total: int, tenders: Sequence[Tender]) -> Settled:
    """Lay the tenders against a total. Part payment is allowed; only cash may exceed the total (change is given).

    Raises BadTender for an amount of zero or against the sign of the total, and for too much on a card.
    """
    sign = -1 if total < 0 else 1
    paid = cash = rounding = 0
    for kind, amount, _ in tenders:
        if kind == ROUNDING:
            rounding += amount
            continue
        if amount * sign <= 0:
            raise BadTender("an amount is zero or goes the wrong way", field="tenders", amount_minor=amount)
        paid += amount
        if kind == CASH:
            cash += amount
    over = (paid + rounding - total) * sign
    if over > 0 and over > cash * sign:
        raise BadTender("more is paid than the charge asks for", field="tenders", total_minor=total, paid_minor=paid)
    change = sign * max(0, over)
    return Settled(paid, change, total - rounding - (paid - change))


def due_of(source: str, settled: Settled) -> int:
    """What a charge leaves to be paid: only a desk's can be due; what outside tills took only they know."""
    return settled.due_minor if source == "desk" else 0


def round_cash(total: int, tenders: Sequence[Tender], step: int) -> list[Tender]:
    """The tenders with a row for the rounding, where cash settles the rest of a total in steps of `step` minor units.

    Only the part that cash settles is rounded, half away from zero, after tax: 4.92 is paid with 4.90, 4.93 with 4.95
    in steps of 5. Cash that fits the rest to the unit, or pays a part of it, is taken as it is; where the rest rounds
    to nothing, a cash payment of zero settles it.
    """
    given = list(tenders)
    if step <= 1 or not any(one.kind == CASH for one in given):
        return given
    sign = -1 if total < 0 else 1
    cash = sum(one.amount_minor for one in given if one.kind == CASH) * sign
    rest = (total - sum(one.amount_minor for one in given if one.kind != CASH)) * sign
    asked = half_up(rest, step) * step
    if rest <= 0 or cash == rest or cash < asked:
        return given
    kept = [one for one in given if one.amount_minor]
    return kept if asked == rest else [*kept, Tender(ROUNDING, sign * (rest - asked))]


def by_kind(total: int, tenders: Sequence[Tender]) -> dict[str, int]:
    """What a document's tenders brought by kind, its change taken off the cash; minor units, sums to what was paid."""
    found: dict[str, int] = {}
    for kind, amount, _ in tenders:
        found[kind] = found.get(kind, 0) + amount
    change = settle(total, tenders).change_minor
    if change:
        found[CASH] -= change
    return {kind: amount for kind, amount in found.items() if amount}


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Amounts by kind added up, without the kinds that come to nothing."""
    found: dict[str, int] = {}
    for part in parts:
        for kind, amount in part.items():
            found[kind] = found.get(kind, 0) + amount
    return {kind: amount for kind, amount in found.items() if amount}
