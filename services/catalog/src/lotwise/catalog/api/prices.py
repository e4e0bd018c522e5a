"""HTTP of the price list."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from lotwise.catalog.api.shapes import Shape
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.refusals import BaseNotSold, PriceOverlap
from lotwise.catalog.operations import prices, products
from lotwise.catalog.repository import prices as rows
from lotwise.contracts.catalog import Audience
from lotwise.contracts.fields import Instant, PriceText, Slug
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.values import Unknown, price_text

router = Router(tags=["prices"])


class PriceNew(Shape):
    """A price over a period, per unit, minute or hour: for the chain or at one site, for everyone or for members."""

    price: PriceText
    at_site: Slug | None = None
    audience: Audience = "everyone"
    valid_from: Instant | None = None
    valid_to: Instant | None = None


class PriceOut(BaseModel):
    """A price over its period."""

    price_id: UUID
    product_id: UUID
    at_site: str | None
    audience: Audience
    price: str
    valid_from: datetime
    valid_to: datetime | None
    revision: int


def _price(row: Price) -> PriceOut:
    return PriceOut(
        price_id=row.id,
        product_id=row.product_id,
        at_site=row.at_site,
        audience=row.audience,
        price=price_text(row.price),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        revision=row.revision,
    )


def _order(row: Price) -> tuple[str, str, datetime]:
    return row.at_site or "", row.audience, row.valid_from


@router.get("/products/{product_id}/prices", permission="catalog.read", refusals=(Unknown,), site="chain")
async def list_prices(read: Read, product_id: UUID) -> Page[PriceOut]:
    """All prices a product had, has and will have, the chain's first, by audience and beginning."""
    async with read.connection() as tx:
        await products.load(tx, product_id)
        found = (await rows.of_products(tx, [product_id]))[product_id]
    return Page(rows=[_price(row) for row in sorted(found, key=_order)])


@router.post(
    "/products/{product_id}/prices",
    permission="catalog.price",
    status_code=201,
    refusals=(Unknown, PriceOverlap, BaseNotSold),
    site="chain",
)
async def set_price(cmd: Cmd, product_id: UUID, body: PriceNew) -> Answer[Page[PriceOut]]:
    """Put a price on the list; it cuts what was valid before. Gives the list of that place and audience."""
    cmd.who.at("catalog.price", body.at_site)
    async with cmd.transaction() as tx:
        found = await prices.set_price(
            tx,
            product_id,
            body.price,
            body.at_site,
            (body.valid_from, body.valid_to),
            cmd.who.actor,
            body.audience,
        )
        return await cmd.answer(tx, Page(rows=[_price(row) for row in found]), 201, site=body.at_site)
