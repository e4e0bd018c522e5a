"""HTTP of money at risk of expiry, by lot and site (N-12)."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read, visible
from lotwise.kit.web import Router
from lotwise.stock.operations.risks import RATE_DAYS, Risky, risks
from lotwise.values import format_quantity

router = Router(tags=["lots"])


class RiskRow(BaseModel):
    """A lot at a site of which `at_risk` will not be consumed before its last day, with its cost."""

    site: str
    lot_id: UUID
    lot_number: str
    expires_on: date
    days_left: int
    product_id: UUID
    code: str
    name: str
    unit: str
    on_hand: str
    at_risk: str
    cost_minor: int
    consumed: str


class RisksOut(BaseModel):
    """The most money first; `total_minor` and `lots` count all, not only the rows shown."""

    rows: list[RiskRow]
    total_minor: int
    lots: int
    rate_days: int


@router.get("/risks", permission="stock.read")
async def money_at_risk(
    read: Read,
    site: str | None = None,
    within: Annotated[int, Query(ge=1, le=3650)] = 180,
    limit: Annotated[int, Query(ge=1, le=2000)] = 200,
) -> RisksOut:
    """What will expire unused at this site's rate of the last 90 days, of the lots that expire within so many days."""
    async with read.connection() as tx:
        found = await risks(tx, visible(read.who, "stock.read", site), within, datetime.now(UTC))
    total = sum(one.cost for one in found)
    return RisksOut(rows=[_row(one) for one in found[:limit]], total_minor=total, lots=len(found), rate_days=RATE_DAYS)


def _row(one: Risky) -> RiskRow:
    row, decimals = one.row, one.row["unit_decimals"]
    return RiskRow(
        site=row["site"], lot_id=row["lot_id"], lot_number=row["number"], expires_on=row["expires_on"],
        days_left=one.days_left, product_id=row["product_id"], code=row["code"], name=row["name"], unit=row["unit"],
        on_hand=format_quantity(row["on_hand"], decimals), at_risk=format_quantity(one.quantity, decimals),
        cost_minor=one.cost, consumed=format_quantity(one.consumed, decimals),
    )  # fmt: skip
