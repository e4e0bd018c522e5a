"""Corrections, cards, damages, consigned goods and reasons as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS, BY_ID
from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, day, ident, refusal, route, rows

REASONS = [
    {"code": code, "name": name, "account": account, "needs_note": code == "scrap", "needs_witness": False, "is_archived": code == "old", "revision": 1}
    for code, name, account in (("waste", "Waste", "waste"), ("scrap", "Scrapped", "waste"), ("loss", "Loss", "loss"), ("correction", "Correction", "loss"), ("found", "Found", "found"), ("usage", "Used by staff", "usage"), ("old", "Old reason", "waste"))
]  # fmt: skip
RULES: list[dict[str, Any]] = [
    {"scope": "chain", "above_minor": 50_000, "classes": ["controlled"], "hours": 24, "revision": 2}
]
TOXIN, FILLER = ALL_PRODUCTS[0], ALL_PRODUCTS[2]


def _entered(i: int, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "adjustment_id": ident("adjustment", i), "site": "bath", "product_id": TOXIN["product_id"], "code": TOXIN["code"], "name": TOXIN["name"], "unit": "vial", "drug_class": "otc", "lot_id": None,
        "lot_number": "L41288", "quantity": "-6", "cost_minor": -67_440, "reason": "waste", "account": "waste", "note": "the fridge failed", "state": state, "needed": "value" if state == "pending" else "",
        "happened_at": NOW.isoformat(), "entered_at": NOW.isoformat(), "actor": "user:amara", "expires_at": (NOW).isoformat() if state == "pending" else None, "witness": None, "witnessed_at": None, "witness_note": "",
    } | fields  # fmt: skip


ADJUSTMENTS = [
    _entered(1, "pending"),
    _entered(2, "posted", reason="usage", account="usage", quantity="-1", note="=1+1", witness="user:olga"),
    _entered(3, "pending", actor="user:olga"),
]


@route("GET", "stock/v1/reasons")
def reasons(_chain: Chain, ask: Ask) -> Answer:
    """The managed list."""
    return rows([one for one in REASONS if ask.params.get("archived") == "true" or not one["is_archived"]], ask)


@route("POST", "stock/v1/reasons")
def add_reason(_chain: Chain, ask: Ask) -> Answer:
    """Add a reason."""
    if any(one["code"] == ask.body["code"] for one in REASONS):
        return refusal(409, "reason-exists", f"{ask.body['code']!r} is in the list.", field="code")
    return 201, ask.body | {"is_archived": False, "revision": 1}


@route("PUT", "stock/v1/reasons/{code}")
def edit_reason(_chain: Chain, ask: Ask) -> Answer:
    """Edit a reason."""
    return 200, ask.body | {"code": ask.code, "account": "waste", "revision": 2}


@route("GET", "stock/v1/witness-rules")
def rules(_chain: Chain, ask: Ask) -> Answer:
    """When a second person is needed."""
    return rows(RULES, ask)


@route("PUT", "stock/v1/witness-rules/{site}")
def put_rule(_chain: Chain, ask: Ask) -> Answer:
    """Set a rule."""
    return 200, ask.body | {"scope": ask.site, "revision": 3}


@route("GET", "stock/v1/adjustments")
def adjustments(_chain: Chain, ask: Ask) -> Answer:
    """What was entered."""
    return rows([one for one in ADJUSTMENTS if ask.params.get("state") in {None, one["state"]}], ask)


@route("GET", "stock/v1/adjustments/{id}")
def one_adjustment(_chain: Chain, ask: Ask) -> Answer:
    """One of them."""
    return 200, next(one for one in ADJUSTMENTS if one["adjustment_id"] == ask.id)


@route("POST", "stock/v1/adjustments/{id}:confirm")
def confirm(_chain: Chain, ask: Ask) -> Answer:
    """Confirm."""
    return 200, {"adjustment_id": ask.id, "state": "posted"}


@route("POST", "stock/v1/adjustments/{id}:decline")
def decline(_chain: Chain, ask: Ask) -> Answer:
    """Decline."""
    return 200, {"adjustment_id": ask.id, "state": "declined"}


@route("POST", "stock/v1/usages")
def use(_chain: Chain, ask: Ask) -> Answer:
    """Use at work."""
    return 201, ask.body | {"state": "posted"}


@route("GET", "stock/v1/quantities")
def apply(chain: Chain, ask: Ask) -> Answer:
    """What the form would show."""
    found = []
    for (site, product_id), level in chain.levels.items():
        if site != ask.params["site"] or ask.params.get("product") not in {None, product_id}:
            continue
        change = int(ask.params.get("value") or 0) if ask.params.get("way") == "add" else 0
        new = int(level["on_hand"]) + change
        problem = "" if new >= 0 else "That is less than nothing"
        found.append({"product_id": product_id, "code": level["code"], "name": level["name"], "unit": level["unit"], "on_hand": level["on_hand"], "held": "0", "quantity": level["on_hand"] if problem else str(new), "change": "0" if problem else str(change), "problem": problem})  # fmt: skip
    return rows(found, ask)


@route("POST", "stock/v1/quantities")
def save(_chain: Chain, ask: Ask) -> Answer:
    """Save the form."""
    return 200, {"form_id": ask.body["form_id"], "adjusted": len(ask.body["rows"]), "pending": 0, "adjustments": []}


def _steps(ask: Ask) -> list[dict[str, Any]]:
    shelf, site = {"kind": "shelf", "site": ask.params["site"], "area": ""}, ask.params["site"]
    other = [
        ("supplier", "receipt", 12),
        ("patient", "sale", -3),
        ("waste", "waste", -1),
        ("quarantine", "quarantine", 0),
    ]
    found, balance = [], 0
    for i, (kind, reason, change) in enumerate(other * 3):
        balance += change
        away = {"kind": kind, "site": site, "area": "damaged" if kind == "quarantine" else ""}
        source, target = (away, shelf) if change > 0 else (shelf, away)
        found.append({"movement_id": ident("step", i), "recorded_at": NOW.isoformat(), "happened_at": NOW.isoformat(), "site": site, "lot_id": None, "lot_number": "L41288", "source": source, "target": target, "quantity": str(abs(change) or 2), "change": str(change), "balance": str(balance), "cost_minor": 100, "actor": "user:amara", "witness": "user:olga" if kind == "waste" else None, "reason": reason, "note": "dropped" if kind == "waste" else "", "cause_id": ident("cause", i), "trace_id": "", "reverses": None})  # fmt: skip
    return found[::-1]


@route("GET", "stock/v1/card")
def card(_chain: Chain, ask: Ask) -> Answer:
    """The steps of a card."""
    return rows([one for one in _steps(ask) if ask.params.get("reason") in {None, one["reason"]}], ask)


@route("GET", "stock/v1/controlled-log")
def controlled(_chain: Chain, ask: Ask) -> Answer:
    """The perpetual log."""
    if BY_ID[ask.params["product"]]["code"] != "TOX-050":
        return refusal(409, "not-controlled", "This is no controlled drug.")
    return rows(_steps(ask), ask)


@route("GET", "stock/v1/explain/block")
def block(_chain: Chain, _ask: Ask) -> Answer:
    """Why a charge is blocked."""
    return 200, {
        "is_blocked": True,
        "grantable": "0",
        "chain": ["3 vial on hand", "3 vial held for other charges", "so 0 vial can be charged"],
        "ways_out": ["create a purchase order"],
    }


@route("GET", "stock/v1/explain/lot")
def explain_lot(_chain: Chain, ask: Ask) -> Answer:
    """Why these lots."""
    lots = [{"lot_number": "L1", "expires_on": day(-2).isoformat(), "state": "shelf", "on_hand": "4", "taken": "0", "why": "expired"}, {"lot_number": "L2", "expires_on": day(40).isoformat(), "state": "shelf", "on_hand": "5", "taken": "2", "why": "soonest expiry first"}]  # fmt: skip
    one = {"site": "bath", "product_id": TOXIN["product_id"], "name": TOXIN["name"], "unit": "vial", "wanted": "2", "missing": "0", "happened_at": NOW.isoformat(), "day": day(0).isoformat(), "rule": "soonest first", "lots": lots}  # fmt: skip
    return 200, {"charge_id": ask.params["charge"], "products": [one]}


@route("GET", "stock/v1/temporary-minimums")
def temporaries(_chain: Chain, ask: Ask) -> Answer:
    """Minimums for some days."""
    if ask.params.get("product") != TOXIN["product_id"]:
        return rows([], ask)
    return rows(
        [
            {
                "temporary_id": ident("temporary"),
                "site": "bath",
                "minimum": "2",
                "was_minimum": "12",
                "ends_on": day(4).isoformat(),
                "reason": "a delivery is late",
            }
        ],
        ask,
    )


@route("POST", "stock/v1/temporary-minimums")
def set_temporary(_chain: Chain, ask: Ask) -> Answer:
    """Set one."""
    return 201, ask.body | {"state": "active"}


@route("POST", "stock/v1/temporary-minimums/{id}:end")
def end_temporary(_chain: Chain, ask: Ask) -> Answer:
    """End one."""
    return 200, {"temporary_id": ask.id, "state": "ended"}


DAMAGE = {"damage_id": ident("damage"), "site": "bath", "product_id": FILLER["product_id"], "code": FILLER["code"], "name": FILLER["name"], "unit": "syringe", "lot_id": ident("damage", "lot"), "lot_number": "L9", "expires_on": None, "quantity": "5", "open": "3", "repaired": "1", "scrapped": "1", "returned": "0", "is_defective": True, "note": "bent", "happened_at": NOW.isoformat(), "actor": "user:olga"}  # fmt: skip


@route("GET", "stock/v1/damages")
def damages(_chain: Chain, ask: Ask) -> Answer:
    """Damaged goods."""
    return rows([DAMAGE], ask)


@route("POST", "stock/v1/damages")
def damage(_chain: Chain, ask: Ask) -> Answer:
    """Set damaged goods apart."""
    return 201, {"damage_id": ask.body["damage_id"], "lots": [DAMAGE]}


@route("POST", "stock/v1/damages/{id}:scrap")
def scrap(_chain: Chain, ask: Ask) -> Answer:
    """Scrap: it waits for a witness."""
    if not ask.body["note"]:
        return refusal(422, "note-missing", "Scrapped asks for a note.", field="note")
    return 200, {"damage": {"damage_id": ask.id, "lots": []}, "adjustments": [{"state": "pending"}]}


@route("POST", "stock/v1/damages/{id}:repair")
def repair(_chain: Chain, ask: Ask) -> Answer:
    """Repair."""
    return 200, {"damage_id": ask.id, "lots": []}


CONSIGNED = {"site": "bath", "state": "shelf", "area": "", "product_id": FILLER["product_id"], "code": FILLER["code"], "name": FILLER["name"], "unit": "syringe", "lot_id": ident("lot", "bath", FILLER["product_id"], 0), "lot_number": "C1", "expires_on": day(90).isoformat(), "received_at": NOW.isoformat(), "owner": "x", "supplier_id": ident("supplier", 0), "quantity": "8", "owed_if_used_minor": 76_800, "value_minor": 0}  # fmt: skip


@route("GET", "stock/v1/consignments")
def consignments(_chain: Chain, ask: Ask) -> Answer:
    """What lies here of others' goods."""
    return rows([CONSIGNED], ask)


