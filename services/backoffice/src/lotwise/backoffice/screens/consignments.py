"""The only home of the page of consigned goods: what lies here of others, what is owed for it, how it ends."""

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
from lotwise.backoffice.screens.adjustments import AMOUNT, CHANGED
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who

screen = Screen()
WAYS = {"buy-out": ("Buy", "Bought: it is ours, and owed."), "return": ("Send back", "Sent back: nothing is owed.")}


class Consigned(Shape):
    """What lies here of a supplier's lot."""

    site: str
    state: str = "shelf"
    product_id: UUID
    code: str = ""
    name: str = ""
    unit: str = "piece"
    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    received_at: datetime
    supplier_id: UUID | None = None
    quantity: str
    owed_if_used_minor: int = 0


class Liability(Shape):
    """What one movement made us owe."""

    movement_id: UUID
    site: str
    name: str = ""
    code: str = ""
    unit: str = "piece"
    lot_number: str = ""
    supplier_id: UUID | None = None
    quantity: str
    liability_minor: int
    reason: str
    happened_at: datetime


class Owed(Shape):
    """What is owed in a period."""

    total_minor: int = 0


class Supplier(Shape):
    """A supplier's name."""

    supplier_id: UUID
    name: str


class Filter(BaseModel):
    """How the lists are asked for."""

    supplier: str = ""
    from_: str = Field(default="", alias="from")
    to: str = ""
    after: str = ""
    format: str = ""


class EndForm(BaseModel):
    """How much of a lot, and why."""

    site: str
    quantity: str | None = Field(default=None, pattern=AMOUNT)
    reason: str = "bought_out"
    note: str = Field(default="", max_length=2000)


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Lot", lambda row: row.lot_number),
    Column("Site", lambda row: row.site),
    Column("Supplier", lambda row: row.supplier_id),
    Column("Expires", lambda row: row.expires_on),
    Column("Quantity", lambda row: row.quantity, is_number=True),
    Column("Owed if used", lambda row: row.owed_if_used_minor, is_number=True),
    Column("", lambda _: ""),
)
OWED_COLUMNS = (
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Product", lambda row: row.name),
    Column("Lot", lambda row: row.lot_number),
    Column("Site", lambda row: row.site),
    Column("Supplier", lambda row: row.supplier_id),
    Column("Reason", lambda row: row.reason),
    Column("Quantity", lambda row: row.quantity, is_number=True),
    Column("Owed", lambda row: row.liability_minor, is_number=True),
)


async def _suppliers(who: Who) -> dict[UUID, str]:
    none: Rows[Supplier] = Rows([])
    found = await or_else(who.gateway.rows(Supplier, "purchasing", "/v1/suppliers", limit=500), none)
    return {row.supplier_id: row.name for row in found.rows}


@screen.get("/stock/consigned", permission="stock.read")
async def consigned(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """What lies here of others' goods, its next chunk, or its CSV."""
    wanted = {"site": who.slug, "supplier": asked.supplier}
    listed = Listed(request, who, asked, Consigned, "stock", "/v1/consignments", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("consigned")
    return await listed.page(
        "screens/consigned.html", title="Consigned", suppliers=await _suppliers(who), is_owed=False
    )


@screen.get("/stock/liabilities", permission="stock.read")
async def liabilities(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """What used, lost and bought goods of suppliers made us owe, its next chunk, or its CSV."""
    wanted = {"site": who.slug, "supplier": asked.supplier, "from": asked.from_, "to": asked.to}
    listed = Listed(request, who, asked, Liability, "stock", "/v1/liabilities", OWED_COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("liabilities")
    owed = await or_else(who.gateway.one(Owed, "stock", "/v1/liabilities/summary", **wanted), Owed())
    return await listed.page(
        "screens/consigned.html", title="Owed to suppliers", suppliers=await _suppliers(who), is_owed=True, owed=owed
    )


@screen.get("/stock/consigned/{lot_id}/{way}", permission="stock.receive")
async def end_form(request: Request, who: Who, lot_id: UUID, way: str, site: str) -> Response:
    """Ask how much of a lot is bought, or goes back."""
    return await _end(request, who, lot_id, _known(way), {"site": site}, {})


@screen.post("/stock/consigned/{lot_id}/{way}", permission="stock.receive")
async def end(request: Request, who: Who, lot_id: UUID, way: str) -> Response:
    """Buy a supplier's goods, or send them back."""
    form, word = await form_of(request), _known(way)
    given, errors = read_form(EndForm, form)
    if given is None:
        return await _end(request, who, lot_id, word, form, errors)
    kept = {"reason"} if word == "return" else set()
    body = given.model_dump(exclude=kept) | {"lot_id": str(lot_id)}
    try:
        await who.gateway.post("stock", f"/v1/consignments:{word}", body, form.get("key", ""))
    except Refused as no:
        return await _end(request, who, lot_id, word, form, refused_fields(no, ("quantity", "note")))
    return done(request, WAYS[word][1], "/stock/consigned", stay=True, events=CHANGED)


def _known(way: str) -> str:
    return way if way in WAYS else "return"


async def _end(
    request: Request, who: Who, lot_id: UUID, way: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    lot = await who.gateway.raw("stock", f"/v1/lots/{lot_id}")
    reasons = (("bought_out", "Bought"), ("contract_end", "The contract ends"))
    context: dict[str, Any] = {"lot": lot, "way": way, "form": form, "errors": errors, "reasons": reasons}
    status = 422 if errors else 200
    return page(
        request, who, "screens/consigned_end.html", fragment="sheet", status=status, title=WAYS[way][0], **context
    )
