"""The only home of dialogs about where a product comes from and lies: resupply, back bar, a purchase over sites."""

from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.stock import Level, Lot
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
CHANGED = ("live-stock",)
AMOUNT = r"^[0-9]{1,19}(\.[0-9]{1,6})?$"
PRICE = r"^[0-9]{1,13}(\.[0-9]{1,6})?$"
WAYS = (("out", "To the back bar: not for sale"), ("in", "Back to retail: for sale"))


class Rule(Shape):
    """Who resupplies a product at a site."""

    mode: str = "local"
    from_site: str | None = None
    ordered_by: str = ""
    revision: int = 0


class MoveForm(BaseModel):
    """A quantity of one lot, to the back bar or from it."""

    lot_id: UUID
    quantity: str = Field(pattern=AMOUNT)
    way: str = "out"


class SplitForm(BaseModel):
    """One purchase."""

    unit_cost: str = Field(pattern=PRICE)
    lot_number: str = Field(default="", max_length=40)
    expires_on: str | None = None
    purchase_order: str = Field(default="", max_length=80)
    mode: str = "transfer"


async def _level(who: Who, site: str, product_id: UUID) -> Level:
    return await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")


@screen.get("/stock/{site}/{product_id}/resupply", permission="stock.minimum")
async def resupply_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Ask who resupplies the product here."""
    rule = await who.gateway.one(Rule, "stock", f"/v1/resupply/{site}/{product_id}")
    form = {"from_site": rule.from_site or "", "revision": str(rule.revision)}
    return _resupplied(request, who, await _level(who, site, product_id), form, {})


@screen.post("/stock/{site}/{product_id}/resupply", permission="stock.minimum")
async def set_resupply(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Say who resupplies it, at the revision that was read."""
    form = await form_of(request)
    source = form.get("from_site") or None
    body = {"mode": "central" if source else "local", "from_site": source}
    try:
        await who.gateway.put("stock", f"/v1/resupply/{site}/{product_id}", body, form.get("revision"))
    except Refused as no:
        level = await _level(who, site, product_id)
        return _resupplied(request, who, level, form, refused_fields(no, ("from_site",)))
    text = f"{who.site_name(source)} resupplies it." if source else "The site orders it for itself."
    return done(request, text, f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


def _resupplied(request: Request, who: Who, level: Level, form: dict[str, str], errors: dict[str, str]) -> Response:
    sites = sorted(who.sites, key=lambda site: (not site.is_central_store, site.name))
    places = [(site.slug, site.name) for site in sites if site.slug != level.site]
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "places": places, "title": "Resupply"}
    status = 422 if errors else 200
    return page(request, who, "screens/resupply_form.html", fragment="sheet", status=status, **context)


@screen.get("/stock/{site}/{product_id}/move", permission="stock.transfer")
async def move_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Ask which lot moves to the back bar, or back."""
    return await _moving(request, who, site, product_id, {"way": "out"}, {})


@screen.post("/stock/{site}/{product_id}/move", permission="stock.transfer")
async def move(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Move a quantity of one lot between retail and the back bar."""
    form = await form_of(request)
    given, errors = read_form(MoveForm, form)
    if given is None:
        return await _moving(request, who, site, product_id, form, errors)
    retail, bar = {"purpose": "retail"}, {"purpose": "back_bar"}
    source, target = (bar, retail) if given.way == "in" else (retail, bar)
    body = {"move_id": form.get("key"), "site": site, "product_id": str(product_id), "lot_id": str(given.lot_id)}
    body |= {"quantity": given.quantity}
    try:
        await who.gateway.post("stock", "/v1/moves", {**body, "source": source, "target": target}, form.get("key", ""))
    except Refused as no:
        return await _moving(request, who, site, product_id, form, refused_fields(no, ("lot_id", "quantity")))
    text = "Back on the retail shelf." if given.way == "in" else "At the back bar: it is not for sale."
    return done(request, text, f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


async def _moving(
    request: Request, who: Who, site: str, product_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    none: Rows[Lot] = Rows([])
    lots = await or_else(who.gateway.rows(Lot, "stock", "/v1/lots", site=site, product=product_id), none)
    choices = [
        (lot.lot_id, f"{lot.lot_number or 'without a number'} ({lot.quantity}, {lot.state.replace('_', ' ')})")
        for lot in lots.rows
        if lot.state in {"shelf", "back_bar"}
    ]
    context: dict[str, Any] = {"level": await _level(who, site, product_id), "form": form, "errors": errors}
    context |= {"lots": choices, "ways": WAYS, "move_id": form.get("key") or str(uuid7()), "title": "Back bar"}
    status = 422 if errors else 200
    return page(request, who, "screens/move_form.html", fragment="sheet", status=status, **context)


@screen.get("/stock/{site}/{product_id}/split", permission="stock.receive")
async def split_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Ask how a purchase is divided over sites."""
    level = await _level(who, site, product_id)
    return _splitting(request, who, level, {"unit_cost": level.last_cost or level.unit_cost or ""}, {})


@screen.post("/stock/{site}/{product_id}/split", permission="stock.receive")
async def split(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Receive a purchase and give each site its share."""
    form = await form_of(request)
    level = await _level(who, site, product_id)
    given, errors = read_form(SplitForm, form)
    shares = [
        {"site": one.slug, "quantity": form[f"share_{one.slug}"]}
        for one in who.sites
        if form.get(f"share_{one.slug}", "").strip("0.") != ""
    ]
    if not shares:
        errors = errors | {"": "Give at least one site its share."}
    if given is None or errors:
        return _splitting(request, who, level, form, errors)
    body = given.model_dump() | {"split_id": form.get("key"), "site": site, "product_id": str(product_id)}
    body |= {"quantity": form.get("quantity") or "0", "shares": shares}
    try:
        await who.gateway.post("stock", "/v1/receipts:split", body, form.get("key", ""))
    except Refused as no:
        names = (*SplitForm.model_fields, "quantity")
        return _splitting(request, who, level, form, refused_fields(no, names))
    text = "Received and sent on." if given.mode == "transfer" else "Received at each site."
    return done(request, text, f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


def _splitting(request: Request, who: Who, level: Level, form: dict[str, str], errors: dict[str, str]) -> Response:
    modes = (
        ("transfer", f"It comes to {who.site_name(level.site)} and is sent on"),
        ("receive", "Each share comes to its site"),
    )
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "modes": modes}
    context |= {"split_id": form.get("key") or str(uuid7()), "title": "Divide a purchase"}
    status = 422 if errors else 200
    return page(request, who, "screens/split_form.html", fragment="sheet", status=status, **context)
