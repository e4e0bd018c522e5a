"""The only home of the stock card: a product at a site with its lots, its steps and balances, and why it is so."""

import asyncio
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from lotwise.backoffice.gateway import CHUNK, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.reasons import reasons_of
from lotwise.backoffice.screens.stock import History, Level, Lot, Place, line_of
from lotwise.backoffice.session import Who

screen = Screen()
KINDS = {
    "shelf": "shelf", "back_bar": "back bar", "supplier": "supplier", "patient": "patient", "waste": "waste",
    "usage": "usage",
    "lost_and_found": "lost and found", "transit": "transit", "quarantine": "quarantine", "in_use": "in use",
    "unattributed": "unattributed",
}  # fmt: skip
MOVED = (
    ("receipt", "Receipt"), ("sale", "Charge"), ("treatment", "Treatment"), ("return", "Return"), ("void", "Void"),
    ("transfer", "Transfer"), ("quarantine", "Set apart"), ("release", "Released"),
)  # fmt: skip
WAYS = (("in", "Came in"), ("out", "Went out"))


class Step(Shape):
    """A movement of a card, with the balance after it."""

    movement_id: UUID
    happened_at: datetime
    recorded_at: datetime
    site: str
    lot_number: str | None = None
    source: Place
    target: Place
    quantity: str
    change: str
    balance: str
    cost_minor: int = 0
    actor: str = ""
    witness: str | None = None
    reason: str = ""
    note: str = ""
    cause_id: UUID | None = None

    @property
    def way(self) -> str:
        """From where to where, in words."""
        return f"{_place(self.source)} → {_place(self.target)}"


class Temporary(Shape):
    """A minimum for some days."""

    temporary_id: UUID
    minimum: str | None = None
    was_minimum: str | None = None
    ends_on: date
    reason: str = ""


class Block(Shape):
    """Why a charge is blocked, or that it is not."""

    is_blocked: bool = False
    grantable: str = "0"
    chain: tuple[str, ...] = ()
    ways_out: tuple[str, ...] = ()


class Verdict(Shape):
    """A lot that lay there, what was taken of it, and why."""

    lot_number: str = ""
    expires_on: date | None = None
    state: str = ""
    on_hand: str
    taken: str
    why: str


class Reasoned(Shape):
    """A product of a charge with its lots."""

    site: str
    product_id: UUID
    name: str
    unit: str = "piece"
    wanted: str
    missing: str = "0"
    happened_at: datetime
    day: date
    rule: str = ""
    lots: tuple[Verdict, ...] = ()


class Explained(Shape):
    """Why a charge took its lots."""

    charge_id: UUID
    products: tuple[Reasoned, ...] = ()


class Filter(BaseModel):
    """How the steps are asked for."""

    lot: str = ""
    reason: str = ""
    way: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("When", lambda row: row.happened_at.isoformat()),
    Column("From and to", lambda row: row.way),
    Column("Lot", lambda row: row.lot_number),
    Column("Reason", lambda row: row.reason),
    Column("Change", lambda row: row.change, is_number=True),
    Column("Balance", lambda row: row.balance, is_number=True),
    Column("Cost", lambda row: row.cost_minor, is_number=True),
    Column("By", lambda row: row.actor, is_roomy=True),
)
LOG_COLUMNS = (
    *COLUMNS,
    Column("Witness", lambda row: row.witness),
    Column("Note", lambda row: row.note),
    Column("Recorded", lambda row: row.recorded_at.isoformat()),
    Column("Cause", lambda row: row.cause_id),
)


def _place(place: Place) -> str:
    return " ".join(filter(None, (KINDS.get(place.kind, place.kind), place.area)))


