"""The only home of the charge desk: tiles, scans and typing fill a bill that is quoted at every change."""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Unreachable, or_else
from lotwise.backoffice.pages import SECURITY, form_of, new_key, page, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens import bill_words, charge_confirms, desk_codes
from lotwise.backoffice.screens.bills import Bill, is_id, kept_fields, read_bill
from lotwise.backoffice.screens.checkout import Draft
from lotwise.backoffice.screens.desk_codes import Found
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.packages import Package
from lotwise.backoffice.screens.quotes import Desk, Drawer, Parked, Quote
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7

screen = Screen()
CHOOSE = "choose-variant"
TELL = frozenset({"minutes-needed", "name-needed", "performer-needed", "no-price", "bad-minutes"})
"""What sales wants to know of a line before it can be priced: the desk asks for it in the line's sheet."""


@screen.get("/charge", permission="charge.create")
async def desk(request: Request, who: Who, checkout: UUID | None = None) -> Response:
    """The desk of the site in view; with `checkout` the bill of a completed treatment, ready to be paid (SAL-18)."""
    draft = None if checkout is None else await who.gateway.one(Draft, "sales", f"/v1/checkout/{checkout}")
    site = who.a_site() if draft is None else draft.site
    opened, waiting, parked, tills = await asyncio.gather(
        or_else(who.gateway.one(Desk, "sales", "/v1/desk", site=site), Desk(site=site or "")),
        or_else(who.gateway.rows(Draft, "sales", "/v1/checkout", site=site), Rows([])),
        or_else(who.gateway.rows(Parked, "sales", "/v1/parked", site=site), Rows([])),
        or_else(who.gateway.rows(Drawer, "sales", "/v1/tills", site=site), Rows([])),
    )
    context: dict[str, Any] = {"desk": opened, "site": site, "waiting": waiting, "parked": parked, "draft": draft}
    context["tills"] = [one for one in tills.rows if one.state == "open"]
    context |= empty()
    if draft is not None and draft.state == "open":
        member_id = str(draft.member_id or "")
        context |= {
            "bill": draft.bill, "quote": await quote(who, draft.site, draft.bill, member_id),
            "charge_id": str(draft.charge_id), "member": await member_of(who, member_id),
        }  # fmt: skip
    return page(request, who, "screens/charge.html", title="Charge desk", **context)


@screen.post("/charge/lines", permission="charge.create")
async def lines(request: Request, who: Who) -> Response:
    """Change the bill: a code, a step on a line, what is said of a line or of the whole, a member."""
    form, bill = await kept_bill(request, await form_of(request))
    if form.get("step"):
        bill = bill.step(form["step"], form.get("line", ""))
    named, wrong = await charge_confirms.lots_named(who, form, bill)
    bill, errors = bill_words.said(named, bill)
    if errors := errors | wrong:
        return await _again(request, who, form, bill, errors)
    if not form.get("code"):
        return await shown(request, who, form, bill)
    found = await desk_codes.find(request, who, form)
    if isinstance(found, Response):
        return found
    return await shown(request, who, form, _with(bill, found, form.get("on", "")), has_found=True)


def _with(bill: Bill, found: Found, on: str) -> Bill:
    said: dict[str, Any] = {"lot_id": found.lot_id} if found.lot_id else {}
    said |= {"serials": [found.serial]} if found.serial else {}
    return bill.add(found.product_id, found.quantity, add_on_to=on, **said)


async def _again(request: Request, who: Visitor, form: dict[str, str], bill: Bill, errors: dict[str, str]) -> Response:
    """The sheet in which something was written wrong, with what is wrong beside each field."""
    sheet = line_sheet if form.get("about") == "line" else whole_sheet
    answer: Response = await sheet(request, who, form, bill, errors)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return answer


async def bill_in(request: Request, form: dict[str, str]) -> Bill:
    """The bill that the page sent, or that the browser had kept."""
    texts = [str(text) for text in (await request.form()).getlist("line_of")]
    return read_bill(texts, form.get("line", ""), form.get("cart", ""))


async def kept_bill(request: Request, form: dict[str, str]) -> tuple[dict[str, str], Bill]:
    """The bill, and the form with its customer and id: as the page sent them, or as the browser had kept them."""
    bill, kept = await bill_in(request, form), kept_fields(form.get("kept", ""))
    if bill.lines or not kept:
        return form, bill
    own = form | {name: text for name, text in kept if name != "line_of" and (name == "cart" or is_id(text))}
    return own, read_bill([text for name, text in kept if name == "line_of"], "", own.get("cart", ""))


async def shown(
    request: Request, who: Visitor, form: dict[str, str], bill: Bill, *, has_found: bool = False
) -> Response:
    """The bill, priced; or why it cannot be, with the bill as it was."""
    member_id = form.get("member_id", "")
    try:
        quoted, member = await asyncio.gather(quote(who, form["site"], bill, member_id), member_of(who, member_id))
    except Refused as no:
        variants: Any = no.numbers.get("variants")
        if no.code == CHOOSE and variants:
            text = "It comes in several variants"
            return await desk_codes.pick(request, who, form["site"], variants, no.title, text)
        if no.code in TELL and bill.line(bill.current) is not None:
            return await _again(request, who, form | {"about": "line"}, bill, {"": f"{no.title} {no.detail}."})
        return desk_codes.missing(no.detail, no.status)
    except Unreachable as no:
        return desk_codes.missing(no.detail, no.status, "line-down")
    events = (["scan-found"] if has_found else []) + ([] if bill.lines else ["bill-empty"])
    if "choose" in form:
        events.append("dialog-close")
    if "resumed" in form:
        events.append("parked-changed")
    context: dict[str, Any] = {
        "quote": quoted,
        "bill": bill,
        "site": form["site"],
        "member": member,
        "charge_id": form.get("charge_id") or str(uuid7()),
    }
    return page(request, who, "screens/bill.html", fragment="bill", events=events, title="Bill", **context)


