"""The only home of payment at the desk: one tender or several, the charge recorded once, its receipt, or why not."""

from dataclasses import dataclass, replace
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Unreachable
from lotwise.backoffice.pages import SECURITY, form_of, page, toast, told_with
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens import desk_codes
from lotwise.backoffice.screens.bills import Bill
from lotwise.backoffice.screens.charge import bill_in, empty, line_sheet, quote
from lotwise.backoffice.screens.charge_confirms import first_lacking
from lotwise.backoffice.screens.charge_serials import known_serials, name_serials, serials_of
from lotwise.backoffice.screens.quotes import Quote, Receipt
from lotwise.backoffice.session import Visitor, Who
from lotwise.values import currency_exponent, parse_minor

screen = Screen()
KINDS = (
    ("card", "Card", "credit-card"),
    ("cash", "Cash", "banknote"),
    ("account", "Account", "user"),
    ("gift", "Gift certificate", "badge-check"),
    ("reward", "Reward", "badge-check"),
    ("other", "Other", "receipt-text"),
)
TENDERS_MAX = 8


@dataclass(frozen=True, slots=True)
class Payment:
    """The tenders taken so far, and what is still to be paid of the bill; minor units."""

    tenders: tuple[dict[str, Any], ...]
    total: int

    @property
    def left(self) -> int:
        """What is still to be paid; never below zero."""
        paid: int = sum(tender["amount_minor"] for tender in self.tenders)
        return max(0, self.total - paid)


@screen.post("/charge/pay", permission="charge.create")
async def pay(request: Request, who: Who) -> Response:
    """Ask how it is paid; `drop` takes back one of the tenders taken so far."""
    form = await form_of(request)
    bill = await bill_in(request, form)
    if not bill.lines:
        return HTMLResponse(toast("The bill is empty: scan or pick something first.", "lasting"), headers=SECURITY)
    taken = _taken(form)
    if form.get("drop", "").isdecimal():
        taken = tuple(one for number, one in enumerate(taken) if number != int(form["drop"]))
    return await _sheet(request, who, form, bill, taken, {})