@screen.get("/stock/{site}/{product_id}/card", permission="stock.read")
async def stock_card(
    request: Request, who: Who, site: str, product_id: UUID, asked: Annotated[Filter, Query()]
) -> Response:
    """The whole card: figures, chart, lots, every step with its balance; its next chunk, or its CSV."""
    wanted: dict[str, Any] = {"site": site, "product": product_id, "lot": asked.lot, "reason": asked.reason}
    wanted |= {"way": asked.way if asked.way in dict(WAYS) else ""}
    if asked.format == "csv":
        return csv_answer("stock-card", LOG_COLUMNS, who.gateway.all(Step, "stock", "/v1/card", **wanted))
    steps = await who.gateway.rows(Step, "stock", "/v1/card", limit=CHUNK, after=asked.after, **wanted)
    context: dict[str, Any] = {"list": listing(request, COLUMNS), "asked": asked, "found": steps, "site": site}
    context |= {"product_id": product_id, "ways": WAYS, "title": "Stock card"}
    if "hx-request" not in request.headers:
        context |= await _around(who, site, product_id)
    fragment = "rows" if asked.after else "table"
    return page(request, who, "screens/stock_card.html", fragment=fragment, fixed_site=True, **context)


async def _around(who: Who, site: str, product_id: UUID) -> dict[str, Any]:
    """What stands above the steps."""
    where = f"/v1/levels/{site}/{product_id}"
    no_lots: Rows[Lot] = Rows([])
    none: Rows[Temporary] = Rows([])
    no_levels: Rows[Level] = Rows([])
    level, history, lots = await asyncio.gather(
        who.gateway.one(Level, "stock", where),
        or_else(who.gateway.one(History, "stock", f"{where}/history"), History()),
        or_else(who.gateway.rows(Lot, "stock", "/v1/lots", site=site, product=product_id), no_lots),
    )
    block, temporary, elsewhere, reasons = await asyncio.gather(
        or_else(who.gateway.one(Block, "stock", "/v1/explain/block", site=site, product=product_id), Block()),
        or_else(
            who.gateway.rows(
                Temporary, "stock", "/v1/temporary-minimums", site=site, product=product_id, state="active"
            ),
            none,
        ),
        or_else(who.gateway.rows(Level, "stock", "/v1/levels", product=product_id), no_levels),
        reasons_of(who),
    )
    return {
        "level": level, "chart": line_of(who, level, history), "lots": lots.rows, "block": block,
        "temporary": temporary.rows, "elsewhere": elsewhere.rows, "reasons": [*MOVED, *reasons], "title": level.name,
    }  # fmt: skip


@screen.get("/stock/{site}/{product_id}/controlled", permission="stock.read")
async def controlled_log(
    request: Request, who: Who, site: str, product_id: UUID, asked: Annotated[Filter, Query()]
) -> Response:
    """The perpetual log of a controlled drug, for the screen, for paper, as CSV."""
    wanted: dict[str, Any] = {"site": site, "product": product_id}
    if asked.format == "csv":
        rows = who.gateway.all(Step, "stock", "/v1/controlled-log", **wanted)
        return csv_answer("controlled-log", LOG_COLUMNS, rows)
    found = await who.gateway.rows(Step, "stock", "/v1/controlled-log", limit=CHUNK, after=asked.after, **wanted)
    level = await who.gateway.one(Level, "stock", f"/v1/levels/{site}/{product_id}")
    context: dict[str, Any] = {"list": listing(request, LOG_COLUMNS), "asked": asked, "found": found, "level": level}
    fragment = "rows" if asked.after else "table"
    return page(
        request,
        who,
        "screens/controlled_log.html",
        fragment=fragment,
        fixed_site=True,
        title="Controlled log",
        **context,
    )


@screen.get("/explain/lots/{charge_id}", permission="stock.read")
async def explain_lots(request: Request, who: Who, charge_id: UUID) -> Response:
    """Why a charge took the lots it took."""
    found = await who.gateway.one(Explained, "stock", "/v1/explain/lot", charge=charge_id)
    context: dict[str, Any] = {"found": found, "title": "Why these lots", "fixed_site": True}
    return page(request, who, "screens/explain_lots.html", fragment="sheet", **context)
