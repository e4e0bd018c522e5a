"""HTTP of when products last moved: the catalog asks for what could be discontinued."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from lotwise.contracts.fields import Id
from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.stock.repository.last_movements import last_days

router = Router(tags=["movements"])
PRODUCTS_MAX = 500


class ProductsIn(BaseModel):
    """Up to 500 products."""

    model_config = ConfigDict(extra="forbid")

    product_ids: Annotated[list[Id], Field(min_length=1, max_length=PRODUCTS_MAX)]


class LastMovement(BaseModel):
    """The last day a product moved at any site, by the day it happened."""

    product_id: UUID
    last_moved_on: date


class LastMovements(BaseModel):
    """The last days; a product that never moved is left out."""

    rows: list[LastMovement]


@router.post("/last-movements", permission="stock.read", site="chain")
async def last_movements(read: Read, body: ProductsIn) -> LastMovements:
    """When each of these products last moved, wherever that was."""
    async with read.connection() as tx:
        found = await last_days(tx, body.product_ids)
    return LastMovements(rows=[LastMovement(product_id=one, last_moved_on=day) for one, day in found.items()])
