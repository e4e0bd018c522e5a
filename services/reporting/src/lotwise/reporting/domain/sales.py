"""The only home of how charges, voids and returns count: every line counts, with its sign."""

from collections.abc import Iterable, Mapping
from typing import Any

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


def _add_lines(tally: Tally, place: tuple[str, Any], lines: Iterable[Mapping[str, Any]], sign: int) -> None:
    (site, day), sales = place, tally.sales
    for line in lines:
        cell = sales[site, day, line["product_id"]]
        cell[0] += sign * micro(line["quantity"])
        cell[1] += 1
        cell[2] += sign * line["net_minor"]
        cell[3] += sign * (line.get("tax_1_minor", 0) + line.get("tax_2_minor", 0))
