"""The only home of what is done with a charge later: pay the rest, take lines back, print a copy, mail a receipt."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape, or_else
from lotwise.backoffice.pages import done, form_of, page, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bills import amount_of
from lotwise.backoffice.screens.charges import DISPOSITIONS, Charge, ChargeLine
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.quotes import Receipt
from lotwise.backoffice.screens.tills import open_tills
from lotwise.backoffice.session import Visitor, Who
from lotwise.values import currency_exponent, format_minor, parse_minor

screen = Screen()
TENDERS = (
    ("cash", "Cash"),
    ("card", "Card"),
    ("account", "On account"),
    ("gift", "Gift certificate"),
    ("reward", "Manufacturer's reward"),
    ("other", "Other"),
)
REFUNDS = (("originals", "The way it was paid"), ("given", "Nothing is paid out"))


class Mail(Shape):
    """Whether receipts can be mailed."""

    is_set: bool = False


class Returned(BaseModel):
    """A line that comes back."""

    line: int
    quantity: str
    disposition: str


@screen.get("/charges/{charge_id}/pay", permission="charge.create")
async def pay_form(request: Request, who: Who, charge_id: UUID) -> Response:
    """Ask how the rest is paid."""
    shown = await _charge(who, charge_id)
    digits = currency_exponent(who.formats.currency)
    return await _pay(request, who, shown, {"kind": "card", "amount": format_minor(shown.due_minor, digits)}, {})


@screen.post("/charges/{charge_id}/pay", permission="charge.create")
async def pay(request: Request, who: Who, charge_id: UUID) -> Response:
    """Take the rest, or a part of it."""
    form = await form_of(request)
    shown = await _charge(who, charge_id)
    try:
        amount = parse_minor(form.get("amount") or "", currency_exponent(who.formats.currency))
    except ValueError:
        return await _pay(request, who, shown, form, {"amount": "Enter an amount, such as 50 or 50.00."})
    tender = {"kind": form.get("kind", "card"), "amount_minor": amount, "reference": form.get("reference", "")}
    try:
        body = {"tenders": [tender], "till_id": form.get("till") or None}
        where = f"/v1/charges/{charge_id}/payments"
        made = await who.gateway.post("sales", where, body, form.get("key", ""))
    except Refused as no:
        return await _pay(request, who, shown, form, _no(no, ("amount", "reference", "till")))
    change = f" Give back {who.formats.money(made['change_minor'])}." if made.get("change_minor") else ""
    left = f" {who.formats.money(made['due_minor'])} stay due." if made.get("due_minor") else ""
    return done(request, f"Paid.{change}{left}", f"/charges/{charge_id}")


async def _pay(request: Request, who: Visitor, shown: Charge, form: dict[str, str], errors: dict[str, str]) -> Response:
    context = {"charge": shown, "kinds": TENDERS, "tills": await _tills(who, shown.site)}
    return _sheet(request, who, "charge_rest", context, form, errors)


@screen.get("/charges/{charge_id}/return", permission="charge.return")
async def return_form(request: Request, who: Who, charge_id: UUID) -> Response:
    """Ask what comes back, why, and where it goes."""
    form = {"disposition": "restock", "refund": "originals"}
    return await _return(request, who, await _charge(who, charge_id), form, {})


@screen.post("/charges/{charge_id}/return", permission="charge.return")
async def take_back(request: Request, who: Who, charge_id: UUID) -> Response:
    """Take lines back, and pay out what they were paid with."""
    form = await form_of(request)
    shown = await _charge(who, charge_id)
    lines, errors = _lines(shown.lines, form)
    if not form.get("reason"):
        errors["reason"] = "This is needed."
    if errors:
        return await _return(request, who, shown, form, errors)
    body: dict[str, Any] = {
        "charge_id": str(charge_id),
        "site": shown.site,
        "reason": form["reason"],
        "lines": [line.model_dump() for line in lines],
        "refund": "given" if form.get("refund") == "given" else "originals",
        "till_id": form.get("till") or None,
    }
    try:
        made = await who.gateway.post("sales", "/v1/returns", body, form.get("key", ""))
    except Refused as no:
        return await _return(request, who, shown, form, _no(no, ("reason", "till")))
    out = -sum(one["amount_minor"] for one in made.get("tenders", ()) if one["kind"] != "rounding")
    text = f"Taken back: {who.formats.money(made['total_minor'])}."
    return done(request, f"{text} Pay out {who.formats.money(out)}." if out else text, f"/charges/{charge_id}")


def _lines(lines: tuple[ChargeLine, ...], form: dict[str, str]) -> tuple[list[Returned], dict[str, str]]:
    """The lines that come back, or what is wrong with what was typed."""
    found: list[Returned] = []
    errors: dict[str, str] = {}
    for line in lines:
        text = form.get(f"quantity_{line.line}", "")
        if not text or text == "0":
            continue
        amount = amount_of(text)
        left = Decimal(line.quantity) - Decimal(line.returned or "0")
        if amount is None or amount > left:
            errors[f"quantity_{line.line}"] = f"Between 0 and {left.normalize():f}."
        else:
            found.append(Returned(line=line.line, quantity=text, disposition=form.get("disposition", "restock")))
    if not found and not errors:
        errors[""] = "Say how much of which line comes back."
    return found, errors


async def _return(
    request: Request, who: Visitor, shown: Charge, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context = {"charge": shown, "dispositions": DISPOSITIONS, "refunds": REFUNDS}
    context |= {"tills": await _tills(who, shown.site)}
    return _sheet(request, who, "charge_return", context, form, errors)


@screen.get("/charges/{charge_id}/receipt", permission="sales.read")
async def receipt(request: Request, who: Who, charge_id: UUID) -> Response:
    """The receipt to look at; printing it from here gives a copy that says so."""
    shown = await who.gateway.one(Receipt, "sales", f"/v1/charges/{charge_id}/receipt")
    context: dict[str, Any] = {"receipt": shown, "charge_id": charge_id}
    return page(request, who, "screens/receipt.html", fragment="sheet", title=f"Receipt {shown.number}", **context)


@screen.post("/charges/{charge_id}/receipt", permission="sales.read")
async def give(request: Request, who: Who, charge_id: UUID) -> Response:
    """Write down that a receipt is given, and print it as what it is: the original or a copy."""
    form = await form_of(request)
    made = await who.gateway.post(
        "sales", f"/v1/charges/{charge_id}/receipts", {"way": "print", "staff": staff(who)}, form.get("key", "")
    )
    shown = Receipt.model_validate(made["receipt"] | {"charge_id": charge_id})
    context: dict[str, Any] = {"receipt": shown, "charge_id": charge_id, "print": True}
    if form.get("desk"):
        context = {"receipt": shown, "given": True, "site": shown.site}
        return page(request, who, "screens/charge_done.html", fragment="sheet", title="Receipt", **context)
    return page(request, who, "screens/receipt.html", fragment="sheet", title=f"Receipt {shown.number}", **context)


@screen.get("/charges/{charge_id}/send", permission="sales.read")
async def send_form(request: Request, who: Who, charge_id: UUID) -> Response:
    """Ask where the receipt is mailed, with the member's address in it."""
    shown = await _charge(who, charge_id)
    to = ""
    if shown.member_id and who.can("member.read"):
        none: Member | None = None
        member = await or_else(who.gateway.one(Member, "sales", f"/v1/members/{shown.member_id}"), none)
        to = member.email if member else ""
    return await _send(request, who, shown, {"to": to}, {})


