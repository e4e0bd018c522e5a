"""HTTP of what purchasing knows beside its orders: open shortages, what is on order, and uses of a product."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.purchasing.repository import orders, shortages
from lotwise.purchasing.repository.orders import OnOrder
from lotwise.purchasing.repository.shortages import ShownShortage
from lotwise.values import format_quantity

router = Router(tags=["shortages"])
Decision = Literal["noted", "drafted", "covered", "unsourced", "not_ordered"]


class ShortageOut(BaseModel):
    """An open shortage and what was decided: unsourced ones wait for a supplier."""

    shortage_id: UUID
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    usable: str
    minimum: str | None
    reorder_at: str | None
    decision: Decision
    order_id: UUID | None
    order_number: str | None
    happened_at: datetime


class OnOrderOut(BaseModel):
    """What of a product is on its way to a site, and what is only drafted."""

    site: str
    product_id: UUID
    code: str
    name: str
    on_order: str
    drafted: str


class UsesOut(BaseModel):
    """How often a product is used here, and in words."""

    count: int
    reasons: list[str]


@router.get("/shortages", permission="purchasing.read")
async def list_shortages(
    read: Read, site: Slug | None = None, decision: Decision | None = None, after: After = None, limit: Limit = 100
) -> Page[ShortageOut]:
    """Open shortages of the sites one may see; `decision=unsourced` lists those without a supplier."""
    sites = visible(read.who, "purchasing.read", site)
    key = cursor_decode(after, UUID)
    async with read.connection() as tx:
        found = await shortages.listing(tx, sites, decision, key[0] if key else None, limit + 1)
    page = [_shortage(row) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].shortage_id) if len(found) > limit else None)


def _shortage(row: ShownShortage) -> ShortageOut:
    one, decimals = row.shortage, row.unit_decimals
    return ShortageOut(
        shortage_id=one.id,
        site=one.site,
        product_id=one.product_id,
        code=row.code,
        name=row.name,
        unit=row.unit,
        usable=format_quantity(one.usable, decimals),
        minimum=None if one.minimum is None else format_quantity(one.minimum, decimals),
        reorder_at=None if one.reorder_at is None else format_quantity(one.reorder_at, decimals),
        decision=one.decision,
        order_id=one.order_id,
        order_number=row.order_number,
        happened_at=one.happened_at,
    )


@router.get("/on-order", permission="purchasing.read")
async def list_on_order(
    read: Read, site: Slug | None = None, product: UUID | None = None, after: After = None, limit: Limit = 100
) -> Page[OnOrderOut]:
    """What is on order by site and product (PUR-08), until it is received or cancelled."""
    sites = visible(read.who, "purchasing.read", site)
    key = cursor_decode(after, str, UUID)
    async with read.connection() as tx:
        found = await orders.on_order(tx, sites, product, (key[0], key[1]) if key else None, limit + 1)
    page = [_on_order(row) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].site, page[-1].product_id) if len(found) > limit else None)


def _on_order(row: OnOrder) -> OnOrderOut:
    return OnOrderOut(
        site=row.site,
        product_id=row.product_id,
        code=row.code,
        name=row.name,
        on_order=format_quantity(row.on_order, row.unit_decimals),
        drafted=format_quantity(row.drafted, row.unit_decimals),
    )


@router.get("/uses/{product_id}", permission="purchasing.read", site="chain")
async def count_uses(read: Read, product_id: UUID) -> UsesOut:
    """Whether the product stands on orders: what the catalog asks before it deletes one (CAT-22)."""
    async with read.connection() as tx:
        count = await orders.uses(tx, product_id)
    return UsesOut(count=count, reasons=[f"it stands on {count} purchase order(s)"] if count else [])
