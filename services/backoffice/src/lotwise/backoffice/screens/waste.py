"""The only home of the waste report: what was lost, expired or found, with its reason and its cost."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.screens.sales import RANGES, Totals, days_of
from lotwise.backoffice.screens.sales import Filter as Span
from lotwise.backoffice.session import Who

screen = Screen()


class Waste(Shape):
    """One product and one reason: above zero was lost, below zero was found."""

    product_id: UUID
    reason: str
    code: str | None = None
    name: str | None = None
    category: str | None = None
    units: str
    cost_minor: int
    entries: int = 0

    @property
    def why(self) -> str:
        """The reason in words."""
        return self.reason.replace("_", " ").replace("-", " ").capitalize()


class Filter(Span):
    """How the report is asked for: the days and category of every report, and a reason."""

    reason: str = ""


COLUMNS = (
    Column("Product", lambda row: row.name, sort="name"),
    Column("Code", lambda row: row.code),
    Column("Category", lambda row: row.category, is_roomy=True),
    Column("Reason", lambda row: row.why),
    Column("Entries", lambda row: row.entries, is_number=True, is_roomy=True),
    Column("Units", lambda row: row.units, is_number=True, sort="units"),
    Column("Cost", lambda row: row.cost_minor, is_number=True, sort="cost"),
)


@screen.get("/analytics/waste", permission="reporting.read")
async def waste(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    span = {"from": first.isoformat(), "to": last.isoformat(), "site": who.slug, "category": asked.category}
    wanted: dict[str, Any] = span | {"reason": asked.reason, "sort": asked.sort or "-cost"}
    if asked.format == "csv":
        return csv_answer("waste", COLUMNS, who.gateway.all(Waste, "reporting", "/v1/waste", **wanted))
    found = await who.gateway.rows(Waste, "reporting", "/v1/waste", limit=CHUNK, after=asked.after, **wanted)
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": found, "title": "Waste"}
    if asked.after:
        return page(request, who, "screens/waste.html", fragment="rows", **context)
    totals = await or_else(who.gateway.one(Totals, "reporting", "/v1/totals", **span), Totals())
    context |= {
        "totals": totals,
        "first": first,
        "last": last,
        "ranges": RANGES,
        "categories": await all_categories(who),
    }
    return page(request, who, "screens/waste.html", fragment="report", **context)
