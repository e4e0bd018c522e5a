"""Transfers, what is on its way, notes and the statement as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, SITES, Answer, Ask, Chain, day, ident, refusal, route, rows

LEFT = {"shipped", "received"}
NOTE = ident("note", 1)


def _transfer(i: int, state: str, start: str, end: str, **fields: Any) -> dict[str, Any]:
    p = ALL_PRODUCTS[i]
    shipped = (NOW - timedelta(hours=20 + 40 * i)).isoformat() if state in LEFT else None
    lot = {"line": 1, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "lot_id": ident("tl", i), "lot_number": f"L41{i}88", "expires_on": day(200).isoformat(), "shipped": "10", "received": "9" if state == "received" else "0", "lost": "1" if state == "received" else "0", "returned": "0", "found": "0", "in_transit": "0" if state == "received" else "10", "cost_minor": 96000, "in_transit_minor": 0 if state == "received" else 96000}  # fmt: skip
    step = {"move": "ship" if shipped else "draft", "happened_at": NOW.isoformat(), "actor": "user:olga", "note": "", "lines": [lot] if shipped else []}  # fmt: skip
    return {"transfer_id": ident("transfer", i), "number": f"T-{i:05}", "from_site": start, "to_site": end, "state": state, "origin": "person", "of_transfer": None, "note": "", "created_at": (NOW - timedelta(days=1)).isoformat(), "created_by": "user:olga", "shipped_at": shipped, "shipped_by": "user:olga" if shipped else "", "carrier": "Van 3", "received_at": None, "owner": "Lotwise Ltd", "age_hours": 20 + 40 * i if state == "shipped" else None, "is_overdue": False, "in_transit_minor": lot["in_transit_minor"] if shipped else 0, "revision": 3, "lines": [{"line": 1, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "lot_id": None, "quantity": "12", "approved": None, "shipped": "10" if shipped else "0"}], "lots": [lot] if shipped else [], "steps": [step]} | fields  # fmt: skip


TRANSFERS = [
    _transfer(0, "shipped", "central", "harley-street"),
    _transfer(2, "draft", "bath", "harley-street"),
    _transfer(5, "received", "central", "bath"),
    _transfer(3, "requested", "central", "bath"),
    _transfer(4, "shipped", "central", "austin", is_overdue=True),
]


def _found(ask: Ask) -> dict[str, Any]:
    return next(one for one in TRANSFERS if one["transfer_id"] == ask.id)


@route("GET", "stock/v1/transfers")
def transfers(_chain: Chain, ask: Ask) -> Answer:
    """The transfers."""
    found = [t for t in TRANSFERS if ask.params.get("site") in {None, t["from_site"], t["to_site"]}]
    return rows([t for t in found if ask.params.get("state") in {None, t["state"]}], ask)


@route("GET", "stock/v1/transit")
def transit(_chain: Chain, ask: Ask) -> Answer:
    """What is on its way."""
    return rows([t for t in TRANSFERS if t["state"] == "shipped"], ask)


@route("GET", "stock/v1/transit/summary")
def transit_summary(_chain: Chain, _ask: Ask) -> Answer:
    """What is on its way in all."""
    return 200, {"transfers": 2, "overdue": 1, "value_minor": 192000}


@route("GET", "stock/v1/transfers/{id}")
def one_transfer(_chain: Chain, ask: Ask) -> Answer:
    """A transfer."""
    return 200, _found(ask)


@route("POST", "stock/v1/transfers")
def add_transfer(_chain: Chain, ask: Ask) -> Answer:
    """Draft a transfer."""
    return 201, TRANSFERS[1] | {"transfer_id": ask.body["transfer_id"]}


@route("POST", "stock/v1/transfers:request")
def ask_transfer(_chain: Chain, ask: Ask) -> Answer:
    """Ask for one."""
    return 201, TRANSFERS[3] | {"transfer_id": ask.body["transfer_id"]}


@route("PUT", "stock/v1/transfers/{id}")
def edit_transfer(_chain: Chain, ask: Ask) -> Answer:
    """Change it, at the revision that was read."""
    if ask.request.headers.get("if-match") != '"3"':
        return refusal(412, "stale", "You edited revision 2; it is now at 3.")
    return 200, _found(ask)


def _deed(_chain: Chain, ask: Ask) -> Answer:
    """Do something with it."""
    return 200, _found(ask)


for _word in ("ship", "receive", "approve", "decline", "cancel", "explain", "found", "return"):
    route("POST", f"stock/v1/transfers/{{id}}:{_word}")(_deed)


@route("GET", "stock/v1/company-notes")
def notes(_chain: Chain, ask: Ask) -> Answer:
    """The notes of a transfer."""
    return rows([_note()] if ask.params.get("transfer") == TRANSFERS[0]["transfer_id"] else [], ask)


@route("GET", "stock/v1/company-terms")
def terms(_chain: Chain, ask: Ask) -> Answer:
    """The terms between two companies."""
    return rows(
        [
            {"from_entity": "London Ltd", "to_entity": "Bath & Co", "markup_percent": "7.5", "tax_name": "VAT", "tax_percent": "20", "revision": 2},
            {"from_entity": "Bath & Co", "to_entity": "London Ltd", "markup_percent": "0", "tax_name": "", "tax_percent": "0", "revision": 0},
        ],
        ask,
    )  # fmt: skip


@route("PUT", "stock/v1/company-terms")
def set_terms(_chain: Chain, ask: Ask) -> Answer:
    """Set them."""
    return 200, ask.body | {"revision": 3}


@route("GET", "stock/v1/company-notes/{id}")
def one_note(_chain: Chain, _ask: Ask) -> Answer:
    """A note."""
    return 200, _note()


def _note() -> dict[str, Any]:
    p = ALL_PRODUCTS[0]
    line = {"line": 1, "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "lot_id": ident("tl", 0), "lot_number": "L41088", "expires_on": day(200).isoformat(), "quantity": "10", "cost_minor": 96000, "price_minor": 105600}  # fmt: skip
    return {"note_id": NOTE, "number": "IC-00007", "from_entity": "Lotwise Ltd", "to_entity": "Harley Ltd", "transfer_id": TRANSFERS[0]["transfer_id"], "credits": None, "from_site": "central", "to_site": "harley-street", "happened_at": NOW.isoformat(), "issued_at": NOW.isoformat(), "issued_by": "user:olga", "markup_percent": "10.00", "tax_name": "VAT", "tax_percent": "20.00", "cost_minor": 96000, "price_minor": 105600, "tax_minor": 21120, "total_minor": 126720, "currency": "USD", "lines": [line]}  # fmt: skip


FLOW = {"opening_minor": 500000, "received_minor": 120000, "transferred_in_minor": 96000, "sold_minor": 140000, "used_minor": 1000, "transferred_out_minor": 50000, "adjusted_minor": -2500, "closing_minor": 522500, "transit_opening_minor": 0, "transit_closing_minor": 96000, "consigned_minor": 0, "is_balanced": True}  # fmt: skip


@route("GET", "stock/v1/reconciliation")
def reconciliation(_chain: Chain, ask: Ask) -> Answer:
    """The statement by product."""
    units = {"opening": "50", "received": "12", "transferred_in": "10", "sold": "14", "used": "1", "transferred_out": "5", "adjusted": "-2", "closing": "50", "transit_opening": "0", "transit_closing": "10"}  # fmt: skip
    goods = [p for p in ALL_PRODUCTS if p["kind"] == "physical"]
    return rows([{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], **FLOW, **units} for p in goods], ask)  # fmt: skip


@route("GET", "stock/v1/reconciliation/summary")
def reconciliation_summary(_chain: Chain, ask: Ask) -> Answer:
    """The statement by site."""
    slugs = [ask.params["site"]] if ask.params.get("site") else [slug for slug, *_ in SITES]
    lines = [{"site": slug, "products": 12, **FLOW} for slug in slugs]
    chain = {name: value * len(slugs) if type(value) is int else value for name, value in FLOW.items()}
    return 200, {"since": ask.params["from"], "until": ask.params["to"], "currency": "USD", "sites": lines, "chain": {"site": "", "products": 12, **chain}, "is_balanced": True}  # fmt: skip


@route("GET", "stock/v1/resupply/{site}/{id}")
def resupply(_chain: Chain, ask: Ask) -> Answer:
    """Who resupplies a product at a site."""
    return 200, {"site": ask.site, "product_id": ask.id, "mode": "central", "from_site": "central", "ordered_by": "central", "revision": 2}  # fmt: skip


@route("PUT", "stock/v1/resupply/{site}/{id}")
def set_resupply(_chain: Chain, ask: Ask) -> Answer:
    """Say who resupplies it."""
    if ask.body["from_site"] == ask.site:
        return refusal(422, "bad-value", "A site cannot be resupplied by itself.", field="from_site")
    return 200, {"site": ask.site, "product_id": ask.id, "revision": 3, **ask.body}


@route("POST", "stock/v1/moves")
def moves(_chain: Chain, ask: Ask) -> Answer:
    """Move within a site."""
    return 201, ask.body | {"cost_minor": 100, "lot_number": "L1", "is_repeat": False}


@route("POST", "stock/v1/receipts:split")
def split(_chain: Chain, ask: Ask) -> Answer:
    """Divide a purchase."""
    total = sum(float(one["quantity"]) for one in ask.body["shares"])
    if total != float(ask.body["quantity"]):
        return refusal(422, "shares-differ", "The shares come to 9 of 10.", field="shares")
    return 201, {"split_id": ask.body["split_id"], "cost_minor": 100, "receipts": [], "transfers": [ident("transfer", 9)]}  # fmt: skip
