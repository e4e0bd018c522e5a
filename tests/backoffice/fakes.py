"""Services that answer like the real ones from memory: a believable chain for the pages' tests and for the eye."""
# ruff: noqa: E501, PLC0207 - a row of data stands on one line

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
SPACE = UUID("11111111-2222-3333-4444-555555555555")
Answer = tuple[int, Any]
Handler = Callable[["Ask"], Answer]


def ident(*words: object) -> str:
    """The same id for the same words."""
    return str(uuid5(SPACE, "/".join(map(str, words))))


def luck(*words: object) -> float:
    """A number from 0 to 1 that is always the same for the same words."""
    return int(hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


SITES = [
    ("harley-street", "Harley Street", "Europe/London", False),
    ("bath", "Bath Spa", "Europe/London", False),
    ("montreal", "Montréal", "America/Toronto", False),
    ("austin", "Austin", "America/Chicago", False),
    ("central", "Central Store", "Europe/London", True),
]
CATEGORIES = ["Toxins", "Fillers", "Skincare", "Back bar", "Devices", "Treatments"]
PRODUCTS = [
    ("TOX-050", "Botulinum toxin 50 U", "Toxins", "physical", "vial", "112.40", "186.00", "12"),
    ("TOX-100", "Botulinum toxin 100 U", "Toxins", "physical", "vial", "198.10", "345.00", "10"),
    ("FIL-HA1", "Hyaluronic filler 1 ml", "Fillers", "physical", "syringe", "96.00", "289.00", "8"),
    ("FIL-HA2", "Hyaluronic filler volume 2 ml", "Fillers", "physical", "syringe", "164.50", "460.00", "6"),
    ("FIL-CAH", "Calcium filler 1.5 ml", "Fillers", "physical", "syringe", "141.00", "420.00", "4"),
    ("SKI-VC1", "Vitamin C serum 30 ml", "Skincare", "physical", "piece", "31.25", "89.00", "10"),
    ("SKI-SPF", "Mineral sunscreen SPF 50", "Skincare", "physical", "piece", "14.80", "42.00", "20"),
    ("SKI-RET", "Retinol night cream 50 ml", "Skincare", "physical", "piece", "27.90", "76.50", "8"),
    ("SKI-AHA", "AHA toner 150 ml", "Skincare", "physical", "piece", "9.35", "34.00", "10"),
    ("BAR-LID", "Lidocaine cream 30 g", "Back bar", "physical", "tube", "6.20", None, "15"),
    ("BAR-CAN", "Cannula 25G 50 mm", "Back bar", "physical", "piece", "2.45", None, "60"),
    ("BAR-WIP", "Alcohol wipe x200", "Back bar", "physical", "box", "4.10", None, "20"),
    ("DEV-MND", "Microneedling pen", "Devices", "physical", "piece", "310.00", "620.00", "2"),
    ("FACIAL.", "Signature facial", "Treatments", "service", "piece", None, "145.00", None),
    ("TOXIN.", "Toxin treatment, three areas", "Treatments", "service", "piece", None, "420.00", None),
    ("PEEL.", "Chemical peel", "Treatments", "service", "piece", None, "165.00", None),
]
SUPPLIERS = ["Allerva Medical", "Northline Aesthetics", "Dermacare Supply", "Merivale Devices"]
MEMBERS = ["Amelia Hart", "Zoë Okafor", "Łukasz Brandt", "Priya Raman", "Grace Lin", "Noah Beaumont", "Inés Cabral"]


class Ask:
    """A request as a handler sees it."""

    def __init__(self, request: httpx.Request, parts: dict[str, str]) -> None:
        self.request = request
        self.parts = parts
        self.params = dict(request.url.params)

    @property
    def body(self) -> Any:
        """The JSON that was sent."""
        return orjson.loads(self.request.content or b"null")

    def __getattr__(self, name: str) -> str:
        return self.parts[name]


class Chain:
    """All services of the fake chain. `calls` keeps every request; `override` replaces one answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.overrides: dict[tuple[str, str], Handler] = {}
        self.down: set[str] = set()
        self.members = [_member(name) for name in MEMBERS]
        self.charges: dict[str, dict[str, Any]] = {}
        self.levels = _levels()
        self.orders = _orders()
        self.alerts = _alerts()

    def transport(self) -> httpx.MockTransport:
        """What an httpx client speaks to."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the service that the host names."""
        service, path = request.url.host, request.url.path
        self.calls.append(
            (request.method, f"{service}{path}", orjson.loads(request.content) if request.content else None)
        )
        self.headers.append(request.headers)
        if service in self.down:
            raise httpx.ConnectError("connection refused", request=request)
        for (method, pattern), handler in (*self.overrides.items(), *ROUTES.items()):
            match = re.fullmatch(pattern, service + path)
            if method == request.method and match:
                status, body = (
                    handler(self, Ask(request, match.groupdict()))
                    if handler in ROUTES.values()
                    else handler(Ask(request, match.groupdict()))
                )
                kind = "application/problem+json" if status >= 400 else "application/json"
                return httpx.Response(status, content=orjson.dumps(body, default=str), headers={"content-type": kind})
        return httpx.Response(
            404, json={"title": "Unknown", "detail": f"no fake for {request.method} {service}{path}", "status": 404}
        )

    def did(self, method: str, where: str) -> list[Any]:
        """The bodies of the calls made there."""
        return [body for m, w, body in self.calls if m == method and re.fullmatch(where, w)]


ROUTES: dict[tuple[str, str], Any] = {}


def route(method: str, pattern: str) -> Callable[[Any], Any]:
    """Register an answer; `{name}` in the pattern is a part of the path."""

    def add(handler: Any) -> Any:
        ROUTES[method, re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", pattern)] = handler
        return handler

    return add


def refusal(status: int, code: str, detail: str, **more: Any) -> Answer:
    """A problem."""
    return status, {
        "type": f"urn:lotwise:problem:{code}",
        "title": "This cannot be done",
        "status": status,
        "code": code,
        "detail": detail,
    } | more


def rows(found: list[Any], ask: Ask) -> Answer:
    """A page of rows with a cursor."""
    start, limit = int(ask.params.get("after") or 0), int(ask.params.get("limit") or 50)
    more = str(start + limit) if start + limit < len(found) else None
    return 200, {"rows": found[start : start + limit], "next": more}


# -- catalog


def product(row: tuple[Any, ...]) -> dict[str, Any]:
    """A product as the catalog answers."""
    code, name, category, kind, unit, cost, price, reorder = row
    return {
        "product_id": ident("product", code), "code": code, "item_type": kind, "name": name, "description": "", "kind": kind,
        "purpose": None if kind == "service" else "back_bar" if category == "Back bar" else "retail",
        "category_id": ident("category", category), "category_name": category, "unit": unit, "unit_decimals": 0,
        "packs": [{"name": "box", "units": "10", "gtin": None}] if category == "Toxins" else [], "barcodes": [f"501234{int(luck(code) * 1e6):06d}3"],
        "manufacturer": "Allerva" if category in {"Toxins", "Fillers"} else "", "size": "", "size_unit": "", "tax_code": 1, "application_code": 0,
        "tax_inclusive": False, "site_taxes": [], "cost": cost, "markup_percent": None,
        "implied_markup_percent": f"{100 * (float(price) / float(cost) - 1):.1f}" if cost and price else None, "price": price, "proposed_price": None,
        "reorder_at": reorder, "normal_order_quantity": "20" if reorder else None, "supplier_id": ident("supplier", SUPPLIERS[0]), "supplier_code": "",
        "duration_slots": 3 if kind == "service" else None, "is_serialised": category == "Devices", "confirm_lot": False, "is_archived": False, "revision": 3, "warnings": [],
    }  # fmt: skip


ALL_PRODUCTS = [product(row) for row in PRODUCTS]
BY_ID = {row["product_id"]: row for row in ALL_PRODUCTS}


@route("GET", "catalog/v1/sites")
def sites(_chain: Chain, ask: Ask) -> Answer:
    """The sites."""
    return rows([site(row) for row in SITES], ask)


def site(row: tuple[str, str, str, bool]) -> dict[str, Any]:
    """A site as the catalog answers."""
    slug, name, zone, central = row
    return {"slug": slug, "name": name, "time_zone": zone, "legal_entity": "Lotwise Clinics Ltd", "is_central_store": central, "stock_policy": "block_at_zero", "stock_unreachable": "sell", "tax_rounding": "line", "revision": 1}  # fmt: skip


@route("GET", "catalog/v1/sites/{slug}")
def one_site(_chain: Chain, ask: Ask) -> Answer:
    """A site."""
    return 200, next(site(row) for row in SITES if row[0] == ask.slug)


@route("GET", "catalog/v1/sites/{slug}/tax")
def tax(_chain: Chain, ask: Ask) -> Answer:
    """The taxes of a site."""
    rates = {
        "slug": ask.slug,
        "valid_from": "2026-01-01",
        "tax_1": {"name": "VAT", "rate_1": "20", "rate_2": "5"},
        "tax_2": {"name": "", "rate_1": "0", "rate_2": "0"},
        "revision": 1,
    }
    return 200, {"today": rates, "rows": [rates]}


@route("PUT", "catalog/v1/sites/{slug}/tax")
def set_tax(_chain: Chain, ask: Ask) -> Answer:
    """Set the taxes."""
    return 200, {"slug": ask.slug, "revision": 2} | ask.body


@route("PUT", "catalog/v1/sites/{slug}")
def put_site(_chain: Chain, ask: Ask) -> Answer:
    """Change a site."""
    return 200, {"slug": ask.slug, "revision": 2} | ask.body


@route("POST", "catalog/v1/sites")
def add_site(_chain: Chain, ask: Ask) -> Answer:
    """Add a site."""
    return 201, ask.body | {"revision": 1}


@route("GET", "catalog/v1/categories")
def categories(_chain: Chain, ask: Ask) -> Answer:
    """The categories."""
    return rows(
        [{"category_id": ident("category", name), "name": name, "code": None, "revision": 1} for name in CATEGORIES],
        ask,
    )


@route("POST", "catalog/v1/categories")
def add_category(_chain: Chain, ask: Ask) -> Answer:
    """Add a category."""
    return 201, {"category_id": ident("category", ask.body["name"]), "revision": 1} | ask.body


@route("GET", "catalog/v1/products")
def products(_chain: Chain, ask: Ask) -> Answer:
    """The products that match."""
    word = ask.params.get("search", "").lower()
    found = [p for p in ALL_PRODUCTS if word in p["name"].lower() or word in p["code"].lower() or word in p["barcodes"]]
    for name, field in (("category", "category_id"), ("kind", "kind"), ("purpose", "purpose")):
        found = [p for p in found if not ask.params.get(name) or p[field] == ask.params[name]]
    return rows(found, ask)


@route("POST", "catalog/v1/products")
def add_product(_chain: Chain, ask: Ask) -> Answer:
    """Add a product; a code that is taken is refused."""
    if any(p["code"] == ask.body["code"] for p in ALL_PRODUCTS):
        return refusal(409, "code-taken", f"The code {ask.body['code']} is taken.", field="code")
    return 201, product(
        (ask.body["code"], ask.body["name"], "Toxins", "physical", "piece", None, None, None)
    ) | ask.body


@route("GET", "catalog/v1/products/{id}")
def one_product(_chain: Chain, ask: Ask) -> Answer:
    """A product."""
    return (200, BY_ID[ask.id]) if ask.id in BY_ID else refusal(404, "unknown", "There is no such product.")


@route("PUT", "catalog/v1/products/{id}")
def put_product(_chain: Chain, ask: Ask) -> Answer:
    """Change a product; another revision is refused."""
    if ask.request.headers["if-match"] != '"3"':
        return refusal(412, "changed", "Somebody else changed it.")
    return 200, BY_ID[ask.id] | ask.body


@route("POST", "catalog/v1/products/{id}:archive")
def archive(_chain: Chain, ask: Ask) -> Answer:
    """Archive."""
    return 200, BY_ID[ask.id] | {"is_archived": True}


@route("GET", "catalog/v1/products/{id}/prices")
def prices(_chain: Chain, ask: Ask) -> Answer:
    """The price list."""
    now = BY_ID[ask.id]["price"]
    found = [
        {
            "at_site": None,
            "price": "170.00",
            "valid_from": (NOW - timedelta(days=200)).isoformat(),
            "valid_to": (NOW - timedelta(days=30)).isoformat(),
        },
        {"at_site": None, "price": now, "valid_from": (NOW - timedelta(days=30)).isoformat(), "valid_to": None},
    ]
    return rows(found if now else [], ask)


@route("POST", "catalog/v1/products/{id}/prices")
def add_price(_chain: Chain, ask: Ask) -> Answer:
    """Put a price on the list."""
    return 201, {"rows": [ask.body], "next": None}


@route("GET", "catalog/v1/products/{id}/changes")
def changes(_chain: Chain, ask: Ask) -> Answer:
    """The history."""
    return rows(
        [
            {
                "field": "price",
                "was": "170.00",
                "now": "186.00",
                "who": "user:olga",
                "changed_at": (NOW - timedelta(days=30)).isoformat(),
            }
        ],
        ask,
    )


@route("GET", "catalog/v1/codes/{code}")
def code(_chain: Chain, ask: Ask) -> Answer:
    """What a code means."""
    for p in ALL_PRODUCTS:
        if ask.code in {p["code"], p["code"].removesuffix("."), *p["barcodes"]}:
            return 200, {"product": p, "pack": None}
    return refusal(404, "unknown", f"No product has the code {ask.code}.", field="code")


# -- sales


def _member(name: str) -> dict[str, Any]:
    return {"member_id": ident("member", name), "name": name, "phone": "+44 20 7946 0" + f"{int(luck(name) * 999):03d}", "email": name.split()[0].lower() + "@example.org", "note": "", "is_archived": False, "revision": 1, "created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}  # fmt: skip


@route("GET", "sales/v1/members")
def members(chain: Chain, ask: Ask) -> Answer:
    """The members that match."""
    word = ask.params.get("search", "").lower()
    return rows([m for m in chain.members if word in m["name"].lower()], ask)


@route("POST", "sales/v1/members")
def add_member(chain: Chain, ask: Ask) -> Answer:
    """Add a member."""
    made = _member(ask.body["name"]) | ask.body
    chain.members.append(made)
    return 201, made


@route("GET", "sales/v1/members/{id}")
def one_member(chain: Chain, ask: Ask) -> Answer:
    """A member."""
    return 200, next(m for m in chain.members if m["member_id"] == ask.id)


@route("PUT", "sales/v1/members/{id}")
def put_member(chain: Chain, ask: Ask) -> Answer:
    """Change a member."""
    return 200, next(m for m in chain.members if m["member_id"] == ask.id) | ask.body


@route("GET", "sales/v1/desk")
def desk(chain: Chain, ask: Ask) -> Answer:
    """What the desk opens with."""
    picked = [p for p in ALL_PRODUCTS if p["price"]][:12]
    return 200, {
        "site": ask.params["site"], "site_name": "Harley Street", "time_zone": "Europe/London", "currency": "USD", "tax_rounding": "line", "stock_unreachable": "sell",
        "taxes": {"valid_from": "2026-01-01", "name_1": "VAT", "rate_1_1": "20", "rate_1_2": "5", "name_2": "", "rate_2_1": "0", "rate_2_2": "0"},
        "tiles": [_tile(chain, p, f"F{i}", ask.params["site"]) for i, p in enumerate(picked, 1)],
    }  # fmt: skip


def _tile(chain: Chain, p: dict[str, Any], key: str | None, where: str) -> dict[str, Any]:
    level = chain.levels.get((where, p["product_id"]), {})
    return {"key": key, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "kind": p["kind"], "unit": p["unit"], "unit_decimals": 0, "category_name": p["category_name"], "price": p["price"], "tax_inclusive": False, "on_hand": level.get("on_hand"), "available": level.get("available"), "minimum": level.get("minimum")}  # fmt: skip


def _priced(chain: Chain, where: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    out = []
    for i, line in enumerate(lines, 1):
        p = BY_ID[line["product_id"]]
        net = round(float(p["price"] or 0) * float(line["quantity"]) * 100)
        vat = round(net * 0.2)
        level = chain.levels.get((where, p["product_id"]), {})
        out.append({"line": i, "product_id": p["product_id"], "quantity": line["quantity"], "effect": "sale", "unit_price": p["price"] or "0.00", "list_price": p["price"], "net_minor": net, "tax_1_minor": vat, "tax_2_minor": 0, "total_minor": net + vat, "code": p["code"], "name": p["name"], "unit": p["unit"], "kind": p["kind"], "tax_inclusive": False, "on_hand": level.get("on_hand"), "available": level.get("available"), "explanation": [f"List price {p['price']} for the chain", "VAT 20 % on top"], "returned": "0", "description": ""})  # fmt: skip
    net, vat = sum(line["net_minor"] for line in out), sum(line["tax_1_minor"] for line in out)
    taxes = [{"name": "VAT", "percent": "20", "base_minor": net, "tax_minor": vat}]
    return {"site": where, "happened_at": NOW.isoformat(), "currency": "USD", "lines": out, "taxes": taxes, "net_minor": net, "tax_1_minor": vat, "tax_2_minor": 0, "tax_minor": vat, "total_minor": net + vat}  # fmt: skip


@route("POST", "sales/v1/quotes")
def quote(chain: Chain, ask: Ask) -> Answer:
    """Price and tax."""
    return 200, _priced(chain, ask.body["site"], ask.body["lines"])


@route("POST", "sales/v1/charges")
def charge(chain: Chain, ask: Ask) -> Answer:
    """Record, unless a line asks for more than there is."""
    body = ask.body
    priced = _priced(chain, body["site"], body["lines"])
    for line in priced["lines"]:
        if line["available"] is not None and float(line["quantity"]) > float(line["available"]):
            numbers = {
                "product_id": line["product_id"],
                "product": line["name"],
                "wanted": line["quantity"],
                "on_hand": line["on_hand"],
                "available": line["available"],
                "minimum": "12",
                "open_receipts": "20",
            }
            ways = [
                "Check the minimum.",
                "Receive what has arrived.",
                "Lower the minimum for a while.",
                "Create a purchase order.",
            ]
            return refusal(
                409,
                "not-enough-stock",
                f"{line['name']}: {line['quantity']} wanted, {line['available']} available.",
                title="Stock too low, can't create charge",
                numbers=numbers,
                ways_out=ways,
            )
    paid = sum(t["amount_minor"] for t in body.get("tenders", ()))
    made = priced | {"charge_id": body.get("charge_id") or ident("charge", len(chain.charges)), "number": f"H-{2031 + len(chain.charges)}", "state": "recorded", "member_id": body.get("member_id"), "recorded_at": NOW.isoformat(), "is_held": True, "source": "desk", "actor": "user:olga", "paid_minor": paid, "change_minor": max(0, paid - priced["total_minor"]), "due_minor": max(0, priced["total_minor"] - paid), "tenders": [{"reference": ""} | t for t in body.get("tenders", ())], "void": None, "returns": []}  # fmt: skip
    chain.charges[made["charge_id"]] = made
    return 201, made


@route("GET", "sales/v1/charges")
def charges(chain: Chain, ask: Ask) -> Answer:
    """The charges, newest first."""
    old = [{"charge_id": ident("charge", "old", i), "number": f"H-{2030 - i}", "site": SITES[i % 4][0], "state": "voided" if i % 11 == 3 else "recorded", "member_id": chain.members[i % 7]["member_id"] if i % 3 else None, "happened_at": (NOW - timedelta(minutes=37 * i)).isoformat(), "source": "desk", "is_held": True, "total_minor": 8900 + int(luck("c", i) * 90000), "currency": "USD"} for i in range(70)]  # fmt: skip
    return rows([*reversed(chain.charges.values()), *old], ask)


@route("GET", "sales/v1/charges/{id}")
def one_charge(chain: Chain, ask: Ask) -> Answer:
    """A charge."""
    if ask.id in chain.charges:
        return 200, chain.charges[ask.id]
    some = [{"product_id": p["product_id"], "quantity": "1"} for p in ALL_PRODUCTS[:3]]
    priced = _priced(chain, "harley-street", some)
    return 200, priced | {"charge_id": ask.id, "number": "H-2029", "state": "recorded", "member_id": None, "recorded_at": NOW.isoformat(), "is_held": True, "source": "desk", "actor": "user:olga", "paid_minor": priced["total_minor"], "change_minor": 0, "due_minor": 0, "tenders": [{"kind": "card", "amount_minor": priced["total_minor"], "reference": ""}], "void": None, "returns": []}  # fmt: skip


@route("POST", "sales/v1/charges/{id}:void")
def void(_chain: Chain, ask: Ask) -> Answer:
    """Take a charge back."""
    return 201, {
        "charge_id": ask.id,
        "void_id": ident("void", ask.id),
        "happened_at": NOW.isoformat(),
        "disposition": "restock",
    } | ask.body


# -- stock (levels are shared by the pages of stock and the desk)


def _levels() -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for slug, *_ in SITES:
        for p in ALL_PRODUCTS:
            if p["kind"] != "physical":
                continue
            least = int(p["reorder_at"])
            on_hand = int(least * (0.4 + 3 * luck(slug, p["code"])))
            found[slug, p["product_id"]] = {
                "site": slug, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "category": p["category_name"], "category_id": p["category_id"], "category_name": p["category_name"],
                "unit": p["unit"], "on_hand": str(on_hand), "held": "0", "available": str(on_hand), "quarantined": "0", "in_transit": "0", "minimum": str(least), "reorder_at": str(least + 4),
                "value_minor": on_hand * round(float(p["cost"]) * 100), "next_expiry": (TODAY + timedelta(days=int(700 * luck("e", slug, p["code"])) - 6)).isoformat(), "is_below": on_hand < least, "setting_revision": 4, "revision": 4,
            }  # fmt: skip
    return found


def _orders() -> list[dict[str, Any]]:
    return []


def _alerts() -> list[dict[str, Any]]:
    return []


def day(offset: int) -> date:
    """A day counted from today."""
    return TODAY + timedelta(days=offset)


# -- stock


@route("GET", "stock/v1/levels")
def levels(chain: Chain, ask: Ask) -> Answer:
    """The levels that match."""
    found = list(chain.levels.values())
    word = ask.params.get("search", "").lower()
    found = [row for row in found if word in row["name"].lower() or word in row["code"].lower()]
    for name, field in (("site", "site"), ("category", "category_id"), ("product", "product_id")):
        found = [row for row in found if not ask.params.get(name) or row[field] == ask.params[name]]
    if ask.params.get("below") == "true":
        found = [row for row in found if row["is_below"]]
    return rows(sorted(found, key=lambda row: (row["name"], row["site"])), ask)


@route("GET", "stock/v1/summary")
def summary(chain: Chain, ask: Ask) -> Answer:
    """The totals."""
    found = [row for row in chain.levels.values() if ask.params.get("site") in {None, row["site"]}]
    return 200, {
        "site": ask.params.get("site"), "products": len(found), "stocked": len(found), "below_minimum": sum(row["is_below"] for row in found), "at_reorder": 9, "out_of_stock": 2,
        "unattributed": 0, "value_minor": sum(row["value_minor"] for row in found), "consigned_minor": 0, "quarantined_minor": 41200, "in_transit_minor": 118860, "lots_expiring": 7,
        "expiring_minor": 214050, "expiring_days": 30, "currency": "USD",
    }  # fmt: skip


@route("GET", "stock/v1/levels/{site}/{id}")
def one_level(chain: Chain, ask: Ask) -> Answer:
    """A level."""
    row = chain.levels.get((ask.site, ask.id))
    return (
        (
            200,
            row | {"on_order": "20", "last_cost": BY_ID[ask.id]["cost"], "unit_cost": BY_ID[ask.id]["cost"], "lots": 3},
        )
        if row
        else refusal(404, "unknown-product", "No product has this id.")
    )


@route("PUT", "stock/v1/levels/{site}/{id}")
def put_level(chain: Chain, ask: Ask) -> Answer:
    """Set the two levels."""
    row = chain.levels[ask.site, ask.id]
    row["minimum"] = ask.body["minimum"]
    return 200, row | {"revision": 5}


@route("GET", "stock/v1/levels/{site}/{id}/history")
def history(chain: Chain, ask: Ask) -> Answer:
    """Ninety days of a level."""
    row, days = chain.levels[ask.site, ask.id], []
    least, level = int(row["minimum"] or 0), int(row["on_hand"])
    for i in range(90):
        days.append({"day": day(-i).isoformat(), "on_hand": str(level), "value_minor": 0, "came": "0", "went": "0"})
        used = int(luck(ask.id, i) * least / 4)
        level = level + used if level < least * 4 else max(0, level - 3 * least)
    return 200, {
        "site": ask.site,
        "product_id": ask.id,
        "unit": row["unit"],
        "minimum": row["minimum"],
        "reorder_at": None,
        "days": days[::-1],
    }


def _lots_of(chain: Chain, where: str | None, product_id: str | None) -> list[dict[str, Any]]:
    found = []
    for (slug, pid), row in chain.levels.items():
        if where not in {None, slug} or product_id not in {None, pid}:
            continue
        left = int(row["on_hand"])
        for i, share in enumerate((0.5, 0.3, 0.2)):
            many = round(left * share)
            if many:
                ends = day(int(620 * luck("lot", slug, pid, i)) - 6)
                found.append({"lot_id": ident("lot", slug, pid, i), "lot_number": f"L{40000 + int(luck(slug, pid, i) * 50000)}", "manufacturer": "Allerva", "expires_on": ends.isoformat(), "days_left": (ends - TODAY).days, "received_at": (NOW - timedelta(days=40 * i + 9)).isoformat(), "owner": "us", "supplier_id": None, "purchase_order": f"PO-{1042 + i}" if i < 2 else "", "origin": "receipt", "site": slug, "state": "quarantine" if ends < TODAY else "shelf", "area": "", "product_id": pid, "code": row["code"], "name": row["name"], "unit": row["unit"], "quantity": str(many), "cost_minor": many * 9600, "unit_cost": "96.00"})  # fmt: skip
    return sorted(found, key=lambda lot: lot["expires_on"])


@route("GET", "stock/v1/lots")
def lots(chain: Chain, ask: Ask) -> Answer:
    """The lots that match."""
    found = _lots_of(chain, ask.params.get("site"), ask.params.get("product"))
    if within := ask.params.get("expires_within"):
        found = [lot for lot in found if lot["days_left"] <= int(within)]
    if state := ask.params.get("state"):
        found = [lot for lot in found if lot["state"] == state]
    return rows(found, ask)


@route("GET", "stock/v1/lots/{id}")
def one_lot(chain: Chain, ask: Ask) -> Answer:
    """A lot."""
    return 200, next(lot for lot in _lots_of(chain, None, None) if lot["lot_id"] == ask.id) | {"places": []}


@route("POST", "stock/v1/lots/{id}:quarantine")
def quarantine(_chain: Chain, ask: Ask) -> Answer:
    """Set apart."""
    return 200, {
        "lot_id": ask.id,
        "lot_number": "L1",
        "product_id": ident("x"),
        "site": ask.body["site"],
        "quantity": "3",
        "cost_minor": 0,
    }


@route("GET", "stock/v1/movements")
def movements(chain: Chain, ask: Ask) -> Answer:
    """The ledger of a product."""
    shelf, away = (
        {"kind": "shelf", "site": ask.params["site"], "area": ""},
        {"kind": "sold", "site": ask.params["site"], "area": ""},
    )
    supplier = {"kind": "supplier", "site": "", "area": ""}
    found = []
    for i in range(8):
        is_in = i in {2, 6}
        found.append({"movement_id": ident("mv", i), "recorded_at": NOW.isoformat(), "happened_at": (NOW - timedelta(hours=19 * i + 2)).isoformat(), "site": ask.params["site"], "product_id": ask.params["product"], "code": "", "name": "", "unit": "vial", "lot_id": None, "lot_number": f"L4{1288 + i}", "source": supplier if is_in else shelf, "target": shelf if is_in else away, "quantity": "12" if is_in else str(1 + i % 3), "cost_minor": 100, "actor": "user:amara" if is_in else "user:olga", "reason": "receipt" if is_in else "sale", "cause_id": ident("cause", i), "line": 1, "trace_id": hashlib.sha256(str(i).encode()).hexdigest()[:32], "reverses": None})  # fmt: skip
    return rows(found, ask)


GS1 = re.compile(r"^\(?01\)?(\d{14})\(?17\)?(\d{6})\(?10\)?([^\x1d(]+)")


@route("GET", "stock/v1/scan")
def scan(_chain: Chain, ask: Ask) -> Answer:
    """What a barcode says and means."""
    data = ask.params["data"]
    read = GS1.match(data)
    code, lot, ends = (
        (read[1].lstrip("0"), read[3], f"20{read[2][:2]}-{read[2][2:4]}-{read[2][4:]}") if read else (data, "", None)
    )
    found = [p for p in ALL_PRODUCTS if code in {p["code"], *p["barcodes"]}]
    if not found and not read:
        return refusal(422, "unreadable-code", f"{data} is no code we can read.", field="data")
    shown = [
        {"product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "quantity": "1"}
        for p in found
    ]
    is_over = bool(ends and ends < TODAY.isoformat())
    return 200, {
        "gtin": code,
        "lot_number": lot,
        "expires_on": ends,
        "serial": "",
        "count": None,
        "is_known": bool(found),
        "is_expired": is_over,
        "is_recalled": False,
        "is_received": False,
        "products": shown,
        "lots": [],
        "warnings": [],
    }


@route("POST", "stock/v1/receipts")
def receipt(chain: Chain, ask: Ask) -> Answer:
    """Receive."""
    row = chain.levels[ask.body["site"], ask.body["product_id"]]
    row["on_hand"] = row["available"] = str(int(row["on_hand"]) + int(float(ask.body["quantity"])))
    return 201, ask.body | {
        "lot_id": ident("new"),
        "unit_cost": ask.body.get("unit_cost") or "1.00",
        "cost_minor": 1,
        "happened_at": NOW.isoformat(),
        "is_quarantined": False,
        "is_repeat": False,
        "warnings": [],
    }


@route("POST", "stock/v1/adjustments")
def adjustment(_chain: Chain, ask: Ask) -> Answer:
    """Correct."""
    return 201, ask.body | {"cost_minor": 0, "lots": [], "is_repeat": False}


def _transfer(i: int, state: str, start: str, end: str) -> dict[str, Any]:
    p = ALL_PRODUCTS[i]
    shipped = None if state == "draft" else (NOW - timedelta(hours=20)).isoformat()
    lots = (
        []
        if state == "draft"
        else [
            {
                "line": 1,
                "product_id": p["product_id"],
                "lot_id": ident("tl", i),
                "lot_number": f"L41{i}88",
                "expires_on": day(200).isoformat(),
                "shipped": "10",
                "received": "10" if state == "received" else "0",
                "lost": "0",
                "in_transit": "0" if state == "received" else "10",
                "cost_minor": 96000,
            }
        ]
    )
    return {"transfer_id": ident("transfer", i), "from_site": start, "to_site": end, "state": state, "note": "", "created_at": (NOW - timedelta(days=1)).isoformat(), "created_by": "user:olga", "shipped_at": shipped, "received_at": None, "revision": 1, "lines": [{"line": 1, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "lot_id": None, "quantity": "10"}], "lots": lots}  # fmt: skip


TRANSFERS = [
    _transfer(0, "shipped", "central", "harley-street"),
    _transfer(2, "draft", "bath", "harley-street"),
    _transfer(5, "received", "central", "bath"),
]


@route("GET", "stock/v1/transfers")
def transfers(_chain: Chain, ask: Ask) -> Answer:
    """The transfers."""
    found = [t for t in TRANSFERS if ask.params.get("site") in {None, t["from_site"], t["to_site"]}]
    return rows([t for t in found if ask.params.get("state") in {None, t["state"]}], ask)


@route("GET", "stock/v1/transfers/{id}")
def one_transfer(_chain: Chain, ask: Ask) -> Answer:
    """A transfer."""
    return 200, next(t for t in TRANSFERS if t["transfer_id"] == ask.id)


@route("POST", "stock/v1/transfers")
def add_transfer(_chain: Chain, ask: Ask) -> Answer:
    """Draft a transfer."""
    return 201, TRANSFERS[1] | {"transfer_id": ask.body["transfer_id"]}


@route("POST", "stock/v1/transfers/{id}:ship")
def ship(_chain: Chain, ask: Ask) -> Answer:
    """Ship."""
    return 200, next(t for t in TRANSFERS if t["transfer_id"] == ask.id) | {"state": "shipped"}


# -- purchasing


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


# -- alerts


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


# -- reporting


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
        ("stock", "stock-level-changed", 44, {"on_hand": "3"}),
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


# -- every service


@route("GET", "{service}/v1/ops/status")
def status(_chain: Chain, ask: Ask) -> Answer:
    """How a service does."""
    heard = {
        "stock": ("catalog", "sales", "purchasing"),
        "sales": ("catalog", "stock"),
        "alerts": ("catalog", "stock"),
        "reporting": ("sales", "stock", "catalog"),
    }.get(ask.service, ())
    return 200, {
        "service": ask.service,
        "outbox_depth": 3 if ask.service == "stock" else 0,
        "outbox_oldest_seconds": 0.4,
        "outbox_failed": 0,
        "dead_letters": 1 if ask.service == "alerts" else 0,
        "waiting": 0,
        "bus_connected": True,
        "consumers": [
            {"name": f"{ask.service}-{speaker}", "lag": 0, "in_hand": 0, "redelivered": 0} for speaker in heard
        ],
    }


LETTER = {
    "id": ident("letter"),
    "consumer": "alerts-stock",
    "stream": "STOCK",
    "sequence": 41288,
    "subject": "lotwise.bath.stock.stock-below-min.v9",
    "reason": "unknown-event",
    "error": "this service knows no event or version lotwise.bath.stock.stock-below-min.v9",
    "failed_at": (NOW - timedelta(minutes=12)).isoformat(),
    "tries": 1,
    "settled_at": None,
    "settled_by": None,
}


@route("GET", "{service}/v1/ops/dead-letters")
def dead_letters(_chain: Chain, ask: Ask) -> Answer:
    """Dead letters."""
    return rows([LETTER] if ask.service == "alerts" else [], ask)


@route("GET", "{service}/v1/ops/dead-letters/{id}")
def dead_letter(_chain: Chain, _ask: Ask) -> Answer:
    """A dead letter."""
    return 200, LETTER | {"headers": {}, "body": '{"product_id": "x"}', "stack": ""}


@route("POST", "{service}/v1/ops/dead-letters/{id}:retry")
def retry(_chain: Chain, ask: Ask) -> Answer:
    """Retry."""
    return 202, {"id": ask.id, "retried": True}


USERS = [
    ("olga", "Olga Novak", "owner", "*"),
    ("marc", "Marc Dubois", "manager", "montreal"),
    ("front", "Fay Lin", "front_desk", "harley-street"),
    ("ben", "Ben Ortiz", "buyer", "*"),
]


@route("GET", "backoffice/v1/users")
def users(_chain: Chain, ask: Ask) -> Answer:
    """Persons."""
    return rows(
        [
            {
                "id": ident("user", login),
                "login": f"{login}@lotwise.example",
                "name": name,
                "grants": [{"role": role, "sites": [where]}],
                "is_active": True,
                "revision": 1,
            }
            for login, name, role, where in USERS
        ],
        ask,
    )


@route("GET", "backoffice/v1/users/{id}")
def one_user(chain: Chain, ask: Ask) -> Answer:
    """A person."""
    return 200, next(u for u in users(chain, ask)[1]["rows"] if u["id"] == ask.id)


@route("POST", "backoffice/v1/users")
def add_user(_chain: Chain, ask: Ask) -> Answer:
    """Add a person."""
    return 201, {"id": ident("user", ask.body["login"]), "is_active": True, "revision": 1} | ask.body


@route("GET", "backoffice/v1/keys")
def keys(_chain: Chain, ask: Ask) -> Answer:
    """Keys."""
    return rows(
        [
            {
                "id": "aB3dE5fG7hJ9",
                "name": "Till at the door",
                "grants": [{"role": "till", "sites": ["bath"]}],
                "addresses": [],
                "created_by": "user:olga",
                "created_at": (NOW - timedelta(days=40)).isoformat(),
                "expires_at": None,
                "revoked_at": None,
                "used_at": (NOW - timedelta(minutes=3)).isoformat(),
            }
        ],
        ask,
    )


@route("POST", "backoffice/v1/keys")
def add_key(_chain: Chain, ask: Ask) -> Answer:
    """Make a key."""
    return 201, {"id": "aB3dE5fG7hJ9", "api_key": "ck_aB3dE5fG7hJ9_secret", "created_at": NOW.isoformat()} | ask.body
