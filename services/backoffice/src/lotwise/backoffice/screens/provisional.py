"""The only home of the desk without its line: its price book, its empty page, and what it sold meanwhile (SAL-26)."""

from typing import Any

import orjson
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from lotwise.backoffice.assets import assets
from lotwise.backoffice.gateway import Refused, Rows, Unreachable, or_else
from lotwise.backoffice.pages import SECURITY, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.bills import BillLine, amount_of
from lotwise.backoffice.screens.charge import empty
from lotwise.backoffice.screens.quotes import Desk
from lotwise.backoffice.session import Who
from lotwise.contracts.fields import Id, Instant, Minor, PositiveQuantity, PriceText, Slug, Text
from lotwise.kit.web import PUBLIC

screen = Screen()
KEPT = "private, no-cache"


class Off(BaseModel):
    """A discount by hand."""

    percent: PriceText | None = None
    amount: PriceText | None = None
    reason: Text


class Ordered(BaseModel):
    """A prescription."""

    prescriber: Text
    order_reference: Text


class Line(BaseModel):
    """A line as the till sold it, with what was said of it."""

    product_id: Id
    quantity: PositiveQuantity
    unit_price: PriceText
    discounts: tuple[Off, ...] = Field(default=(), max_length=8)
    lot_id: Id | None = None
    prescription: Ordered | None = None
    seller: str = Field(default="", max_length=200)
    performer: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=200)

    @property
    def said(self) -> dict[str, Any]:
        """What was said of it, in the words of a bill."""
        said = self.model_dump(mode="json", exclude_none=True, exclude={"product_id", "quantity", "unit_price"})
        return {name: value for name, value in said.items() if value}


class Tender(BaseModel):
    """How it was paid."""

    kind: str = Field(pattern="^(card|cash|other)$")
    amount_minor: Minor
    reference: str = ""


class Provisional(BaseModel):
    """A charge that the till took while its line was down."""

    model_config = ConfigDict(extra="forbid")

    charge_id: Id
    site: Slug
    happened_at: Instant
    member_id: Id | None = None
    lines: tuple[Line, ...] = Field(min_length=1, max_length=200)
    discounts: tuple[Off, ...] = Field(default=(), max_length=8)
    tenders: tuple[Tender, ...] = Field(default=(), max_length=8)
    total_minor: Minor


@screen.get("/charge-worker.js", permission=PUBLIC)
async def worker() -> Response:
    """The script that keeps the desk's page in the browser; it stands at the root because its reach begins there."""
    found = assets().find("worker.js")
    body = found.body if found else b""
    return Response(body, media_type="text/javascript", headers=SECURITY | {"Cache-Control": "no-cache"})


@screen.get("/charge/ping", permission="charge.create")
async def ping(who: Who) -> Response:
    """Whether charging works: the office and sales answer."""
    try:
        await who.gateway.raw("sales", "/livez")
    except Unreachable:
        return Response(status_code=503)
    except Refused:
        return Response(status_code=204)
    return Response(status_code=204)


@screen.get("/charge/book", permission="charge.create")
async def book(who: Who, site: Slug, after: str = "") -> Response:
    """A chunk of the site's price book."""
    chunk = await who.gateway.raw("sales", "/v1/book", site=site, after=after)
    return JSONResponse(chunk, headers={"Cache-Control": KEPT})


@screen.get("/charge/offline", permission="charge.create")
async def shell(request: Request, who: Who, site: Slug) -> Response:
    """The desk with an empty bill and nobody's name: the page that a browser keeps."""
    opened = await or_else(who.gateway.one(Desk, "sales", "/v1/desk", site=site), Desk(site=site))
    context: dict[str, Any] = {"desk": opened, "site": site, "waiting": Rows([]), "parked": Rows([]), "draft": None}
    context["tills"] = []
    context |= empty() | {"shell": True}
    return page(request, who, "screens/charge.html", title="Charge desk", headers={"Cache-Control": KEPT}, **context)


@screen.post("/charge/provisional", permission="charge.create")
async def send(body: Provisional, who: Who) -> Response:
    """Record what was sold meanwhile, once; what cannot be recorded waits as a parked bill with the reason.

    503 while sales does not answer: the till keeps it and asks again.
    """
    charge = body.model_dump(mode="json", exclude={"total_minor", "lines", "discounts"})
    charge |= {"lines": [line.model_dump(mode="json", exclude_defaults=True) for line in body.lines]}
    charge |= {"discounts": [one.model_dump(exclude_none=True) for one in body.discounts]} if body.discounts else {}
    charge |= {"hold": False, "is_provisional": True, "source": "desk"}
    try:
        made = await who.gateway.post("sales", "/v1/charges", charge, str(body.charge_id))
    except Unreachable:
        return Response(status_code=503)
    except Refused as no:
        return await _parked(who, body, no)
    off = made["total_minor"] - body.total_minor
    said = f"{made['number']} comes to {who.formats.money(made['total_minor'])}" if off else ""
    detail = f"{said}; {who.formats.money(body.total_minor)} was taken." if off else ""
    return JSONResponse({"outcome": "recorded", "number": made["number"], "detail": detail})


async def _parked(who: Who, body: Provisional, no: Refused) -> Response:
    texts = [
        BillLine(str(key), str(line.product_id), quantity, line.said).text
        for key, line in enumerate(body.lines, 1)
        if (quantity := amount_of(line.quantity)) is not None
    ]
    taken = [tender.model_dump() for tender in body.tenders]
    given = [one.model_dump(exclude_none=True) for one in body.discounts]
    waits = {
        "parked_id": str(body.charge_id), "site": body.site, "total_minor": body.total_minor,
        "label": f"Provisional {who.formats.when(body.happened_at)}: {no.detail}"[:200],
        "bill": {"lines": texts, "cart": orjson.dumps({"discounts": given} if given else {}).decode(), "taken": taken},
    }  # fmt: skip
    try:
        await who.gateway.post("sales", "/v1/parked", waits, str(body.charge_id))
    except Unreachable:
        return Response(status_code=503)
    except Refused as again:
        if again.code != "already-parked":
            raise
    return JSONResponse({"outcome": "conflict", "detail": no.detail})
