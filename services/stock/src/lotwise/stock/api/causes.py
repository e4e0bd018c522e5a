"""HTTP of what causes moved in all: the audit compares it with what sales and purchasing recorded (N-01)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.repository.causes import causes_after, moved_by_causes
from lotwise.values import format_quantity

router = Router(tags=["proofs"])
IDS_MAX = 200


class CauseOut(BaseModel):
    """What a charge, return, void or receipt moved of a product: given to patients less back, got from suppliers."""

    cause_id: UUID
    site: str
    product_id: UUID
    given: str
    received: str
    reasons: list[str]
    recorded_at: datetime


@router.get("/causes", permission="audit.read", site="chain")
async def causes(
    read: Read,
    id: Annotated[list[UUID] | None, Query(max_length=IDS_MAX)] = None,  # noqa: A002 - the name in the address
    after: After = None,
    limit: Limit = 500,
) -> Page[CauseOut]:
    """What causes moved to and from patients and from suppliers, by id; those of `id`, or all, `limit` causes a page.

    A page may have no rows and yet a `next`: its causes moved goods within the chain alone.
    """
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        wanted = id or await causes_after(tx, keys[0] if keys else UUID(int=0), limit)
        rows = await moved_by_causes(tx, wanted, visible(read.who, "audit.read"))
    shown = [
        CauseOut(
            cause_id=row["cause_id"],
            site=row["site"],
            product_id=row["product_id"],
            given=format_quantity(row["given"], row["unit_decimals"]),
            received=format_quantity(row["received"], row["unit_decimals"]),
            reasons=row["reasons"],
            recorded_at=row["recorded_at"],
        )
        for row in rows
    ]
    return Page(rows=shown, next=cursor_encode(wanted[-1]) if not id and len(wanted) == limit else None)
