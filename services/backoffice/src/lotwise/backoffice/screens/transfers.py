"""The only home of the pages of transfers: what goes from site to site, shipped by one, received by the other."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Refused, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, csv_asked, listing
from lotwise.backoffice.pages import done, form_of, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
STATES = ("draft", "shipped", "received", "cancelled")
ROWS = 6
MISSING = (("", "Stays on its way"), ("loss", "Lost"), ("theft", "Stolen"), ("damage", "Damaged"), ("waste", "Wasted"))


class Line(Shape):
    """What is to be carried."""

    line: int
    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    quantity: str


class Carried(Shape):
    """A lot that left."""

    line: int
    product_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    shipped: str = "0"
    received: str = "0"
    lost: str = "0"
    in_transit: str = "0"
    cost_minor: int = 0


class Transfer(Shape):
    """A transfer as it stands."""

    transfer_id: UUID
    from_site: str
    to_site: str
    state: str
    note: str = ""
    created_at: datetime
    created_by: str = ""
    shipped_at: datetime | None = None
    received_at: datetime | None = None
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
    if asked.format == "csv":
        return csv_answer("transfers", COLUMNS, who.gateway.all(Transfer, "stock", "/v1/transfers", **wanted))
    found = await who.gateway.rows(Transfer, "stock", "/v1/transfers", limit=CHUNK, after=asked.after, **wanted)
    context: dict[str, Any] = {
        "list": listing(request, COLUMNS),
        "asked": asked,
        "found": found,
        "title": "Transfers",
        "states": STATES,
    }
    return page(request, who, "screens/transfers.html", fragment="rows" if asked.after else "table", **context)


@screen.get("/transfers/new", permission="stock.transfer")
async def new_transfer(request: Request, who: Who, from_site: str = "", product: str = "") -> Response:
    """The form of a new transfer."""
    code = ""
    if product:
        found = await or_else(who.gateway.one(Product, "catalog", f"/v1/products/{UUID(product)}"), None)
        code = found.code if found else ""
    start = {"from_site": from_site or who.a_site() or "", "code_0": code, "quantity_0": "1" if code else ""}
    return _form(request, who, start, {})


@screen.post("/transfers", permission="stock.transfer")
async def draft(request: Request, who: Who) -> Response:
    """Draft a transfer of the products that were typed or scanned."""
    form = await form_of(request)
    lines, errors = await _lines(who, form)
    if errors:
        return _form(request, who, form, errors)
    body = {
        "transfer_id": form.get("key"),
        "from_site": form.get("from_site"),
        "to_site": form.get("to_site"),
        "note": form.get("note", ""),
        "lines": lines,
    }
    try:
        await who.gateway.post("stock", "/v1/transfers", body, form.get("key", ""))
    except Refused as no:
        return _form(request, who, form, {"": no.detail})
    return done(request, "Drafted. It moves nothing until it ships.", f"/transfers/{form.get('key')}")


async def _lines(who: Who, form: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    lines, errors = [], {}
    for i in range(ROWS):
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


def _form(request: Request, who: Who, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "rows": range(ROWS),
        "transfer_id": form.get("key") or str(uuid7()),
    }
    context |= {"places": [(site.slug, site.name) for site in who.sites], "title": "New transfer"}
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_form.html", fragment="sheet", status=status, **context)


@screen.get("/transfers/{transfer_id}", permission="stock.read")
async def transfer(request: Request, who: Who, transfer_id: UUID) -> Response:
    """One transfer with its lots."""
    one = await who.gateway.one(Transfer, "stock", f"/v1/transfers/{transfer_id}")
    names = {line.line: line for line in one.lines}
    if answer := csv_asked(request, lines=(Line, one.lines), lots=(Carried, one.lots)):
        return answer
    context: dict[str, Any] = {"transfer": one, "names": names, "title": "Transfer", "fixed_site": True}
    return page(request, who, "screens/transfer.html", **context)


@screen.post("/transfers/{transfer_id}/ship", permission="stock.transfer")
async def ship(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Let it leave."""
    return await _deed(request, who, transfer_id, "ship", "Shipped: it is on its way.")


@screen.post("/transfers/{transfer_id}/cancel", permission="stock.transfer")
async def cancel(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Call it off; what is on its way goes back to the shelf it left."""
    return await _deed(request, who, transfer_id, "cancel", "Called off.")


async def _deed(request: Request, who: Who, transfer_id: UUID, deed: str, text: str) -> Response:
    form = await form_of(request)
    await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:{deed}", {}, form.get("key", ""))
    return done(request, text, f"/transfers/{transfer_id}")


@screen.get("/transfers/{transfer_id}/receive", permission="stock.transfer")
async def receive_form(request: Request, who: Who, transfer_id: UUID) -> Response:
    """What arrived: everything, unless somebody counts less."""
    one = await who.gateway.one(Transfer, "stock", f"/v1/transfers/{transfer_id}")
    return _receive(request, who, one, {f"quantity_{line.line}": _left(one, line) for line in one.lines}, {})


def _left(one: Transfer, line: Line) -> str:
    total = sum(float(lot.in_transit) for lot in one.lots if lot.line == line.line)
    return f"{total:g}"


@screen.post("/transfers/{transfer_id}/receive", permission="stock.transfer")
async def receive(request: Request, who: Who, transfer_id: UUID) -> Response:
    """Take it in; a difference stays on its way or is explained."""
    form = await form_of(request)
    one = await who.gateway.one(Transfer, "stock", f"/v1/transfers/{transfer_id}")
    counted = [
        {"product_id": str(line.product_id), "quantity": form.get(f"quantity_{line.line}") or "0"} for line in one.lines
    ]
    body = {"lines": counted, "missing_reason": form.get("missing_reason") or None}
    try:
        await who.gateway.post("stock", f"/v1/transfers/{transfer_id}:receive", body, form.get("key", ""))
    except Refused as no:
        return _receive(request, who, one, form, {"": no.detail})
    return done(request, "Received.", f"/transfers/{transfer_id}")


def _receive(request: Request, who: Who, one: Transfer, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {
        "transfer": one,
        "form": form,
        "errors": errors,
        "missing": MISSING,
        "title": "Receive transfer",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/transfer_receive.html", fragment="sheet", status=status, **context)
