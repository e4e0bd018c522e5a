"""The only home of the pages of assets: the register of units, one unit with its story, work, cover and worth."""

import asyncio
from datetime import date, datetime
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
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Visitor, Who
from lotwise.values import currency_exponent

screen = Screen()
STATES = {
    "in_stock": "In stock",
    "in_use": "In use",
    "in_repair": "In repair",
    "in_transit": "In transit",
    "sold": "Sold",
    "scrapped": "Scrapped",
    "returned": "Returned to supplier",
    "lost": "Lost",
}
TONES = {"in_use": "success", "in_repair": "warning", "in_transit": "accent", "lost": "danger", "scrapped": "danger"}
COVERAGE = {"none": "No warranty", "not_yet": "Not yet", "under": "Under warranty", "over": "Over"}
METHODS = {
    "": "None",
    "straight_line": "Straight line",
    "declining_balance": "Declining balance",
    "fixed_declining": "Fixed declining balance",
    "sum_of_years": "Sum of the years' digits",
    "units_of_production": "Units of production",
}
PERIODS = {"year": "By year", "quarter": "By quarter", "month": "By month"}


class Unit(Shape):
    """One unit of the register."""

    serial_id: UUID
    serial: str
    product_id: UUID
    code: str = ""
    name: str
    site: str
    state: str
    room: str = ""
    lot_id: UUID | None = None
    lot_number: str = ""
    charge_id: UUID | None = None
    transfer_id: UUID | None = None
    acquired_on: date
    cost_minor: int = 0
    book_minor: int = 0
    spent_minor: int = 0
    coverage: str = "none"
    warranty_starts_on: date | None = None
    warranty_ends_on: date | None = None
    warranty_terms: str = ""
    maintenance_due_on: date | None = None
    maintenance_work: str = ""
    is_due: bool = False
    method: str = ""
    in_service_on: date | None = None
    salvage_minor: int = 0
    life_months: int = 0
    factor: int = 2000
    units_total: int = 0
    note: str = ""
    registered_by: str = ""
    revision: int = 1

    @property
    def is_here(self) -> bool:
        """Whether it is at its site."""
        return self.state in {"in_stock", "in_use", "in_repair"}


class Step(Shape):
    """A step of a unit's story."""

    kind: str
    state: str
    site: str
    room: str = ""
    note: str = ""
    actor: str = ""
    happened_at: datetime


class Work(Shape):
    """Maintenance that was done."""

    done_on: date
    work: str
    cost_minor: int = 0
    done_by: str = ""
    document: str = ""
    note: str = ""
    next_due_on: date | None = None


class Works(Shape):
    """The maintenance log."""

    rows: tuple[Work, ...] = ()
    cost_minor: int = 0


class Period(Shape):
    """A row of a schedule."""

    first: date
    until: date
    depreciation_minor: int
    accumulated_minor: int
    book_minor: int


class Schedule(Shape):
    """How a unit loses its worth."""

    method: str = ""
    cost_minor: int = 0
    salvage_minor: int = 0
    rows: tuple[Period, ...] = ()


class SiteTotal(Shape):
    """A site's units."""

    site: str
    units: int
    cost_minor: int
    spent_minor: int
    book_minor: int


class Totals(Shape):
    """The register's totals."""

    sites: tuple[SiteTotal, ...] = ()
    units: int = 0
    cost_minor: int = 0
    spent_minor: int = 0
    book_minor: int = 0


class Unnamed(Shape):
    """Units in the books without their serial."""

    site: str
    product_id: UUID
    name: str
    lot_id: UUID
    lot_number: str = ""
    on_hand: str
    named: int


