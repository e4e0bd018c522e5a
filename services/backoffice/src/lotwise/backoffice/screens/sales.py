"""The only home of the sales report: revenue, cost and margin by product, category, day or site, with a chart."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.charts import Chart, bar_chart
from lotwise.backoffice.gateway import CHUNK, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
RANGES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year"}
By = Literal["product", "category", "day", "site"]


class Totals(Shape):
    """Everything of the range."""

    net_units: str = "0"
    net_revenue_minor: int = 0
    tax_minor: int = 0
    cogs_minor: int = 0
    margin_minor: int = 0
    margin_rate: str | None = None
    waste_minor: int = 0
    lines: int = 0
    charges: int = 0
    returns: int = 0


class Sold(Shape):
    """One row of the report, whatever it is grouped by."""

    product_id: UUID | None = None
    code: str | None = None
    name: str | None = None
    site: str | None = None
    day: date | None = None
    category: str | None = None
    units: str
    lines: int = 0
    revenue_minor: int
    tax_minor: int = 0
    cogs_minor: int
    margin_minor: int
    margin_rate: str | None = None
    charges: int | None = None

    @property
    def label(self) -> str:
        """What the row is about."""
        if self.day:
            return self.day.isoformat()
        return self.name or self.code or self.site or "Without a category"


class Filter(BaseModel):
    """How the report is asked for."""

    by: By = "product"
    from_: str = Field(default="", alias="from")
    to: str = ""
    days: str = "30"
    category: str = ""
    sort: str = ""
    after: str = ""
    format: str = ""


LABELS: dict[str, str] = {"product": "Product", "category": "Category", "day": "Day", "site": "Site"}


def columns(by: str) -> tuple[Column, ...]:
    """The columns of a grouping."""
    return (
        Column(LABELS[by], lambda row: row.label, sort="name"),
        *((Column("Code", lambda row: row.code),) if by == "product" else ()),
        Column("Units", lambda row: row.units, is_number=True, sort="units"),
        Column("Revenue", lambda row: row.revenue_minor, is_number=True, sort="revenue"),
        Column("Cost", lambda row: row.cogs_minor, is_number=True, sort="cogs"),
        Column("Margin", lambda row: row.margin_minor, is_number=True, sort="margin"),
        Column("Margin %", lambda row: row.margin_rate, is_number=True),
    )


@screen.get("/analytics/sales", permission="reporting.read")
async def sales(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    wanted: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat(), "site": who.slug}
    if asked.by != "category":
        wanted["category"] = asked.category
    where, sort = f"/v1/sales/by-{asked.by}", asked.sort or ("name" if asked.by == "day" else "-revenue")
    if asked.by == "site":
        wanted.pop("site")
    if asked.format == "csv":
        return csv_answer(
            f"sales-by-{asked.by}", columns(asked.by), who.gateway.all(Sold, "reporting", where, sort=sort, **wanted)
        )
    found = await who.gateway.rows(
        Sold, "reporting", where, sort=sort, after=asked.after, limit=400 if asked.by == "day" else CHUNK, **wanted
    )
    shape = listing(request, columns(asked.by))
    context: dict[str, Any] = {
        "list": shape,
        "asked": asked,
        "found": found,
        "title": "Sales",
        "first": first,
        "last": last,
    }
    if asked.after:
        return page(request, who, "screens/sales.html", fragment="rows", **context)
    context |= await _whole(who, wanted, asked.category)
    return page(request, who, "screens/sales.html", fragment="report", **context)


async def _whole(who: Who, wanted: dict[str, Any], category: str) -> dict[str, Any]:
    span = {name: wanted[name] for name in ("from", "to")} | {"site": who.slug, "category": category}
    empty: Rows[Sold] = Rows([])
    totals = await or_else(who.gateway.one(Totals, "reporting", "/v1/totals", **span), Totals())
    days = await or_else(who.gateway.rows(Sold, "reporting", "/v1/sales/by-day", sort="name", limit=400, **span), empty)
    first, last = date.fromisoformat(wanted["from"]), date.fromisoformat(wanted["to"])
    return {
        "totals": totals,
        "chart": revenue_chart(who, first, last, days.rows),
        "ranges": RANGES,
        "labels": LABELS,
        "categories": await all_categories(who),
    }


def days_of(asked: Filter, who: Visitor) -> tuple[date, date]:
    """The first and last day: as typed, else the last so many days until today."""
    last = _day(asked.to) or who.today
    length = int(asked.days) if asked.days in RANGES else 30
    first = _day(asked.from_) or last - timedelta(days=length - 1)
    return min(first, last), last


def revenue_chart(who: Visitor, first: date, last: date, rows: list[Sold]) -> Chart:
    """Revenue of each day, or of each week or month where there are too many days for bars."""
    length = (last - first).days + 1
    step = 1 if length <= 62 else 7 if length <= 400 else 30
    sums = [0] * (length // step + (1 if length % step else 0))
    for row in rows:
        if row.day and first <= row.day <= last:
            sums[(row.day - first).days // step] += row.revenue_minor
    points = []
    for i, total in enumerate(sums):
        begin = first + timedelta(days=i * step)
        text = who.formats.day(begin)
        points.append(
            (text.rsplit(" ", 1)[0] if length <= 400 else text, total / 100, f"{text}: {who.formats.money(total)}")
        )
    unit = {1: "day", 7: "week", 30: "month"}[step]
    if not any(sums):
        return Chart("No sales", is_empty=True)
    whole = who.formats.money(sum(sums))
    return bar_chart(points, f"Revenue by {unit}: {whole} in all")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
