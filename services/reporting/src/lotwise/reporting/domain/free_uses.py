"""The only home of what was used without a charge (SAL-23): the lines with a reason for costing nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from lotwise.reporting.domain.facts import Fact, micro
from lotwise.reporting.domain.tally import Tally


def add(tally: Tally, fact: Fact, day: date, line: Mapping[str, Any], sign: int) -> None:
    """A line that cost nothing, or (below zero) its void: its cost is what stock moved for the same document."""
    body = fact.body
    document = body["charge_id"] if sign > 0 else body["void_id"]
    tally.free[document, line["line"]] = (
        fact.site, day, line["product_id"], line["free_reason"], body.get("actor", ""), sign * micro(line["quantity"]),
    )  # fmt: skip
