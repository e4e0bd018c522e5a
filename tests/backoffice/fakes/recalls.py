"""Recalls, traces and the identity of lots as the pages see them, from memory."""

from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, TODAY, Answer, Ask, Chain, ident, route, rows

TOXIN = ALL_PRODUCTS[0]
RECALL = ident("recall")
LOT = ident("recalled-lot")
CHARGE = ident("recalled-charge")
RECALL_LOT = {
    "lot_id": LOT, "lot_number": "L777", "manufacturer": "Allerva", "expires_on": TODAY.isoformat(),
    "supplier_id": None, "purchase_order": "PO-1", "received_at": NOW.isoformat(), "product_id": TOXIN["product_id"],
    "code": TOXIN["code"], "name": TOXIN["name"], "unit": "vial", "match": "alike", "blocked_at": NOW.isoformat(),
    "released_at": None, "released_by": "", "release_reason": "",
}  # fmt: skip
ROW = {
    "recall_id": RECALL, "state": "active", "title": "Particles in vials", "severity": "I", "reason": "glass <b>",
    "source": "letter", "begun_at": NOW.isoformat(), "begun_by": "user:olga", "released_at": None, "released_by": "",
    "release_reason": "", "lots": 1, "blocked": 1, "notices": 1, "to_contact": 1,
}  # fmt: skip
DETAIL = ROW | {
    "notice_text": "", "revision": 1, "lots": [RECALL_LOT], "sites": [], "notices": {"assumed": 1, "to_contact": 1},
    "lines": [{"product_id": None, "gtin": "0950", "manufacturer": "", "kind": "range", "first": "A1", "last": "A9",
               "expires_from": None, "expires_until": None}],
}  # fmt: skip
TRACED = {
    "lot_id": LOT, "lot_number": "L777", "product_id": TOXIN["product_id"], "name": TOXIN["name"], "unit": "vial",
    "received": "10", "found": "0", "remaining": "7", "charged": "3", "wasted": "0", "lost": "0", "sent_back": "0",
    "unnamed": "0", "percent": 100.0,
}  # fmt: skip
NOTICE = {
    "charge_id": CHARGE, "site": "bath", "happened_at": NOW.isoformat(), "how": "assumed", "state": "to_contact",
    "note": "", "changed_by": "", "changed_at": None,
    "lots": [{"lot_id": LOT, "lot_number": "L777", "product_id": TOXIN["product_id"], "name": TOXIN["name"],
              "unit": "vial", "quantity": "3"}],
}  # fmt: skip
DRILL = {
    "drill_id": ident("drill"), "drilled_at": NOW.isoformat(), "drilled_by": "user:olga", "title": "Spring drill",
    "lots": 1, "sites": 2, "charges": 5, "possible": 1, "percent": 98.5, "is_complete": False, "took_ms": 41,
}  # fmt: skip


@route("GET", "stock/v1/recalls")
def recalls(_chain: Chain, ask: Ask) -> Answer:
    """The recalls."""
    return rows([ROW], ask)


@route("GET", "stock/v1/recall-drills")
def drills(_chain: Chain, ask: Ask) -> Answer:
    """The rehearsals."""
    return rows([DRILL], ask)


@route("POST", "stock/v1/recall-drills")
def drill(_chain: Chain, ask: Ask) -> Answer:
    """Rehearse."""
    return 201, DRILL | {"title": ask.body["title"]}


@route("GET", "stock/v1/recalls/{id}")
def one_recall(_chain: Chain, _ask: Ask) -> Answer:
    """One recall."""
    return 200, DETAIL


@route("POST", "stock/v1/recalls")
def begin(_chain: Chain, ask: Ask) -> Answer:
    """Begin."""
    return 201, DETAIL | {"recall_id": ask.body["recall_id"]}


@route("POST", "stock/v1/recalls/{id}:release")
def release(_chain: Chain, _ask: Ask) -> Answer:
    """Release."""
    return 200, DETAIL | {"state": "released"}


@route("POST", "stock/v1/recalls/{id}:dispose")
def dispose(_chain: Chain, ask: Ask) -> Answer:
    """Destroy or return."""
    return 200, {"lot_id": ask.body["lot_id"], "lot_number": "L777", "product_id": TOXIN["product_id"],
                 "site": ask.body["site"], "quantity": "7", "cost_minor": 700}  # fmt: skip


@route("GET", "stock/v1/recalls/{id}/trace")
def trace(_chain: Chain, _ask: Ask) -> Answer:
    """What is left and who received it."""
    return 200, _trace()


@route("GET", "stock/v1/lots/{id}/trace")
def lot_trace(_chain: Chain, _ask: Ask) -> Answer:
    """The trail of a lot."""
    return 200, _trace()


