"""The only home of the pages of opened containers: which are open and until when; open, draw, discard, label, yield."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.labels import Label, internal, sheet
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import SECURITY, done, form_of, page, read_form, refused_fields, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.screens.shelf import Scanned
from lotwise.backoffice.screens.stock import Lot
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
AMOUNT = r"^[0-9]{1,19}(\.[0-9]{1,6})?$"
CHANGED = ("live-stock",)
SOON = timedelta(hours=2)
STATES = {"open": "Open", "used_up": "Used up", "discarded": "Discarded", "": "All"}
WHY = (("waste", "Waste"), ("damage", "Damaged"), ("expiry", "Over"), ("sample", "Sample"), ("training", "Training"))
BY = {"product": "By product", "container": "By vial", "practitioner": "By practitioner"}
OWN_LABEL = re.compile(r"(?:\(91\)|^91)?([0-9a-f]{32})$")


class Drawn(Shape):
    """One line of a container's story."""

    quantity: str
    cost_minor: int = 0
    practitioner: str = ""
    reason: str = ""
    actor: str = ""
    happened_at: datetime


class Container(Shape):
    """An opened container as stock tells it."""

    container_id: UUID
    site: str
    product_id: UUID
    code: str = ""
    name: str
    unit: str = "U"
    waits_for: UUID | None = None
    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    is_recalled: bool = False
    is_shared: bool = True
    state: str = "open"
    label: str = "0"
    overfill: str = "0"
    drawn: str = "0"
    wasted: str = "0"
    left: str = "0"
    cost_minor: int = 0
    wasted_minor: int = 0
    member_id: UUID | None = None
    opened_at: datetime
    opened_by: str = ""
    use_by: datetime | None = None
    approved_by: str = ""
    diluent: str = ""
    note: str = ""
    is_automatic: bool = False
    closed_at: datetime | None = None
    close_reason: str = ""
    draws: tuple[Drawn, ...] = ()

    @property
    def tone(self) -> str:
        """How urgent its use-by is: over, soon, or not at all."""
        if self.state != "open" or self.use_by is None:
            return ""
        now = datetime.now(UTC)
        return "danger" if self.use_by <= now else "warning" if self.use_by - now <= SOON else ""


class Yield(Shape):
    """What containers yielded."""

    name: str
    unit: str = "U"
    container_id: UUID | None = None
    lot_number: str = ""
    practitioner: str = ""
    containers: int = 0
    label: str = "0"
    overfill: str = "0"
    drawn: str = "0"
    wasted: str = "0"
    wasted_minor: int = 0
    yield_percent: str = "0"


class Filter(BaseModel):
    """How the list is asked for."""

    state: str = "open"
    after: str = ""
    format: str = ""


class YieldFilter(BaseModel):
    """How yields are asked for."""

    by: str = "product"
    since: str = ""
    until: str = ""
    format: str = ""


class OpenForm(BaseModel):
    """A container that is opened."""

    site: str
    product_id: UUID
    lot_id: UUID | None = None
    label: str | None = Field(default=None, pattern=AMOUNT)
    diluent: str = Field(default="", max_length=80)
    use_by: str | None = None
    approved_by: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=2000)


class DrawForm(BaseModel):
    """Units that are drawn."""

    quantity: str = Field(pattern=AMOUNT)
    overfill: str | None = Field(default=None, pattern=AMOUNT)
    practitioner: str = Field(default="", max_length=80)
    member_id: UUID | None = None
    treatment_id: UUID | None = None


class DiscardForm(BaseModel):
    """Why the rest is thrown away."""

    reason: str = "waste"
    note: str = Field(min_length=1, max_length=200)


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Lot", lambda row: row.lot_number),
    Column("Site", lambda row: row.site),
    Column("Opened", lambda row: row.opened_at.isoformat()),
    Column("Use by", lambda row: row.use_by.isoformat() if row.use_by else ""),
    Column("Left", lambda row: row.left, is_number=True),
    Column("Drawn", lambda row: row.drawn, is_number=True, is_roomy=True),
    Column("Wasted", lambda row: row.wasted, is_number=True, is_roomy=True),
    Column("", lambda _: ""),
)
YIELD_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Lot", lambda row: row.lot_number),
    Column("Practitioner", lambda row: row.practitioner),
    Column("Containers", lambda row: row.containers, is_number=True),
    Column("Label", lambda row: row.label, is_number=True),
    Column("Drawn", lambda row: row.drawn, is_number=True),
    Column("Wasted", lambda row: row.wasted, is_number=True),
    Column("Waste", lambda row: row.wasted_minor, is_number=True),
    Column("Yield", lambda row: row.yield_percent, is_number=True),
)