@screen.post("/charges/{charge_id}/send", permission="sales.read")
async def send(request: Request, who: Who, charge_id: UUID) -> Response:
    """Mail the receipt."""
    form = await form_of(request)
    try:
        body = {"way": "mail", "to": form.get("to", ""), "staff": staff(who)}
        await who.gateway.post("sales", f"/v1/charges/{charge_id}/receipts", body, form.get("key", ""))
    except Refused as no:
        return await _send(request, who, await _charge(who, charge_id), form, _no(no, ("to",)))
    return done(request, "The receipt is on its way.", f"/charges/{charge_id}", stay=True)


async def _send(
    request: Request, who: Visitor, shown: Charge, form: dict[str, str], errors: dict[str, str]
) -> Response:
    mail = await or_else(who.gateway.one(Mail, "sales", "/v1/receipt-mail"), Mail())
    return _sheet(request, who, "charge_send", {"charge": shown, "mail": mail}, form, errors)


def staff(who: Visitor) -> dict[str, str]:
    """The names of the persons here by their actor, for the paper; sales knows only who they are, not their names."""
    return dict(list(who.names.items())[:200])


async def _tills(who: Visitor, site: str) -> list[tuple[str, str]]:
    return [(str(till.till_id), till.name) for till in await open_tills(who, site)]


async def _charge(who: Visitor, charge_id: UUID) -> Charge:
    return await who.gateway.one(Charge, "sales", f"/v1/charges/{charge_id}")


def _no(no: Refused, fields: tuple[str, ...]) -> dict[str, str]:
    found = refused_fields(no, fields)
    ways = " ".join(f"{way[:1].upper()}{way[1:]}." for way in no.ways_out)
    return {name: f"{text[:1].upper()}{text[1:]}. {ways}".replace("..", ".").strip() for name, text in found.items()}


def _sheet(
    request: Request, who: Visitor, name: str, given: dict[str, Any], form: dict[str, str], errors: dict[str, str]
) -> Response:
    context = given | {"form": form, "errors": errors, "title": given["charge"].number}
    status = 422 if errors else 200
    return page(request, who, f"screens/{name}.html", fragment="sheet", status=status, **context)
