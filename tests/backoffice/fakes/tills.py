"""Tills, payments and members' deeds as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from typing import Any

from tests.backoffice.fakes.ground import NOW, TODAY, Answer, Ask, Chain, ident, route, rows

FRONT, SPARE, AWAY = (ident("till", name) for name in ("Front desk 1", "Front desk 2", "Old"))
OPEN, COUNTED = ident("session", "open"), ident("session", "counted")


def till(till_id: str, name: str, **more: Any) -> dict[str, Any]:
    """A till as sales answers."""
    return {"till_id": till_id, "site": "harley-street", "name": name, "is_shared": True, "is_archived": False, "revision": 1, "session_id": None, "state": "closed", "opened_by": "", "opened_at": None, "day": None} | more  # fmt: skip


def session(session_id: str = OPEN, **more: Any) -> dict[str, Any]:
    """A day of a till as sales answers."""
    moved = [{"movement_id": ident("move", 1), "amount_minor": -20000, "reason": "To the bank", "actor": "user:olga", "happened_at": NOW.isoformat()}]  # fmt: skip
    return {"session_id": session_id, "till_id": FRONT, "till_name": "Front desk 1", "site": "harley-street", "number": 7, "day": TODAY.isoformat(), "state": "open", "currency": "USD", "opened_at": NOW.isoformat(), "opened_by": "user:olga", "float_minor": 10000, "counted": None, "expected": None, "differences": {}, "difference_minor": 0, "reason": "", "counted_at": None, "counted_by": "", "closed_at": None, "closed_by": "", "movements": moved} | more  # fmt: skip


def counted() -> dict[str, Any]:
    """A drawer that was counted and is 0.44 short."""
    return session(COUNTED, state="counted", counted={"cash": 63400, "card": 120000, "reward": 0, "other": 0}, expected={"cash": 63444, "card": 120000, "reward": 0, "other": 0}, differences={"cash": -44}, difference_minor=-44, counted_at=NOW.isoformat(), counted_by="user:olga")  # fmt: skip


@route("GET", "sales/v1/tills")
def tills(_chain: Chain, ask: Ask) -> Answer:
    """The tills of a site."""
    found = [till(FRONT, "Front desk 1", session_id=OPEN, state="open", opened_by="user:olga", opened_at=NOW.isoformat()), till(SPARE, "Front desk 2", is_shared=False)]  # fmt: skip
    old = [till(AWAY, "Old", is_archived=True)] if ask.params.get("archived") else []
    return rows([*found, *old], ask)


@route("POST", "sales/v1/tills")
def add_till(_chain: Chain, ask: Ask) -> Answer:
    """Set up a till."""
    return 201, till(ident("till", ask.body["name"]), ask.body["name"]) | ask.body


@route("PUT", "sales/v1/tills/{id}")
def put_till(_chain: Chain, ask: Ask) -> Answer:
    """Change a till."""
    return 200, till(ask.id, ask.body["name"]) | ask.body


@route("POST", "sales/v1/tills/{id}:open")
def open_till(_chain: Chain, ask: Ask) -> Answer:
    """Open a drawer."""
    return 201, session() | ask.body


@route("GET", "sales/v1/till-sessions")
def sessions(_chain: Chain, ask: Ask) -> Answer:
    """Days that were closed."""
    return rows([counted() | {"state": "closed", "reason": "a coin", "closed_at": NOW.isoformat(), "closed_by": "user:olga"}], ask)  # fmt: skip


@route("GET", "sales/v1/till-sessions/{id}")
def one_session(_chain: Chain, ask: Ask) -> Answer:
    """A day of a till."""
    return 200, counted() if ask.id == COUNTED else session(ask.id)


@route("POST", "sales/v1/till-sessions/{id}:{deed}")
def work(_chain: Chain, ask: Ask) -> Answer:
    """Move, count or close."""
    return 200, counted() if ask.deed == "count" else session(ask.id)


@route("GET", "sales/v1/till-summary")
def summary(_chain: Chain, ask: Ask) -> Answer:
    """A day added up."""
    figures = {"count": 12, "net_minor": 180000, "tax_1_minor": 36000, "tax_2_minor": 0, "total_minor": 216000}
    none = dict.fromkeys(figures, 0)
    tenders = [{"kind": kind, "charged_minor": minor, "paid_later_minor": 0, "refunded_minor": -1000, "voided_minor": 0, "total_minor": minor - 1000} for kind, minor in (("card", 150000), ("cash", 66000))]  # fmt: skip
    return 200, {"site": ask.params["site"], "day": ask.params.get("day", TODAY.isoformat()), "time_zone": "Europe/London", "currency": "USD", "till_id": ask.params.get("till"), "is_blind": False, "charges": figures, "voids": none, "returns": none, "net": figures, "tax_1_name": "VAT", "tax_2_name": "Tax 2", "tenders": tenders, "rounding_minor": -3, "due_minor": 2000, "tips": [{"staff": "user:olga", "net_minor": 1500}], "owed": [{"owed": "gift", "net_minor": 5000}], "sessions": [session()]}  # fmt: skip


@route("POST", "sales/v1/charges/{id}/payments")
def pay(_chain: Chain, ask: Ask) -> Answer:
    """Take a payment."""
    paid = sum(one["amount_minor"] for one in ask.body["tenders"])
    return 201, {"payment_id": ident("pay"), "charge_id": ask.id, "paid_minor": paid, "change_minor": 0, "due_minor": 0, "tenders": ask.body["tenders"]}  # fmt: skip


@route("POST", "sales/v1/returns")
def take_back(_chain: Chain, ask: Ask) -> Answer:
    """Take lines back."""
    return 201, {"return_id": ident("return"), "number": "H-R1", "total_minor": 10680, "tenders": [{"kind": "card", "amount_minor": -10680}]} | ask.body  # fmt: skip


@route("GET", "sales/v1/charges/{id}/receipt")
def receipt(_chain: Chain, _ask: Ask) -> Answer:
    """A receipt with all that may stand on one."""
    line = {"name": "Signature facial", "description": "", "quantity": "1", "unit_price": "145.00", "net_minor": 14500, "total_minor": 17400, "seller": "user:olga", "performer": "Dr Reed", "discounts": [{"name": "Spring", "minor": 500}]}  # fmt: skip
    tip = {"name": "Tip", "description": "", "quantity": "1", "unit_price": "10.00", "net_minor": 1000, "total_minor": 1000, "owed": "tip", "performer": "Dr Reed"}  # fmt: skip
    taken = {"name": "Peel", "description": "", "quantity": "1", "unit_price": "0.00", "net_minor": 0, "total_minor": 0, "redeems": ident("balance")}  # fmt: skip
    return 200, {"site": "harley-street", "site_name": "Harley Street", "number": "H-2029", "happened_at": NOW.isoformat(), "local_time": "2026-07-01 13:00", "state": "recorded", "currency": "USD", "lines": [line, tip, taken], "taxes": [{"name": "VAT", "percent": "20", "base_minor": 14500, "tax_minor": 2900}], "net_minor": 15500, "tax_minor": 2900, "total_minor": 18400, "paid_minor": 18400, "change_minor": 0, "due_minor": 0, "tenders": [{"kind": "reward", "amount_minor": 18400}], "copy_no": 0}  # fmt: skip


@route("POST", "sales/v1/charges/{id}/receipts")
def give(chain: Chain, ask: Ask) -> Answer:
    """Give a receipt: the original of what was charged here, of any other charge the first copy."""
    _, shown = receipt(chain, ask)
    given = len(chain.did("POST", f"sales/v1/charges/{ask.id}/receipts")) - (ask.id in chain.charges)
    return 201, {"charge_id": ask.id, "way": ask.body["way"], "copy_no": given, "receipt": shown | {"copy_no": given}}


@route("GET", "sales/v1/receipt-mail")
def mail(_chain: Chain, _ask: Ask) -> Answer:
    """No mail server is set."""
    return 200, {"is_set": False}


@route("GET", "sales/v1/members/{id}/consents")
def consents(_chain: Chain, ask: Ask) -> Answer:
    """What a member said."""
    said = {"kind": "photo", "is_given": True, "actor": "user:olga", "given_at": NOW.isoformat()}
    return 200, {"member_id": ask.id, "consents": [said], "history": [said]}


@route("PUT", "sales/v1/members/{id}/consents")
def put_consents(chain: Chain, ask: Ask) -> Answer:
    """Write down what a member says."""
    said: Answer = consents(chain, ask)
    return said


@route("GET", "sales/v1/members/{id}/balances")
def balances(_chain: Chain, ask: Ask) -> Answer:
    """What a member holds."""
    item = {
        "name": "Signature facial",
        "unit": "piece",
        "quantity": "6",
        "used": "2",
        "left": "4",
        "is_unlimited": False,
    }
    package = {"balance_id": ident("balance"), "name": "Six facials", "state": "active", "charge_id": ident("c"), "outstanding_minor": 60000, "sold_at": NOW.isoformat(), "last_day": "2027-07-01", "items": [item]}  # fmt: skip
    joined = {"membership_id": ident("ms"), "name": "Glow Club", "state": "active", "period": "month", "joined_on": "2026-01-31", "from_day": "2026-06-30", "to_day": "2026-07-30", "due_minor": 0}  # fmt: skip
    gift = {"certificate_id": ident("gift"), "number": "••••-1234", "state": "active", "balance_minor": 5000, "sold_at": NOW.isoformat()}  # fmt: skip
    return 200, {"member_id": ask.id, "packages": [package], "memberships": [joined], "certificates": [gift], "account": {"balance_minor": 2500, "credit_minor": 0}}  # fmt: skip


@route("GET", "sales/v1/members/{id}/account")
def account(_chain: Chain, ask: Ask) -> Answer:
    """The entries of an account."""
    return rows([{"why": "received", "amount_minor": 2500, "balance_minor": 2500, "happened_at": NOW.isoformat(), "reason": "", "charge_id": None}], ask)  # fmt: skip


@route("GET", "sales/v1/members/{id}/export")
def export(_chain: Chain, ask: Ask) -> Answer:
    """All that is kept of a member."""
    return 200, {"member": {"member_id": ask.id}, "charges": []}


@route("POST", "sales/v1/members/{id}:{deed}")
def member_deed(_chain: Chain, ask: Ask) -> Answer:
    """Merge or erase."""
    return 200, {"member_id": ask.id, "erased_at": NOW.isoformat(), "sealed_until": None}


@route("POST", "sales/v1/members:batch")
def bring_in(_chain: Chain, ask: Ask) -> Answer:
    """All who are sent are new here."""
    kept = [{"member_id": row["member_id"], "outcome": "created"} for row in ask.body["rows"]]
    return 200, {"created": len(kept), "known": 0, "rows": kept}
