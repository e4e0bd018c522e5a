"""The only home of the answer to catalog's question whether a product was ever sold here (CAT-22)."""

from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.commands import Read
from lotwise.kit.web import Router
from lotwise.sales.repository import charges as rows

router = Router(prefix="/v1", tags=["uses"])


class UsesOut(BaseModel):
    """How often a product is used here, in numbers and words; 0 means never."""

    count: int
    reasons: list[str]


@router.get("/uses/{product_id}", permission="sales.read", site="chain")
async def get_uses(product_id: UUID, read: Read) -> UsesOut:
    """Whether charges or returns name the product; it is enough to find one of each."""
    async with read.connection() as tx:
        charged, returned = await rows.uses(tx, product_id)
    reasons = [word for word, found in (("it was charged", charged), ("it was returned", returned)) if found]
    return UsesOut(count=len(reasons), reasons=reasons)
