"""HTTP of consigned goods: what lies here of others, what is owed for it, and how a consignment ends."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day, Id, Instant, Note, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Strict, exponent, trace
from lotwise.stock.domain.consignments import SENT_BACK
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    LotMismatch,
    NotConsigned,
    NotEnoughInLot,
    NothingToMove,
    UnknownLot,
    UnknownSite,
)
from lotwise.stock.operations.consignments import Ending, end
from lotwise.stock.operations.dates import happened
from lotwise.stock.repository.liabilities import consigned_page, liabilities_page, liability_sums
from lotwise.values import format_quantity

router = Router(tags=["consignments"])
REFUSALS = (
    UnknownLot, UnknownSite, NotConsigned, NothingToMove, NotEnoughInLot, BadQuantity, BadDate,
)  # fmt: skip
SUMS_MAX = 1000
From = Annotated[Day | None, Query(alias="from")]
To = Annotated[Day | None, Query(alias="to")]


class EndIn(Strict):
    """A consigned lot at a site, or a quantity of it; without a quantity all that lies there."""

    consignment_id: Id | None = None
    site: Slug
    lot_id: Id
    quantity: PositiveQuantity | None = None
    note: Note = ""
    happened_at: Instant | None = None


class BuyIn(EndIn):
    """Goods of a supplier that become ours."""

    reason: Literal["bought_out", "contract_end"] = "bought_out"


class EndOut(BaseModel):
    """What became of it; `own_lot_id` is our lot with the same number when the goods were bought."""

    consignment_id: UUID
    site: str
    lot_id: UUID
    quantity: str
    liability_minor: int
    own_lot_id: UUID | None
    is_repeat: bool


class ConsignedOut(BaseModel):
    """What lies here of a supplier's lot; `owed_if_used_minor` is what it would cost, its value in our stock is 0."""

    site: str
    state: str
    area: str
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    received_at: datetime
    owner: str
    supplier_id: UUID | None
    quantity: str
    owed_if_used_minor: int
    value_minor: int = 0


class LiabilityOut(BaseModel):
    """What one movement made us owe; below zero it took a debt back."""

    movement_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID
    lot_number: str
    supplier_id: UUID | None
    quantity: str
    liability_minor: int
    reason: str
    cause_id: UUID
    happened_at: datetime


class LiabilitySum(BaseModel):
    """What is owed to a supplier for a product, by reason."""

    supplier_id: UUID | None
    product_id: UUID
    code: str
    name: str
    unit: str
    reason: str
    quantity: str
    liability_minor: int


class LiabilitySums(BaseModel):
    """What is owed in a period of UTC days, both included; `total_minor` over the rows shown."""

    rows: list[LiabilitySum]
    total_minor: int
    currency: str


def _ending(cmd: Any, body: EndIn, reason: str) -> Ending:
    return Ending(
        body.consignment_id or uuid7(), body.site, body.lot_id, body.quantity, reason, body.note,
        happened(body.happened_at, cmd.who, body.site), cmd.who.actor, trace(),
    )  # fmt: skip


async def _end(cmd: Any, one: Ending) -> Answer[EndOut]:
    async with cmd.transaction() as tx:
        done = await end(tx, one, exponent(cmd.runtime))
        out = EndOut(consignment_id=one.consignment_id, site=one.site, lot_id=one.lot_id, **done._asdict())
        answer: Answer[EndOut] = await cmd.answer(
            tx, out, site=one.site, target=one.lot_id, reason=one.note or one.reason
        )
        return answer


@router.post("/consignments:buy-out", permission="stock.receive", refusals=(*REFUSALS, LotMismatch))
async def buy_out(cmd: Cmd, body: BuyIn) -> Answer[EndOut]:
    """Buy a supplier's goods, by choice or because the contract ends: they become our lot, and are owed (STK-43)."""
    return await _end(cmd, _ending(cmd, body, body.reason))


@router.post("/consignments:return", permission="stock.receive", refusals=REFUSALS)
async def send_back(cmd: Cmd, body: EndIn) -> Answer[EndOut]:
    """Send a supplier's goods back: nothing is owed for them (STK-34)."""
    return await _end(cmd, _ending(cmd, body, SENT_BACK))


@router.get("/consignments", permission="stock.read")
async def consigned(
    read: Read, site: str | None = None, supplier: UUID | None = None, after: After = None, limit: Limit = 100
) -> Page[ConsignedOut]:
    """What lies here of others' goods, apart from our own, valued at nothing (STK-34)."""
    keys = cursor_decode(after, int) or (0,)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await consigned_page(tx, sites, str(supplier) if supplier else None, keys[0], limit)
    shown = [
        ConsignedOut(
            **{name: row[name] for name in ConsignedOut.model_fields if name in row.keys()},  # noqa: SIM118 - a Record
            state=row["kind"],
            quantity=format_quantity(row["on_hand"], row["unit_decimals"]),
            owed_if_used_minor=row["cost_minor"],
        )
        for row in rows
    ]
    return Page(rows=shown, next=cursor_encode(rows[-1]["row_id"]) if len(rows) == limit else None)


def _period(since: date | None, until: date | None) -> dict[str, datetime | None]:
    """The instants of a period of days. Raises BadDate when it ends before it begins."""
    if since and until and until < since:
        raise BadDate("The period ends before it begins", field="to")
    first = datetime.combine(since, time(), UTC) if since else None
    last = datetime.combine(until + timedelta(days=1), time(), UTC) if until else None
    return {"since": first, "until": last}


@router.get("/liabilities", permission="stock.read", refusals=(BadDate,))
async def liabilities(
    read: Read,
    site: str | None = None,
    supplier: UUID | None = None,
    since: From = None,
    until: To = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[LiabilityOut]:
    """What used, lost and bought goods of suppliers made us owe, newest first (STK-43)."""
    keys = cursor_decode(after, datetime, UUID)
    filters = {"sites": visible(read.who, "stock.read", site), "supplier": supplier} | _period(since, until)
    async with read.connection() as tx:
        rows = await liabilities_page(tx, (keys[0], keys[1]) if keys else None, limit, filters)
    shown = [
        LiabilityOut(
            **{name: row[name] for name in LiabilityOut.model_fields if name != "quantity"},
            quantity=format_quantity(row["quantity"], row["unit_decimals"]),
        )
        for row in rows
    ]
    last = cursor_encode(rows[-1]["happened_at"].isoformat(), rows[-1]["movement_id"]) if len(rows) == limit else None
    return Page(rows=shown, next=last)


@router.get("/liabilities/summary", permission="stock.read", refusals=(BadDate,))
async def owed(
    read: Read, site: str | None = None, supplier: UUID | None = None, since: From = None, until: To = None
) -> LiabilitySums:
    """What is owed by supplier, product and reason in a period: what the supplier's invoice must say (STK-43)."""
    filters = {"sites": visible(read.who, "stock.read", site), "supplier": supplier} | _period(since, until)
    async with read.connection() as tx:
        rows = await liability_sums(tx, filters, SUMS_MAX)
    shown = [
        LiabilitySum(
            **{name: row[name] for name in LiabilitySum.model_fields if name != "quantity"},
            quantity=format_quantity(row["quantity"], row["unit_decimals"]),
        )
        for row in rows
    ]
    total = sum(one.liability_minor for one in shown)
    return LiabilitySums(rows=shown, total_minor=total, currency=read.runtime.settings.currency)
