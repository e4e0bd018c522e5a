"""The only home of the pages of stock: levels by site, lots by expiry, one product at one site with its story."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.charts import Chart, level_chart
from lotwise.backoffice.gateway import Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_asked
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import all_categories
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Visitor, Who
from lotwise.values import day_bounds

screen = Screen()
STORY_ROWS = 12
WITHIN = {"30": "Within 30 days", "90": "Within 90 days", "180": "Within 180 days", "": "Any expiry"}


class Level(Shape):
    """What a site has of a product."""

    site: str
    product_id: UUID
    code: str
    name: str
    category_name: str | None = None
    unit: str = "piece"
    unit_decimals: int = 0
    on_hand: str
    held: str | None = "0"
    opened: str = "0"
    available: str | None
    quarantined: str = "0"
    in_transit: str = "0"
    on_order: str | None = None
    unattributed: str = "0"
    minimum: str | None = None
    reorder_at: str | None = None
    own_reorder_at: str | None = None
    value_minor: int = 0
    unit_cost: str | None = None
    last_cost: str | None = None
    next_expiry: date | None = None
    lots: int = 0
    is_below: bool = False
    setting_revision: int = 0


class Summary(Shape):
    """The totals of the sites in view."""

    products: int = 0
    stocked: int = 0
    below_minimum: int | None = 0
    out_of_stock: int | None = 0
    value_minor: int = 0
    quarantined_minor: int = 0
    in_transit_minor: int = 0
    lots_expiring: int = 0
    expiring_minor: int = 0
    expiring_days: int = 30


class Lot(Shape):
    """What lies of a lot at one place."""

    lot_id: UUID
    lot_number: str
    expires_on: date | None = None
    days_left: int | None = None
    received_at: datetime
    purchase_order: str = ""
    site: str
    state: str
    area: str = ""
    product_id: UUID
    name: str
    code: str = ""
    unit: str = "piece"
    quantity: str
    cost_minor: int = 0
    unit_cost: str | None = None


class Place(Shape):
    """One end of a movement."""

    kind: str
    site: str = ""
    area: str = ""


class Movement(Shape):
    """One row of the ledger."""

    movement_id: UUID
    happened_at: datetime
    site: str
    unit: str = "piece"
    lot_number: str | None = None
    source: Place
    target: Place
    quantity: str
    cost_minor: int = 0
    actor: str = ""
    reason: str = ""
    cause_id: UUID | None = None
    trace_id: str = ""


class Day(Shape):
    """A day's end on the shelf."""

    day: date
    on_hand: str


class History(Shape):
    """On hand by day."""

    minimum: str | None = None
    days: tuple[Day, ...] = ()


class Filter(BaseModel):
    """How the levels are asked for."""

    q: str = ""
    category: str = ""
    below: bool = False
    as_of: str = ""
    after: str = ""
    format: str = ""


class LotFilter(BaseModel):
    """How the lots are asked for."""

    q: str = ""
    within: str = ""
    state: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code),
    Column("Site", lambda row: row.site),
    Column("Category", lambda row: row.category_name, is_roomy=True),
    Column("On hand", lambda row: row.on_hand, is_number=True),
    Column("Available", lambda row: row.available, is_number=True),
    Column("Minimum", lambda row: row.minimum, is_number=True),
    Column("Value", lambda row: row.value_minor, is_number=True),
    Column("Next expiry", lambda row: row.next_expiry),
    Column("", lambda _: ""),
)
LOT_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Lot", lambda row: row.lot_number),
    Column("Site", lambda row: row.site),
    Column("Expires", lambda row: row.expires_on),
    Column("State", lambda row: row.state),
    Column("Quantity", lambda row: row.quantity, is_number=True),
    Column("Value", lambda row: row.cost_minor, is_number=True),
    Column("", lambda _: ""),
)


