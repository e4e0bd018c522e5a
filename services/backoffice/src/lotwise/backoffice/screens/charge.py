"""The only home of the charge desk: tiles, scans and typing fill a bill; it is quoted live, paid and printed."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.pages import SECURITY, form_of, new_key, page, toast, told_with
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bills import Bill, amount_of, is_id, kept_lines, read_bill
from lotwise.backoffice.screens.checkout import Draft
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7
from lotwise.values import Refusal, currency_exponent, parse_minor

screen = Screen()
STOPS = frozenset({"recalled", "expired", "quarantined"})
PICKED_MAX = 12
CONFIRMED = ("lot_id", "prescriber", "order_reference")


class Tile(Shape):
    """A product on the desk."""

    key: str | None = None
    product_id: UUID
    code: str
    name: str
    kind: str = "physical"
    unit: str = "piece"
    price: str | None = None
    available: str | None = None
    minimum: str | None = None


class Desk(Shape):
    """What the desk of a site opens with."""

    site: str
    site_name: str = ""
    stock_unreachable: str = "sell"
    tiles: tuple[Tile, ...] = ()


class QuoteLine(Shape):
    """A priced line."""

    line: int
    product_id: UUID
    name: str
    code: str = ""
    unit: str = "piece"
    kind: str = "physical"
    quantity: str
    unit_price: str
    list_price: str | None = None
    total_minor: int
    net_minor: int
    tax_inclusive: bool = False
    available: str | None = None
    explanation: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether more is asked for than stock last said there is."""
        return (
            self.kind == "physical" and self.available is not None and Decimal(self.quantity) > Decimal(self.available)
        )


class Tax(Shape):
    """One tax of a bill."""

    name: str
    percent: str = ""
    tax_minor: int


