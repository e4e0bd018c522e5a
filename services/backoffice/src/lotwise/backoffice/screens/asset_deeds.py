"""The only home of what is done to a unit on the pages: named, moved, written off, maintained, covered, depreciated."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, or_else
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.adjustments import CHANGED
from lotwise.backoffice.screens.assets import METHODS, Unit, Unnamed
from lotwise.backoffice.screens.products import Product
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7
from lotwise.values import currency_exponent, format_minor, parse_minor

screen = Screen()
PERMISSION = "stock.asset"
MONEY = r"^[0-9]{1,12}([.][0-9]{1,3})?$"
MONEY_FIELDS = ("cost", "salvage")


class RegisterForm(BaseModel):
    """Units to be named."""

    site: str
    product_id: UUID
    serials: str = Field(min_length=1, max_length=20_000)
    lot_id: UUID | None = None
    state: str = "in_stock"
    room: str = Field(default="", max_length=40)
    cost: str | None = Field(default=None, pattern=MONEY)
    acquired_on: date | None = None
    note: str = Field(default="", max_length=2000)


class MoveForm(BaseModel):
    """Where it goes."""

    state: str
    room: str = Field(default="", max_length=40)
    note: str = Field(default="", max_length=2000)


class RetireForm(BaseModel):
    """Why it is written off."""

    state: str
    note: str = Field(default="", max_length=2000)


class FindForm(BaseModel):
    """Where it turned up."""

    room: str = Field(default="", max_length=40)
    note: str = Field(default="", max_length=2000)


class WorkForm(BaseModel):
    """Maintenance that was done."""

    done_on: date
    work: str = Field(min_length=1, max_length=200)
    cost: str | None = Field(default=None, pattern=MONEY)
    done_by: str = Field(default="", max_length=80)
    document: str = Field(default="", max_length=80)
    note: str = Field(default="", max_length=2000)
    next_due_on: date | None = None
    next_work: str = Field(default="", max_length=80)


class UseForm(BaseModel):
    """Units of work it did."""

    read_on: date
    units: int = Field(ge=1)


class PlanForm(BaseModel):
    """When maintenance is due next."""

    due_on: date | None = None
    work: str = Field(default="", max_length=80)


class WarrantyForm(BaseModel):
    """Its warranty."""

    starts_on: date | None = None
    ends_on: date | None = None
    terms: str = Field(default="", max_length=2000)


class DepreciationForm(BaseModel):
    """How it loses its worth; the factor as in 2 for double."""

    method: str = ""
    cost: str = Field(pattern=MONEY)
    salvage: str = Field(default="0", pattern=MONEY)
    in_service_on: date | None = None
    life_months: int = Field(default=0, ge=0, le=1200)
    factor: float = Field(default=2, ge=0, le=100)
    units_total: int = Field(default=0, ge=0)


class Deed(NamedTuple):
    """A form of one unit: its fields, where it is sent, and what is said afterwards."""

    form: type[BaseModel]
    path: str
    is_edit: bool
    title: str
    said: str
    fill: Callable[[Visitor, Unit], Mapping[str, Any]]


def _money(who: Visitor, minor: int) -> str:
    return format_minor(minor, currency_exponent(who.formats.currency))


def _work(who: Visitor, unit: Unit) -> dict[str, Any]:
    return {"done_on": who.today.isoformat(), "work": unit.maintenance_work, "next_work": unit.maintenance_work}


def _plan(_who: Visitor, unit: Unit) -> dict[str, Any]:
    return {"due_on": unit.maintenance_due_on or "", "work": unit.maintenance_work}


def _cover(_who: Visitor, unit: Unit) -> dict[str, Any]:
    return {
        "starts_on": unit.warranty_starts_on or "",
        "ends_on": unit.warranty_ends_on or "",
        "terms": unit.warranty_terms,
    }


def _worth(who: Visitor, unit: Unit) -> dict[str, Any]:
    return {
        "method": unit.method or "straight_line",
        "cost": _money(who, unit.cost_minor),
        "salvage": _money(who, unit.salvage_minor),
        "in_service_on": unit.in_service_on or unit.acquired_on,
        "life_months": unit.life_months or 60,
        "factor": f"{(unit.factor or 2000) / 1000:g}",
        "units_total": unit.units_total or "",
    }


DEEDS: Mapping[str, Deed] = {
    "move": Deed(MoveForm, ":move", False, "Move", "Moved.", lambda _, unit: {"state": unit.state, "room": unit.room}),
    "repair": Deed(
        MoveForm, ":move", False, "Send to repair", "In repair: not usable.", lambda *_: {"state": "in_repair"}
    ),
    "retire": Deed(RetireForm, ":retire", False, "Write off", "Written off.", lambda *_: {"state": "scrapped"}),
    "find": Deed(FindForm, ":find", False, "It is here again", "In stock again.", lambda *_: {}),
    "work": Deed(WorkForm, "/works", False, "Record maintenance", "Maintenance recorded.", _work),
    "use": Deed(
        UseForm, "/uses", False, "Record use", "Use recorded.", lambda who, _: {"read_on": who.today.isoformat()}
    ),
    "plan": Deed(PlanForm, "/maintenance", True, "Next maintenance", "Planned.", _plan),
    "warranty": Deed(WarrantyForm, "/warranty", True, "Warranty", "Warranty kept.", _cover),
    "depreciation": Deed(DepreciationForm, "/depreciation", True, "Depreciation", "Depreciation kept.", _worth),
}


def _body(who: Visitor, given: BaseModel) -> dict[str, Any]:
    """The form as the service takes it: money in minor units, the factor in thousandths."""
    body = {name: value for name, value in given.model_dump(mode="json").items() if value is not None}
    digits = currency_exponent(who.formats.currency)
    for name in MONEY_FIELDS:
        if name in body:
            body[f"{name}_minor"] = parse_minor(body.pop(name), digits)
    if "factor" in body:
        body["factor"] = round(1000 * body["factor"])
    return body


@screen.get("/serials/register", permission=PERMISSION)
async def register_form(request: Request, who: Who, site: str = "", product: str = "", lot: str = "") -> Response:
    """The form that names units."""
    return await _register(request, who, {"site": site or who.a_site(), "product_id": product, "lot_id": lot}, {})


@screen.post("/serials/register", permission=PERMISSION)
async def register(request: Request, who: Who) -> Response:
    """Name units: one number a line."""
    form = await form_of(request)
    given, errors = read_form(RegisterForm, form)
    if given is None:
        return await _register(request, who, form, errors)
    body = _body(who, given) | {"serials": await numbers(who, given.serials), "register_id": form.get("id")}
    if not body.get("lot_id"):
        body.pop("lot_id", None)
    else:
        body["state"] = "in_stock"
    try:
        made = await who.gateway.post("stock", "/v1/serials", body, form.get("key", ""))
    except Refused as no:
        return await _register(request, who, form, refused_fields(no, tuple(RegisterForm.model_fields)))
    count = len(made["serials"])
    return done(request, f"{count} {'unit' if count == 1 else 'units'} registered.", "/serials", events=CHANGED)


async def numbers(who: Visitor, text: str) -> list[str]:
    """The numbers of a field in which each stands on its own line; of a scanned GS1 code its serial (21)."""
    lines = lines_of(text)
    return [await _serial(who, line) if line[0] in "](\x1d" or "\x1d" in line else line for line in lines]


def lines_of(text: str) -> list[str]:
    """The lines of a field that are not empty; the group separators inside of a scanned code do not end a line."""
    return [line for line in (row.strip(" \t\r") for row in text.split("\n")) if line]


async def _serial(who: Visitor, code: str) -> str:
    scan = await or_else(who.gateway.raw("stock", "/v1/scan", data=code), {})
    return str(scan.get("serial") or code)


async def _register(request: Request, who: Who, form: Mapping[str, Any], errors: dict[str, str]) -> Response:
    none: Rows[Unnamed] = Rows([])
    waiting = await or_else(who.gateway.rows(Unnamed, "stock", "/v1/serials/unnamed", site=form.get("site")), none)
    products = [
        (one.product_id, one.name)
        async for one in who.gateway.all(Product, "catalog", "/v1/products", kind="physical")
        if one.is_serialised
    ]
    lots = [
        (one.lot_id, f"{one.name}: {one.lot_number or 'no lot number'}, {one.on_hand} here") for one in waiting.rows
    ]
    context: dict[str, Any] = {"form": form, "errors": errors, "products": products, "lots": lots}
    context["sites"] = [(site.slug, site.name) for site in who.sites]
    context |= {"title": "Register units", "register_id": form.get("id") or str(uuid7())}
    status = 422 if errors else 200
    return page(request, who, "screens/asset_register.html", fragment="sheet", status=status, **context)


@screen.get("/serials/{serial_id}/{deed}", permission=PERMISSION)
async def deed_form(request: Request, who: Who, serial_id: UUID, deed: str) -> Response:
    """The form of one deed."""
    unit = await who.gateway.one(Unit, "stock", f"/v1/serials/{serial_id}")
    word = deed if deed in DEEDS else "move"
    return _deed(request, who, unit, word, DEEDS[word].fill(who, unit), {})


@screen.post("/serials/{serial_id}/{deed}", permission=PERMISSION)
async def do_deed(request: Request, who: Who, serial_id: UUID, deed: str) -> Response:
    """Do it, once however often the form is sent; an edit at the revision that was read."""
    form = await form_of(request)
    word = deed if deed in DEEDS else "move"
    what = DEEDS[word]
    given, errors = read_form(what.form, form)
    if given is not None:
        try:
            path = f"/v1/serials/{serial_id}{what.path}"
            if what.is_edit:
                await who.gateway.put("stock", path, _body(who, given), form.get("revision"))
            else:
                await who.gateway.post("stock", path, _body(who, given), form.get("key", ""))
        except Refused as no:
            errors = refused_fields(no, tuple(what.form.model_fields))
        else:
            return done(request, what.said, f"/serials/{serial_id}", events=CHANGED)
    unit = await who.gateway.one(Unit, "stock", f"/v1/serials/{serial_id}")
    return _deed(request, who, unit, word, form, errors)


def _deed(
    request: Request, who: Who, unit: Unit, deed: str, form: Mapping[str, Any], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"unit": unit, "deed": deed, "what": DEEDS[deed], "form": form, "errors": errors}
    context |= {"methods": METHODS, "title": DEEDS[deed].title}
    status = 422 if errors else 200
    return page(request, who, "screens/asset_form.html", fragment="sheet", status=status, **context)
