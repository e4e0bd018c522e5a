"""The only home of the page of adjustments: what was written off, used and found, and what waits for a witness."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.reasons import ACCOUNTS, reasons_of
from lotwise.backoffice.screens.stock import Level
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()
STATES = (("pending", "Waits for a witness"), ("posted", "Done"), ("declined", "Declined"), ("expired", "Ran out"))
NEEDED = {"value": "its value", "class": "the class of the drug", "reason": "its reason"}
AMOUNT = r"^[0-9]{1,19}(\.[0-9]{1,6})?$"
CHANGED = ("live-stock",)


class Adjustment(Shape):
    """An adjustment as it was entered, and what became of it."""

    adjustment_id: UUID
    site: str
    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    lot_number: str | None = None
    quantity: str
    cost_minor: int = 0
    reason: str
    account: str = ""
    note: str = ""
    state: str = "posted"
    needed: str = ""
    happened_at: datetime
    actor: str = ""
    expires_at: datetime | None = None
    witness: str | None = None
    witness_note: str = ""

    @property
    def is_clock(self) -> bool:
        """Whether no person entered it: a vial's use-by came, and its rest waits until somebody signs."""
        return self.actor == "stock"


class Filter(BaseModel):
    """How the list is asked for."""

    state: str = ""
    account: str = ""
    reason: str = ""
    after: str = ""
    format: str = ""


class UsageForm(BaseModel):
    """What the staff used."""

    quantity: str = Field(pattern=AMOUNT)
    reason: str = "usage"
    note: str = Field(default="", max_length=2000)


COLUMNS = (
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Product", lambda row: row.name),
    Column("Site", lambda row: row.site),
    Column("Reason", lambda row: row.reason),
    Column("Quantity", lambda row: row.quantity, is_number=True),
    Column("Cost", lambda row: row.cost_minor, is_number=True),
    Column("State", lambda row: row.state),
    Column("", lambda _: ""),
)
CSV_COLUMNS = (
    *COLUMNS[:-1],
    Column("Lot", lambda row: row.lot_number),
    Column("By", lambda row: row.actor),
    Column("Account", lambda row: row.account),
    Column("Note", lambda row: row.note),
    Column("Witness", lambda row: row.witness),
    Column("Witness's note", lambda row: row.witness_note),
)


@screen.get("/adjustments", permission="stock.read")
async def adjustments(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The list, its next chunk, or its CSV; what waits for a witness can be confirmed here by another person."""
    states, accounts = dict(STATES), dict(ACCOUNTS)
    wanted = {"site": who.slug, "reason": asked.reason}
    wanted |= {"state": asked.state if asked.state in states else ""}
    wanted |= {"account": asked.account if asked.account in accounts else ""}
    listed = Listed(request, who, asked, Adjustment, "stock", "/v1/adjustments", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("adjustments", CSV_COLUMNS)
    context: dict[str, Any] = {"states": STATES, "accounts": ACCOUNTS, "words": states}
    context |= {"title": "Adjustments", "me": who.principal.actor}
    if "hx-request" not in request.headers:
        context["reasons"] = await reasons_of(who)
    return await listed.page("screens/adjustments.html", **context)


@screen.get("/adjustments/{adjustment_id}/{deed}", permission="stock.witness")
async def witness_form(request: Request, who: Who, adjustment_id: UUID, deed: str) -> Response:
    """Ask the second person: it was so, or it was not."""
    return await _witness(request, who, adjustment_id, _deed(deed), {}, {})


@screen.post("/adjustments/{adjustment_id}/{deed}", permission="stock.witness")
async def witness(request: Request, who: Who, adjustment_id: UUID, deed: str) -> Response:
    """Confirm what waits, or decline it."""
    form, word = await form_of(request), _deed(deed)
    try:
        path = f"/v1/adjustments/{adjustment_id}:{word}"
        await who.gateway.post("stock", path, {"note": form.get("note", "")}, form.get("key", ""))
    except Refused as no:
        return await _witness(request, who, adjustment_id, word, form, refused_fields(no, ("note",)))
    text = "Confirmed: it is done." if word == "confirm" else "Declined: nothing moved."
    return done(request, text, "/adjustments", stay=True, events=CHANGED)


def _deed(word: str) -> str:
    return "confirm" if word == "confirm" else "decline"


async def _witness(
    request: Request, who: Who, adjustment_id: UUID, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    row = await who.gateway.one(Adjustment, "stock", f"/v1/adjustments/{adjustment_id}")
    context: dict[str, Any] = {"row": row, "deed": deed, "form": form, "errors": errors, "needed": NEEDED}
    title, status = "Confirm" if deed == "confirm" else "Decline", 422 if errors else 200
    return page(request, who, "screens/witness_deed.html", fragment="sheet", status=status, title=title, **context)


@screen.get("/stock/{site}/{product_id}/use", permission="stock.use")
async def use_form(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """The form of what was used at work."""
    return await _use(request, who, site, product_id, {"reason": "usage"}, {})


@screen.post("/stock/{site}/{product_id}/use", permission="stock.use")
async def use(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """Take goods off the shelf for the work itself: usage, neither a sale nor waste."""
    form = await form_of(request)
    given, errors = read_form(UsageForm, form)
    if given is None:
        return await _use(request, who, site, product_id, form, errors)
    body = given.model_dump() | {"site": site, "product_id": str(product_id), "usage_id": form.get("key")}
    try:
        made = await who.gateway.post("stock", "/v1/usages", body, form.get("key", ""))
    except Refused as no:
        return await _use(request, who, site, product_id, form, refused_fields(no, tuple(UsageForm.model_fields)))
    return done(request, said(made, "Used."), f"/stock/{site}/{product_id}", stay=True, events=CHANGED)


def said(made: dict[str, Any], text: str) -> str:
    """What a person is told of a correction that was done, or that waits."""
    if made.get("state") == "pending":
        return "Written down: it waits for a second person, nothing moved yet."
    return text


async def _use(
    request: Request, who: Who, site: str, product_id: UUID, form: dict[str, str], errors: dict[str, str]
) -> Response:
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    context: dict[str, Any] = {"level": level, "form": form, "errors": errors, "title": "Use at work"}
    context |= {"usage_id": form.get("key") or str(uuid7()), "reasons": await reasons_of(who, "usage")}
    status = 422 if errors else 200
    return page(request, who, "screens/use_form.html", fragment="sheet", status=status, **context)