class Quote(Shape):
    """A priced bill."""

    lines: tuple[QuoteLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    net_minor: int = 0
    tax_minor: int = 0
    total_minor: int = 0


class ReceiptLine(Shape):
    """A line on paper."""

    name: str | None = None
    description: str = ""
    quantity: str
    unit_price: str
    total_minor: int


class Tender(Shape):
    """A payment."""

    kind: str
    amount_minor: int


class Receipt(Shape):
    """What is printed."""

    charge_id: UUID | None = None
    site: str
    site_name: str = ""
    number: str
    happened_at: datetime
    state: str = "recorded"
    lines: tuple[ReceiptLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int = 0
    change_minor: int = 0
    due_minor: int = 0
    tenders: tuple[Tender, ...] = ()


@screen.get("/charge", permission="charge.create")
async def desk(request: Request, who: Who, checkout: UUID | None = None) -> Response:
    """The desk of the site in view; with `checkout` the bill of a completed treatment, ready to be paid (SAL-18)."""
    draft = None if checkout is None else await who.gateway.one(Draft, "sales", f"/v1/checkout/{checkout}")
    site = who.a_site() if draft is None else draft.site
    opened = await or_else(who.gateway.one(Desk, "sales", "/v1/desk", site=site), Desk(site=site or ""))
    waiting = await or_else(who.gateway.rows(Draft, "sales", "/v1/checkout", site=site), Rows([]))
    context: dict[str, Any] = {"desk": opened, "site": site, "waiting": waiting, "draft": draft, **_empty()}
    if draft is not None and draft.state == "open":
        bill = draft.bill
        context |= {
            "bill": bill, "quote": await _quote(who, draft.site, bill), "charge_id": str(draft.charge_id),
            "member": await _member(who, str(draft.member_id or "")),
        }  # fmt: skip
    return page(request, who, "screens/charge.html", title="Charge desk", **context)


@screen.post("/charge/lines", permission="charge.create")
async def lines(request: Request, who: Who) -> Response:
    """Change the bill: a code, a step on a line, a member, or what the browser had kept."""
    form = await form_of(request)
    bill = await _bill(request, form)
    if form.get("step"):
        bill = bill.step(form["step"], form.get("line", ""))
    said = {name: form[f"set_{name}"] for name in CONFIRMED if form.get(f"set_{name}")}
    if said:
        bill = bill.confirm(form.get("line", ""), **said)
    found: list[tuple[str, Decimal, str]] = []
    if form.get("code"):
        found, instead = await _find(request, who, form)
        if instead is not None:
            return instead
    for product_id, amount, lot_id in found:
        bill = bill.add(product_id, amount)
        bill = bill.confirm(product_id, lot_id=lot_id) if lot_id else bill
    return await _shown(request, who, form, bill, has_found=bool(found))


async def _bill(request: Request, form: dict[str, str]) -> Bill:
    texts = [str(text) for text in (await request.form()).getlist("line_of")]
    return read_bill(texts or kept_lines(form.get("kept", "")), form.get("line", ""))


async def _find(
    request: Request, who: Who, form: dict[str, str]
) -> tuple[list[tuple[str, Decimal, str]], Response | None]:
    """The product that a code, a scan or typed words mean; or what to show when it is none or many."""
    code, amount = form["code"], amount_of(form.get("quantity", "1")) or Decimal(1)
    if is_id(code):
        return [(code, amount, "")], None
    try:
        known = await _known(who, code)
    except Stopped as stop:
        headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
        return [], HTMLResponse(toast(stop.detail, "lasting"), 409, headers=headers)
    if known is not None:
        product, pack_units = known
        return [(product["product_id"], amount * pack_units, product.get("lot_id") or "")], None
    some = await who.gateway.raw("catalog", "/v1/products", search=code, limit=PICKED_MAX)
    hits = [row for row in some["rows"] if row.get("purpose") != "back_bar"]
    if len(hits) == 1:
        return [(hits[0]["product_id"], amount, "")], None
    if not hits:
        headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
        return [], HTMLResponse(toast(f"Nothing is called {code}.", "lasting"), 404, headers=headers)
    headers = {"HX-Retarget": "#dialog", "HX-Reswap": "innerHTML"}
    shown: dict[str, Any] = {"hits": hits, "code": code, "title": "Which one?"}
    return [], page(request, who, "screens/charge_pick.html", fragment="sheet", headers=headers, **shown)


class Stopped(Refusal):
    """What was scanned must not be charged: its lot is recalled, expired or set apart (N-09)."""

    code = "lot-stopped"
    title = "This lot must not be charged"


async def _known(who: Who, code: str) -> tuple[dict[str, Any], Decimal] | None:
    """The product of a code, and how many units its pack holds; GS1 data is read by stock.

    Raises Stopped for a lot that must not be charged.
    """
    try:
        if code.startswith(("(", "]", "01")) and len(code) > 14:
            scan = await who.gateway.raw("stock", "/v1/scan", data=code, site=who.a_site(), purpose="charge")
            said = [one["text"] for one in scan.get("answers", ()) if one["code"] in STOPS]
            if said:
                raise Stopped(f"{said[0]}.")
            hits = scan["products"]
            return (_with_lot(hits[0], scan), Decimal(hits[0]["quantity"])) if hits else None
        answer = await who.gateway.raw("catalog", f"/v1/codes/{quote(code, safe='')}")
    except Refused:
        return None
    except Unreachable:
        return await who.gateway.raw("sales", f"/v1/codes/{quote(code, safe='')}", site=who.a_site()), Decimal(1)
    packs = {pack["name"]: Decimal(pack["units"]) for pack in answer["product"].get("packs", ())}
    return answer["product"], packs.get(answer.get("pack") or "", Decimal(1))


def _with_lot(product: dict[str, Any], scan: dict[str, Any]) -> dict[str, Any]:
    """A scanned product with the one lot of it that the code names: scanning confirms it (STK-36)."""
    lots = [lot["lot_id"] for lot in scan.get("lots", ()) if lot["product_id"] == product["product_id"]]
    return product | {"lot_id": lots[0]} if len(lots) == 1 else product


async def _shown(request: Request, who: Who, form: dict[str, str], bill: Bill, *, has_found: bool = False) -> Response:
    try:
        quoted = await _quote(who, form["site"], bill)
    except (Refused, Unreachable) as no:
        headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
        return HTMLResponse(toast(no.detail, "lasting"), no.status, headers=headers)
    member = await _member(who, form.get("member_id", ""))
    events = (["scan-found"] if has_found else []) + ([] if bill.lines else ["bill-empty"])
    if "choose" in form:
        events.append("dialog-close")
    context: dict[str, Any] = {
        "quote": quoted,
        "bill": bill,
        "member": member,
        "charge_id": form.get("charge_id") or str(uuid7()),
    }
    return page(request, who, "screens/bill.html", fragment="bill", events=events, title="Bill", **context)


async def _quote(who: Who, site: str, bill: Bill) -> Quote:
    if not bill.lines:
        return Quote()
    body = {"site": site, "lines": bill.asked()}
    return Quote.model_validate(await who.gateway.post("sales", "/v1/quotes", body, new_key()))


async def _member(who: Who, member_id: str) -> Member | None:
    if not is_id(member_id):
        return None
    return await or_else(who.gateway.one(Member, "sales", f"/v1/members/{member_id}"), None)


def _empty() -> dict[str, Any]:
    return {"quote": Quote(), "bill": Bill(), "member": None, "charge_id": str(uuid7())}


@screen.get("/charge/members", permission="member.read")
async def choose_member(request: Request, who: Who, q: str = "") -> Response:
    """Find the member whom the charge is for."""
    found = await who.gateway.rows(Member, "sales", "/v1/members", search=q, limit=8)
    is_typing = "found" in request.headers.get("hx-target", "")
    fragment = "found" if is_typing else "sheet"
    context: dict[str, Any] = {"title": "Member", "found": found.rows, "q": q}
    return page(request, who, "screens/charge_member.html", fragment=fragment, **context)


@screen.post("/charge/pay", permission="charge.create")
async def pay(request: Request, who: Who) -> Response:
    """Ask how it is paid."""
    form = await form_of(request)
    bill = await _bill(request, form)
    if not bill.lines:
        return HTMLResponse(toast("The bill is empty: scan or pick something first.", "lasting"), headers=SECURITY)
    return await _tender(request, who, form, bill, {})


async def _tender(request: Request, who: Who, form: dict[str, str], bill: Bill, errors: dict[str, str]) -> Response:
    quoted = await _quote(who, form["site"], bill)
    context: dict[str, Any] = {"title": "Take payment", "quote": quoted, "bill": bill, "form": form, "errors": errors}
    status = 422 if errors else 200
    return page(request, who, "screens/charge_pay.html", fragment="sheet", status=status, **context)


@screen.post("/charge", permission="charge.create")
async def record(request: Request, who: Who) -> Response:
    """Record the charge, once however often it is sent; then its receipt and an empty bill."""
    form = await form_of(request)
    bill = await _bill(request, form)
    quoted = await _quote(who, form["site"], bill)
    kind = "cash" if form.get("tender") == "cash" else "card"
    received, errors = _received(who, form, quoted.total_minor, kind)
    if errors:
        return await _tender(request, who, form, bill, errors)
    body = {
        "charge_id": form["charge_id"],
        "site": form["site"],
        "member_id": form.get("member_id") or None,
        "hold": True,
        "source": "desk",
        "lines": bill.asked(),
        "tenders": [{"kind": kind, "amount_minor": received}],
    }
    try:
        made = await who.gateway.post("sales", "/v1/charges", body, form["charge_id"])
    except Refused as no:
        return _refused(request, who, form, bill, quoted, no)
    receipt = _receipt(who, made, quoted)
    context: dict[str, Any] = {"receipt": receipt, **_empty()}
    headers = told_with({"charge-recorded": "", "scan-found": ""})
    return page(request, who, "screens/charge_done.html", fragment="sheet", title="Receipt", headers=headers, **context)


def _received(who: Who, form: dict[str, str], total: int, kind: str) -> tuple[int, dict[str, str]]:
    if kind != "cash" or not form.get("received"):
        return total, {}
    try:
        received = parse_minor(form["received"], currency_exponent(who.formats.currency))
    except ValueError:
        return 0, {"received": "Enter an amount, such as 50 or 50.00."}
    if received < total:
        return 0, {"received": f"{who.formats.money(total - received)} is missing."}
    return received, {}


def _refused(request: Request, who: Who, form: dict[str, str], bill: Bill, quoted: Quote, no: Refused) -> Response:
    """A no of sales or stock, with its numbers and the ways out that this person may take (SAL-12)."""
    about = str(no.numbers.get("product_id") or "")
    line = next((line for line in quoted.lines if str(line.product_id) == about), None)
    if line is None:
        line = next((line for line in quoted.lines if line.is_short), None)
    context: dict[str, Any] = {
        "no": no,
        "line": line,
        "form": form,
        "bill": bill,
        "site": form["site"],
        "title": no.title,
    }
    headers = {"HX-Trigger": "scan-missing"}
    return page(request, who, "screens/charge_refused.html", fragment="sheet", status=409, headers=headers, **context)


def _receipt(who: Who, made: dict[str, Any], quoted: Quote) -> Receipt:
    """What is printed: the charge as recorded, with the names and taxes of its quote."""
    names = {str(line.product_id): line.name for line in quoted.lines}
    rows = [line | {"name": line.get("name") or names.get(str(line["product_id"]))} for line in made["lines"]]
    taxes = made.get("taxes") or [tax.model_dump() for tax in quoted.taxes]
    return Receipt.model_validate(made | {"lines": rows, "taxes": taxes, "site_name": who.site_name(made["site"])})
