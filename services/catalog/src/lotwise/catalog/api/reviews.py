"""HTTP of the lists that keep a catalog in order: price review (CAT-60) and housekeeping (CAT-61)."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.catalog.api.movements import ASKED_MAX, last_moved
from lotwise.catalog.api.shapes import price_or_none
from lotwise.catalog.domain import reviews
from lotwise.catalog.domain.refusals import UsesNotKnown
from lotwise.catalog.repository import reviews as rows
from lotwise.catalog.repository.reviews import Reviewed
from lotwise.contracts.fields import PriceText
from lotwise.kit.commands import Read, Reading
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import format_minor, parse_price, price_text

router = Router(tags=["reviews"])
Fault = Literal["missing_description", "look_alike_name", "all_capitals", "odd_spaces", "unit_in_name"]
Days = Annotated[int, Query(ge=1, le=3650)]
_ASKS_MAX = 20


class ReviewOut(BaseModel):
    """A price to look at: the cost now and when the price was set, the margin in percent of the price, and why."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None
    price: str | None
    cost: str
    cost_when_priced: str | None
    margin_percent: str | None
    reasons: list[Literal["cost_rose", "margin_low"]]


class UntidyOut(BaseModel):
    """A product that is not described as it should be; `alike` are the codes of others with the same name."""

    product_id: UUID
    code: str
    name: str
    category_name: str | None
    faults: list[Fault]
    alike: list[str]


class IdleOut(BaseModel):
    """A product that nobody moved for long; `last_moved_on` is null when it never did."""

    product_id: UUID
    code: str
    name: str
    last_moved_on: date | None


@router.get("/price-review", permission="catalog.read", site="chain")
async def review_prices(
    read: Read,
    target_margin: Annotated[PriceText, Query()] = "40",
    category: UUID | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[ReviewOut]:
    """Products whose cost rose since their price was last changed, or whose margin is under the target in percent."""
    key, target = cursor_decode(after, str), parse_price(target_margin)
    async with read.connection() as tx:
        found = await rows.prices(tx, target, category, key[0] if key else None, limit + 1)
    page = [_review(row, target) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].code) if len(found) > limit else None)


def _review(row: Reviewed, target: int) -> ReviewOut:
    margin = reviews.margin_percent(row.price, row.cost)
    return ReviewOut(
        product_id=row.product_id,
        code=row.code,
        name=row.name,
        category_name=row.category_name,
        price=price_or_none(row.price),
        cost=price_text(row.cost),
        cost_when_priced=price_or_none(row.priced_cost),
        margin_percent=None if margin is None else format_minor(margin, 2),
        reasons=reviews.reasons(row.price, row.cost, row.priced_cost, target),
    )


@router.get("/housekeeping/descriptions", permission="catalog.read", site="chain")
async def list_untidy(
    read: Read, fault: Fault | None = None, category: UUID | None = None, after: After = None, limit: Limit = 50
) -> Page[UntidyOut]:
    """Products without a description, or with a name that is inconsistent: look-alikes, capitals, spaces, a size."""
    key = cursor_decode(after, str)
    async with read.connection() as tx:
        found = await rows.untidy(tx, fault, category, key[0] if key else None, limit + 1)
    page = [
        UntidyOut(
            product_id=row.product_id, code=row.code, name=row.name, category_name=row.category_name,
            faults=list(row.faults), alike=list(row.alike),
        )
        for row in found[:limit]
    ]  # fmt: skip
    return Page(rows=page, next=cursor_encode(page[-1].code) if len(found) > limit else None)


@router.get("/housekeeping/idle", permission="catalog.read", refusals=(UsesNotKnown,), site="chain")
async def list_idle(read: Read, days: Days = 180, after: After = None, limit: Limit = 50) -> Page[IdleOut]:
    """Candidates to discontinue: products older than so many days that moved at no site in them; stock is asked."""
    key = cursor_decode(after, str)
    scanned: str | None = key[0] if key else None
    found: list[IdleOut] = []
    for _ in range(_ASKS_MAX):
        idle, scanned = await _idle(read, datetime.now(UTC) - timedelta(days=days), scanned)
        found += idle
        if scanned is None or len(found) >= limit:
            break
    if len(found) > limit:
        scanned = found[limit - 1].code
    return Page(rows=found[:limit], next=cursor_encode(scanned) if scanned else None)


async def _idle(read: Reading, since: datetime, after: str | None) -> tuple[list[IdleOut], str | None]:
    """The idle ones of the next products by code, and the code to go on after; None at the end."""
    async with read.connection() as tx:
        asked = await rows.long_standing(tx, since, after, ASKED_MAX)
    moved = await last_moved(read.runtime, [product_id for product_id, _, _ in asked]) if asked else {}
    found = [
        IdleOut(product_id=product_id, code=code, name=name, last_moved_on=moved.get(product_id))
        for product_id, code, name in asked
        if product_id not in moved or moved[product_id] < since.date()
    ]
    return found, asked[-1][1] if len(asked) == ASKED_MAX else None
