"""The only home of what a person does at a shelf: receive, set the minimum, correct, set a lot apart."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.pages import SECURITY, done, form_of, page, read_form, refused_fields, toast
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.adjustments import said
from lotwise.backoffice.screens.asset_deeds import numbers
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.screens.reasons import reasons_of
from lotwise.backoffice.screens.stock import Level, Lot
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
AMOUNT = r"^[0-9]{1,19}(\.[0-9]{1,6})?$"
PRICE = r"^[0-9]{1,13}(\.[0-9]{1,6})?$"
SIGNED = r"^-?[0-9]{1,19}(\.[0-9]{1,6})?$"
CHANGED = ("live-stock",)
APART = {"shelf": "", "quarantine": ", set apart"}


class Scanned(Shape):
    """What a barcode says and means."""

    gtin: str = ""
    lot_number: str = ""
    expires_on: date | None = None
    serial: str = ""
    count: int | None = None
    is_expired: bool = False
    is_recalled: bool = False
    is_received: bool = False
    answers: tuple[dict[str, str], ...] = ()
    products: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


class ReceiptForm(BaseModel):
    """Goods that arrived."""

    site: str
    product_id: UUID
    quantity: str = Field(pattern=AMOUNT)
    unit_cost: str | None = Field(default=None, pattern=PRICE)
    lot_number: str = Field(default="", max_length=40)
    expires_on: date | None = None
    purchase_order: str = Field(default="", max_length=80)
    serials: str = Field(default="", max_length=20_000)


class MinimumForm(BaseModel):
    """The two levels to watch."""

    minimum: str | None = Field(default=None, pattern=AMOUNT)
    reorder_at: str | None = Field(default=None, pattern=AMOUNT)


class AdjustForm(BaseModel):
    """A correction."""

    quantity: str = Field(pattern=SIGNED)
    reason: str
    lot_id: UUID | None = None
    note: str = Field(default="", max_length=2000)
    serials: str = Field(default="", max_length=20_000)


class ApartForm(BaseModel):
    """Why a lot is set apart or released."""

    site: str
    reason: str = Field(min_length=1, max_length=200)


@screen.get("/stock/receive", permission="stock.receive")
async def receive_scan(request: Request, who: Who, data: str = "", to: str = "") -> Response:
    """The form of receiving, filled by a scan: product, lot, expiry, and at once what is wrong with them."""
    site = who.a_site()
    try:
        scan = await who.gateway.one(Scanned, "stock", "/v1/scan", data=data, site=site, product=to)
    except Refused as no:
        return _missing(no.detail)
    product_id = scan.products[0]["product_id"] if scan.products else to
    if not product_id:
        return _missing(f"No product has the code {scan.gtin or data[:48]}. Add it under Products, then scan again.")
    filled = {
        "quantity": str(scan.count or scan.products[0].get("quantity", "1") if scan.products else scan.count or "1"),
        "lot_number": scan.lot_number,
        "expires_on": scan.expires_on.isoformat() if scan.expires_on else "",
    }
    warnings = [*scan.warnings, *_warned(scan)]
    return await _receive(request, who, str(site), UUID(product_id), filled, {}, warnings, events=("scan-found",))


def _warned(scan: Scanned) -> list[str]:
    return [f"{one['text']}." for one in scan.answers]


def _missing(text: str) -> Response:
    headers = SECURITY | {"HX-Reswap": "none", "HX-Trigger": "scan-missing"}
    return HTMLResponse(toast(text, "lasting"), 404, headers=headers)


@screen.get("/stock/{site}/{product_id}/receive", permission="stock.receive")
async def receive_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form of receiving a product."""
    return await _receive(request, who, site, product_id, {}, {})


@screen.post("/stock/receive", permission="stock.receive")
async def receive(request: Request, who: Who) -> Response:
    """Receive goods, once however often the form is sent."""
    form = await form_of(request)
    given, errors = read_form(ReceiptForm, form)
    if given is None:
        return await _receive(request, who, form["site"], UUID(form["product_id"]), form, errors)
    body = given.model_dump(mode="json") | {"receipt_id": form.get("key"), "serials": await numbers(who, given.serials)}
    try:
        made = await who.gateway.post("stock", "/v1/receipts", body, form.get("key", ""))
    except Refused as no:
        names = tuple(ReceiptForm.model_fields)
        return await _receive(request, who, given.site, given.product_id, form, refused_fields(no, names))
    text = " ".join(
        [f"Received {who.formats.quantity(made['quantity'])} of {form.get('name', '')}.", *made["warnings"]]
    )
    back = f"/stock/{given.site}/{given.product_id}"
    return done(request, text, back, stay=True, events=CHANGED)


async def _receive(
    request: Request,
    who: Who,
    site: str,
    product_id: UUID,
    form: dict[str, str],
    errors: dict[str, str],
    warnings: list[str] | None = None,
    events: tuple[str, ...] = (),
) -> Response:
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    filled = {"unit_cost": level.last_cost or level.unit_cost or ""} | form
    product = await or_else(who.gateway.one(Product, "catalog", f"/v1/products/{product_id}"), None)
    context: dict[str, Any] = {
        "level": level,
        "site": site,
        "form": filled,
        "errors": errors,
        "warnings": warnings or [],
        "is_serialised": product is not None and product.is_serialised,
    }
    return page(
        request,
        who,
        "screens/receive_form.html",
        fragment="sheet",
        status=422 if errors else 200,
        events=events,
        title="Receive stock",
        receipt_id=form.get("key") or str(uuid7()),
        **context,
    )


