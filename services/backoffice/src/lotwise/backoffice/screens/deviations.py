"""The only home of the report of lots: which charged lines and opened vials were of another lot than meant (STK-36)."""

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
VIALS = {
    "opened": "Vial of another lot opened",
    "drawn": "Vial of another lot drawn than named",
}
"""What stock tells of opened vials; the others are sales' lines."""
WHERE = "/v1/dispensed"


class Choice(Shape):
    """A charged line, its lot, and the lot that expires first; the numbers of lots are stock's."""

    charge_id: UUID | None = None
    container_id: UUID | None = None
    number: str = "Opened vial"
    state: str
    site: str
    happened_at: datetime
    actor: str
    product_id: UUID
    code: str
    name: str
    quantity: str
    lot_id: UUID | None = None
    fefo_lot_id: UUID | None = None
    lot_number: str | None = None
    meant_lot_number: str | None = None
    lot: str = ""
    fefo_lot: str = ""
    person: str = ""

    @property
    def href(self) -> str:
        """The page of its charge or vial."""
        return f"/charges/{self.charge_id}" if self.charge_id else f"/containers/{self.container_id}"


class Lot(Shape):
    """A lot's number."""

    lot_number: str | None = None


class Filter(Span):
    """How the report is asked for: the days, and how the lot was chosen."""

    choice: str = "deviation"


def columns_of(choice: str) -> tuple[Column, ...]:
    """The columns of a choice: what stands beside the lot taken is the lot named, or the first to expire."""
    return (
        Column("When", lambda row: row.happened_at.isoformat()),
        Column("Vial" if choice in VIALS else "Charge", lambda row: row.number),
        Column("Site", lambda row: row.site, is_roomy=True),
        Column("Product", lambda row: row.name),
        Column("Code", lambda row: row.code, is_roomy=True),
        Column("Quantity", lambda row: row.quantity, is_number=True),
        Column("Lot taken", lambda row: row.lot),
        Column("Lot named" if choice == "drawn" else "First to expire", lambda row: row.fefo_lot),
        Column("By", lambda row: row.person),
        Column("State", lambda row: row.state),
    )


@screen.get("/analytics/deviations", permission="sales.read")
async def deviations(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The report, its table, its next chunk, or its CSV."""
    first, last = days_of(asked, who)
    choices = CHOICES | VIALS if who.can("stock.read", who.slug) else CHOICES
    choice = asked.choice if asked.choice in choices else "deviation"
    wanted: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat(), "site": who.slug}
    service, where = ("stock", "/v1/deviations") if choice in VIALS else ("sales", WHERE)
    wanted |= {"kind": choice} if choice in VIALS else {"lot_choice": choice}
    columns = columns_of(choice)
    if asked.format == "csv":
        return csv_answer("lot-deviations", columns, _all(who, service, where, wanted))
    found = await who.gateway.rows(Choice, service, where, limit=CHUNK, after=asked.after, **wanted)
    numbers: dict[UUID, str] = {}
    await _learn(who, numbers, found.rows)
    context: dict[str, Any] = {
        "list": listing(request, columns), "asked": asked, "choice": choice, "choices": choices, "found": found,
        "shown": [_worded(who, numbers, row) for row in found.rows], "first": first, "last": last, "ranges": RANGES,
    }  # fmt: skip
    fragment = "rows" if asked.after else "report"
    return page(request, who, "screens/deviations.html", fragment=fragment, title="Lot deviations", **context)


async def _all(who: Visitor, service: str, where: str, wanted: dict[str, Any]) -> AsyncIterator[Choice]:
    numbers: dict[UUID, str] = {}
    async for row in who.gateway.all(Choice, service, where, **wanted):
        await _learn(who, numbers, [row])
        yield _worded(who, numbers, row)


async def _learn(who: Visitor, numbers: dict[UUID, str], rows: Iterable[Choice]) -> None:
    """Ask stock for the numbers of lots that are not known yet; without its answer they stay unknown."""
    named = {one for row in rows if row.charge_id for one in (row.lot_id, row.fefo_lot_id) if one is not None}
    asked = sorted(named - numbers.keys())
    found = await asyncio.gather(*(or_else(who.gateway.one(Lot, "stock", f"/v1/lots/{one}"), None) for one in asked))
    words = ["not known" if lot is None else lot.lot_number or "without a number" for lot in found]
    numbers |= dict(zip(asked, words, strict=True))


def _worded(who: Visitor, numbers: dict[UUID, str], row: Choice) -> Choice:
    if row.container_id:
        lot, first = row.lot_number or "without a number", row.meant_lot_number or "without a number"
    else:
        lot = numbers[row.lot_id] if row.lot_id else ""
        first = numbers[row.fefo_lot_id] if row.fefo_lot_id else ""
    return row.model_copy(update={"lot": lot, "fefo_lot": first, "person": who.person(row.actor)})