def _trace() -> dict[str, Any]:
    place = {"lot_id": LOT, "site": "bath", "state": "quarantine", "area": "recalled", "quantity": "7",
             "cost_minor": 700}  # fmt: skip
    came = {"lot_id": LOT, "site": "bath", "receipt_id": ident("r"), "happened_at": NOW.isoformat(), "quantity": "10",
            "cost_minor": 1000}  # fmt: skip
    charge = {"charge_id": CHARGE, "site": "bath", "happened_at": NOW.isoformat(), "how": "assumed"}
    return {"lots": [TRACED], "places": [place], "receipts": [came], "transfers": [], "charges": [charge],
            "percent": 100.0}  # fmt: skip


@route("GET", "stock/v1/recalls/{id}/notices")
def notices(_chain: Chain, ask: Ask) -> Answer:
    """Whom to tell."""
    return rows([NOTICE], ask)


@route("POST", "stock/v1/recalls/{id}/notices/{charge}")
def tell(_chain: Chain, ask: Ask) -> Answer:
    """Keep whether they were reached."""
    return 200, NOTICE | {"state": ask.body["state"]}


@route("POST", "sales/v1/charges:members")
def members(_chain: Chain, ask: Ask) -> Answer:
    """Who stands behind charges."""
    found = [
        {"charge_id": one, "site": "bath", "number": "88", "happened_at": NOW.isoformat(), "member_id": ident("m"),
         "name": "Amelia Hart", "phone": "+44 1", "email": "a@b.example"}
        for one in ask.body["charges"]
    ]  # fmt: skip
    return 200, {"rows": found}


@route("GET", "sales/v1/members/{id}/charges")
def member_charges(_chain: Chain, ask: Ask) -> Answer:
    """What a member bought."""
    charge = {"charge_id": CHARGE, "site": "bath", "number": "88", "state": "recorded", "happened_at": NOW.isoformat()}
    return rows([charge], ask)


@route("POST", "stock/v1/trace:charges")
def charged(_chain: Chain, ask: Ask) -> Answer:
    """The lots of charges."""
    found = [
        {"charge_id": one, "site": "bath", "happened_at": NOW.isoformat(), "lot_id": LOT, "lot_number": "L777",
         "manufacturer": "", "expires_on": None, "product_id": TOXIN["product_id"], "code": "", "name": TOXIN["name"],
         "unit": "vial", "quantity": "3", "is_recalled": True, "how": "confirmed"}
        for one in ask.body["charges"]
    ]  # fmt: skip
    return 200, {"rows": found}


@route("POST", "stock/v1/recalls:read")
def read(_chain: Chain, _ask: Ask) -> Answer:
    """What a letter names."""
    lot = {"lot_id": LOT, "lot_number": "L777", "product_id": TOXIN["product_id"], "code": TOXIN["code"],
           "name": TOXIN["name"], "unit": "vial", "manufacturer": "", "expires_on": None, "on_hand": "7",
           "is_recalled": False, "is_exact": False, "confidence": 72}  # fmt: skip
    numbers = [
        {"kind": "lot", "first": "L-777", "last": "", "expires_on": None, "confidence": 90, "lots": [lot]},
        {"kind": "range", "first": "A1", "last": "A9", "expires_on": None, "confidence": 50, "lots": []},
    ]
    product = {"product_id": TOXIN["product_id"], "code": TOXIN["code"], "name": TOXIN["name"], "manufacturer": "",
               "confidence": 100, "why": "code"}  # fmt: skip
    return 200, {"numbers": numbers, "products": [product], "codes": [], "expires_from": None, "expires_until": None,
                 "is_all": True}  # fmt: skip


@route("GET", "stock/v1/risks")
def risks(_chain: Chain, _ask: Ask) -> Answer:
    """Money at risk of expiry."""
    row = {"site": "bath", "lot_id": LOT, "lot_number": "L777", "expires_on": TODAY.isoformat(), "days_left": 0,
           "product_id": TOXIN["product_id"], "code": "", "name": TOXIN["name"], "unit": "vial", "on_hand": "7",
           "at_risk": "5", "cost_minor": 12345, "consumed": "90"}  # fmt: skip
    return 200, {"rows": [row], "total_minor": 12345, "lots": 1, "rate_days": 90}


@route("GET", "stock/v1/lots/{id}/lineage")
def lineage(_chain: Chain, _ask: Ask) -> Answer:
    """What a lot came from."""
    step = {"kind": "merge", "parent_id": ident("p"), "parent_number": "l 777", "child_id": LOT,
            "child_number": "L777", "site": "bath", "quantity": "2", "cost_minor": 1, "happened_at": NOW.isoformat(),
            "actor": "user:olga", "reason": "same box"}  # fmt: skip
    return 200, {"rows": [step]}


def _changed(_chain: Chain, ask: Ask) -> Answer:
    """A lot's identity was changed."""
    return 200, {"lot_id": ask.id}


for deed in ("correct", "merge", "split"):
    route("POST", f"stock/v1/lots/{{id}}:{deed}")(_changed)
