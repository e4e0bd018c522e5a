"""The only home of how a charge is paid: kinds of tender, and whether they fit the total."""

from collections.abc import Sequence
from typing import NamedTuple

from lotwise.sales.domain.refusals import BadTender


class Tender(NamedTuple):
    """One payment: its kind (cash, card, account, other), minor units, and the terminal's reference."""

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
    for tender in tenders:
        if tender.amount_minor * sign <= 0:
            raise BadTender(
                "an amount is zero or goes the wrong way", field="tenders", amount_minor=tender.amount_minor
            )
    paid = sum(tender.amount_minor for tender in tenders)
    over = (paid - total) * sign
    cash = sum(tender.amount_minor for tender in tenders if tender.kind == "cash") * sign
    if over > 0 and over > cash:
        raise BadTender("more is paid than the charge asks for", field="tenders", total_minor=total, paid_minor=paid)
    change = sign * max(0, over)
    return Settled(paid, change, total - (paid - change))
