"""The only home of the pages of transfers: what goes from site to site, shipped by one, received by the other."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape, or_else
from lotwise.backoffice.lists import Column, csv_asked
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7

screen = Screen()
STATES = ("requested", "approved", "draft", "shipped", "received", "declined", "cancelled")
ROWS = 6
MOVES = {
    "request": "Asked for",
    "draft": "Drafted",
    "edit": "Changed",
    "approve": "Approved",
    "decline": "Declined",
    "ship": "Shipped",
    "receive": "Received",
    "explain": "Explained",
    "find": "Found again",
    "return": "Return drafted",
    "cancel": "Called off",
}


class Line(Shape):
    """What is to be carried."""

    line: int
    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    lot_id: UUID | None = None
    lot_number: str | None = None
    quantity: str
    approved: str | None = None
    shipped: str = "0"


class Carried(Shape):
    """A lot that left."""

    line: int
    product_id: UUID
    lot_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    lot_number: str = ""
    expires_on: date | None = None
    shipped: str = "0"
    received: str = "0"
    lost: str = "0"
    returned: str = "0"
    found: str = "0"
    in_transit: str = "0"
    cost_minor: int = 0
    in_transit_minor: int = 0

    @property
    def key(self) -> str:
        """The lot in the names of a form's fields."""
        return f"{self.line}_{self.lot_id}"


class Step(Shape):
    """One step of its life."""

    move: str
    happened_at: datetime
    actor: str = ""
    note: str = ""
    lines: tuple[dict[str, Any], ...] = ()


class Transfer(Shape):
    """A transfer as it stands."""

    transfer_id: UUID
    number: str = ""
    from_site: str
    to_site: str
    state: str
    origin: str = "person"
    of_transfer: UUID | None = None
    note: str = ""
    created_at: datetime
    created_by: str = ""
    shipped_at: datetime | None = None
    shipped_by: str = ""
    carrier: str = ""
    received_at: datetime | None = None
    owner: str = ""
    age_hours: int | None = None
    is_overdue: bool = False
    in_transit_minor: int = 0
    waiting: int = 0
    revision: int = 0
    steps: tuple[Step, ...] = ()
    lines: tuple[Line, ...] = ()
    lots: tuple[Carried, ...] = ()

    @property
    def summary(self) -> str:
        """What it carries, in short."""
        first = self.lines[0].name if self.lines else "Nothing"
        more = len(self.lines) - 1
        return f"{first} and {more} more" if more > 0 else first


class Filter(BaseModel):
    """How the list is asked for."""

    state: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Number", lambda row: row.number),
    Column("Carries", lambda row: row.summary),
    Column("From", lambda row: row.from_site),
    Column("To", lambda row: row.to_site),
    Column("State", lambda row: row.state),
    Column("Created", lambda row: row.created_at.isoformat()),
    Column("Shipped", lambda row: row.shipped_at.isoformat() if row.shipped_at else ""),
)