@screen.get("/stock", permission="stock.read")
async def stock(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The levels, their filtered table, their next chunk, or their CSV."""
    past = end_of_day(asked.as_of, who)
    wanted = {"site": who.slug, "search": asked.q, "category": asked.category, "below": asked.below and not past}
    wanted |= {"as_of": past.isoformat() if past else ""}
    listed = Listed(request, who, asked, Level, "stock", "/v1/levels", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("stock")
    context: dict[str, Any] = {"title": "Stock"}
    context |= {"scan": "/stock/receive", "scan_hint": "Scan a barcode to receive"}
    context |= {"past": past}
    if past:
        then = who.gateway.one(Summary, "stock", "/v1/summary", site=who.slug, as_of=past.isoformat())
        context |= {"then": await or_else(then, Summary())}
    if "hx-request" not in request.headers:
        context |= {"summary": await _summary(who), "categories": await all_categories(who)}
    return await listed.page("screens/stock.html", **context)


@screen.get("/stock/summary", permission="stock.read")
async def figures(request: Request, who: Who) -> Response:
    """The totals above the table, read anew when stock moves."""
    return page(request, who, "screens/stock_figures.html", title="Stock", summary=await _summary(who))


def end_of_day(text: str, who: Visitor) -> datetime | None:
    """The last instant of a day in the site's zone; None for no day, or for today and later: that is now."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if day >= who.today or day.year < 1971:
        return None
    return day_bounds(day, who.formats.zone)[1] - timedelta(microseconds=1)


async def _summary(who: Who) -> Summary:
    return await or_else(who.gateway.one(Summary, "stock", "/v1/summary", site=who.slug), Summary())


@screen.get("/stock/lots", permission="stock.read")
async def lots(request: Request, who: Who, asked: Annotated[LotFilter, Query()]) -> Response:
    """The lots, soonest expiry first."""
    wanted = {"site": who.slug, "expires_within": asked.within, "state": asked.state, "number": asked.q}
    listed = Listed(request, who, asked, Lot, "stock", "/v1/lots", LOT_COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("lots")
    scan = {"scan": "/stock/receive", "scan_hint": "Scan a barcode to receive"}
    return await listed.page("screens/lots.html", title="Lots", within=WITHIN, **scan)


@screen.get("/stock/{site}/{product_id}", permission="stock.read")
async def one_level(request: Request, who: Who, site: str, product_id: UUID) -> Response:
    """One product at one site: its figures, its line of ninety days, its lots, its latest movements."""
    where = f"/v1/levels/{site}/{product_id}"
    level = await who.gateway.one(Level, "stock", where)
    no_lots: Rows[Lot] = Rows([])
    no_story: Rows[Movement] = Rows([])
    history, here, story = await asyncio.gather(
        or_else(who.gateway.one(History, "stock", f"{where}/history"), History()),
        or_else(who.gateway.rows(Lot, "stock", "/v1/lots", site=site, product=product_id), no_lots),
        or_else(
            who.gateway.rows(Movement, "stock", "/v1/movements", site=site, product=product_id, limit=STORY_ROWS),
            no_story,
        ),
    )
    if answer := csv_asked(request, lots=(Lot, here.rows)):
        return answer
    context: dict[str, Any] = {"level": level, "chart": line_of(who, level, history), "lots": here.rows}
    context |= {"story": [told(who, movement) for movement in story.rows], "title": level.name, "site": site}
    context |= {"scan": f"/stock/receive?to={product_id}", "scan_hint": "Scan to receive"}
    return page(request, who, "screens/level.html", fragment="panel", **context)


def line_of(who: Visitor, level: Level, history: History) -> Chart:
    """The level of ninety days as a stepped line with its minimum."""
    points = [(who.formats.day(day.day), float(day.on_hand)) for day in history.days]
    if not points:
        return Chart("No history", is_empty=True)
    words = f"{level.name}: {points[0][1]:g} on {points[0][0]}, {points[-1][1]:g} on {points[-1][0]}"
    return level_chart(points, words, float(level.minimum) if level.minimum else None)


WORDS = {
    "supplier": "Received",
    "member": "Charged",
    "customer": "Charged",
    "sold": "Charged",
    "waste": "Written off",
    "quarantine": "Set apart",
    "transit": "Shipped",
    "lost": "Corrected",
}
SHELF = "shelf"


def told(who: Visitor, movement: Movement) -> dict[str, Any]:
    """A movement in a person's words."""
    is_in = movement.target.kind == SHELF
    other = movement.source.kind if is_in else movement.target.kind
    word = _came(other) if is_in else WORDS.get(other, other.replace("_", " ").capitalize())
    lot = f", lot {movement.lot_number}" if movement.lot_number else ""
    sign = "+" if is_in else "\N{MINUS SIGN}"
    amount = who.formats.quantity(movement.quantity, movement.unit)
    note = " · ".join(
        filter(None, (movement.reason.replace("_", " "), who.person(movement.actor), movement.trace_id[:16]))
    )
    at = who.formats.when(movement.happened_at)
    return {"text": f"{word} {sign}{amount}{lot}", "at": at, "note": note, "quiet": not is_in}


def _came(other: str) -> str:
    if other == "supplier":
        return "Received"
    return {"transit": "Arrived", "quarantine": "Released", "member": "Returned"}.get(other, "Added")
