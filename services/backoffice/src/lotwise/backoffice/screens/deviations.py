"""The only home of the report of lots: which charged lines took another lot than the first to expire (STK-36)."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.sales import RANGES, days_of
from lotwise.backoffice.screens.sales import Filter as Span
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
CHOICES = {
    "deviation": "Another lot than the first to expire",
    "unchecked": "Chosen while stock did not answer",
    "assumed": "No lot named: assumed",
}
WHERE = "/v1/dispensed"


class Choice(Shape):
    """A charged line, its lot, and the lot that expires first; the numbers of lots are stock's."""

    charge_id: UUID
    line: int
    number: str
    state: str
    site: str
    happened_at: datetime
    actor: str
    product_id: UUID
    code: str
    name: str
    quantity: str
    lot_choice: str
    lot_id: UUID | None = None
    fefo_lot_id: UUID | None = None
    lot: str = ""
    fefo_lot: str = ""
    person: str = ""


class Lot(Shape):
    """A lot's number."""

    lot_number: str | None = None


class Filter(Span):
    """How the report is asked for: the days, and how the lot was chosen."""

    choice: str = "deviation"


COLUMNS = (
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("Charge", lambda row: row.number),
    Column("Site", lambda row: row.site, is_roomy=True),
    Column("Product", lambda row: row.name),
    Column("Code", lambda row: row.code, is_roomy=True),
    Column("Quantity", lambda row: row.quantity, is_number=True),
    Column("Lot taken", lambda row: row.lot),
    Column("First to expire", lambda row: row.fefo_lot),
    Column("By", lambda row: row.person),
    Column("State", lambda row: row.state),
)


@screen.get("/analytics/deviations", permission="sales.read")
async def deviations(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    choice = asked.choice if asked.choice in CHOICES else "deviation"
    wanted: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat(), "site": who.slug, "lot_choice": choice}
    if asked.format == "csv":
        return csv_answer("lot-deviations", COLUMNS, _all(who, wanted))
    found = await who.gateway.rows(Choice, "sales", WHERE, limit=CHUNK, after=asked.after, **wanted)
    numbers: dict[UUID, str] = {}
    await _learn(who, numbers, found.rows)
    context: dict[str, Any] = {
        "list": listing(request, COLUMNS), "asked": asked, "choice": choice, "choices": CHOICES, "found": found,
        "shown": [_worded(who, numbers, row) for row in found.rows], "first": first, "last": last, "ranges": RANGES,
    }  # fmt: skip
    fragment = "rows" if asked.after else "report"
    return page(request, who, "screens/deviations.html", fragment=fragment, title="Lot deviations", **context)


async def _all(who: Visitor, wanted: dict[str, Any]) -> AsyncIterator[Choice]:
    numbers: dict[UUID, str] = {}
    async for row in who.gateway.all(Choice, "sales", WHERE, **wanted):
        await _learn(who, numbers, [row])
        yield _worded(who, numbers, row)


async def _learn(who: Visitor, numbers: dict[UUID, str], rows: Iterable[Choice]) -> None:
    """Ask stock for the numbers of lots that are not known yet; without its answer they stay unknown."""
    named = {one for row in rows for one in (row.lot_id, row.fefo_lot_id) if one is not None}
    asked = sorted(named - numbers.keys())
    found = await asyncio.gather(*(or_else(who.gateway.one(Lot, "stock", f"/v1/lots/{one}"), None) for one in asked))
    words = ["not known" if lot is None else lot.lot_number or "without a number" for lot in found]
    numbers |= dict(zip(asked, words, strict=True))


def _worded(who: Visitor, numbers: dict[UUID, str], row: Choice) -> Choice:
    lot = numbers[row.lot_id] if row.lot_id else ""
    first = numbers[row.fefo_lot_id] if row.fefo_lot_id else ""
    return row.model_copy(update={"lot": lot, "fefo_lot": first, "person": who.person(row.actor)})