@screen.get("/transfers", permission="stock.read")
async def transfers(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV."""
    wanted = {"site": who.slug, "state": asked.state if asked.state in STATES else ""}
    listed = Listed(request, who, asked, Transfer, "stock", "/v1/transfers", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("transfers")
    return await listed.page("screens/transfers.html", title="Transfers", states=STATES)


@screen.get("/transfers/new", permission="stock.transfer")
async def new_transfer(
    request: Request, who: Who, from_site: str = "", to_site: str = "", product: str = "", ask: bool = False
) -> Response:
    """The form of a new transfer, or of asking another site for goods."""
    code = ""
    if product:
        found = await or_else(who.gateway.one(Product, "catalog", f"/v1/products/{UUID(product)}"), None)
        code = found.code if found else ""
    mine = who.a_site() or ""
    start = {"from_site": from_site or ("" if ask else mine), "to_site": to_site or (mine if ask else "")}
    start |= {"code_0": code, "quantity_0": "1" if code else "", "ask": "true" if ask else ""}
    return _form(request, who, start, {})


@screen.get("/transfers/{transfer_id}/edit", permission="stock.transfer")
async def edit_form(request: Request, who: Who, transfer_id: UUID) -> Response:
    """The form of other lines for a draft or a request."""
    one = await transfer_of(who, transfer_id)
    form = {"revision": str(one.revision), "note": one.note, "from_site": one.from_site, "to_site": one.to_site}
    for i, line in enumerate(one.lines):
        form |= {f"code_{i}": line.code, f"quantity_{i}": line.quantity}
    return _form(request, who, form, {}, one)


@screen.post("/transfers/{transfer_id}/edit", permission="stock.transfer")
async def edit(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Change the lines, at the revision that was read."""
    form = await form_of(request)
    one = await transfer_of(who, transfer_id)
    lines, errors = await _lines(who, form)
    if errors:
        return _form(request, who, form, errors, one)
    body = {"note": form.get("note", ""), "lines": lines}
    try:
        await who.gateway.put("stock", f"/v1/transfers/{transfer_id}", body, form.get("revision"))
    except Refused as no:
        return _form(request, who, form, {"": no.detail}, one)
    return done(request, "Changed.", f"/transfers/{transfer_id}")


@screen.post("/transfers", permission="stock.transfer")
async def draft(request: Request, who: Who) -> Response:
    """Draft a transfer, or ask for one, of the products that were typed or scanned."""
    form = await form_of(request)
    lines, errors = await _lines(who, form)
    if errors:
        return _form(request, who, form, errors)
    asks = bool(form.get("ask"))
    body = {
        "transfer_id": form.get("key"),
        "from_site": form.get("from_site"),
        "to_site": form.get("to_site"),
        "note": form.get("note", ""),
        "lines": lines,
    }
    try:
        await who.gateway.post("stock", f"/v1/transfers{':request' if asks else ''}", body, form.get("key", ""))
    except Refused as no:
        return _form(request, who, form, {"": no.detail})
    text = "Asked. The other site approves or declines." if asks else "Drafted. It moves nothing until it ships."
    return done(request, text, f"/transfers/{form.get('key')}")


async def _lines(who: Who, form: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    lines, errors = [], {}
    for i in range(_rows(form)):
        code, quantity = form.get(f"code_{i}", ""), form.get(f"quantity_{i}", "") or "1"
        if not code:
            continue
        try:
            answer = await who.gateway.raw("catalog", f"/v1/codes/{quote(code, safe='')}")
        except Refused as no:
            errors[f"code_{i}"] = no.detail
            continue
        lines.append({"product_id": answer["product"]["product_id"], "quantity": quantity})
    if not lines and not errors:
        errors["code_0"] = "Type or scan at least one product."
    return lines, errors


def _rows(form: dict[str, str]) -> int:
    """A few empty rows more than are filled."""
    filled = [int(name.removeprefix("code_")) for name, code in form.items() if name.startswith("code_") and code]
    return min(500, max(ROWS, max(filled, default=0) + 3))


def _form(
    request: Request, who: Who, form: dict[str, str], errors: dict[str, str], one: Transfer | None = None
) -> Response:
    asks = bool(form.get("ask"))
    title = f"Change {one.number}" if one else "Ask for goods" if asks else "New transfer"
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "rows": range(_rows(form)),
        "transfer_id": form.get("key") or str(uuid7()),
        "transfer": one,
        "asks": asks,
    }
    context |= {"places": [(site.slug, site.name) for site in who.sites], "title": title}
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_form.html", fragment="sheet", status=status, **context)


async def transfer_of(who: Visitor, transfer_id: UUID) -> Transfer:
    """One transfer with its steps."""
    return await who.gateway.one(Transfer, "stock", f"/v1/transfers/{transfer_id}")


@screen.get("/transfers/{transfer_id}", permission="stock.read")
async def transfer(request: Request, who: Who, transfer_id: UUID) -> Response:
    """One transfer: what was asked, what left, what became of it, and its notes between companies."""
    one = await transfer_of(who, transfer_id)
    if answer := csv_asked(request, lines=(Line, one.lines), lots=(Carried, one.lots)):
        return answer
    notes = await or_else(who.gateway.raw("stock", "/v1/company-notes", transfer=transfer_id), {"rows": []})
    context: dict[str, Any] = {"transfer": one, "title": f"Transfer {one.number}".strip(), "fixed_site": True}
    context |= {"story": [_told(who, step) for step in reversed(one.steps)], "notes": notes["rows"]}
    return page(request, who, "screens/transfer.html", **context)


def _told(who: Visitor, step: Step) -> dict[str, Any]:
    count = len(step.lines)
    goods = (
        f", {count} {'lot' if count == 1 else 'lots'}" if step.move in {"ship", "receive", "explain", "find"} else ""
    )
    note = " · ".join(filter(None, (who.person(step.actor), step.note)))
    text = f"{MOVES.get(step.move, step.move)}{goods}"
    return {"text": text, "at": who.formats.when(step.happened_at), "note": note, "quiet": not goods}


@screen.get("/transfers/{transfer_id}/approve", permission="transfer.approve")
async def approve_form(request: Request, who: Who, transfer_id: UUID) -> Response:
    """What of a request will be sent."""
    one = await transfer_of(who, transfer_id)
    return _deciding(request, who, one, {f"quantity_{line.line}": line.quantity for line in one.lines}, {})


@screen.post("/transfers/{transfer_id}/approve", permission="transfer.approve")
async def approve(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Agree to send it, or decline it with a reason."""
    form = await form_of(request)
    one = await transfer_of(who, transfer_id)
    lines = [{"line": line.line, "quantity": form.get(f"quantity_{line.line}") or "0"} for line in one.lines]
    declines = form.get("decision") == "decline"
    body = {"reason": form.get("note", "")} if declines else {"lines": lines, "note": form.get("note", "")}
    word = "decline" if declines else "approve"
    try:
        await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:{word}", body, form.get("key", ""))
    except Refused as no:
        return _deciding(request, who, one, form, {"note" if declines else "": no.detail})
    return done(request, "Declined." if declines else "Approved: it may ship.", f"/transfers/{transfer_id}")


def _deciding(request: Request, who: Who, one: Transfer, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"transfer": one, "form": form, "errors": errors, "title": "Approve request"}
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_approve.html", fragment="sheet", status=status, **context)


@screen.post("/transfers/{transfer_id}/cancel", permission="stock.transfer")
async def cancel(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Call it off; what is on its way goes back to the site it left."""
    form = await form_of(request)
    await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:cancel", {}, form.get("key", ""))
    return done(request, "Called off.", f"/transfers/{transfer_id}")
