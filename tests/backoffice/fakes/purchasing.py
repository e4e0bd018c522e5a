"""Purchasing as the pages see it, from memory."""
# ruff: noqa: E501, PLC0207 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, SUPPLIERS, Answer, Ask, Chain, day, ident, route, rows


def supplier(name: str, i: int) -> dict[str, Any]:
    """A supplier as purchasing answers."""
    return {"supplier_id": ident("supplier", name), "number": 101 + i, "name": name, "contact": ("Amara Diaz", "Tom Reed", "Lena Fox", "Ravi Sen")[i], "email": f"orders@{name.split()[0].lower()}.example", "phone": "", "address": "14 Mill Lane\nLeeds", "lead_time_days": 3 + 2 * i, "payment_terms": "30 days net", "minimum_order_minor": 25000 if i % 2 == 0 else None, "note": "", "is_archived": False, "revision": 1}  # fmt: skip


ALL_SUPPLIERS = [supplier(name, i) for i, name in enumerate(SUPPLIERS)]


def _order(i: int, status: str, where: str, origin: str = "person") -> dict[str, Any]:
    lines = []
    for n, p in enumerate(ALL_PRODUCTS[i : i + 3], 1):
        many = 10 * n
        came = many if status == "received" else many // 2 if status == "pending" and n == 1 else 0
        lines.append({"line": n, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "supplier_code": f"AL-{n}0{i}", "quantity": str(many), "received": str(came), "outstanding": str(many - came), "unit": p["unit"], "unit_cost": p["cost"] or "5.00", "total_minor": round(float(p["cost"] or 5) * 100 * many), "pack_name": "box", "pack_units": "10", "is_whole_packs": True})  # fmt: skip
    sent = None if status == "draft" else (NOW - timedelta(days=4)).isoformat()
    who = ALL_SUPPLIERS[i % 4]
    return {"order_id": ident("order", i), "number": f"PO-{1040 + i}", "supplier_id": who["supplier_id"], "supplier_name": who["name"], "supplier_number": who["number"], "site": where, "status": status, "origin": origin, "created_at": (NOW - timedelta(days=5 - i % 4)).isoformat(), "expected_on": None, "due_on": day(i - 2).isoformat() if sent else None, "sent_at": sent, "closed_at": None, "note": "", "lines": lines, "total_minor": sum(line["total_minor"] for line in lines), "currency": "USD", "supplier_minimum_minor": who["minimum_order_minor"], "is_under_minimum": False, "revision": 2}  # fmt: skip


ORDERS = [
    _order(0, "draft", "harley-street", "shortage"),
    _order(1, "pending", "harley-street"),
    _order(2, "sent", "bath"),
    _order(5, "received", "austin"),
    _order(7, "cancelled", "central"),
]


@route("GET", "purchasing/v1/orders")
def orders(_chain: Chain, ask: Ask) -> Answer:
    """The orders that match."""
    found = [
        o
        for o in ORDERS
        if ask.params.get("site") in {None, o["site"]} and ask.params.get("status") in {None, o["status"]}
    ]
    found = [
        o
        for o in found
        if ask.params.get("supplier") in {None, o["supplier_id"]}
        and ask.params.get("number", "").lower() in o["number"].lower()
    ]
    return rows(found, ask)


@route("GET", "purchasing/v1/orders/{id}")
def one_order(_chain: Chain, ask: Ask) -> Answer:
    """An order."""
    return 200, next(o for o in ORDERS if o["order_id"] == ask.id)


@route("PUT", "purchasing/v1/orders/{id}")
def put_order(_chain: Chain, ask: Ask) -> Answer:
    """Change a draft."""
    return 200, next(o for o in ORDERS if o["order_id"] == ask.id)


@route("POST", "purchasing/v1/orders")
def add_order(_chain: Chain, ask: Ask) -> Answer:
    """Draft an order."""
    return 201, ORDERS[0] | {"order_id": ask.body["order_id"]}


@route("POST", "purchasing/v1/orders/{id}:send")
def send(_chain: Chain, ask: Ask) -> Answer:
    """Send."""
    return 200, next(o for o in ORDERS if o["order_id"] == ask.id) | {"status": "sent"}


@route("POST", "purchasing/v1/orders/{id}:receive")
def receive(_chain: Chain, ask: Ask) -> Answer:
    """Receive."""
    one = next(o for o in ORDERS if o["order_id"] == ask.id)
    return 200, {"receipt_id": ident("receipt"), "order": one | {"status": "received"}}


@route("GET", "purchasing/v1/suppliers")
def suppliers(_chain: Chain, ask: Ask) -> Answer:
    """The suppliers."""
    return rows(ALL_SUPPLIERS, ask)


@route("GET", "purchasing/v1/suppliers/{id}")
def one_supplier(_chain: Chain, ask: Ask) -> Answer:
    """A supplier."""
    return 200, next(s for s in ALL_SUPPLIERS if s["supplier_id"] == ask.id)


@route("POST", "purchasing/v1/suppliers")
def add_supplier(_chain: Chain, ask: Ask) -> Answer:
    """Enter a supplier."""
    return 201, ALL_SUPPLIERS[0] | ask.body


@route("GET", "purchasing/v1/supplier-products")
def offers(_chain: Chain, ask: Ask) -> Answer:
    """Who offers a product."""
    return rows(
        [
            {
                "supplier_id": ALL_SUPPLIERS[1]["supplier_id"],
                "supplier_name": SUPPLIERS[1],
                "product_id": ask.params["product"],
                "is_preferred": True,
                "preferred_at": [],
            }
        ],
        ask,
    )
