"""Stock as the pages see it, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

import hashlib
import re
from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS, BY_ID
from tests.backoffice.fakes.ground import NOW, SITES, TODAY, Answer, Ask, Chain, day, ident, luck, refusal, route, rows


def levels_of_all() -> dict[tuple[str, str], dict[str, Any]]:
    """What each site has of each product."""
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
    if ask.params.get("as_of"):
        found = [row | {"held": None, "available": None, "minimum": None, "on_hand": "77"} for row in found]
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


def lots_here(chain: Chain, where: str | None, product_id: str | None) -> list[dict[str, Any]]:
    """The lots of a site or a product, the soonest expiry first."""
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
    found = lots_here(chain, ask.params.get("site"), ask.params.get("product"))
    if within := ask.params.get("expires_within"):
        found = [lot for lot in found if lot["days_left"] <= int(within)]
    if state := ask.params.get("state"):
        found = [lot for lot in found if lot["state"] == state]
    return rows(found, ask)


@route("GET", "stock/v1/lots/{id}")
def one_lot(chain: Chain, ask: Ask) -> Answer:
    """A lot."""
    found = next((lot for lot in lots_here(chain, None, None) if lot["lot_id"] == ask.id), None)
    if found is None:
        return refusal(404, "unknown-lot", "No lot has this id.")
    return 200, found | {"places": []}


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
        "answers": [{"code": "expired", "text": "This lot is expired"}] if is_over else [],
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


@route("GET", "stock/v1/proofs")
def proofs(_chain: Chain, ask: Ask) -> Answer:
    """Last night's proof, with one row that does not agree."""
    finding = {"check": "content", "row": "movement 0198", "detail": "its content does not match its hash"}
    one = {
        "proof_id": ident("proof"),
        "started_at": NOW.isoformat(),
        "finished_at": NOW.isoformat(),
        "is_clean": False,
        "sizes": {"movements": 31200},
        "rows_a_second": 44000,
        "findings": [finding],
    }
    return rows([one], ask)
