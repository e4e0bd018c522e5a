"""Catalog as the pages see it, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.ground import (
    CATEGORIES,
    NOW,
    PRODUCTS,
    SITES,
    SUPPLIERS,
    Answer,
    Ask,
    Chain,
    ident,
    luck,
    refusal,
    route,
    rows,
)


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


@route("GET", "catalog/v1/function-keys")
def function_keys(_chain: Chain, _ask: Ask) -> Answer:
    """The first twelve products, of which the third is pinned."""
    picked = enumerate(ALL_PRODUCTS[:12], 1)
    return 200, {"rows": [{"key": f"F{i}", "is_pinned": i == 3, "product": p} for i, p in picked], "revision": 4}


@route("PUT", "catalog/v1/sites/{slug}/function-keys")
def pin_function_keys(_chain: Chain, _ask: Ask) -> Answer:
    """Pin products."""
    return 200, {"rows": [], "revision": 5}


@route("GET", "catalog/v1/codes/{code}")
def code(_chain: Chain, ask: Ask) -> Answer:
    """What a code means."""
    for p in ALL_PRODUCTS:
        if ask.code in {p["code"], p["code"].removesuffix("."), *p["barcodes"]}:
            return 200, {"product": p, "pack": None}
    return refusal(404, "unknown", f"No product has the code {ask.code}.", field="code")
