"""The only home of the pages of one lot and of expiry: its trail and identity, the calendar, the money at risk."""

import asyncio
import calendar
from collections.abc import AsyncIterator
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
from lotwise.backoffice.session import Who

screen = Screen()
CHANGED = ("live-stock",)
PAGE = 500
WITHIN = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "A year"}
DEEDS = ("correct", "merge", "split")


class Place(Shape):
    """Where some of it lies."""

    site: str
    state: str
    area: str = ""
    quantity: str
    cost_minor: int = 0


class Lot(Shape):
    """A lot: where it comes from and where it lies."""

    lot_id: UUID
    lot_number: str = ""
    manufacturer: str = ""
    expires_on: date | None = None
    received_at: datetime
    owner: str = ""
    supplier_id: UUID | None = None
    purchase_order: str = ""
    product_id: UUID
    code: str = ""
    name: str
    unit: str = "piece"
    unit_cost: str | None = None
    places: tuple[Place, ...] = ()


class Charge(Shape):
    """A charge that received some of it, or may have."""

    charge_id: UUID
    site: str
    happened_at: datetime
    how: str


class Receipt(Shape):
    """A delivery that brought some of it."""

    site: str
    happened_at: datetime
    quantity: str


class Carried(Shape):
    """A transfer that carried some of it."""

    transfer_id: UUID
    from_site: str
    to_site: str
    happened_at: datetime
    quantity: str


class Trace(Shape):
    """The lot's trail."""

    receipts: tuple[Receipt, ...] = ()
    transfers: tuple[Carried, ...] = ()
    charges: tuple[Charge, ...] = ()
    percent: float = 100.0


class Step(Shape):
    """A quantity of one lot that became another."""

    kind: str
    parent_id: UUID
    parent_number: str = ""
    child_id: UUID
    child_number: str = ""
    site: str
    quantity: str
    happened_at: datetime
    actor: str = ""
    reason: str = ""


class Supplier(Shape):
    """A supplier's name."""

    name: str = ""


class Ageing(Shape):
    """What lies of a lot at one place."""

    lot_id: UUID
    lot_number: str = ""
    expires_on: date | None = None
    site: str
    state: str = "shelf"
    product_id: UUID
    name: str
    unit: str = "piece"
    quantity: str
    cost_minor: int = 0


class Risk(Shape):
    """A lot of which something will not be used in time."""

    site: str
    lot_id: UUID
    lot_number: str = ""
    expires_on: date
    days_left: int
    product_id: UUID
    name: str
    unit: str = "piece"
    on_hand: str
    at_risk: str
    cost_minor: int
    consumed: str = "0"


class Risks(Shape):
    """All that is at risk."""

    rows: tuple[Risk, ...] = ()
    total_minor: int = 0
    lots: int = 0
    rate_days: int = 90


class RiskFilter(BaseModel):
    """How the risks are asked for."""

    within: str = "180"
    format: str = ""


class CorrectForm(BaseModel):
    """What stands on the label."""

    lot_number: str = Field(default="", max_length=40)
    expires_on: date | None = None
    reason: str = Field(min_length=1, max_length=200)


class MergeForm(BaseModel):
    """Which lot it really is."""

    into: UUID
    reason: str = Field(min_length=1, max_length=200)


class SplitForm(BaseModel):
    """How much bears another label."""

    site: str
    quantity: str = Field(pattern=r"^\d{1,12}(\.\d{1,6})?$")
    lot_number: str = Field(min_length=1, max_length=40)
    expires_on: date | None = None
    reason: str = Field(min_length=1, max_length=200)


FORMS: dict[str, type[BaseModel]] = {"correct": CorrectForm, "merge": MergeForm, "split": SplitForm}
RISK_COLUMNS = (
    Column("Product", lambda row: row.name),
    Column("Lot", lambda row: row.lot_number),
    Column("Site", lambda row: row.site),
    Column("Expires", lambda row: row.expires_on),
    Column("On hand", lambda row: row.on_hand, is_number=True),
    Column("Used in 90 days", lambda row: row.consumed, is_number=True),
    Column("Left over", lambda row: row.at_risk, is_number=True),
    Column("At risk", lambda row: row.cost_minor, is_number=True),
)


@screen.get("/stock/lots/risk", permission="stock.read")
async def risk(request: Request, who: Who, asked: Annotated[RiskFilter, Query()]) -> Response:
    """Money at risk of expiry: what this site's rate leaves over, the most money first."""
    within = asked.within if asked.within in WITHIN else "180"
    found = await who.gateway.one(Risks, "stock", "/v1/risks", site=who.slug, within=within, limit=2000)
    if asked.format == "csv":
        return csv_answer("at-risk", RISK_COLUMNS, _each(found.rows))
    context: dict[str, Any] = {"list": listing(request, RISK_COLUMNS), "asked": asked, "found": found}
    context |= {"within": WITHIN, "title": "Money at risk"}
    return page(request, who, "screens/risk.html", fragment="table", **context)


async def _each(rows: tuple[Risk, ...]) -> AsyncIterator[Risk]:
    for row in rows:
        yield row


