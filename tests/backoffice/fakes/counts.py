"""Counts as the pages see them, from memory."""
# ruff: noqa: E501 - a row of data stands on one line

from datetime import timedelta
from typing import Any

from tests.backoffice.fakes.catalog import ALL_PRODUCTS
from tests.backoffice.fakes.ground import NOW, Answer, Ask, Chain, day, ident, refusal, route, rows


def _count(number: int, state: str, **more: Any) -> dict[str, Any]:
    closed = None if state == "open" else NOW.isoformat()
    return {"count_id": ident("count", number), "number": f"C-{number}", "site": "bath", "kind": "full", "state": state, "area": None, "category_name": None, "abc_class": None, "plan_name": None, "is_blind": False, "is_hidden": False, "tolerance_percent": "5", "tolerance_units": "1", "witness_above_minor": 5000, "note": "", "opened_at": (NOW - timedelta(hours=2)).isoformat(), "opened_by": "user:olga", "closed_at": closed, "closed_by": closed and "user:olga", "counted_from": (NOW - timedelta(hours=1)).isoformat(), "counted_until": NOW.isoformat(), "counted_by": ["user:amara"], "lines": 3, "counted": 2, "recounts": 1, "differences": None if state == "open" else 1, "gain_minor": None if state == "open" else 0, "loss_minor": None if state == "open" else 9600, "witness": None, "is_witnessed": False, "revision": 4} | more  # fmt: skip


def _line(number: int, **more: Any) -> dict[str, Any]:
    p = ALL_PRODUCTS[number - 1]
    return {"line": number, "line_id": ident("cl", number), "product_id": p["product_id"], "code": p["code"], "name": p["name"], "unit": p["unit"], "place": "shelf", "area": "", "lot_id": ident("lot", number), "lot_number": f"L4{number}", "expires_on": day(200).isoformat(), "is_extra": False, "is_pending": False, "is_confirmed": False, "passes": 0, "needs_recount": False, "counted": None, "counted_at": None, "counted_by": "", "note": "", "recorded": "12", "late": "0", "difference": None, "cost_minor": None, "cause": None, "cause_note": "", "explained_by": None, "is_superseded": False} | more  # fmt: skip


COUNTS = [
    _count(1, "open"),
    _count(2, "posted", abc_class="A", is_blind=True),
    _count(3, "open", is_blind=True, is_hidden=True, site="bath"),
]
COUNTED = {"passes": 1, "counted_at": NOW.isoformat(), "counted_by": "user:amara"}
LINES = [
    _line(1, counted="12", difference="0", cost_minor=0, **COUNTED),
    _line(2, counted="9", difference="-3", cost_minor=-28800, needs_recount=True, late="-1", **COUNTED),
    _line(3, is_pending=True, is_extra=True),
]
PASSES = [{"number": 1, "counted": "9", "recorded": "12", "counted_at": NOW.isoformat(), "entered_at": NOW.isoformat(), "counted_by": "user:amara", "note": "back row?"}]  # fmt: skip
PLANS = [
    {
        "plan_id": ident("plan", i),
        "site": "bath",
        "name": name,
        "area": None,
        "category_id": None,
        "category_name": None,
        "abc_class": "A",
        "interval_days": 30,
        "next_due_on": day(left).isoformat(),
        "days_left": left,
        "is_overdue": left < 0,
        "is_blind": True,
        "tolerance_percent": "5",
        "tolerance_units": None,
        "witness_above_minor": 5000,
        "is_active": True,
        "last_posted_at": None,
        "open_count_id": None,
        "revision": 2,
    }
    for i, (name, left) in enumerate((("Fridge every month", -3), ("Fillers", 12)))
]


def _hidden(ask: Ask, line: dict[str, Any]) -> dict[str, Any]:
    blind = ident("count", 3) == ask.id
    return line | {"recorded": None, "late": None, "difference": None, "cost_minor": None} if blind else line


def _of(ask: Ask) -> dict[str, Any]:
    return next(one for one in COUNTS if one["count_id"] == ask.id)


@route("GET", "stock/v1/counts")
def counts(_chain: Chain, ask: Ask) -> Answer:
    """The counts."""
    return rows([one for one in COUNTS if ask.params.get("state") in {None, one["state"]}], ask)


@route("POST", "stock/v1/counts")
def begin(_chain: Chain, ask: Ask) -> Answer:
    """Open a count."""
    if ask.body["abc_class"] == "B":
        return refusal(409, "nothing-to-count", "Nothing lies in that part of the site")
    return 201, COUNTS[0] | {"count_id": ask.body["count_id"]}


@route("GET", "stock/v1/counts/{id}")
def one_count(_chain: Chain, ask: Ask) -> Answer:
    """A count."""
    return 200, _of(ask)


