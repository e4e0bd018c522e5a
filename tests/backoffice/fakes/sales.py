"""Sales as the pages see it, from memory."""
# ruff: noqa: E501, PLC0207 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS, BY_ID
from tests.backoffice.fakes.ground import NOW, SITES, Answer, Ask, Chain, ident, luck, refusal, route, rows


def member(name: str) -> dict[str, Any]:
    """A member as sales answers."""
    return {"member_id": ident("member", name), "name": name, "phone": "+44 20 7946 0" + f"{int(luck(name) * 999):03d}", "email": name.split()[0].lower() + "@example.org", "note": "", "is_archived": False, "revision": 1, "created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}  # fmt: skip


@route("GET", "sales/v1/members")
def members(chain: Chain, ask: Ask) -> Answer:
    """The members that match."""
    word = ask.params.get("search", "").lower()
    return rows([m for m in chain.members if word in m["name"].lower()], ask)


@route("POST", "sales/v1/members")
def add_member(chain: Chain, ask: Ask) -> Answer:
    """Add a member."""
    made = member(ask.body["name"]) | ask.body
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
        "may": {"discount": True, "free": True, "price": True, "beyond": False, "discount_percent": "20", "discount_minor": 10000, "free_minor": None},
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


@route("GET", "sales/v1/parked")
def parked(chain: Chain, ask: Ask) -> Answer:
    """The bills that wait at a site."""
    return rows([one for one in chain.parked if one["site"] == ask.params["site"]], ask)


@route("POST", "sales/v1/parked")
def park(chain: Chain, ask: Ask) -> Answer:
    """Set a bill aside."""
    made = {"member_id": None, "total_minor": 0} | ask.body | {"actor": "user:olga", "parked_at": NOW.isoformat()}
    chain.parked.append(made)
    return 201, made


@route("POST", "sales/v1/parked/{id}:take")
def take_parked(chain: Chain, ask: Ask) -> Answer:
    """Take a bill up again, once."""
    found = next((one for one in chain.parked if one["parked_id"] == ask.id), None)
    if found is None:
        return refusal(404, "unknown-parked-bill", f"no bill waits under the id {ask.id}", title="No such bill waits")
    chain.parked.remove(found)
    return 200, found


@route("GET", "sales/v1/book")
def book(_chain: Chain, _ask: Ask) -> Answer:
    """The price book that a till keeps, in one chunk."""
    sold = [p for p in ALL_PRODUCTS if p["price"] and p.get("purpose") != "back_bar"]
    found = [{"product_id": p["product_id"], "code": p["code"], "name": p["name"], "kind": p["kind"], "unit": p["unit"], "names": p["barcodes"], "price_micros": round(float(p["price"]) * 1_000_000), "is_inclusive": False, "rates": [20_000_000, 0], "is_compound": False} for p in sold]  # fmt: skip
    return 200, {"rows": found, "next": None}


@route("GET", "sales/v1/dispensed")
def dispensed(chain: Chain, ask: Ask) -> Answer:
    """Lines that took another lot than the first to expire."""
    p, lots = ALL_PRODUCTS[0], [ident("lot", "taken"), ident("lot", "first")]
    found = [{"charge_id": ident("charge", "old", i), "line": 1, "number": f"H-{2030 - i}", "state": "recorded", "site": "harley-street", "happened_at": (NOW - timedelta(minutes=37 * i)).isoformat(), "actor": "user:olga", "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "quantity": "2", "lot_choice": ask.params["lot_choice"], "lot_id": lots[0], "fefo_lot_id": lots[1]} for i in range(3)]  # fmt: skip
    return rows(found if ask.params["lot_choice"] == "deviation" else [], ask)
