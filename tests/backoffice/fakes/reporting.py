"""Reporting as the pages see it, from memory."""

import hashlib
from datetime import date, timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import CATEGORIES, NOW, SITES, Answer, Ask, Chain, ident, luck, route, rows


def _figures(seed: str, revenue: int) -> dict[str, Any]:
    cost = int(revenue * (0.3 + 0.3 * luck("cost", seed)))
    return {
        "units": str(revenue // 9000 + 1),
        "lines": revenue // 9000 + 1,
        "revenue_minor": revenue,
        "tax_minor": revenue // 5,
        "cogs_minor": cost,
        "margin_minor": revenue - cost,
        "margin_rate": f"{(revenue - cost) / revenue:.4f}",
    }


@route("GET", "reporting/v1/rebuild")
def rebuild(_chain: Chain, _ask: Ask) -> Answer:
    """No rebuild is due."""
    return 200, {"rebuilt_at": None, "due_since": None}


@route("GET", "reporting/v1/totals")
def totals(_chain: Chain, ask: Ask) -> Answer:
    """The totals."""
    whole = 412_300 if ask.params.get("from") == ask.params.get("to") else 9_741_250
    made = _figures("all", whole)
    return 200, made | {
        "net_units": made["units"],
        "net_revenue": f"{whole / 100:.2f}",
        "net_revenue_minor": whole,
        "waste_minor": 18_400,
        "charges": whole // 21_000,
        "returns": 4,
        "voids": 1,
        "products": 15,
        "currency": "USD",
    }


@route("GET", "reporting/v1/sales/by-{by}")
def report(_chain: Chain, ask: Ask) -> Answer:
    """A report."""
    if ask.by == "day":
        first, last = date.fromisoformat(ask.params["from"]), date.fromisoformat(ask.params["to"])
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        return rows(
            [
                {
                    "day": d.isoformat(),
                    "charges": 12,
                    "returns": 0,
                    **_figures(d.isoformat(), int(120_000 + 260_000 * luck(d) * (d.weekday() < 6))),
                }
                for d in days
                if d.weekday() != 6
            ],
            ask,
        )
    if ask.by == "category":
        found = [
            {"category_id": ident("category", c), "name": c, **_figures(c, int(300_000 + 4_000_000 * luck("cat", c)))}
            for c in CATEGORIES
        ]
    elif ask.by == "site":
        found = [
            {
                "site": s[0],
                "name": s[1],
                "charges": 90,
                "returns": 1,
                **_figures(s[0], int(900_000 + 2_000_000 * luck("site", s[0]))),
            }
            for s in SITES
        ]
    else:
        found = [
            {
                "product_id": p["product_id"],
                "code": p["code"],
                "name": p["name"],
                "unit": p["unit"],
                "category_id": p["category_id"],
                "category": p["category_name"],
                **_figures(p["code"], int(80_000 + 1_400_000 * luck("sold", p["code"]))),
            }
            for p in ALL_PRODUCTS
        ]
    return rows(sorted(found, key=lambda row: -row["revenue_minor"]), ask)


@route("GET", "reporting/v1/journey/{id}")
def journey(_chain: Chain, ask: Ask) -> Answer:
    """A journey."""
    said = [
        ("sales", "sale-recorded", 0, {"number": "H-2031", "total_minor": 82200}),
        ("stock", "stock-issued", 41, {"quantity": "2"}),
        ("stock", "stock-level-changed", 44, {"levels": [{"on_hand": "3"}]}),
        ("stock", "stock-below-min", 44, {"on_hand": "3"}),
        ("alerts", "alert-raised", 71, {"title": "Filler is below its minimum"}),
        ("purchasing", "purchase-order-drafted", 88, {"number": "PO-1040", "total_minor": 192000}),
    ]
    steps = [
        {
            "id": ident("step", i),
            "at": (NOW + timedelta(milliseconds=ms)).isoformat(),
            "happened_at": NOW.isoformat(),
            "site": "harley-street",
            "speaker": who,
            "event": event,
            "depth": i,
            "cause_id": None,
            "correlation_id": None,
            "trace_id": hashlib.sha256(b"t").hexdigest()[:32],
            "actor": "user:olga",
            "body": body,
        }
        for i, (who, event, ms, body) in enumerate(said)
    ]
    return 200, {"id": ask.id, "steps": steps, "seconds": 0.088, "is_whole": True}


@route("GET", "reporting/v1/waste")
def waste(_chain: Chain, ask: Ask) -> Answer:
    """What was lost, the most costly first."""
    found = [
        {
            "product_id": p["product_id"],
            "code": p["code"],
            "name": p["name"],
            "category": p["category_name"],
            "reason": reason,
            "units": str(1 + int(9 * luck("lost", p["code"]))),
            "cost_minor": int(500 + 9_000 * luck("lost", p["code"], reason)),
            "entries": 1,
        }
        for p, reason in zip(ALL_PRODUCTS, ("expired", "waste", "damage", "expired", "tester"), strict=False)
        if ask.params.get("reason") in {None, reason}
    ]
    return rows(sorted(found, key=lambda row: -row["cost_minor"]), ask)


@route("GET", "reporting/v1/liabilities-report")
def liabilities(_chain: Chain, ask: Ask) -> Answer:
    """What is owed by kind, at two sites."""
    amounts = (
        ("package", "harley-street", 120_000, 45_000, 1_000, 4_000, 70_000),
        ("package", "bath", 30_000, 0, 0, 0, 30_000),
        ("membership", "harley-street", 99_900, 12_345, 0, 0, 87_555),
        ("gift", "bath", 10_000, 2_500, 0, 0, 7_500),
    )
    words = ("sold_minor", "redeemed_minor", "expired_minor", "refunded_minor", "outstanding_minor")
    found = [
        {"kind": kind, "site": site, "site_name": site.title(), **dict(zip(words, minor, strict=True))}
        for kind, site, *minor in amounts
        if ask.params.get("kind") in {None, kind} and ask.params.get("site") in {None, site}
    ]
    return rows(found, ask)


@route("GET", "reporting/v1/free-use")
def free_use(_chain: Chain, ask: Ask) -> Answer:
    """What cost nothing, by two reasons."""
    found = [
        {
            "product_id": p["product_id"],
            "code": p["code"],
            "name": p["name"],
            "category": p["category_name"],
            "reason": reason,
            "actor": "user:olga",
            "units": "2.5",
            "lines": 1,
            "cost_minor": 1_130,
        }
        for p, reason in zip(ALL_PRODUCTS, ("touch_up", "training"), strict=False)
        if ask.params.get("reason") in {None, reason}
    ]
    return rows(found, ask)
