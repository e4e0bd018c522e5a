"""The only home of a purchase order as reports see it: the first time of each step, and its latest total."""

from datetime import datetime
from typing import Any

from lotwise.reporting.domain.facts import Fact
from lotwise.reporting.domain.tally import Tally

_STEPS = {
    "purchase-order-drafted": "drafted_at",
    "purchase-order-sent": "sent_at",
    "purchase-order-received": "received_at",
    "purchase-order-cancelled": "cancelled_at",
}


def stepped(tally: Tally, fact: Fact) -> None:
    """An order reached a step; steps may come in any order."""
    body = fact.body
    order = tally.orders.setdefault(body["order_id"], _blank(fact))
    when = datetime.fromisoformat(body["happened_at"])
    step = _STEPS[fact.name]
    order[step] = when if order[step] is None else min(order[step], when)
    order["is_complete"] |= bool(body.get("is_complete"))
    if "total_minor" in body:
        order["total"] = max(order["total"], (when, body["total_minor"]))


def _blank(fact: Fact) -> dict[str, Any]:
    body = fact.body
    start = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return {
        "site": fact.site, "number": body["number"], "supplier_id": body["supplier_id"],
        "is_complete": False, "total": (start, 0), **dict.fromkeys(_STEPS.values()),
    }  # fmt: skip