@screen.get("/stock/{site}/{product_id}/minimum", permission="stock.minimum")
async def minimum_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form of the two levels."""
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    filled = {"minimum": level.minimum or "", "reorder_at": level.own_reorder_at or ""}
    return _minimum(request, who, level, filled, {})


@screen.post("/stock/{site}/{product_id}/minimum", permission="stock.minimum")
async def set_minimum(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Set the two levels, at the revision that was read."""
    form = await form_of(request)
    where = f"/v1/levels/{site}/{product_id}"
    level = await who.gateway.one(Level, "stock", where)
    given, errors = read_form(MinimumForm, form)
    if given is None:
        return _minimum(request, who, level, form, errors)
    try:
        await who.gateway.put("stock", where, given.model_dump(), form.get("revision"))
    except Refused as no:
        return _minimum(request, who, level, form, refused_fields(no, ("minimum", "reorder_at")))
    back = f"/stock/{site}/{product_id}"
    return done(request, f"{level.name}: minimum {given.minimum or 'none'}.", back, stay=True, events=CHANGED)


def _minimum(request: Request, who: Who, level: Level, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "title": "Minimum"}
    status = 422 if errors else 200
    return page(request, who, "screens/minimum_form.html", fragment="sheet", status=status, **context)


@screen.get("/stock/{site}/{product_id}/adjust", permission="stock.adjust")
async def adjust_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form of a correction."""
    return await _adjust(request, who, site, product_id, {"reason": "waste"}, {})


@screen.post("/stock/{site}/{product_id}/adjust", permission="stock.adjust")
async def adjust(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Write off or add what was found; the ledger keeps the reason."""
    form = await form_of(request)
    given, errors = read_form(AdjustForm, form)
    if given is None:
        return await _adjust(request, who, site, product_id, form, errors)
    body = given.model_dump(mode="json") | {
        "site": site,
        "product_id": str(product_id),
        "adjustment_id": form.get("key"),
        "serials": await numbers(who, given.serials),
    }
    if form.get("way") == "out":
        body["quantity"] = f"-{given.quantity.removeprefix('-')}"
    try:
        made = await who.gateway.post("stock", "/v1/adjustments", body, form.get("key", ""))
    except Refused as no:
        names = tuple(AdjustForm.model_fields)
        return await _adjust(request, who, site, product_id, form, refused_fields(no, names))
    return done(request, said(made, "Corrected."), f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


async def _adjust(
    request: Request, who: Who, site: str, product_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    none: Rows[Lot] = Rows([])
    lots = await or_else(who.gateway.rows(Lot, "stock", "/v1/lots", site=site, product=product_id), none)
    choices = [(lot.lot_id, _named(lot)) for lot in lots.rows if lot.state in APART]
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "lots": choices}
    product = await or_else(who.gateway.one(Product, "catalog", f"/v1/products/{product_id}"), None)
    context["is_serialised"] = product is not None and product.is_serialised
    context["reasons"] = await reasons_of(who, "waste", "loss", "found")
    context |= {"adjustment_id": form.get("key") or str(uuid7()), "title": "Adjust stock"}
    status = 422 if errors else 200
    return page(request, who, "screens/adjust_form.html", fragment="sheet", status=status, **context)


def _named(lot: Lot) -> str:
    return f"{lot.lot_number or 'without a number'} ({lot.quantity}{APART[lot.state]})"


@screen.get("/stock/lots/{lot_id}/{deed}", permission="stock.quarantine")
async def apart_form(request: Request, who: Who, lot_id: UUID, deed: str, site: str) -> Response:
    """Ask why a lot is set apart or released."""
    return await _apart(request, who, lot_id, _deed(deed), {"site": site}, {})


@screen.post("/stock/lots/{lot_id}/{deed}", permission="stock.quarantine")
async def set_apart(request: Request, who: Who, lot_id: UUID, deed: str) -> Response:
    """Set a lot apart at a site, or put it back on the shelf."""
    form = await form_of(request)
    given, errors = read_form(ApartForm, form)
    if given is None:
        return await _apart(request, who, lot_id, _deed(deed), form, errors)
    try:
        path = f"/v1/lots/{lot_id}:{_deed(deed)}"
        await who.gateway.post("stock", path, given.model_dump(), form.get("key", ""))
    except Refused as no:
        return await _apart(request, who, lot_id, _deed(deed), form, refused_fields(no, ("reason",)))
    text = "Released." if _deed(deed) == "release" else "Set apart: it is not usable until somebody releases it."
    return done(request, text, "/stock/lots", stay=True, events=CHANGED)


def _deed(word: str) -> str:
    return "release" if word == "release" else "quarantine"


async def _apart(
    request: Request, who: Who, lot_id: UUID, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    lot = await who.gateway.raw("stock", f"/v1/lots/{lot_id}")
    title = "Release lot" if deed == "release" else "Set lot apart"
    context: dict[str, Any] = {"lot": lot, "deed": deed, "form": form, "errors": errors, "title": title}
    status = 422 if errors else 200
    return page(request, who, "screens/apart_form.html", fragment="sheet", status=status, **context)
