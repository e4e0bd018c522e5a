"""The only home of the page of the location statement: opening + in - out ± adjustments = closing (STK-30, REP-15)."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import Shape
from lotwise.backoffice.lists import Column, csv_asked
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who

screen = Screen()


class Flow(Shape):
    """One line in minor units."""

    site: str = ""
    opening_minor: int = 0
    received_minor: int = 0
    transferred_in_minor: int = 0
    sold_minor: int = 0
    used_minor: int = 0
    transferred_out_minor: int = 0
    adjusted_minor: int = 0
    closing_minor: int = 0
    transit_opening_minor: int = 0
    transit_closing_minor: int = 0
    consigned_minor: int = 0
    is_balanced: bool = True


class ProductFlow(Flow):
    """One product, also in its unit."""

    product_id: UUID
    code: str
    name: str
    unit: str = "piece"
    opening: str
    received: str
    transferred_in: str
    sold: str
    used: str
    transferred_out: str
    adjusted: str
    closing: str
    transit_closing: str = "0"


class Summary(Shape):
    """Every site and their sum."""

    since: date
    until: date
    sites: tuple[Flow, ...] = ()
    chain: Flow = Flow()
    is_balanced: bool = True


class Filter(BaseModel):
    """The days, and how the table is asked for."""

    since: date | None = None
    until: date | None = None
    after: str = ""
    format: str = ""


def _figure(label: str, name: str) -> tuple[Column, Column]:
    return (
        Column(label, lambda row: getattr(row, name), is_number=True),
        Column(f"{label}, value", lambda row: getattr(row, f"{name}_minor"), is_number=True, is_roomy=True),
    )


FIGURES = (
    ("Opening", "opening"),
    ("Received", "received"),
    ("From sites", "transferred_in"),
    ("Sold", "sold"),
    ("Used", "used"),
    ("To sites", "transferred_out"),
    ("Adjusted", "adjusted"),
    ("Closing", "closing"),
)
COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    *(column for label, name in FIGURES for column in _figure(label, name)),
)


@screen.get("/analytics/reconciliation", permission="stock.read")
async def reconciliation(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The statement of the site in view, or of all: by product, its next chunk, or CSV; above it each site in money."""
    until = asked.until or who.today
    since = asked.since or until.replace(day=1)
    if since > until:
        since = until - timedelta(days=30)
    days: dict[str, Any] = {"site": who.slug, "from": since.isoformat(), "to": until.isoformat()}
    listed = Listed(request, who, asked, ProductFlow, "stock", "/v1/reconciliation", COLUMNS, days)
    if listed.is_csv:
        return listed.csv("reconciliation")
    context: dict[str, Any] = {"figures": FIGURES, "title": "Reconciliation", "since": since, "until": until}
    if not asked.after:
        summary = await who.gateway.one(Summary, "stock", "/v1/reconciliation/summary", **days)
        if answer := csv_asked(request, sites=(Flow, (*summary.sites, summary.chain))):
            return answer
        context["summary"] = summary
    return await listed.page("screens/reconciliation.html", **context)