@screen.get("/containers", permission="stock.read")
async def containers(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """What is open, the soonest use-by first; or what was closed."""
    wanted = {"site": who.slug, "state": asked.state if asked.state in STATES else "open"}
    listed = Listed(request, who, asked, Container, "stock", "/v1/containers", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("containers")
    scan = {"scan": "/containers/open", "scan_hint": "Scan a vial to open or draw"}
    return await listed.page("screens/containers.html", title="Opened vials", states=STATES, **scan)


@screen.get("/containers/yields", permission="stock.read")
async def yields(request: Request, who: Who, asked: Annotated[YieldFilter, Query()]) -> Response:
    """What was drawn of what the labels promised, by product, vial or practitioner."""
    by = asked.by if asked.by in BY else "product"
    wanted = {"site": who.a_site(), "by": by, "from": asked.since, "to": asked.until}
    answer = await who.gateway.raw("stock", "/v1/yields", **wanted)
    found = [Yield.model_validate(row) for row in answer["rows"]]
    if asked.format == "csv":
        return csv_answer("yields", YIELD_COLUMNS, _each(found))
    context: dict[str, Any] = {"list": listing(request, YIELD_COLUMNS), "asked": asked, "rows": found, "ways": BY}
    context |= {"by": by, "since": answer["since"], "until": answer["until"], "title": "Yield", "site": who.a_site()}
    return page(request, who, "screens/container_yields.html", fragment="table", **context)


async def _each(rows: list[Yield]) -> Any:
    for row in rows:
        yield row


@screen.get("/containers/open", permission="stock.use")
async def open_form(request: Request, who: Who, data: str = "") -> Response:
    """The form of opening, filled by a scan; our own label of an opened container leads to its draw."""
    site = str(who.a_site())
    ours = OWN_LABEL.search(data.strip())
    if ours:
        return await draw_form(request, who, UUID(ours[1]))
    if not data:
        return await _open(request, who, {"site": site}, {})
    try:
        scan = await who.gateway.one(Scanned, "stock", "/v1/scan", data=data, site=site)
    except Refused as no:
        return _missing(no.detail)
    if not scan.products:
        return _missing(f"No product has the code {scan.gtin or data[:48]}.")
    product_id = str(scan.products[0]["product_id"])
    lots = await _lots(who, site, product_id)
    chosen = next((str(lot.lot_id) for lot in lots if scan.lot_number and lot.lot_number == scan.lot_number), "")
    warnings = [*scan.warnings]
    if scan.lot_number and not chosen:
        warnings.append(f"Lot {scan.lot_number} does not lie on a shelf here.")
    form = {"site": site, "product_id": product_id, "lot_id": chosen, "label": scan.products[0].get("quantity", "")}
    return await _open(request, who, form, {}, warnings, events=("scan-found",))


def _missing(text: str) -> Response:
    headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
    return HTMLResponse(toast(text, "lasting"), 404, headers=headers)


async def _lots(who: Who, site: str, product_id: str) -> list[Lot]:
    none: Rows[Lot] = Rows([])
    asked = {"site": site, "product": product_id, "state": "shelf"}
    return (await or_else(who.gateway.rows(Lot, "stock", "/v1/lots", **asked), none)).rows


async def _open(
    request: Request,
    who: Who,
    form: dict[str, str],
    errors: dict[str, str],
    warnings: list[str] | None = None,
    events: tuple[str, ...] = (),
) -> Response:
    product, lots, sizes = None, [], [""]
    if form.get("product_id"):
        product = await who.gateway.one(Product, "catalog", f"/v1/products/{form['product_id']}")
        lots = await _lots(who, form["site"], form["product_id"])
        label = float(product.container_units or 0)
        smaller = {str(pack["units"]) for pack in product.packs if float(pack["units"]) <= label}
        sizes = sorted(smaller | {product.container_units or ""}, key=lambda text: -float(text or 0))
    choices = [
        (lot.lot_id, f"{lot.lot_number or 'without a number'} · {who.formats.day(lot.expires_on) or 'no expiry'}")
        for lot in lots
    ]
    filled = dict(form)
    if filled.get("label") not in sizes:
        filled["label"] = ""
    context: dict[str, Any] = {"form": filled, "errors": errors, "warnings": warnings or [], "product": product}
    context |= {"lots": choices, "sizes": [(size, size) for size in sizes if size], "title": "Open a vial"}
    context |= {"container_id": form.get("key") or str(uuid7())}
    status = 422 if errors else 200
    return page(request, who, "screens/container_open.html", fragment="sheet", status=status, events=events, **context)


@screen.post("/containers", permission="stock.use")
async def open_container(request: Request, who: Who) -> Response:
    """Open a container, once however often the form is sent."""
    form = await form_of(request)
    if not form.get("product_id"):
        return await _found(request, who, form)
    given, errors = read_form(OpenForm, form)
    if given is None:
        return await _open(request, who, form, errors)
    body = given.model_dump(mode="json") | {
        "container_id": form.get("key"),
        "use_by": _instant(given.use_by, who.formats.zone),
    }
    try:
        made = await who.gateway.post("stock", "/v1/containers", body, form.get("key", ""))
    except Refused as no:
        return await _open(request, who, form, refused_fields(no, tuple(OpenForm.model_fields)))
    ends = f", to be used by {who.formats.when(made['use_by'])}" if made.get("use_by") else ""
    return done(request, f"Opened {made['name']}{ends}.", "/containers", stay=True, events=CHANGED)


async def _found(request: Request, who: Who, form: dict[str, str]) -> Response:
    """The product that was typed instead of scanned."""
    if not form.get("data"):
        return await _open(request, who, form, {"data": "Scan the vial, or type its code."})
    try:
        scan = await who.gateway.one(Scanned, "stock", "/v1/scan", data=form["data"], site=form["site"])
    except Refused as no:
        return await _open(request, who, form, {"data": no.detail})
    if not scan.products:
        return await _open(request, who, form, {"data": f"No product has the code {form['data'][:48]}."})
    return await _open(request, who, form | {"product_id": str(scan.products[0]["product_id"])}, {})


def _instant(text: str | None, zone: str) -> str | None:
    """A date and time of the form, as the clock on the wall shows it, as an instant; what is none is left to stock."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).isoformat() if text else None
    except ValueError:
        return text


@screen.get("/containers/{container_id}", permission="stock.read")
async def container(request: Request, who: Who, container_id: UUID) -> Response:
    """One container with everything that was drawn from it."""
    shown = await who.gateway.one(Container, "stock", f"/v1/containers/{container_id}")
    context: dict[str, Any] = {"container": shown, "title": shown.name, "fixed_site": True}
    return page(request, who, "screens/container.html", **context)


@screen.get("/containers/{container_id}/draw", permission="stock.use")
async def draw_form(request: Request, who: Who, container_id: UUID) -> Response:
    """The form of a draw."""
    return await _sheet(request, who, container_id, "draw", {"practitioner": who.name}, {})


@screen.get("/containers/{container_id}/discard", permission="stock.use")
async def discard_form(request: Request, who: Who, container_id: UUID) -> Response:
    """The form of throwing the rest away."""
    return await _sheet(request, who, container_id, "discard", {}, {})


@screen.post("/containers/{container_id}/draw", permission="stock.use")
async def draw(request: Request, who: Who, container_id: UUID) -> Response:
    """Draw units, once however often the form is sent."""
    form = await form_of(request)
    given, errors = read_form(DrawForm, form)
    if given is None:
        return await _sheet(request, who, container_id, "draw", form, errors)
    body = given.model_dump(mode="json") | {"draw_id": form.get("key")}
    try:
        made = await who.gateway.post("stock", f"/v1/containers/{container_id}:draw", body, form.get("key", ""))
    except Refused as no:
        return await _sheet(request, who, container_id, "draw", form, refused_fields(no, tuple(DrawForm.model_fields)))
    left = who.formats.quantity(made["left"], made["unit"])
    return done(request, f"Drawn. {left} are left.", f"/containers/{container_id}", stay=True, events=CHANGED)


@screen.post("/containers/{container_id}/discard", permission="stock.use")
async def discard(request: Request, who: Who, container_id: UUID) -> Response:
    """Throw the rest away."""
    form = await form_of(request)
    given, errors = read_form(DiscardForm, form)
    if given is None:
        return await _sheet(request, who, container_id, "discard", form, errors)
    path = f"/v1/containers/{container_id}:discard"
    try:
        made = await who.gateway.post("stock", path, given.model_dump(), form.get("key", ""))
    except Refused as no:
        return await _sheet(request, who, container_id, "discard", form, refused_fields(no, ("reason", "note")))
    text = f"Discarded: {who.formats.quantity(made['wasted'], made['unit'])} wasted."
    if made.get("waits_for"):
        text = "Written down: it waits for a second person, nothing moved yet."
    return done(request, text, f"/containers/{container_id}", stay=True, events=CHANGED)


async def _sheet(
    request: Request, who: Who, container_id: UUID, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    shown = await who.gateway.one(Container, "stock", f"/v1/containers/{container_id}")
    title = "Draw" if deed == "draw" else "Discard the rest"
    context: dict[str, Any] = {"container": shown, "deed": deed, "form": form, "errors": errors, "reasons": WHY}
    context |= {"title": title, "key": form.get("key") or str(uuid7())}
    status = 422 if errors else 200
    return page(request, who, "screens/container_sheet.html", fragment="sheet", status=status, **context)


@screen.get("/containers/{container_id}/label", permission="stock.read")
async def label(_request: Request, who: Who, container_id: UUID) -> Response:
    """The label of an opened container: what it is, opened when and by whom, diluted with what, to be used by when."""
    one = await who.gateway.one(Container, "stock", f"/v1/containers/{container_id}")
    f = who.formats
    lines = (
        f"Lot {one.lot_number or 'without a number'}",
        f"Opened {f.when(one.opened_at)} {who.person(one.opened_by)}",
        f"Use by {f.when(one.use_by)}" if one.use_by else "No use-by",
        one.diluent,
    )
    paper = sheet([Label(internal(one.container_id.hex), one.name, tuple(filter(None, lines)))], f"Opened {one.name}")
    headers = SECURITY | {"Content-Disposition": f'inline; filename="opened-{container_id}.pdf"'}
    return Response(paper, media_type="application/pdf", headers=headers)
