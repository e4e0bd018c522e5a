"""Alerts as the pages see it, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, ident, route, rows

ALERTS = [
    ("stock-out", "critical", 0, "harley-street", "Botulinum toxin 50 U is out of stock", 1),
    ("below-minimum", "warning", 2, "harley-street", "Hyaluronic filler 1 ml is below its minimum: 3 of 8", 5),
    ("lot-expired", "warning", 5, "bath", "Lot L40771 of Vitamin C serum 30 ml is expired: 4 went to quarantine", 14),
    ("lot-expiring", "info", 7, "austin", "Lot L55102 of Retinol night cream expires in 21 days", 30),
    ("below-minimum", "warning", 9, "montreal", "Lidocaine cream 30 g is below its minimum: 6 of 15", 41),
]


@route("GET", "alerts/v1/alerts")
def alerts(_chain: Chain, ask: Ask) -> Answer:
    """The inbox."""
    found = [
        {"alert_id": ident("alert", i), "kind": kind, "site": where, "site_name": where, "subject_id": ident("s", i), "product_id": ALL_PRODUCTS[n]["product_id"], "severity": level, "title": title, "facts": {}, "state": "open", "times": 1 + i % 2, "happened_at": (NOW - timedelta(hours=hours)).isoformat(), "raised_at": (NOW - timedelta(hours=hours)).isoformat(), "can_close": kind == "lot-expired", "snoozed_until": None, "acknowledged_by": None, "revision": 1}
        for i, (kind, level, n, where, title, hours) in enumerate(ALERTS)
        if ask.params.get("site") in {None, where} and ask.params.get("kind") in {None, kind}
        and ask.params.get("severity") in {None, level}
    ]  # fmt: skip
    return rows(found, ask)


@route("GET", "alerts/v1/alerts/count")
def count(_chain: Chain, _ask: Ask) -> Answer:
    """The badge."""
    return 200, {"total": 5, "critical": 1, "warning": 3, "info": 1}


@route("POST", "alerts/v1/alerts/{id}:acknowledge")
def acknowledge(_chain: Chain, ask: Ask) -> Answer:
    """Acknowledge."""
    return 200, {"alert_id": ask.id, "state": "acknowledged"}


@route("POST", "alerts/v1/alerts/{id}:snooze")
def snooze(_chain: Chain, ask: Ask) -> Answer:
    """Snooze."""
    return 200, {"alert_id": ask.id, "state": "snoozed"}
