"""Opened containers and treatments as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, TODAY, Answer, Ask, Chain, ident, refusal, route, rows

TOXIN, FILLER = ALL_PRODUCTS[1], ALL_PRODUCTS[2]


def _container(i: int, product: dict[str, Any], hours: float, **fields: Any) -> dict[str, Any]:
    return {
        "container_id": ident("container", i), "site": "bath", "product_id": product["product_id"], "code": product["code"], "name": product["name"], "unit": "U", "lot_id": ident("lot", i), "lot_number": f"L4128{i}",
        "expires_on": (TODAY + timedelta(days=200)).isoformat(), "is_recalled": False, "is_shared": True, "state": "open", "label": "100", "overfill": "0", "drawn": "38", "wasted": "0", "left": "62", "cost_minor": 12_282, "wasted_minor": 0,
        "member_id": None, "visit_id": None, "opened_at": (NOW - timedelta(hours=3)).isoformat(), "opened_by": "user:amara", "use_by": (NOW + timedelta(hours=hours)).isoformat(), "is_over": hours < 0, "approved_by": "", "diluent": "NaCl 0.9 % 2.5 ml",
        "note": "", "is_automatic": False, "closed_at": None, "close_reason": "", "draws": [],
    } | fields  # fmt: skip


DRAWS = [
    {"quantity": "38", "cost_minor": 7_528, "practitioner": "Dr Vega", "reason": "treatment", "actor": "user:amara", "happened_at": NOW.isoformat()}
]  # fmt: skip
CONTAINERS = [
    _container(1, TOXIN, 21, draws=DRAWS),
    _container(2, TOXIN, -1, lot_number="=1+1"),
    _container(3, FILLER, 1, is_shared=False, left="6", is_automatic=True),
]
EXCEPTIONS = [
    {"treatment_id": ident("treatment", 1), "product_id": TOXIN["product_id"], "name": TOXIN["name"], "unit": "U", "practitioner": "Dr Vega", "happened_at": NOW.isoformat(), "kind": "variance", "difference": "2", "charged": "18", "drawn": "20", "expected": "15", "consumed": "20", "reason": None, "explained_by": None}
]  # fmt: skip


@route("GET", "stock/v1/containers")
def containers(_chain: Chain, ask: Ask) -> Answer:
    """The open ones."""
    return rows([one for one in CONTAINERS if ask.params.get("state", "open") in {one["state"], ""}], ask)


@route("GET", "stock/v1/containers/{id}")
def container(_chain: Chain, ask: Ask) -> Answer:
    """One of them."""
    found = next((one for one in CONTAINERS if one["container_id"] == ask.id), None)
    return (200, found) if found else refusal(404, "unknown-container", "No container has this id.")


@route("POST", "stock/v1/containers")
def open_one(_chain: Chain, ask: Ask) -> Answer:
    """Open one."""
    return 201, CONTAINERS[0] | ask.body


@route("POST", "stock/v1/containers/{id}:draw")
def draw(_chain: Chain, ask: Ask) -> Answer:
    """Draw from one."""
    if float(ask.body["quantity"]) > 62:
        return refusal(409, "not-enough-left", "62 U are left.", field="quantity", numbers={"left": "62"})
    return 200, CONTAINERS[0] | {"left": str(62 - int(ask.body["quantity"]))}


@route("POST", "stock/v1/containers/{id}:discard")
def discard(_chain: Chain, ask: Ask) -> Answer:
    """Throw the rest away."""
    return 200, CONTAINERS[0] | {"wasted": "62", "left": "0", "state": "discarded"}


@route("GET", "stock/v1/yields")
def yields(_chain: Chain, ask: Ask) -> Answer:
    """What they yielded."""
    row = {
        "product_id": TOXIN["product_id"],
        "name": TOXIN["name"],
        "unit": "U",
        "container_id": None,
        "lot_number": "",
        "practitioner": "",
        "containers": 2,
        "label": "200",
        "drawn": "130",
        "wasted": "70",
        "wasted_minor": 13_867,
        "yield_percent": "65.0",
    }
    if ask.params.get("by") == "practitioner":
        row["practitioner"] = "Dr Vega"
    return 200, {"site": ask.params["site"], "since": TODAY.isoformat(), "until": TODAY.isoformat(), "rows": [row]}


@route("GET", "stock/v1/treatments/exceptions")
def exceptions(_chain: Chain, ask: Ask) -> Answer:
    """What a day left open."""
    return 200, {"site": ask.params["site"], "day": TODAY.isoformat(), "unexplained": 1, "rows": EXCEPTIONS}


@route("POST", "stock/v1/treatments/{id}:explain")
def explain(_chain: Chain, ask: Ask) -> Answer:
    """Explain one."""
    return 200, ask.body | {"treatment_id": ask.id, "difference": "2"}


@route("GET", "stock/v1/treatments/use")
def use(_chain: Chain, ask: Ask) -> Answer:
    """What was used against expected."""
    row = {
        "practitioner": "Dr Vega",
        "product_id": TOXIN["product_id"],
        "name": TOXIN["name"],
        "unit": "U",
        "treatments": 3,
        "expected": "45",
        "charged": "50",
        "drawn": "52",
        "consumed": "52",
        "above_expected": "7",
        "above_charged": "2",
        "cost_minor": 10_301,
    }
    return rows([row], ask)


@route("GET", "stock/v1/deviations")
def deviations(_chain: Chain, ask: Ask) -> Answer:
    """A vial of another lot than was meant."""
    row = {
        "container_id": ident("container", 1),
        "site": "bath",
        "happened_at": NOW.isoformat(),
        "actor": "user:amara",
        "product_id": TOXIN["product_id"],
        "code": TOXIN["code"],
        "name": TOXIN["name"],
        "unit": "U",
        "quantity": "100",
        "state": "open",
        "lot_id": ident("lot", 1),
        "lot_number": "L41281",
        "meant_lot_id": ident("lot", 0),
        "meant_lot_number": "L41280",
        "visit_id": None,
    }
    return rows([row], ask)
