"""The only home of confirming a delivery: what came of an order, lot by lot, in full or in part."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.orders import Order
from lotwise.backoffice.session import Who

screen = Screen()
CELLS = ("quantity", "unit_cost", "lot_number", "expires_on")


@screen.get("/orders/{order_id}/receive", permission="order.receive")
async def receive_form(request: Request, who: Who, order_id: UUID) -> Response:
    """The delivery as it should be: everything still to come, at the ordered cost."""
    one = await who.gateway.one(Order, "purchasing", f"/v1/orders/{order_id}")
    filled = {f"quantity_{line.line}": line.outstanding for line in one.lines}
    filled |= {f"unit_cost_{line.line}": line.unit_cost for line in one.lines}
    return _form(request, who, one, filled, {})


@screen.post("/orders/{order_id}/receive", permission="order.receive")
async def receive(request: Request, who: Who, order_id: UUID) -> Response:
    """Confirm what came; the rest stays pending."""
    form = await form_of(request)
    one = await who.gateway.one(Order, "purchasing", f"/v1/orders/{order_id}")
    rows, errors = _delivered(one, form)
    if errors:
        return _form(request, who, one, form, errors)
    body = {"lines": rows, "confirm_over": "confirm_over" in form, "note": form.get("note", "")}
    try:
        answer = await who.gateway.post("purchasing", f"/v1/orders/{order_id}:receive", body, form.get("key", ""))
    except Refused as no:
        return _form(request, who, one, form, {"": " ".join([no.detail, *no.ways_out])})
    is_whole = answer["order"]["status"] == "received"
    text = "Received in full. Stock follows in a moment." if is_whole else "Received in part; the rest stays pending."
    return done(request, text, f"/orders/{order_id}")


def _delivered(one: Order, form: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    rows: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for line in one.lines:
        cells = {name: form.get(f"{name}_{line.line}", "") for name in CELLS}
        if not cells["quantity"].strip("0."):
            continue
        if cells["expires_on"] and not _is_day(cells["expires_on"]):
            errors[f"expires_on_{line.line}"] = "Enter a day."
        rows.append({"line": line.line} | {name: value for name, value in cells.items() if value})
    if not rows:
        errors[""] = "Enter how much came of at least one line."
    return rows, errors


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _form(request: Request, who: Who, one: Order, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"order": one, "form": form, "errors": errors, "title": f"Receive {one.number}"}
    status = 422 if errors else 200
    return page(request, who, "screens/delivery_form.html", fragment="sheet", status=status, **context)