async def _sheet(
    request: Request,
    who: Visitor,
    form: dict[str, str],
    bill: Bill,
    taken: tuple[dict[str, Any], ...],
    errors: dict[str, str],
) -> Response:
    try:
        quoted = await quote(who, form["site"], bill, form.get("member_id", ""))
    except (Refused, Unreachable) as no:
        return desk_codes.missing(no.detail, no.status)
    key, why = first_lacking(who, form["site"], bill, quoted)
    if key:
        return await line_sheet(request, who, form, replace(bill, current=key), {"": why})
    payment = Payment(taken, quoted.total_minor)
    asked = await serials_of(who, form["site"], bill, form["charge_id"])
    context: dict[str, Any] = {
        "title": "Take payment", "quote": quoted, "bill": bill, "form": known_serials(asked, bill) | form,
        "errors": errors, "payment": payment,
        "kinds": _kinds(form), "taken": orjson.dumps(taken).decode(),
        "serials": asked,
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/charge_pay.html", fragment="sheet", status=status, **context)


def _kinds(form: dict[str, str]) -> list[tuple[str, str, str]]:
    """The kinds of tender that fit: an account is a member's."""
    return [kind for kind in KINDS if kind[0] != "account" or form.get("member_id")]


@screen.post("/charge", permission="charge.create")
async def record(request: Request, who: Who) -> Response:
    """Take one more tender; when all is paid, record the charge, once however often it is sent; show its receipt."""
    form = await form_of(request)
    bill = await bill_in(request, form)
    try:
        quoted = await quote(who, form["site"], bill, form.get("member_id", ""))
    except (Refused, Unreachable) as no:
        return desk_codes.missing(no.detail, no.status)
    payment = Payment(_taken(form), quoted.total_minor)
    tender, errors = _tender(who, form, payment)
    if errors:
        return await _sheet(request, who, form, bill, payment.tenders, errors)
    tenders = (*payment.tenders, *([tender] if tender else ()))
    after = Payment(tenders, quoted.total_minor)
    if after.left and "part" not in form:
        fresh = {name: text for name, text in form.items() if name not in {"received", "reference"}}
        return await _sheet(request, who, fresh, bill, tenders, {})
    errors = await name_serials(who, form, bill)
    if errors:
        return await _sheet(request, who, form, bill, payment.tenders, errors)
    return await _record(request, who, form, bill, quoted, tenders)


async def _record(
    request: Request,
    who: Visitor,
    form: dict[str, str],
    bill: Bill,
    quoted: Quote,
    tenders: tuple[dict[str, Any], ...],
) -> Response:
    body: dict[str, Any] = {
        "charge_id": form["charge_id"],
        "site": form["site"],
        "member_id": form.get("member_id") or None,
        "hold": True,
        "source": "desk",
        "lines": bill.asked(),
        "tenders": list(tenders),
        **bill.cart,
    }
    body |= {"till_id": form["till_id"]} if form.get("till_id") else {}
    try:
        made = await who.gateway.post("sales", "/v1/charges", body, form["charge_id"])
    except Refused as no:
        return _refused(request, who, form, bill, quoted, no)
    receipt = receipt_of(who, made, quoted)
    context: dict[str, Any] = {"receipt": receipt, "site": form["site"], **empty()}
    headers = told_with({"charge-recorded": "", "scan-found": ""})
    return page(request, who, "screens/charge_done.html", fragment="sheet", title="Receipt", headers=headers, **context)


def _taken(form: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """The tenders that the sheet remembers."""
    try:
        found = orjson.loads(form.get("taken") or "[]")
    except ValueError:
        return ()
    rows = found if isinstance(found, list) else []
    kinds = {kind for kind, _, _ in KINDS}
    return tuple(
        {"kind": row["kind"], "amount_minor": row["amount_minor"], "reference": str(row.get("reference", ""))[:200]}
        for row in rows[:TENDERS_MAX]
        if isinstance(row, dict) and row.get("kind") in kinds and type(row.get("amount_minor")) is int
    )


def _tender(who: Visitor, form: dict[str, str], payment: Payment) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The tender in hand: without an amount it pays all that is left. Only cash may be more: change is given."""
    kind = next((kind for kind, _, _ in _kinds(form) if kind == form.get("tender")), "card")
    amount = payment.left
    if form.get("received"):
        try:
            amount = parse_minor(form["received"], currency_exponent(who.formats.currency))
        except ValueError:
            return None, {"received": "Enter an amount, such as 50 or 50.00."}
    if amount < 0 or (amount == 0 and payment.left):
        return None, {"received": "Enter an amount above zero."}
    if amount > payment.left and kind != "cash":
        return None, {"received": f"Only {who.formats.money(payment.left)} is left to pay; change is given from cash."}
    if kind == "gift" and not form.get("reference"):
        return None, {"reference": "Scan or type the number of the certificate."}
    if amount == 0 and payment.tenders:
        return None, {}
    return {"kind": kind, "amount_minor": amount, "reference": form.get("reference", "")}, {}


def _refused(request: Request, who: Visitor, form: dict[str, str], bill: Bill, quoted: Quote, no: Refused) -> Response:
    """A no of sales or stock, with its numbers and the ways out that this person may take (SAL-12)."""
    about = str(no.numbers.get("product_id") or "")
    line = next((line for line in quoted.lines if str(line.product_id) == about), None)
    if line is None:
        line = next((line for line in quoted.lines if line.is_short), None)
    key = bill.lines[(line.asked or line.line) - 1].key if line is not None else ""
    context: dict[str, Any] = {
        "no": no,
        "line": line,
        "key": key,
        "form": form,
        "bill": bill,
        "site": form["site"],
        "title": no.title,
    }
    headers = {"HX-Trigger": "scan-missing"}
    return page(request, who, "screens/charge_refused.html", fragment="sheet", status=409, headers=headers, **context)


def receipt_of(who: Visitor, made: dict[str, Any], quoted: Quote) -> Receipt:
    """What is printed: the charge as recorded, with the names and taxes of its quote."""
    names = {str(line.product_id): line.name for line in quoted.lines}
    rows = [line | {"name": line.get("name") or names.get(str(line["product_id"]))} for line in made["lines"]]
    taxes = made.get("taxes") or [tax.model_dump() for tax in quoted.taxes]
    return Receipt.model_validate(made | {"lines": rows, "taxes": taxes, "site_name": who.site_name(made["site"])})
