"""The only home of the cost of goods sold: from the lots really taken, and given back."""

from lotwise.reporting.domain import waste
from lotwise.reporting.domain.facts import Fact, local_day, micro
from lotwise.reporting.domain.tally import Tally


def issued(tally: Tally, fact: Fact) -> None:
    """Goods of a charge or a treatment left: their cost becomes cost of goods sold. A treatment's may be below zero."""
    _add(tally, fact, 1)


def returned(tally: Tally, fact: Fact) -> None:
    """Goods came back: their cost leaves the cost of goods sold; what is thrown away at once becomes waste."""
    _add(tally, fact, -1)
    if fact.body.get("disposition") == "waste":
        for taken in fact.body["taken"]:
            waste.add(tally, fact, taken, "returned")


def corrected(tally: Tally, fact: Fact) -> None:
    """Goods that were sold before they came cost more, or less, than was known: the difference joins the cost."""
    day = local_day(fact.body["happened_at"], tally.zone(fact.site))
    tally.costs[fact.site, day, fact.body["product_id"]][1] += fact.body["cost_minor"]


def _add(tally: Tally, fact: Fact, sign: int) -> None:
    day = local_day(fact.body["happened_at"], tally.zone(fact.site))
    site, costs = fact.site, tally.costs
    for taken in fact.body["taken"]:
        cell = costs[site, day, taken["product_id"]]
        cell[0] += sign * micro(taken["quantity"])
        cell[1] += sign * taken["cost_minor"]