@route("POST", "stock/v1/consignments:buy-out")
def buy_out(_chain: Chain, ask: Ask) -> Answer:
    """Buy."""
    return 200, ask.body | {"liability_minor": 1, "is_repeat": False}


@route("POST", "stock/v1/consignments:return")
def send_back(_chain: Chain, ask: Ask) -> Answer:
    """Send back."""
    return 200, ask.body | {"liability_minor": 0, "is_repeat": False}


@route("GET", "stock/v1/liabilities")
def liabilities(_chain: Chain, ask: Ask) -> Answer:
    """What is owed."""
    return rows([{"movement_id": ident("owed"), "site": "bath", "product_id": FILLER["product_id"], "code": FILLER["code"], "name": FILLER["name"], "unit": "syringe", "lot_id": ident("lot", "bath", FILLER["product_id"], 0), "lot_number": "C1", "supplier_id": ident("supplier", 0), "quantity": "2", "liability_minor": 19_200, "reason": "sale", "cause_id": ident("charge"), "happened_at": NOW.isoformat()}], ask)  # fmt: skip


@route("GET", "stock/v1/liabilities/summary")
def owed(_chain: Chain, _ask: Ask) -> Answer:
    """The sum of it."""
    return 200, {"rows": [], "total_minor": 19_200, "currency": "USD"}
