"""The only home of the pages of purchase orders: the list, a draft and its lines, sending, the paper."""

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.documents import order_paper
from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_asked
from lotwise.backoffice.pages import SECURITY, done, form_of, page, refused_fields, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.screens.search import product_of
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
CENTRAL = "centrally-supplied"
Ways = tuple[tuple[str, str], ...]
"""Links to what a person may do instead: their words and their addresses."""

STATES = ("draft", "sent", "pending", "received", "cancelled")
PICKED_MAX = 10


class Line(Shape):
    """A line of an order."""

    line: int
    product_id: UUID
    code: str = ""
    name: str = ""
    supplier_code: str = ""
    quantity: str
    received: str = "0"
    outstanding: str = "0"
    unit: str = "piece"
    unit_cost: str
    total_minor: int = 0
    pack_name: str = ""
    pack_units: str = "1"
    is_whole_packs: bool = True


class Order(Shape):
    """An order as it stands."""

    order_id: UUID
    number: str
    supplier_id: UUID
    supplier_name: str
    site: str
    status: str
    origin: str = "person"
    created_at: datetime
    expected_on: date | None = None
    due_on: date | None = None
    sent_at: datetime | None = None
    closed_at: datetime | None = None
    note: str = ""
    lines: tuple[Line, ...] = ()
    total_minor: int = 0
    supplier_minimum_minor: int | None = None
    is_under_minimum: bool = False
    revision: int = 1


class Supplier(Shape):
    """A supplier's name."""

    supplier_id: UUID
    name: str


class Offer(Shape):
    """Who offers a product."""

    supplier_id: UUID
    supplier_name: str
    product_id: UUID
    cost: str | None = None
    pack_units: str = "1"
    is_preferred: bool = False
    preferred_at: tuple[str, ...] = ()


class Filter(BaseModel):
    """How the list is asked for."""

    q: str = ""
    status: str = ""
    supplier: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Order", lambda row: row.number),
    Column("Supplier", lambda row: row.supplier_name),
    Column("Ship to", lambda row: row.site),
    Column("Status", lambda row: row.status),
    Column("Created", lambda row: row.created_at.isoformat()),
    Column("Due", lambda row: row.due_on or row.expected_on),
    Column("Lines", lambda row: len(row.lines), is_number=True),
    Column("Total", lambda row: row.total_minor, is_number=True),
)


