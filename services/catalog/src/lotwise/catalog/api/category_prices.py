"""HTTP of what products of a category cost that have no price of their own (CAT-05)."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from lotwise.catalog.api.shapes import Shape, price_or_none
from lotwise.catalog.domain.category_prices import CategoryPrice
from lotwise.catalog.domain.refusals import PriceOverlap
from lotwise.catalog.operations import category_prices
from lotwise.contracts.fields import Instant, PriceText, Slug
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["categories"])


class CategoryPriceNew(Shape):
    """A rule over a period: an amount, or a mark-up on the cost; for the chain, or at one site."""

    amount: PriceText | None = None
    markup_percent: PriceText | None = None
    at_site: Slug | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None


class CategoryPriceOut(BaseModel):
    """A rule over its period; withdrawn, it ends where it begins."""

    category_price_id: UUID
    category_id: UUID
    at_site: str | None
    amount: str | None
    markup_percent: str | None
    valid_from: datetime
    valid_to: datetime | None
    revision: int


def _rule(row: CategoryPrice) -> CategoryPriceOut:
    return CategoryPriceOut(
        category_price_id=row.id,
        category_id=row.category_id,
        at_site=row.at_site,
        amount=price_or_none(row.amount),
        markup_percent=price_or_none(row.markup),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        revision=row.revision,
    )


@router.get("/categories/{category_id}/prices", permission="catalog.read", refusals=(Unknown,), site="chain")
async def list_category_prices(read: Read, category_id: UUID) -> Page[CategoryPriceOut]:
    """All rules a category had, has and will have, the chain's first, by their beginning."""
    async with read.connection() as tx:
        found = await category_prices.listed(tx, category_id)
    return Page(rows=[_rule(row) for row in found])


@router.post(
    "/categories/{category_id}/prices",
    permission="catalog.price",
    status_code=201,
    refusals=(Unknown, PriceOverlap),
    site="chain",
)
async def set_category_price(cmd: Cmd, category_id: UUID, body: CategoryPriceNew) -> Answer[Page[CategoryPriceOut]]:
    """Put a rule on the list; it cuts what was valid before. Gives the list of the chain or of that site."""
    cmd.who.at("catalog.price", body.at_site)
    rule, period = (body.amount, body.markup_percent), (body.valid_from, body.valid_to)
    async with cmd.transaction() as tx:
        found = await category_prices.set_price(tx, category_id, rule, body.at_site, period, cmd.who.actor)
        return await cmd.answer(tx, Page(rows=[_rule(row) for row in found]), 201, site=body.at_site)


@router.post(
    "/category-prices/{category_price_id}:withdraw", permission="catalog.price", refusals=(Unknown,), site="chain"
)
async def withdraw_category_price(cmd: Cmd, category_price_id: UUID) -> Answer[CategoryPriceOut]:
    """End a rule now, or take back one that has not begun."""
    async with cmd.transaction() as tx:
        cmd.who.at("catalog.price", (await category_prices.load(tx, category_price_id)).at_site)
        row = await category_prices.withdraw(tx, category_price_id, cmd.who.actor)
        return await cmd.answer(tx, _rule(row), site=row.at_site)
