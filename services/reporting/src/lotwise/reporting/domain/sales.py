"""The only home of how charges, voids and returns count: every line counts, with its sign.

Money of a line that is still owed (a package, a fee, a certificate, an account) or another's (a tip) is no revenue:
what it earns comes with its use (SAL-20). Its units and its tax count with its document.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from lotwise.reporting.domain import free_uses
from lotwise.reporting.domain.facts import Fact, local_day, micro
from lotwise.reporting.domain.tally import Tally

CHARGES, RETURNS, VOIDS = 0, 1, 2


def recorded(tally: Tally, fact: Fact) -> None:
    """A charge adds all its lines, whatever they do to stock."""
    _count(tally, fact, CHARGES, sign=1)


def voided(tally: Tally, fact: Fact) -> None:
    """A void takes back what its charge added, on the day of the void."""
    _count(tally, fact, VOIDS, sign=-1)


def returned(tally: Tally, fact: Fact) -> None:
    """A return takes back what its lines say went back."""
    _count(tally, fact, RETURNS, sign=-1)


def _count(tally: Tally, fact: Fact, kind: int, sign: int) -> None:
    day = local_day(fact.body["happened_at"], tally.zone(fact.site))
    tally.charges[fact.site, day][kind] += 1
    _add_lines(tally, (fact.site, day), fact.body["lines"], sign)
    if kind != RETURNS:
        for line in fact.body["lines"]:
            if line.get("free_reason"):
                free_uses.add(tally, fact, day, line, sign)


def _add_lines(tally: Tally, place: tuple[str, Any], lines: Iterable[Mapping[str, Any]], sign: int) -> None:
    (site, day), sales = place, tally.sales
    for line in lines:
        cell = sales[site, day, line["product_id"]]
        cell[0] += sign * micro(line["quantity"])
        cell[1] += 1
        if line.get("owed", "none") == "none":
            cell[2] += sign * line["net_minor"]
        cell[3] += sign * (line.get("tax_1_minor", 0) + line.get("tax_2_minor", 0))