@screen.get("/stock/lots/calendar", permission="stock.read")
async def month(request: Request, who: Who, month: str = "") -> Response:
    """A month of expiries: each day with the lots whose last day it is."""
    first = _first(month, who.today)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    days = max(0, (last - who.today).days)
    rows = [row async for row in who.gateway.all(Ageing, "stock", "/v1/lots", site=who.slug, expires_within=days)]
    by_day: dict[date, list[Ageing]] = {}
    for row in rows:
        if row.expires_on and first <= row.expires_on <= last:
            by_day.setdefault(row.expires_on, []).append(row)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    context: dict[str, Any] = {"weeks": weeks, "by_day": by_day, "first": first, "title": f"{first:%B %Y}"}
    context |= {"before": _beside(first, -1), "after": _beside(first, 1), "heads": calendar.day_abbr}
    context |= {"total": sum(row.cost_minor for many in by_day.values() for row in many)}
    return page(request, who, "screens/lot_calendar.html", fragment="table", **context)


def _first(month: str, today: date) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        return today.replace(day=1)


def _beside(first: date, months: int) -> str:
    at = first.year * 12 + first.month - 1 + months
    return f"{at // 12:04}-{at % 12 + 1:02}"


@screen.get("/lots/{lot_id}", permission="stock.read")
async def one_lot(request: Request, who: Who, lot_id: UUID) -> Response:
    """One lot: its supplier and order, where it lies, whom it reached, what it came from."""
    lot = await who.gateway.one(Lot, "stock", f"/v1/lots/{lot_id}")
    none: Rows[Step] = Rows([])
    trace, steps, supplier = await asyncio.gather(
        or_else(who.gateway.one(Trace, "stock", f"/v1/lots/{lot_id}/trace"), Trace()),
        or_else(who.gateway.rows(Step, "stock", f"/v1/lots/{lot_id}/lineage"), none),
        _supplier(who, lot.supplier_id),
    )
    context: dict[str, Any] = {"lot": lot, "trace": trace, "steps": steps.rows, "supplier": supplier}
    context |= {"title": f"{lot.name}, lot {lot.lot_number or 'without a number'}"}
    return page(request, who, "screens/lot.html", **context)


async def _supplier(who: Who, supplier_id: UUID | None) -> str:
    if supplier_id is None:
        return ""
    found = await or_else(
        who.gateway.one(Supplier, "purchasing", f"/v1/suppliers/{supplier_id}"), Supplier(name=str(supplier_id))
    )
    return found.name


@screen.get("/lots/{lot_id}/{deed}", permission="stock.quarantine")
async def deed_form(request: Request, who: Who, lot_id: UUID, deed: str) -> Response:
    """The form of correcting, merging or splitting a lot."""
    lot = await who.gateway.one(Lot, "stock", f"/v1/lots/{lot_id}")
    filled = {"lot_number": lot.lot_number, "expires_on": lot.expires_on.isoformat() if lot.expires_on else ""}
    return await _deed(request, who, lot, deed, filled if deed == "correct" else {"site": who.a_site() or ""}, {})


@screen.post("/lots/{lot_id}/{deed}", permission="stock.quarantine")
async def do_deed(request: Request, who: Who, lot_id: UUID, deed: str) -> Response:
    """Correct, merge or split a lot, with the reason that the audit trail keeps."""
    form = await form_of(request)
    lot = await who.gateway.one(Lot, "stock", f"/v1/lots/{lot_id}")
    deed = deed if deed in FORMS else "correct"
    given, errors = read_form(FORMS[deed], form)
    if given is None:
        return await _deed(request, who, lot, deed, form, errors)
    try:
        await who.gateway.post("stock", f"/v1/lots/{lot_id}:{deed}", given.model_dump(mode="json"), form.get("key", ""))
    except Refused as no:
        return await _deed(request, who, lot, deed, form, refused_fields(no, tuple(FORMS[deed].model_fields)))
    said = {
        "correct": "Corrected.",
        "merge": "Merged: they are one lot now.",
        "split": "Split: it is a lot of its own.",
    }
    back = form.get("into") if deed == "merge" else lot_id
    return done(request, said[deed], f"/lots/{back}")


async def _deed(
    request: Request, who: Who, lot: Lot, deed: str, form: dict[str, str], errors: dict[str, str]
) -> Response:
    deed = deed if deed in DEEDS else "correct"
    context: dict[str, Any] = {"lot": lot, "deed": deed, "form": form, "errors": errors}
    context |= {"title": f"{deed.capitalize()} lot", "others": await _others(who, lot) if deed == "merge" else []}
    context |= {"sites": [(one.slug, one.name) for one in who.sites]}
    status = 422 if errors else 200
    return page(request, who, "screens/lot_form.html", fragment="sheet", status=status, **context)


async def _others(who: Who, lot: Lot) -> list[tuple[UUID, str]]:
    none: Rows[Ageing] = Rows([])
    rows = (await or_else(who.gateway.rows(Ageing, "stock", "/v1/lots", product=lot.product_id, limit=PAGE), none)).rows
    named = {one.lot_id: f"{one.lot_number or 'without a number'}, {one.expires_on or 'no expiry'}" for one in rows}
    return [(lot_id, text) for lot_id, text in named.items() if lot_id != lot.lot_id]
