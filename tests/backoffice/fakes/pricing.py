"""What the catalog says of discounts, packages, price runs and reviews, as the pages see it, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, ident, refusal, route, rows

SERVICES = [p for p in ALL_PRODUCTS if p["kind"] == "service"]
DISCOUNT = ident("discount", "spring")
PACKAGE = ident("package", "six")
RUN = ident("run", 1)


def discount(**more: Any) -> dict[str, Any]:
    """A discount as the catalog answers."""
    plain = {"discount_id": DISCOUNT, "name": "Spring", "scope": "line", "form": "percent", "value": "10", "min_quantity": "1", "min_spend": None, "product_ids": [ALL_PRODUCTS[0]["product_id"]], "category_ids": [], "at_sites": [], "starts_on": "2026-03-01", "ends_on": "2026-05-31", "is_automatic": True, "is_combinable": True, "audience": "everyone", "coupon": "", "is_archived": False, "revision": 2}  # fmt: skip
    return plain | more


@route("GET", "catalog/v1/discounts")
def discounts(_chain: Chain, ask: Ask) -> Answer:
    """The discounts: one by itself, one by hand, a set of three, one archived."""
    found = [
        discount(),
        discount(discount_id=ident("discount", "staff"), name="Staff", product_ids=[], is_automatic=False),
        discount(discount_id=ident("discount", "three"), name="Three for less", scope="bundle", min_quantity="3"),
    ]
    return rows([one for one in found if ask.params.get("search", "").lower() in one["name"].lower()], ask)


@route("GET", "catalog/v1/discounts/{id}")
def one_discount(_chain: Chain, _ask: Ask) -> Answer:
    """A discount."""
    return 200, discount()


@route("POST", "catalog/v1/discounts")
def add_discount(_chain: Chain, ask: Ask) -> Answer:
    """Define one; below zero is refused."""
    if float(ask.body["value"]) > 100:
        return refusal(422, "bad-discount", "A percentage is at most 100.", field="value")
    return 201, discount(**ask.body)


@route("PUT", "catalog/v1/discounts/{id}")
def put_discount(_chain: Chain, ask: Ask) -> Answer:
    """Change one."""
    return 200, discount(**ask.body)


@route("POST", "catalog/v1/discounts/{id}:archive")
def archive_discount(_chain: Chain, _ask: Ask) -> Answer:
    """Archive one."""
    return 200, discount(is_archived=True)


def package() -> dict[str, Any]:
    """A package as the catalog answers."""
    service = SERVICES[0]
    item = {"product_id": service["product_id"], "code": service["code"], "name": service["name"], "kind": "service", "unit": "piece", "quantity": "6", "is_unlimited": False, "price": "145.00", "amount": "870.00"}  # fmt: skip
    sold = {"product_id": PACKAGE, "code": "SIX", "name": "Six facials", "description": "", "category_name": None, "category_id": None, "price": "725.00", "tax_code": 1, "is_archived": False, "revision": 1}  # fmt: skip
    saving = {"price": "725.00", "parts": "870.00", "saved": "145.00", "percent": "16.67"}
    return {"product": sold, "package_type": "treatment", "items": [item], "valid_days": 365, "period": None, "rollover_periods": 0, "redeem_at": [], "refund_rule": "list", "saving": saving, "revision": 3, "warnings": []}  # fmt: skip


@route("GET", "catalog/v1/packages")
def packages(_chain: Chain, ask: Ask) -> Answer:
    """The packages."""
    return rows([package()] if ask.params.get("package_type", "treatment") == "treatment" else [], ask)


@route("GET", "catalog/v1/packages/{id}")
def one_package(_chain: Chain, _ask: Ask) -> Answer:
    """A package."""
    return 200, package()


@route("POST", "catalog/v1/packages")
def add_package(_chain: Chain, ask: Ask) -> Answer:
    """Define one; a package in a package that holds it is refused."""
    if ask.body["name"] == "Loop":
        return refusal(409, "package-loop", "A package cannot hold itself.", field="items")
    return 201, package()


@route("PUT", "catalog/v1/packages/{id}")
def put_package(_chain: Chain, _ask: Ask) -> Answer:
    """Change one."""
    return 200, package()


@route("POST", "catalog/v1/packages/{id}:withdraw")
def withdraw_package(_chain: Chain, _ask: Ask) -> Answer:
    """Sell one no longer."""
    return 200, package()


@route("GET", "catalog/v1/categories/{id}/prices")
def category_prices(_chain: Chain, ask: Ask) -> Answer:
    """A rule of each category."""
    return rows([{"category_price_id": ident("rule", ask.id), "category_id": ask.id, "at_site": None, "amount": None, "markup_percent": "60", "valid_from": NOW.isoformat(), "valid_to": None, "revision": 1}], ask)  # fmt: skip


@route("POST", "catalog/v1/categories/{id}/prices")
def add_category_price(_chain: Chain, ask: Ask) -> Answer:
    """Set a rule."""
    return 201, {"category_price_id": ident("rule", 2), "category_id": ask.id, "revision": 1} | ask.body


@route("POST", "catalog/v1/category-prices/{id}:withdraw")
def withdraw_category_price(_chain: Chain, ask: Ask) -> Answer:
    """Take a rule back."""
    return 200, {"category_price_id": ask.id}


@route("PUT", "catalog/v1/categories/{id}")
def put_category(_chain: Chain, ask: Ask) -> Answer:
    """Rename a category."""
    return 200, {"category_id": ask.id, "revision": 2} | ask.body


def _preview() -> dict[str, Any]:
    shown = [{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "cost": p["cost"], "was": p["price"], "now": "199.00", "reason": None, "sentence": None} for p in ALL_PRODUCTS[:3]]  # fmt: skip
    left = ALL_PRODUCTS[3] | {"was": None, "now": None, "reason": "no_price", "sentence": "It has no price to start from."}  # fmt: skip
    return {"products": 4, "prices": 3, "skipped": 1, "reasons": {"no_price": 1}, "rows": [*shown, left]}


def _run(**more: Any) -> dict[str, Any]:
    return {"run_id": RUN, "change": "percent", "value": "5", "ending": ".99", "choice": {}, "at_site": None, "audience": "everyone", "effective_from": NOW.isoformat(), "who": "user:olga", "created_at": NOW.isoformat(), "prices": 3, "skipped": 1, "undone_at": None, "undone_by": None, "undone": 0} | more  # fmt: skip


@route("POST", "catalog/v1/price-runs:preview")
def preview(_chain: Chain, _ask: Ask) -> Answer:
    """What the prices would be."""
    return 200, _preview()


@route("POST", "catalog/v1/price-runs")
def save_run(_chain: Chain, _ask: Ask) -> Answer:
    """Set them."""
    return 201, _preview() | {"run": _run()}


@route("GET", "catalog/v1/price-runs")
def runs(_chain: Chain, ask: Ask) -> Answer:
    """The runs so far."""
    return rows([_run()], ask)


@route("GET", "catalog/v1/price-runs/{id}")
def one_run(_chain: Chain, _ask: Ask) -> Answer:
    """A run."""
    return 200, _run()


@route("GET", "catalog/v1/price-runs/{id}/prices")
def run_prices(_chain: Chain, ask: Ask) -> Answer:
    """What a run set."""
    return rows([{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "was": p["price"], "now": "199.00", "is_undone": None} for p in ALL_PRODUCTS[:3]], ask)  # fmt: skip


@route("POST", "catalog/v1/price-runs/{id}:undo")
def undo_run(_chain: Chain, _ask: Ask) -> Answer:
    """Take a run back."""
    return 200, {"run": _run(undone_at=NOW.isoformat()), "restored": 2, "skipped": ["TOX-50"]}


@route("GET", "catalog/v1/price-review")
def review(_chain: Chain, ask: Ask) -> Answer:
    """Prices to look at."""
    p = ALL_PRODUCTS[0]
    return rows([{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "category_name": None, "price": "186.00", "cost": "150.00", "cost_when_priced": "120.00", "margin_percent": "19.35", "reasons": ["cost_rose", "margin_low"]}], ask)  # fmt: skip


@route("GET", "catalog/v1/housekeeping/descriptions")
def untidy(_chain: Chain, ask: Ask) -> Answer:
    """Names to tidy."""
    p = ALL_PRODUCTS[1]
    return rows([{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "category_name": None, "faults": ["missing_description", "unit_in_name"], "alike": []}], ask)  # fmt: skip


@route("GET", "catalog/v1/housekeeping/idle")
def idle(_chain: Chain, ask: Ask) -> Answer:
    """Goods that nobody moves."""
    p = ALL_PRODUCTS[2]
    return rows([{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "last_moved_on": None}], ask)  # fmt: skip


@route("GET", "catalog/v1/preferences")
def preferences(_chain: Chain, _ask: Ask) -> Answer:
    """The preferences."""
    return 200, {"code_length_max": 12, "slot_minutes": 15, "use_service_pricing_tables": True, "tax_defaults": {}, "revision": 4}  # fmt: skip


@route("PUT", "catalog/v1/preferences")
def put_preferences(_chain: Chain, ask: Ask) -> Answer:
    """Change them."""
    return 200, ask.body | {"tax_defaults": {}, "revision": 5}


@route("GET", "sales/v1/limits")
def limits(_chain: Chain, _ask: Ask) -> Answer:
    """How far the desk goes."""
    return 200, {"limits": [{"permission": "charge.discount", "percent": "15", "amount_minor": 5000}]}


@route("PUT", "sales/v1/limits")
def put_limits(_chain: Chain, ask: Ask) -> Answer:
    """Set how far the desk goes."""
    return 200, ask.body


@route("GET", "catalog/v1/services/{id}/recipe")
def recipe(_chain: Chain, ask: Ask) -> Answer:
    """What a service uses."""
    p = ALL_PRODUCTS[0]
    line = {"product_id": p["product_id"], "code": p["code"], "name": p["name"], "quantity": "20", "unit": p["unit"]}
    return 200, {"service_id": ask.id, "lines": [line], "revision": 2}


@route("PUT", "catalog/v1/services/{id}/recipe")
def put_recipe(_chain: Chain, ask: Ask) -> Answer:
    """Say what a service uses."""
    return 200, {"service_id": ask.id, "lines": [], "revision": 3}
