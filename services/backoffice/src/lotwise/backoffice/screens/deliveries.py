"""The only home of confirming a delivery: what came of an order, lot by lot, area by area, for which sites (STK-31)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.orders import Order
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import named_id

screen = Screen()
CELLS = ("quantity", "unit_cost", "lot_number", "expires_on", "area")
PARTS_MAX = 20


class Area(Shape):
    """A storage area of the site."""

    area: str = ""
    purpose: str = "retail"


@screen.get("/orders/{order_id}/receive", permission="order.receive")
async def receive_form(request: Request, who: Who, order_id: UUID) -> Response:
    """The delivery as it should be: everything still to come, at the ordered cost."""
    one = await who.gateway.one(Order, "purchasing", f"/v1/orders/{order_id}")
    filled = {f"quantity_{line.line}": line.outstanding for line in one.lines}
    filled |= {f"unit_cost_{line.line}": line.unit_cost for line in one.lines}
    return await _form(request, who, one, filled, {})


@screen.post("/orders/{order_id}/receive", permission="order.receive")
async def receive(request: Request, who: Who, order_id: UUID) -> Response:
    """Confirm what came; the rest stays pending. With `split` only one more part of that line is asked for."""
    form = await form_of(request)
    one = await who.gateway.one(Order, "purchasing", f"/v1/orders/{order_id}")
    if form.get("split"):
        name = f"parts_{form.pop('split')}"
        return await _form(request, who, one, form | {name: str(min(PARTS_MAX, _parts(form, name) + 1))}, {})
    rows, errors = _delivered(one, form)
    if errors:
        return await _form(request, who, one, form, errors)
    body = {"lines": rows, "confirm_over": "confirm_over" in form, "note": form.get("note", "")}
    try:
        answer = await who.gateway.post("purchasing", f"/v1/orders/{order_id}:receive", body, form.get("key", ""))
    except Refused as no:
        return await _form(request, who, one, form, {"": " ".join([no.detail, *no.ways_out])})
    is_whole = answer["order"]["status"] == "received"
    text = "Received in full. Stock follows in a moment." if is_whole else "Received in part; the rest stays pending."
    return done(request, f"{text}{await _send_on(who, one, form)}", f"/orders/{order_id}")


def _parts(form: dict[str, str], name: str) -> int:
    """Into how many parts a line is split."""
    text = form.get(name, "1")
    return max(1, min(PARTS_MAX, int(text))) if text.isdigit() else 1


def fields_of(name: str, line: int, part: int) -> str:
    """The name of a cell: the first part of a line has no number of its own."""
    return f"{name}_{line}" if part == 1 else f"{name}_{line}_{part}"


def _delivered(one: Order, form: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    rows: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for line in one.lines:
        for part in range(1, _parts(form, f"parts_{line.line}") + 1):
            cells = {name: form.get(fields_of(name, line.line, part), "") for name in CELLS}
            if not cells["quantity"].strip("0."):
                continue
            if cells["expires_on"] and not _is_day(cells["expires_on"]):
                errors[fields_of("expires_on", line.line, part)] = "Enter a day."
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


async def _send_on(who: Who, one: Order, form: dict[str, str]) -> str:
    """Draft a transfer for each site that parts of the delivery are for; what a person is told of it."""
    shares: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in one.lines:
        for part in range(1, _parts(form, f"parts_{line.line}") + 1):
            site = form.get(fields_of("for", line.line, part), "")
            amount = _amount(form.get(fields_of("quantity", line.line, part), ""))
            if site and site != one.site and amount > 0:
                shares[site][str(line.product_id)] += amount
    drafted, left = 0, 0
    for site, products in sorted(shares.items()):
        lines = [{"product_id": key, "quantity": f"{many.normalize():f}"} for key, many in products.items()]
        key = f"{form.get('key', '')}-{site}"
        body: dict[str, Any] = {"transfer_id": str(named_id(key)), "from_site": one.site, "to_site": site}
        body |= {"note": f"Came with {one.number}", "lines": lines}
        try:
            await who.gateway.post("stock", "/v1/transfers", body, key)
            drafted += 1
        except (Refused, Unreachable):
            left += 1
    words = f" {drafted} {'transfer is' if drafted == 1 else 'transfers are'} drafted to send on the shares."
    missing = f" {left} could not be drafted: draft them under Transfers."
    return (words if drafted else "") + (missing if left else "")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)


async def _form(request: Request, who: Who, one: Order, form: dict[str, str], errors: dict[str, str]) -> Response:
    none: Rows[Area] = Rows([])
    found = await or_else(who.gateway.rows(Area, "stock", "/v1/areas", site=one.site), none)
    parts = {line.line: _parts(form, f"parts_{line.line}") for line in one.lines}
    context: dict[str, Any] = {"order": one, "form": form, "errors": errors, "title": f"Receive {one.number}"}
    context |= {"parts": parts, "name_of": fields_of, "areas": _named(found.rows), "parts_max": PARTS_MAX}
    context["others"] = [(site.slug, site.name) for site in who.sites if site.slug != one.site]
    status = 422 if errors else 200
    return page(request, who, "screens/delivery_form.html", fragment="sheet", status=status, **context)


def _named(areas: Sequence[Area]) -> list[str]:
    return sorted({one.area for one in areas if one.area and one.purpose == "retail"})