async def quote(who: Visitor, site: str, bill: Bill, member_id: str) -> Quote:
    """The bill as sales prices it for this member. Raises Refused and Unreachable."""
    if not bill.lines:
        return Quote()
    body: dict[str, Any] = {"site": site, "lines": bill.asked(), **bill.cart}
    body |= {"member_id": member_id} if is_id(member_id) else {}
    return Quote.model_validate(await who.gateway.post("sales", "/v1/quotes", body, new_key()))


async def member_of(who: Visitor, member_id: str) -> Member | None:
    """The member on the bill, if sales says who it is."""
    if not is_id(member_id):
        return None
    return await or_else(who.gateway.one(Member, "sales", f"/v1/members/{member_id}"), None)


def empty() -> dict[str, Any]:
    """An empty bill with an id of its own."""
    return {"quote": Quote(), "bill": Bill(), "member": None, "charge_id": str(uuid7())}


@screen.get("/charge/members", permission="member.read")
async def choose_member(request: Request, who: Who, q: str = "") -> Response:
    """Find the member whom the charge is for."""
    found = await who.gateway.rows(Member, "sales", "/v1/members", search=q, limit=8)
    is_typing = "found" in request.headers.get("hx-target", "")
    fragment = "found" if is_typing else "sheet"
    context: dict[str, Any] = {"title": "Member", "found": found.rows, "q": q}
    return page(request, who, "screens/charge_member.html", fragment=fragment, **context)


@screen.get("/charge/shelf", permission="charge.create")
async def shelf(request: Request, who: Who, product: UUID, site: str) -> Response:
    """What the shelf of this site has of a product: on hand, held, what expires next, opened vials."""
    found = (await desk_codes.on_shelves(who, site, [str(product)])).get(str(product))
    return page(request, who, "screens/charge_shelf.html", fragment="shelf", title="Shelf", shelf=found)


@screen.post("/charge/line", permission="charge.create")
async def open_line(request: Request, who: Who) -> Response:
    """The sheet of the line in hand: quantity, time, price, discount, who sold and who performed it."""
    form = await form_of(request)
    bill = await bill_in(request, form)
    if bill.line(bill.current) is None:
        return HTMLResponse(toast("Pick a line first: there is none in hand.", "lasting"), headers=SECURITY)
    return await line_sheet(request, who, form, bill, {})


async def line_sheet(
    request: Request, who: Visitor, form: dict[str, str], bill: Bill, errors: dict[str, str]
) -> Response:
    """What may be said of one line."""
    held = bill.line(bill.current)
    number = next((i for i, line in enumerate(bill.lines, 1) if line.key == bill.current), 0)
    product_id = held.product_id if held else ""
    quoted, product, packages, discounts = await asyncio.gather(
        or_else(quote(who, form["site"], bill, form.get("member_id", "")), Quote()),
        or_else(who.gateway.raw("catalog", f"/v1/products/{product_id}"), {}),
        packages_with(who, form["site"], product_id),
        bill_words.discounts_to_choose(who, form["site"]),
    )
    line = next(iter(quoted.of(number)), None)
    confirms = await charge_confirms.confirms_of(who, form["site"], quoted.of(number), held)
    filled = charge_confirms.shown_lots(bill_words.filled(held), confirms) | (form if errors else {})
    context: dict[str, Any] = {
        "packages": packages, "discounts": discounts, "free_reasons": bill_words.FREE_REASONS,
        "held": held, "texts": [line.text for line in bill.lines],
        "line": line, "product": product, "bill": bill, "errors": errors,
        "form": filled, "site": form["site"], "confirms": confirms,
        "persons": sorted(who.names.items(), key=lambda row: row[1].lower()),
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/charge_line.html", fragment="sheet", title="Line", status=status, **context)


async def packages_with(who: Visitor, site: str, product_id: str) -> list[Package]:
    """The packages on sale that hold a product; none while the catalog does not answer."""
    none: Rows[Package] = Rows([])
    asked = {"holds": product_id, "site": site, "limit": 5}
    return (await or_else(who.gateway.rows(Package, "catalog", "/v1/packages", **asked), none)).rows


@screen.post("/charge/whole", permission="charge.create")
async def open_whole(request: Request, who: Who) -> Response:
    """The sheet of the whole bill: coupons and a discount on everything."""
    form = await form_of(request)
    return await whole_sheet(request, who, form, await bill_in(request, form), {})


async def whole_sheet(
    request: Request, who: Visitor, form: dict[str, str], bill: Bill, errors: dict[str, str]
) -> Response:
    """What may be said of the whole bill."""
    context: dict[str, Any] = {
        "bill": bill, "errors": errors, "site": form["site"], "form": form if errors else {},
        "discounts": await bill_words.discounts_to_choose(who, form["site"], "cart"),
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/charge_whole.html", fragment="sheet", title="Bill", status=status, **context)