@route("GET", "stock/v1/counts/{id}/lines")
def lines(_chain: Chain, ask: Ask) -> Answer:
    """Its lines."""
    state = ask.params.get("state")

    def kept(one: dict[str, Any]) -> bool:
        if state == "uncounted":
            return not one["passes"]
        if state == "recount":
            return bool(one["needs_recount"])
        return state != "different" or one["difference"] not in {None, "0"}

    product, lot = ask.params.get("product"), ask.params.get("lot_number")
    found = [one for one in LINES if kept(one) and product in {None, one["product_id"]}]
    return rows([_hidden(ask, one) for one in found if lot in {None, one["lot_number"]}], ask)


@route("GET", "stock/v1/counts/{id}/lines/{line}")
def one_line(_chain: Chain, ask: Ask) -> Answer:
    """A line with its passes."""
    return 200, _hidden(ask, LINES[int(ask.line) - 1]) | {"history": PASSES}


@route("POST", "stock/v1/counts/{id}:count")
def count_some(_chain: Chain, ask: Ask) -> Answer:
    """Count a line."""
    entry = ask.body["entries"][0]
    if entry["seen_passes"] is not None and entry["seen_passes"] != LINES[entry["line"] - 1]["passes"]:
        return refusal(409, "line-counted-meanwhile", "user:amara counted it meanwhile")
    return 200, _of(ask)


@route("POST", "stock/v1/counts/{id}/lines")
def add_line(_chain: Chain, ask: Ask) -> Answer:
    """Put goods on the sheet."""
    return 201, {"line": LINES[2], "is_new": True, "look_alikes": ["L43"] if ask.body["lot_number"] else []}


@route("POST", "stock/v1/counts/{id}/lines/{line}:explain")
def explain(_chain: Chain, ask: Ask) -> Answer:
    """Say why."""
    if ask.body["cause"] == "found":
        return refusal(409, "count-unexplained", "found does not explain less than was recorded", field="cause")
    return 200, LINES[int(ask.line) - 1]


@route("POST", "stock/v1/counts/{id}/lines/{line}:confirm_lot")
def confirm(_chain: Chain, ask: Ask) -> Answer:
    """Vouch for a lot."""
    return 200, LINES[int(ask.line) - 1]


@route("POST", "stock/v1/counts/{id}:post")
def post(_chain: Chain, ask: Ask) -> Answer:
    """Post it."""
    if not ask.body["leave_uncounted"]:
        return refusal(409, "count-incomplete", "1 of 3 lines are not counted")
    return 200, _of(ask) | {"state": "posted"}


@route("POST", "stock/v1/counts/{id}:witness")
def witness(_chain: Chain, ask: Ask) -> Answer:
    """Confirm it."""
    return 200, _of(ask)


@route("POST", "stock/v1/counts/{id}:cancel")
def cancel(_chain: Chain, ask: Ask) -> Answer:
    """Call it off."""
    return 200, _of(ask) | {"state": "cancelled"}


@route("GET", "stock/v1/explain/count")
def why(_chain: Chain, ask: Ask) -> Answer:
    """Why it differs."""
    last = {"count_id": ident("count", 2), "number": "C-2", "counted_at": NOW.isoformat(), "counted": "12"}
    return 200, {
        "site": ask.params["site"],
        "since": (NOW - timedelta(days=9)).isoformat(),
        "last_count": last,
        "opening": "12",
        "on_hand": "12",
        "unit": "vial",
        "sentences": [{"kind": "transit", "text": "3 vial are on their way here"}],
        "movements": [{"reason": "sale", "quantity": "-4", "movements": 4}],
    }


@route("GET", "stock/v1/areas")
def areas(_chain: Chain, _ask: Ask) -> Answer:
    """The storage areas."""
    return 200, {"rows": [{"site": "bath", "area": "Fridge", "lots": 3, "value_minor": 1}], "next": None}


@route("GET", "stock/v1/count-plans")
def plans(_chain: Chain, ask: Ask) -> Answer:
    """The plans."""
    return rows(PLANS, ask)


@route("GET", "stock/v1/count-plans/{id}")
def one_plan(_chain: Chain, ask: Ask) -> Answer:
    """A plan."""
    return 200, next(one for one in PLANS if one["plan_id"] == ask.id)


@route("POST", "stock/v1/count-plans")
def add_plan(_chain: Chain, ask: Ask) -> Answer:
    """Plan."""
    return 201, PLANS[0] | {"plan_id": ask.body["plan_id"]}


@route("PUT", "stock/v1/count-plans/{id}")
def put_plan(_chain: Chain, ask: Ask) -> Answer:
    """Change a plan."""
    if ask.request.headers["if-match"] != '"2"':
        return refusal(412, "stale", "You edited revision 1; it is now at 2.")
    return 200, PLANS[0]


@route("POST", "stock/v1/count-plans/{id}:open")
def open_plan(_chain: Chain, ask: Ask) -> Answer:
    """Open its count."""
    return 201, COUNTS[0] | {"count_id": ask.body["count_id"]}