class Filter(BaseModel):
    """How the register is asked for."""

    q: str = ""
    state: str = ""
    covered: bool = False
    due: bool = False
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Serial", lambda row: row.serial),
    Column("Site", lambda row: row.site),
    Column("Room", lambda row: row.room),
    Column("State", lambda row: row.state),
    Column("Warranty until", lambda row: row.warranty_ends_on, is_roomy=True),
    Column("Maintenance due", lambda row: row.maintenance_due_on),
    Column("Cost", lambda row: row.cost_minor, is_number=True, is_roomy=True),
    Column("Worth today", lambda row: row.book_minor, is_number=True),
)


@screen.get("/serials", permission="stock.read")
async def assets(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The register: its filtered table, its next chunk, or its CSV."""
    wanted = {
        "site": who.slug,
        "search": asked.q,
        "state": asked.state if asked.state in STATES else None,
        "is_ours": None if asked.state else True,
        "under_warranty_on": who.today if asked.covered else None,
        "due_by": who.today if asked.due else None,
    }
    listed = Listed(request, who, asked, Unit, "stock", "/v1/serials", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("assets")
    context: dict[str, Any] = {"title": "Assets", "states": STATES, "tones": TONES}
    if "hx-request" not in request.headers:
        none: Rows[Unnamed] = Rows([])
        totals, unnamed = await asyncio.gather(
            or_else(who.gateway.one(Totals, "stock", "/v1/assets/totals", site=who.slug), Totals()),
            or_else(who.gateway.rows(Unnamed, "stock", "/v1/serials/unnamed", site=who.slug), none),
        )
        context |= {"totals": totals, "unnamed": unnamed.rows, "more_unnamed": unnamed.next is not None}
    return await listed.page("screens/assets.html", **context)


@screen.get("/serials/{serial_id}", permission="stock.read")
async def one_asset(request: Request, who: Who, serial_id: UUID, by: str = "year") -> Response:
    """One unit: where it is and has been, its maintenance, its warranty, what it is worth and will be."""
    where = f"/v1/serials/{serial_id}"
    unit = await who.gateway.one(Unit, "stock", where)
    none: Rows[Step] = Rows([])
    period = by if by in PERIODS else "year"
    story, works, plan = await asyncio.gather(
        or_else(who.gateway.rows(Step, "stock", f"{where}/steps", limit=100), none),
        or_else(who.gateway.one(Works, "stock", f"{where}/works"), Works()),
        or_else(who.gateway.one(Schedule, "stock", f"{where}/schedule", by=period), Schedule()),
    )
    if (answer := csv_asked(request, schedule=(Period, plan.rows), maintenance=(Work, works.rows))) is not None:
        return answer
    context: dict[str, Any] = {"unit": unit, "works": works, "plan": plan, "by": period, "periods": PERIODS}
    context |= {"states": STATES, "tones": TONES, "coverage": COVERAGE, "methods": METHODS, "title": unit.serial}
    context |= {"story": [_told(who, step) for step in story.rows], "chart": _drawn(who, plan)}
    return page(request, who, "screens/asset.html", fragment="panel", **context)


def _told(who: Visitor, step: Step) -> dict[str, Any]:
    """A step in a person's words."""
    where = ", ".join(filter(None, (who.site_name(step.site), step.room)))
    note = " · ".join(filter(None, (step.note, who.person(step.actor))))
    text = f"{step.kind.capitalize()}: {where}"
    return {"text": text, "at": who.formats.when(step.happened_at), "note": note, "quiet": step.state == "in_stock"}


def _drawn(who: Visitor, plan: Schedule) -> Chart:
    """What the unit is worth at the end of each period, down to its salvage."""
    if not plan.rows:
        return Chart("No depreciation", is_empty=True)
    digits = 10 ** currency_exponent(who.formats.currency)
    points = [(who.formats.day(plan.rows[0].first), plan.cost_minor / digits)]
    points += [(who.formats.day(row.until), row.book_minor / digits) for row in plan.rows]
    words = f"Worth: {points[0][1]:g} on {points[0][0]}, {points[-1][1]:g} on {points[-1][0]}"
    return level_chart(points, words, plan.salvage_minor / digits if plan.salvage_minor else None)