@screen.get("/orders", permission="purchasing.read")
async def orders(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV."""
    status = asked.status if asked.status in STATES else ""
    wanted = {"site": who.slug, "status": status, "supplier": asked.supplier, "number": asked.q}
    listed = Listed(request, who, asked, Order, "purchasing", "/v1/orders", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("orders")
    suppliers = await suppliers_of(who)
    return await listed.page("screens/orders.html", title="Purchase Orders", states=STATES, suppliers=suppliers)


async def suppliers_of(who: Who) -> list[Supplier]:
    """All suppliers, by number; none while purchasing does not answer."""
    none: Rows[Supplier] = Rows([])
    return (await or_else(who.gateway.rows(Supplier, "purchasing", "/v1/suppliers", limit=200), none)).rows


@screen.get("/orders/new", permission="order.write")
async def new_order(request: Request, who: Who, product: str = "", site: str = "") -> Response:
    """Choose supplier and site; after a shortage the product and whoever offers it are filled in."""
    offers: Rows[Offer] = Rows([])
    if product:
        offers = await or_else(who.gateway.rows(Offer, "purchasing", "/v1/supplier-products", product=product), offers)
    best = next((row for row in offers.rows if row.is_preferred or site in row.preferred_at), None)
    first = best or (offers.rows[0] if offers.rows else None)
    filled = {"supplier_id": str(first.supplier_id) if first else "", "site": site or who.a_site() or ""}
    return await _new(request, who, filled | {"product": product}, {})


async def _new(request: Request, who: Who, form: dict[str, str], errors: dict[str, str], ways: Ways = ()) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "ways": ways,
        "suppliers": [(row.supplier_id, row.name) for row in await suppliers_of(who)],
    }
    context |= {"places": [(site.slug, site.name) for site in who.sites], "order_id": form.get("key") or str(uuid7())}
    status = 422 if errors else 200
    return page(
        request, who, "screens/order_new.html", fragment="sheet", status=status, title="New purchase order", **context
    )


@screen.post("/orders", permission="order.write")
async def draft(request: Request, who: Who) -> Response:
    """Draft an order."""
    form = await form_of(request)
    lines = [{"product_id": form["product"], "quantity": "1"}] if form.get("product") else []
    body = {
        "order_id": form.get("key"),
        "supplier_id": form.get("supplier_id"),
        "site": form.get("site"),
        "lines": lines,
    }
    try:
        made = await who.gateway.post("purchasing", "/v1/orders", body, form.get("key", ""))
    except Refused as no:
        errors = {"": no.detail} if no.code == CENTRAL else refused_fields(no, ("supplier_id", "site"))
        return await _new(request, who, form, errors, ways_of(no))
    return done(request, f"{made['number']} is drafted.", f"/orders/{made['order_id']}")


@screen.get("/orders/{order_id}", permission="purchasing.read")
async def order(request: Request, who: Who, order_id: UUID) -> Response:
    """One order: a draft can be edited, a sent one received."""
    one = await _load(who, order_id)
    return csv_asked(request, lines=(Line, one.lines)) or _shown(request, who, one, {})


async def _load(who: Who, order_id: UUID) -> Order:
    return await who.gateway.one(Order, "purchasing", f"/v1/orders/{order_id}")


def ways_of(no: Refused) -> Ways:
    """What a person may do instead of a clinic's own order of what a central store supplies (STK-32)."""
    if no.code != CENTRAL:
        return ()
    product, site, source = (quote(str(no.numbers.get(name, ""))) for name in ("product_id", "site", "from_site"))
    return (
        ("Request a transfer", f"/transfers/new?ask=true&from_site={source}&to_site={site}&product={product}"),
        (f"Order for {source}", f"/orders/new?site={source}&product={product}"),
        ("Who supplies it", f"/stock/{site}/{product}"),
    )


def _shown(request: Request, who: Who, one: Order, errors: dict[str, str], ways: Ways = ()) -> Response:
    is_editable = one.status == "draft" and who.can("order.write", one.site)
    context: dict[str, Any] = {"order": one, "title": one.number, "is_editable": is_editable, "errors": errors}
    context["ways"] = ways
    if is_editable:
        context |= {"scan": f"/orders/{one.order_id}/scan", "scan_hint": "Scan to add a line"}
    status = 422 if errors else 200
    return page(request, who, "screens/order.html", fragment="order", status=status, **context)


@screen.post("/orders/{order_id}", permission="order.write")
async def save_lines(request: Request, who: Who, order_id: UUID) -> Response:
    """Keep the lines of a draft as they were typed; a line of nothing leaves."""
    form = await request.form()
    one = await _load(who, order_id)
    cells = zip(form.getlist("product_id"), form.getlist("quantity"), form.getlist("unit_cost"), strict=True)
    typed = [(str(product_id), str(quantity).strip(), str(cost).strip()) for product_id, quantity, cost in cells]
    lines = [
        {"product_id": product_id, "quantity": quantity} | ({"unit_cost": cost} if cost else {})
        for product_id, quantity, cost in typed
        if quantity.strip("0.")
    ]
    return await _put(request, who, one, lines, str(form.get("revision", "")), str(form.get("note", one.note)))


async def _put(
    request: Request, who: Who, one: Order, lines: list[dict[str, str]], revision: str, note: str
) -> Response:
    body = {
        "supplier_id": str(one.supplier_id),
        "site": one.site,
        "lines": lines,
        "expected_on": one.expected_on.isoformat() if one.expected_on else None,
        "note": note,
    }
    try:
        await who.gateway.put("purchasing", f"/v1/orders/{one.order_id}", body, revision or one.revision)
    except Refused as no:
        return _shown(request, who, one, {"": no.detail}, ways_of(no))
    return _shown(request, who, await _load(who, one.order_id), {})


@screen.get("/orders/{order_id}/pick", permission="order.write")
async def pick(request: Request, who: Who, order_id: UUID, q: str = "") -> Response:
    """Find a product for the order."""
    found = await who.gateway.rows(Product, "catalog", "/v1/products", search=q, kind="physical", limit=PICKED_MAX)
    fragment = "found" if "found" in request.headers.get("hx-target", "") else "sheet"
    context: dict[str, Any] = {"hits": found.rows, "q": q, "order_id": order_id, "title": "Add a product"}
    return page(request, who, "screens/order_pick.html", fragment=fragment, **context)


@screen.post("/orders/{order_id}/lines", permission="order.write")
async def add_line(request: Request, who: Who, order_id: UUID) -> Response:
    """Add a product to a draft: its normal order quantity, else one."""
    form = await form_of(request)
    return await _added(request, who, order_id, form["product_id"])


@screen.get("/orders/{order_id}/scan", permission="order.write")
async def scan_line(request: Request, who: Who, order_id: UUID, data: str) -> Response:
    """Add what was scanned."""
    product_id = await product_of(who, data)
    if product_id is None:
        headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
        return HTMLResponse(toast(f"Nothing has the code {data[:48]}.", "lasting"), 404, headers=headers)
    answer = await _added(request, who, order_id, product_id)
    answer.headers["HX-Retarget"] = "#order"
    answer.headers["HX-Reswap"] = "outerHTML"
    answer.headers["HX-Trigger"] = "scan-found"
    return answer


async def _added(request: Request, who: Who, order_id: UUID, product_id: str) -> Response:
    one = await _load(who, order_id)
    lines = [
        {"product_id": str(line.product_id), "quantity": line.quantity, "unit_cost": line.unit_cost}
        for line in one.lines
    ]
    known = next((line for line in lines if line["product_id"] == product_id), None)
    if known is None:
        product = await who.gateway.one(Product, "catalog", f"/v1/products/{product_id}")
        lines.append({"product_id": product_id, "quantity": product.normal_order_quantity or "1"})
    else:
        known["quantity"] = str(int(float(known["quantity"])) + 1)
    answer = await _put(request, who, one, lines, "", one.note)
    answer.headers["HX-Trigger"] = "dialog-close"
    return answer


@screen.post("/orders/{order_id}/send", permission="order.send")
async def send(request: Request, who: Who, order_id: UUID) -> Response:
    """Send a draft to its supplier."""
    return await _deed(request, who, order_id, "send", "Sent. Its paper is ready to print or mail.")


@screen.post("/orders/{order_id}/confirm", permission="order.send")
async def confirm(request: Request, who: Who, order_id: UUID) -> Response:
    """Note that the supplier confirmed it."""
    return await _deed(request, who, order_id, "confirm", "Confirmed: it is pending.")


@screen.post("/orders/{order_id}/close", permission="order.receive")
async def close(request: Request, who: Who, order_id: UUID) -> Response:
    """Accept a short delivery as all there will be."""
    return await _deed(request, who, order_id, "close", "Closed: the rest will not come.")


@screen.post("/orders/{order_id}/cancel", permission="order.write")
async def cancel(request: Request, who: Who, order_id: UUID) -> Response:
    """Give an order up."""
    return await _deed(request, who, order_id, "cancel", "Cancelled.")


async def _deed(request: Request, who: Who, order_id: UUID, deed: str, text: str) -> Response:
    form = await form_of(request)
    await who.gateway.post("purchasing", f"/v1/orders/{order_id}:{deed}", {}, form.get("key", ""))
    return done(request, text, f"/orders/{order_id}")


@screen.get("/orders/{order_id}/order.pdf", permission="purchasing.read")
async def paper(who: Who, order_id: UUID) -> Response:
    """The order on paper, for the supplier."""
    one = await _load(who, order_id)
    supplier = await who.gateway.raw("purchasing", f"/v1/suppliers/{one.supplier_id}")
    body = order_paper(one.model_dump(), supplier, who.site_name(one.site), who.formats)
    headers = {"Content-Disposition": f'inline; filename="{one.number}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)
