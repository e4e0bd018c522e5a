"""Assets as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, TODAY, Answer, Ask, Chain, ident, refusal, route, rows

LASER = ALL_PRODUCTS[3]


def _unit(i: int, **fields: Any) -> dict[str, Any]:
    return {
        "serial_id": ident("serial", i), "serial": f"SN-{i:03}", "product_id": LASER["product_id"], "code": LASER["code"], "name": LASER["name"], "site": "bath", "state": "in_use", "room": "Room 2", "lot_id": ident("lot", i), "lot_number": "L1",
        "charge_id": None, "transfer_id": None, "supplier_id": None, "acquired_on": "2024-01-01", "cost_minor": 6_000_000, "book_minor": 3_840_000, "spent_minor": 45_000, "coverage": "under", "warranty_starts_on": "2024-01-01",
        "warranty_ends_on": (TODAY + timedelta(days=90)).isoformat(), "warranty_terms": "parts and labour", "maintenance_due_on": (TODAY - timedelta(days=1)).isoformat(), "maintenance_work": "yearly check", "is_due": True, "method": "straight_line",
        "in_service_on": "2024-01-01", "salvage_minor": 600_000, "life_months": 60, "factor": 2000, "units_total": 0, "note": "", "registered_at": NOW.isoformat(), "registered_by": "user:amara", "revision": 7,
    } | fields  # fmt: skip


UNITS = [
    _unit(1),
    _unit(2, serial="<b>2</b>", state="in_stock", room="", is_due=False, maintenance_due_on=None, coverage="none", warranty_ends_on=None, method=""),
    _unit(3, serial="=3+3", state="lost", is_due=False),
]  # fmt: skip
YEARS = [
    {"first": f"{year}-01-01", "until": f"{year + 1}-01-01", "depreciation_minor": 1_080_000, "accumulated_minor": 1_080_000 * (year - 2023), "book_minor": 6_000_000 - 1_080_000 * (year - 2023)}
    for year in range(2024, 2029)
]  # fmt: skip


@route("GET", "stock/v1/serials")
def serials(_chain: Chain, ask: Ask) -> Answer:
    """The register."""
    word = ask.params.get("search", "").lower()
    if ask.params.get("transfer"):
        return rows([one for one in UNITS if one["transfer_id"] == ask.params["transfer"]], ask)
    found = [one for one in UNITS if word in one["serial"].lower() and ask.params.get("state") in {None, one["state"]}]
    return rows([one for one in found if not ask.params.get("due_by") or one["is_due"]], ask)


@route("GET", "stock/v1/serials/unnamed")
def unnamed(_chain: Chain, ask: Ask) -> Answer:
    """Units that wait for their serial."""
    return rows([{"site": "bath", "product_id": LASER["product_id"], "code": "", "name": LASER["name"], "lot_id": ident("lot", 9), "lot_number": "L9", "on_hand": "2", "named": 0}], ask)  # fmt: skip


@route("GET", "stock/v1/serials/choices")
def choices(_chain: Chain, ask: Ask) -> Answer:
    """Of the laser the units that may leave; other products have no serials."""
    asked: Any = ask.params["product"]
    if LASER["product_id"] not in (asked if isinstance(asked, list) else asked.split(",")):
        return 200, {"rows": []}
    units = [
        {"serial_id": ident("serial", i), "serial": f"SN-{i:03}", "lot_id": ident("lot", i), "lot_number": "L1", "expires_on": None, "room": ""}
        for i in (5, 6)
    ]  # fmt: skip
    return 200, {"rows": [{"product_id": LASER["product_id"], "name": LASER["name"], "units": units, "unnamed": 0}]}


@route("GET", "stock/v1/serials/{id}")
def serial(_chain: Chain, ask: Ask) -> Answer:
    """One unit."""
    found = next((one for one in UNITS if one["serial_id"] == ask.id), None)
    return (200, found) if found else refusal(404, "unknown-serial", "No serial has this id.")


@route("GET", "stock/v1/serials/{id}/steps")
def steps(_chain: Chain, ask: Ask) -> Answer:
    """Its story."""
    return rows([{"step": 1, "kind": "put to use", "state": "in_use", "site": "bath", "room": "Room 2", "cause_id": ident("step", 1), "note": "", "actor": "user:amara", "happened_at": NOW.isoformat(), "recorded_at": NOW.isoformat()}], ask)  # fmt: skip


@route("GET", "stock/v1/serials/{id}/works")
def works(_chain: Chain, _ask: Ask) -> Answer:
    """Its maintenance."""
    return 200, {"rows": [{"work_id": ident("work", 1), "done_on": "2026-01-05", "work": "Lamp replaced", "cost_minor": 45_000, "done_by": "Acme", "document": "R-2291", "note": "", "next_due_on": None, "next_work": "", "entered_by": "user:amara", "entered_at": NOW.isoformat()}], "cost_minor": 45_000}  # fmt: skip


@route("GET", "stock/v1/serials/{id}/schedule")
def schedule(_chain: Chain, ask: Ask) -> Answer:
    """How it loses its worth."""
    found = YEARS if ask.id == UNITS[0]["serial_id"] else []
    return 200, {"serial_id": ask.id, "method": "straight_line" if found else "", "cost_minor": 6_000_000, "salvage_minor": 600_000, "rows": found}  # fmt: skip


@route("GET", "stock/v1/assets/totals")
def totals(_chain: Chain, _ask: Ask) -> Answer:
    """What the register sums to."""
    sites = [{"site": site, "units": 1, "cost_minor": 6_000_000, "spent_minor": 45_000, "book_minor": 3_840_000, "by_state": {"in_use": 1}} for site in ("bath", "soho")]  # fmt: skip
    return 200, {"sites": sites, "units": 2, "cost_minor": 12_000_000, "spent_minor": 90_000, "book_minor": 7_680_000}


@route("POST", "stock/v1/serials")
def register(_chain: Chain, ask: Ask) -> Answer:
    """Name units."""
    if "TAKEN" in ask.body["serials"]:
        return refusal(409, "serial-exists", "Serial TAKEN is known: in stock at bath", field="serials")
    return 201, {"serials": [UNITS[0] | {"serial": one} for one in ask.body["serials"]]}


@route("POST", "stock/v1/serials/{id}:move")
def move(_chain: Chain, _ask: Ask) -> Answer:
    """Move one."""
    return 200, UNITS[0]


@route("POST", "stock/v1/serials/{id}:retire")
def retire(_chain: Chain, ask: Ask) -> Answer:
    """Write one off."""
    if not ask.body.get("note"):
        return refusal(422, "note-missing", "Scrapped asks for a note", field="note")
    return 200, UNITS[0]


@route("POST", "stock/v1/serials/{id}/works")
def work(_chain: Chain, _ask: Ask) -> Answer:
    """Record work."""
    return 201, UNITS[0]


@route("PUT", "stock/v1/serials/{id}/depreciation")
def depreciation(_chain: Chain, _ask: Ask) -> Answer:
    """Say how it loses its worth."""
    return 200, UNITS[0]
