"""Stock and waste over HTTP: value at cost, what stands below its minimum, what was lost and why, and orders."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.paging import After, Limit, Page
from lotwise.kit.web import Router
from lotwise.reporting.api.asking import (
    PERMISSION,
    AtSite,
    FromDay,
    InCategory,
    ToDay,
    Turn,
    ranked,
    units_text,
    window,
)
from lotwise.reporting.repository import levels, orders, waste

router = Router(tags=["stock reports"])
_VALUE_COLUMNS = {"value": ("value", False), "name": ("sort_name", True), "products": ("products", False)}
_BELOW_COLUMNS = {"missing": ("missing", False), "name": ("sort_name", True), "on-hand": ("on_hand", False)}
_WASTE_COLUMNS = {"cost": ("cost", False), "units": ("units", False), "name": ("sort_name", True)}
_ORDER_COLUMNS = {"time": ("sort_time", False), "total": ("total_minor", False), "number": ("number", True)}
Reason = Annotated[str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Only this reason.")]


class StockValue(BaseModel):
    """What a site, category or product's stock cost; `on_hand` only where units can be added up."""

    id: str | None
    name: str | None
    code: str | None
    on_hand: str | None
    products: int
    value_minor: int


class BelowMinimum(BaseModel):
    """A product at a site that stands below its minimum; `missing` is what brings it back to it."""

    site: str
    product_id: UUID
    code: str | None
    name: str | None
    category: str | None
    on_hand: str
    held: str
    available: str
    minimum: str
    reorder_at: str | None
    missing: str


class Waste(BaseModel):
    """What left or came without a sale: above zero was lost, below zero was found; cost in minor units."""

    product_id: UUID
    reason: str
    code: str | None
    name: str | None
    category: str | None
    units: str
    cost_minor: int
    entries: int


class Order(BaseModel):
    """A purchase order: where it stands (draft, sent, part, received, cancelled) and its days from sent to received."""

    order_id: UUID
    number: str
    site: str
    supplier_id: UUID
    supplier: str | None
    state: str
    total_minor: int
    drafted_at: datetime | None
    sent_at: datetime | None
    received_at: datetime | None
    cancelled_at: datetime | None
    lead_days: str | None


@router.get("/stock-value", permission=PERMISSION)
async def stock_value(
    read: Read,
    site: AtSite = None,
    category: InCategory = None,
    by: Literal["site", "category", "product"] = "site",
    sort: str = "-value",
    after: After = None,
    limit: Limit = 50,
) -> Page[StockValue]:
    """The value of stock at cost, by site, category or product."""
    seen = window(read, None, None, site, category)
    return await ranked(
        read, lambda tx, *page: levels.value(tx, by, seen, *page), Turn(sort, after, limit), _VALUE_COLUMNS, _value
    )


@router.get("/below-minimum", permission=PERMISSION)
async def below_minimum(
    read: Read,
    site: AtSite = None,
    category: InCategory = None,
    sort: str = "-missing",
    after: After = None,
    limit: Limit = 50,
) -> Page[BelowMinimum]:
    """What stands below its minimum, by default what misses most first."""
    seen = window(read, None, None, site, category)
    return await ranked(
        read, lambda tx, *page: levels.below_minimum(tx, seen, *page), Turn(sort, after, limit), _BELOW_COLUMNS, _below
    )


@router.get("/waste", permission=PERMISSION)
async def get_waste(
    read: Read,
    from_day: FromDay = None,
    to_day: ToDay = None,
    site: AtSite = None,
    category: InCategory = None,
    reason: Reason = None,
    sort: str = "-cost",
    after: After = None,
    limit: Limit = 50,
) -> Page[Waste]:
    """Waste and adjustments by product and reason, the most costly first; expired goods count when they expire."""
    seen = window(read, from_day, to_day, site, category)
    return await ranked(
        read, lambda tx, *page: waste.report(tx, seen, reason, *page), Turn(sort, after, limit), _WASTE_COLUMNS, _waste
    )


@router.get("/purchase-orders", permission=PERMISSION)
async def purchase_orders(
    read: Read, site: AtSite = None, sort: str = "-time", after: After = None, limit: Limit = 50
) -> Page[Order]:
    """Purchase orders with their times and lead time, by default the newest first."""
    seen = window(read, None, None, site)
    return await ranked(
        read, lambda tx, *page: orders.report(tx, seen, *page), Turn(sort, after, limit), _ORDER_COLUMNS, _order
    )


def _value(row: Any) -> StockValue:
    on_hand = None if row["on_hand"] is None else units_text(row["on_hand"])
    return StockValue(
        id=row["id"], name=row["name"], code=row["code"], on_hand=on_hand, products=row["products"],
        value_minor=int(row["value"]),
    )  # fmt: skip


def _below(row: Any) -> BelowMinimum:
    plain = {name: row[name] for name in ("site", "product_id", "code", "name", "category")}
    figures = {name: units_text(row[name]) for name in ("on_hand", "held", "available", "minimum", "missing")}
    reorder_at = None if row["reorder_at"] is None else units_text(row["reorder_at"])
    return BelowMinimum(**plain, **figures, reorder_at=reorder_at)


def _waste(row: Any) -> Waste:
    plain = {name: row[name] for name in ("product_id", "reason", "code", "name", "category")}
    return Waste(**plain, units=units_text(row["units"]), cost_minor=int(row["cost"]), entries=int(row["entries"]))


def _order(row: Any) -> Order:
    plain = {name: row[name] for name in Order.model_fields if name != "lead_days"}
    return Order(**plain, lead_days=None if row["lead_days"] is None else units_text(row["lead_days"]))
