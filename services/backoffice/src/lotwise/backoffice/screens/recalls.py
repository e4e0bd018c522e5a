"""The only home of the recall centre: recalls from a letter or by hand, what they block, whom they reached."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.screens.recall_notices import (
    HOW,
    NOTICE_COLUMNS,
    SHOWN_COLUMNS,
    STATES,
    TONES,
    NoticeFilter,
    all_notices,
    notices_of,
)
from lotwise.backoffice.session import Who

screen = Screen()


class Recall(Shape):
    """A recall in the list."""

    recall_id: UUID
    state: str
    title: str
    severity: str = ""
    reason: str = ""
    source: str = ""
    begun_at: datetime
    begun_by: str = ""
    released_at: datetime | None = None
    released_by: str = ""
    release_reason: str = ""
    lots: int = 0
    blocked: int = 0
    notices: int = 0
    to_contact: int = 0


class RecallLot(Shape):
    """A lot of ours that it blocks."""

    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    product_id: UUID
    name: str
    unit: str = "piece"
    match: str = "exact"
    purchase_order: str = ""
    released_at: datetime | None = None
    release_reason: str = ""


class RecallUnit(Shape):
    """A unit of ours that it blocks by its serial."""

    serial_id: UUID
    serial: str
    name: str
    lot_number: str = ""
    site: str
    state: str
    room: str = ""
    charge_id: UUID | None = None
    match: str = "exact"
    released_at: datetime | None = None


class Scope(Shape):
    """What a line of it names."""

    product_id: UUID | None = None
    gtin: str = ""
    manufacturer: str = ""
    kind: str
    first: str = ""
    last: str = ""
    expires_from: date | None = None
    expires_until: date | None = None

    @property
    def text(self) -> str:
        """The line in words."""
        about = self.gtin or self.manufacturer
        span = f"{self.first} to {self.last}" if self.last else self.first
        number = {"all": "all lots", "serial": f"serial {span}"}.get(self.kind, span)
        days = f", expiring {self.expires_from or '…'} to {self.expires_until or '…'}"
        window = days if self.expires_from or self.expires_until else ""
        return " ".join(filter(None, (about, number))) + window


class Detail(Recall):
    """A recall as it stands."""

    notices: dict[str, int] = Field(default_factory=dict)  # type: ignore[assignment]
    lots: tuple[RecallLot, ...] = ()  # type: ignore[assignment]
    units: tuple[RecallUnit, ...] = ()
    lines: tuple[Scope, ...] = ()
    notice_text: str = ""


class Traced(Shape):
    """What became of a lot."""

    lot_id: UUID
    received: str = "0"
    found: str = "0"
    remaining: str = "0"
    charged: str = "0"
    wasted: str = "0"
    lost: str = "0"
    sent_back: str = "0"
    unnamed: str = "0"
    percent: float = 100.0


class Spot(Shape):
    """Where some of a lot lies."""

    lot_id: UUID
    site: str
    state: str
    area: str = ""
    quantity: str
    cost_minor: int = 0


class Trace(Shape):
    """All that is known of the lots."""

    lots: tuple[Traced, ...] = ()
    places: tuple[Spot, ...] = ()
    percent: float = 100.0


class Drill(Shape):
    """A rehearsal."""

    drill_id: UUID
    drilled_at: datetime
    drilled_by: str = ""
    title: str
    lots: int
    sites: int
    charges: int
    possible: int
    percent: float
    is_complete: bool
    took_ms: int


class Filter(BaseModel):
    """How the list is asked for."""

    state: str = ""
    after: str = ""
    format: str = ""


class ReasonForm(BaseModel):
    """Why the recall ends, or what is done with goods."""

    reason: str = Field(min_length=1, max_length=200)


class DrillForm(BaseModel):
    """What to rehearse with."""

    title: str = Field(min_length=1, max_length=200)
    lot_number: str = Field(min_length=1, max_length=40)


COLUMNS = (
    Column("Recall", lambda row: row.title),
    Column("Class", lambda row: row.severity),
    Column("State", lambda row: row.state),
    Column("Begun", lambda row: row.begun_at.isoformat()),
    Column("Lots blocked", lambda row: row.blocked, is_number=True),
    Column("To contact", lambda row: row.to_contact, is_number=True),
)


@screen.get("/recalls", permission="stock.read")
async def recalls(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The recalls, newest first, their next chunk, or their CSV; and the latest drills."""
    wanted = {"state": asked.state if asked.state in {"active", "released"} else ""}
    listed = Listed(request, who, asked, Recall, "stock", "/v1/recalls", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("recalls")
    none: Rows[Drill] = Rows([])
    drills = none if asked.after else await or_else(
        who.gateway.rows(Drill, "stock", "/v1/recall-drills", limit=5), none
    )  # fmt: skip
    return await listed.page("screens/recalls.html", title="Recalls", drills=drills.rows)


@screen.get("/recalls/drill", permission="stock.recall")
async def drill_form(request: Request, who: Who, lot: str = "") -> Response:
    """The form of a rehearsal."""
    return _drill(request, who, {"title": "Recall drill", "lot_number": lot}, {})


@screen.post("/recalls/drill", permission="stock.recall")
async def drill(request: Request, who: Who) -> Response:
    """Rehearse with the lots of a number: nothing is blocked, the time is kept."""
    form = await form_of(request)
    given, errors = read_form(DrillForm, form)
    if given is None:
        return _drill(request, who, form, errors)
    lots = await who.gateway.rows(RecallLot, "stock", "/v1/lots", number=given.lot_number)
    body = {"title": given.title, "lots": sorted({str(lot.lot_id) for lot in lots.rows})}
    if not lots.rows:
        return _drill(request, who, form, {"lot_number": "We hold nothing of that number."})
    try:
        made = await who.gateway.post("stock", "/v1/recall-drills", body, form.get("key", ""))
    except Refused as no:
        return _drill(request, who, form, refused_fields(no, ("title", "lot_number")))
    text = f"{made['percent']:g} % traced in {made['took_ms']} ms: {made['charges']} charges at {made['sites']} sites."
    return done(request, text, "/recalls")


def _drill(request: Request, who: Who, form: dict[str, str], errors: dict[str, str]) -> Response:
    context: dict[str, Any] = {"form": form, "errors": errors, "title": "Recall drill"}
    status = 422 if errors else 200
    return page(request, who, "screens/recall_drill.html", fragment="sheet", status=status, **context)


@screen.get("/recalls/{recall_id}", permission="stock.read")
async def one_recall(request: Request, who: Who, recall_id: UUID, asked: Annotated[NoticeFilter, Query()]) -> Response:
    """One recall: what it blocks, what is left where, whom it reached; or the members as CSV."""
    if asked.format == "csv":
        return csv_answer(f"recall-{recall_id}", NOTICE_COLUMNS, all_notices(who, recall_id, asked))
    detail, trace, found = await asyncio.gather(
        who.gateway.one(Detail, "stock", f"/v1/recalls/{recall_id}"),
        or_else(who.gateway.one(Trace, "stock", f"/v1/recalls/{recall_id}/trace"), Trace()),
        notices_of(who, recall_id, asked),
    )
    context: dict[str, Any] = {"list": listing(request, SHOWN_COLUMNS), "asked": asked, "found": found}
    context |= {"recall": detail, "trace": trace, "title": detail.title, "how": HOW, "tones": TONES, "states": STATES}
    context |= {"names": {lot.lot_id: lot for lot in detail.lots}, "figures": {one.lot_id: one for one in trace.lots}}
    fragment = "rows" if asked.after else "table"
    return page(request, who, "screens/recall.html", fragment=fragment, **context)


@screen.get("/recalls/{recall_id}/paper", permission="stock.read")
async def paper(request: Request, who: Who, recall_id: UUID, asked: Annotated[NoticeFilter, Query()]) -> Response:
    """The whole list on paper: every member of a recall, with room to note who was reached."""
    detail = await who.gateway.one(Detail, "stock", f"/v1/recalls/{recall_id}")
    rows = [one async for one in all_notices(who, recall_id, asked)]
    context: dict[str, Any] = {"recall": detail, "rows": rows, "how": HOW, "title": f"Recall: {detail.title}"}
    return page(request, who, "screens/recall_paper.html", **context)


@screen.get("/recalls/{recall_id}/{deed}", permission="stock.recall")
async def deed_form(
    request: Request, who: Who, recall_id: UUID, deed: str, lot: str = "", site: str = "", unit: str = ""
) -> Response:
    """Ask why a recall is released, or what becomes of goods."""
    return _deed(request, who, recall_id, deed, {"lot": lot, "site": site, "unit": unit}, {})


@screen.post("/recalls/{recall_id}/{deed}", permission="stock.recall")
async def do_deed(request: Request, who: Who, recall_id: UUID, deed: str) -> Response:
    """Release a recall or one lot of it; destroy goods or send them back."""
    form = await form_of(request)
    given, errors = read_form(ReasonForm, form)
    if given is None:
        return _deed(request, who, recall_id, deed, form, errors)
    lot = form.get("lot", "")
    path, body = f"/v1/recalls/{recall_id}:release", {"reason": given.reason, "lots": [lot] if lot else []}
    if form.get("unit"):
        body["serials"] = [form["unit"]]
    if deed in {"destroy", "return"}:
        path = f"/v1/recalls/{recall_id}:dispose"
        body = {"site": form.get("site", ""), "lot_id": lot, "how": deed, "note": given.reason}
        if form.get("quantity"):
            body["quantity"] = form["quantity"]
    try:
        await who.gateway.post("stock", path, body, form.get("key", ""))
    except Refused as no:
        return _deed(request, who, recall_id, deed, form, refused_fields(no, ("reason", "quantity")))
    text = {"destroy": "Destroyed: written off as waste.", "return": "Sent back to the supplier."}.get(
        deed, "Released: it may be used again."
    )
    return done(request, text, f"/recalls/{recall_id}")


def _deed(
    request: Request, who: Who, recall_id: UUID, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    titles = {"destroy": "Destroy goods", "return": "Return to supplier"}
    title = titles.get(
        deed, "Release lot" if form.get("lot") else "Release unit" if form.get("unit") else "Release recall"
    )
    context: dict[str, Any] = {"recall_id": recall_id, "deed": deed if deed in titles else "release", "form": form}
    context |= {"errors": errors, "title": title}
    status = 422 if errors else 200
    return page(request, who, "screens/recall_deed.html", fragment="sheet", status=status, **context)
