"""HTTP of what deliveries say that came in: the audit compares it with stock's ledger (N-01)."""

from datetime import datetime
from itertools import groupby
from uuid import UUID

from pydantic import BaseModel

from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.purchasing.repository.receipts import receipts_after
from lotwise.values import format_quantity

router = Router(tags=["proofs"])


class DeliveredOut(BaseModel):
    """How much of a product a delivery brought."""

    product_id: UUID
    quantity: str


class DeliveryOut(BaseModel):
    """A confirmed delivery of an order and what of physical products it brought."""

    document_id: UUID
    order_number: str
    site: str
    recorded_at: datetime
    lines: list[DeliveredOut]


@router.get("/deliveries", permission="audit.read", site="chain")
async def deliveries(read: Read, after: After = None, limit: Limit = 500) -> Page[DeliveryOut]:
    """Confirmed deliveries in the order of their ids."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        rows = await receipts_after(tx, keys[0] if keys else UUID(int=0), visible(read.who, "audit.read"), limit)
    shown = [
        DeliveryOut(
            document_id=key[0],
            order_number=key[1],
            site=key[2],
            recorded_at=key[3],
            lines=[
                DeliveredOut(product_id=one["product_id"], quantity=format_quantity(one["quantity"], one["decimals"]))
                for one in lines
                if one["product_id"] is not None
            ],
        )
        for key, lines in groupby(rows, key=lambda row: (row["id"], row["number"], row["site"], row["recorded_at"]))
    ]
    return Page(rows=shown, next=cursor_encode(shown[-1].document_id) if len(shown) == limit else None)
