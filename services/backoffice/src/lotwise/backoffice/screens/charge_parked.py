"""The only home of bills set aside at the desk: park the open one, see what waits, take one up again."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, or_else
from lotwise.backoffice.pages import SECURITY, form_of, new_key, page, toast, told_with
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bills import is_id, read_bill
from lotwise.backoffice.screens.charge import bill_in, empty, member_of, quote, shown
from lotwise.backoffice.screens.quotes import Parked
from lotwise.backoffice.session import Who

screen = Screen()


@screen.post("/charge/park", permission="charge.create")
async def park(request: Request, who: Who) -> Response:
    """Ask by what the bill is known while it waits; with a label, set it aside and begin an empty one."""
    form = await form_of(request)
    bill = await bill_in(request, form)
    if not bill.lines:
        return HTMLResponse(toast("The bill is empty: there is nothing to park.", "lasting"), headers=SECURITY)
    member = await member_of(who, form.get("member_id", ""))
    if not form.get("label"):
        errors = {"label": "Give it a word, such as a name or a chair."} if "label" in form else {}
        context: dict[str, Any] = {"member": member, "errors": errors, "site": form["site"]}
        return page(request, who, "screens/charge_park.html", fragment="sheet", title="Park the bill", **context)
    quoted = await quote(who, form["site"], bill, form.get("member_id", ""))
    body: dict[str, Any] = {
        "parked_id": form["charge_id"], "site": form["site"], "label": form["label"],
        "member_id": str(member.member_id) if member else None, "total_minor": quoted.total_minor,
        "bill": {"lines": [line.text for line in bill.lines], "cart": bill.cart_text},
    }  # fmt: skip
    await who.gateway.post("sales", "/v1/parked", body, form["charge_id"])
    headers = told_with({"bill-empty": "", "dialog-close": "", "parked-changed": ""})
    context = {"site": form["site"], **empty()}
    return page(request, who, "screens/bill.html", fragment="bill", headers=headers, title="Bill", **context)


@screen.get("/charge/waiting", permission="charge.create")
async def waiting(request: Request, who: Who, site: str) -> Response:
    """The button that tells how many bills wait."""
    found = await or_else(who.gateway.rows(Parked, "sales", "/v1/parked", site=site), Rows([]))
    context: dict[str, Any] = {"parked": found, "site": site}
    return page(request, who, "screens/charge_waiting.html", fragment="waiting", title="Parked bills", **context)


@screen.get("/charge/parked", permission="charge.create")
async def parked(request: Request, who: Who, site: str) -> Response:
    """The bills that wait at the site."""
    found = await who.gateway.rows(Parked, "sales", "/v1/parked", site=site)
    context: dict[str, Any] = {"found": found, "site": site}
    return page(request, who, "screens/charge_parked.html", fragment="sheet", title="Parked bills", **context)


@screen.post("/charge/parked/{parked_id}", permission="charge.create")
async def resume(request: Request, who: Who, parked_id: UUID) -> Response:
    """Take a bill up again, in place of an empty one; or throw it away (`drop`)."""
    form = await form_of(request)
    if (await bill_in(request, form)).lines and "drop" not in form:
        return HTMLResponse(toast("Finish or park the open bill first.", "lasting"), 409, headers=SECURITY)
    try:
        taken = Parked.model_validate(await who.gateway.post("sales", f"/v1/parked/{parked_id}:take", {}, new_key()))
    except Refused as no:
        return HTMLResponse(toast(no.detail, "lasting"), no.status, headers=SECURITY)
    if "drop" in form:
        return HTMLResponse(toast(f"{taken.label} was thrown away."), headers=SECURITY | _closed())
    bill = read_bill(taken.bill.get("lines", []), "", taken.bill.get("cart", ""))
    member_id = str(taken.member_id or "")
    asked = form | {
        "choose": "1",
        "resumed": "1",
        "member_id": member_id if is_id(member_id) else "",
        "site": taken.site,
    }
    return await shown(request, who, asked, bill)


def _closed() -> dict[str, str]:
    return told_with({"dialog-close": "", "parked-changed": ""})
