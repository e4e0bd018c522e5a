"""The only home of what a charge says about balances beyond its lines: numbers of certificates, how members join."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from lotwise.sales.domain.lines import AskedLine, ChargeLine
from lotwise.sales.domain.tenders import Tender

OWED = frozenset({"package", "membership", "gift", "account"})
TENDERS = frozenset({"gift", "account"})


class Joining(NamedTuple):
    """How a member joins: the day of the month on which the membership renews (None: that of joining), and how its
    further fees are paid: none, account, or card with the reference on file.

    Of an upgrade: what was left of the former membership's fee (as priced, and net), and the last day it was for.
    """

    anchor_day: int | None = None
    anchor_month: int | None = None
    paid_by: str = "none"
    payment_reference: str = ""
    credit_price: int = 0
    credit_net: int = 0
    until: date | None = None


AT_ONCE = Joining()
"""Joined by a line of the desk: it renews on the day of joining, and each fee is paid at the desk."""

NOBODY_NAMED: Mapping[int, str] = {}
NOBODY_JOINS: Mapping[int, Joining] = {}


class Owing(NamedTuple):
    """What a charge says about balances beyond its lines: by line, the numbers of certificates and how members join.

    `is_fact`: it happened; an account may then go beyond its reach.
    """

    is_fact: bool
    numbers: Mapping[int, str] = NOBODY_NAMED
    joins: Mapping[int, Joining] = NOBODY_JOINS


def owing_of(
    lines: Sequence[ChargeLine], tenders: Sequence[Tender], asked: Sequence[AskedLine], *, is_fact: bool
) -> Owing | None:
    """What a charge says about balances; None for one that touches none (most do)."""
    if not _touches(lines, tenders):
        return None
    named = {index: one.gift_number for index, one in enumerate(asked, 1) if one.gift_number}
    numbers = {line.line: named[line.line] for line in lines if line.line in named and line.more.owed == "gift"}
    return Owing(is_fact, numbers)


def _touches(lines: Sequence[ChargeLine], tenders: Sequence[Tender]) -> bool:
    for line in lines:
        extra = line.extra
        if extra is not None and (extra.owed in OWED or extra.redeems is not None):
            return True
    return any(tender.kind in TENDERS for tender in tenders)
