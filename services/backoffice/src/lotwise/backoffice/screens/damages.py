"""The only home of the pages of damaged goods: set apart, then repaired, scrapped or sent back."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.adjustments import AMOUNT, CHANGED, said
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.stock import Level, Lot
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
WAYS = {
    "repair": ("Repair", "Back on the shelf."),
    "scrap": ("Scrap", "Scrapped."),
    "return": ("Send back", "Sent back to the supplier."),
}


class Damage(Shape):
    """A lot of a damage."""

    damage_id: UUID
    site: str
    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    quantity: str
    open: str = "0"
    repaired: str = "0"
    scrapped: str = "0"
    returned: str = "0"
    is_defective: bool = False
    note: str = ""
    happened_at: datetime
    actor: str = ""


class Filter(BaseModel):
    """How the list is asked for."""

    state: str = "open"
    after: str = ""
    format: str = ""


class DamageForm(BaseModel):
    """What broke."""

    quantity: str = Field(pattern=AMOUNT)
    lot_id: UUID | None = None
    is_defective: bool = False
    note: str = Field(default="", max_length=2000)


class WayForm(BaseModel):
    """How much of it, and how it was done."""

    quantity: str | None = Field(default=None, pattern=AMOUNT)
    note: str = Field(default="", max_length=2000)


COLUMNS = (
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Product", lambda row: row.name),
    Column("Site", lambda row: row.site),
    Column("Lot", lambda row: row.lot_number),
    Column("Set apart", lambda row: row.quantity, is_number=True),
    Column("Undecided", lambda row: row.open, is_number=True),
    Column("Repaired", lambda row: row.repaired, is_number=True),
    Column("Scrapped", lambda row: row.scrapped, is_number=True),
    Column("Sent back", lambda row: row.returned, is_number=True),
    Column("", lambda _: ""),
)


@screen.get("/stock/damages", permission="stock.read")
async def damages(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV."""
    wanted = {"site": who.slug, "state": "open" if asked.state == "open" else ""}
    listed = Listed(request, who, asked, Damage, "stock", "/v1/damages", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("damages")
    return await listed.page("screens/damages.html", title="Damaged")


@screen.get("/stock/{site}/{product_id}/damage", permission="stock.quarantine")
async def damage_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form of what broke."""
    return await _damage(request, who, site, product_id, {}, {})


@screen.post("/stock/{site}/{product_id}/damage", permission="stock.quarantine")
async def damage(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Set damaged goods apart: they are not sellable."""
    form = await form_of(request)
    given, errors = read_form(DamageForm, form)
    if given is None:
        return await _damage(request, who, site, product_id, form, errors)
    body = given.model_dump(mode="json") | {"site": site, "product_id": str(product_id), "damage_id": form.get("key")}
    try:
        await who.gateway.post("stock", "/v1/damages", body, form.get("key", ""))
    except Refused as no:
        return await _damage(request, who, site, product_id, form, refused_fields(no, tuple(DamageForm.model_fields)))
    return done(request, "Set apart: not sellable.", f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


async def _damage(
    request: Request, who: Who, site: str, product_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    none: Rows[Lot] = Rows([])
    lots = await or_else(who.gateway.rows(Lot, "stock", "/v1/lots", site=site, product=product_id, state="shelf"), none)
    choices = [(lot.lot_id, f"{lot.lot_number or 'without a number'} ({lot.quantity})") for lot in lots.rows]
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "lots": choices, "title": "Damaged"}
    context["damage_id"] = form.get("key") or str(uuid7())
    status = 422 if errors else 200
    return page(request, who, "screens/damage_form.html", fragment="sheet", status=status, **context)


@screen.get("/stock/damages/{damage_id}/{lot_id}/{way}", permission="stock.read")
async def way_form(request: Request, who: Who, damage_id: UUID, lot_id: UUID, way: str, open: str = "") -> Response:  # noqa: A002 - the word in the address
    """Ask how much of it, and how it is done."""
    return _way(request, who, (damage_id, lot_id, _known(way)), {"quantity": open}, {})


@screen.post("/stock/damages/{damage_id}/{lot_id}/{way}", permission="stock.read")
async def do_way(request: Request, who: Who, damage_id: UUID, lot_id: UUID, way: str) -> Response:
    """Repair, scrap or send back; the service asks for the permission of each."""
    form, word = await form_of(request), _known(way)
    given, errors = read_form(WayForm, form)
    if given is None:
        return _way(request, who, (damage_id, lot_id, word), form, errors)
    try:
        path = f"/v1/damages/{damage_id}:{word}"
        body = given.model_dump() | {"lot_id": str(lot_id)}
        made = await who.gateway.post("stock", path, body, form.get("key", ""))
    except Refused as no:
        return _way(request, who, (damage_id, lot_id, word), form, refused_fields(no, ("quantity", "note")))
    waits: dict[str, Any] = next((one for one in made.get("adjustments", ()) if one.get("state") == "pending"), {})
    return done(request, said(waits, WAYS[word][1]), "/stock/damages", stay=True, events=CHANGED)


def _known(way: str) -> str:
    return way if way in WAYS else "repair"


def _way(
    request: Request, who: Who, deed: tuple[UUID, UUID, str], form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {"damage_id": deed[0], "lot_id": deed[1], "way": deed[2], "form": form, "errors": errors}
    status = 422 if errors else 200
    return page(
        request, who, "screens/damage_way.html", fragment="sheet", status=status, title=WAYS[deed[2]][0], **context
    )
