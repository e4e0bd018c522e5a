"""HTTP of what suppliers offer: packs, costs, lead times, own codes, and whom we prefer."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Flag, PositiveQuantity, PriceText, Slug
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import Page
from lotwise.kit.web import Router
from lotwise.purchasing.api.shapes import Shape, Word, exponent
from lotwise.purchasing.api.suppliers import Days
from lotwise.purchasing.domain.refusals import NotForOrdering
from lotwise.purchasing.operations import offers
from lotwise.purchasing.operations.orders import cost_of
from lotwise.purchasing.repository import offers as rows
from lotwise.purchasing.repository.offers import CHAIN, ShownOffer
from lotwise.values import Unknown, format_quantity, price_text

router = Router(tags=["suppliers"])
ROWS_MAX = 500


class OfferFields(Shape):
    """What a supplier offers of a product; what is not sent stays as it is.

    `is_preferred` is for the chain, `preferred_at` lists the sites that prefer this supplier themselves.
    """

    pack_name: Word = ""
    pack_units: PositiveQuantity = "1"
    cost: PriceText | None = None
    lead_time_days: Days | None = None
    supplier_code: Word = ""
    is_preferred: Flag | None = None
    preferred_at: Annotated[list[Slug], Field(max_length=200)] | None = None


class OfferOut(BaseModel):
    """An offer as it stands, in the product's unit."""

    supplier_id: UUID
    supplier_name: str
    product_id: UUID
    product_code: str
    product_name: str
    unit: str
    pack_name: str
    pack_units: str
    cost: str | None
    lead_time_days: int | None
    supplier_code: str
    is_preferred: bool
    preferred_at: list[str]
    revision: int


def _out(row: ShownOffer) -> OfferOut:
    offer = row.offer
    return OfferOut(
        supplier_id=offer.supplier_id,
        supplier_name=row.supplier_name,
        product_id=offer.product_id,
        product_code=row.product_code,
        product_name=row.product_name,
        unit=row.unit,
        pack_name=offer.pack_name,
        pack_units=format_quantity(offer.pack_units, row.unit_decimals),
        cost=None if offer.cost is None else price_text(offer.cost),
        lead_time_days=offer.lead_time_days,
        supplier_code=offer.supplier_code,
        is_preferred=CHAIN in row.preferred_at,
        preferred_at=[place for place in row.preferred_at if place != CHAIN],
        revision=offer.revision,
    )


@router.put(
    "/suppliers/{supplier_id}/products/{product_id}",
    permission="supplier.write",
    refusals=(Unknown, NotForOrdering),
    site="chain",
)
async def define_offer(cmd: Cmd, supplier_id: UUID, product_id: UUID, body: OfferFields) -> Answer[OfferOut]:
    """Say what a supplier offers of a product and where it is preferred; the same again changes nothing."""
    fields = body.model_dump(exclude_unset=True, exclude={"is_preferred", "preferred_at"})
    if fields.get("cost") is not None:
        fields["cost"] = cost_of(fields["cost"])
    async with cmd.transaction() as tx:
        preferred = (body.is_preferred, body.preferred_at)
        await offers.define(tx, supplier_id, product_id, fields, preferred, exponent(cmd.runtime))
        (shown,) = await rows.shown(tx, product_id, supplier_id, 1)
        return await cmd.answer(tx, _out(shown), revision=shown.offer.revision)


@router.get("/supplier-products", permission="purchasing.read")
async def list_offers(read: Read, product: UUID | None = None, supplier: UUID | None = None) -> Page[OfferOut]:
    """Who offers a product, or what a supplier offers, side by side; at most 500 rows."""
    async with read.connection() as tx:
        return Page(rows=[_out(row) for row in await rows.shown(tx, product, supplier, ROWS_MAX)])
