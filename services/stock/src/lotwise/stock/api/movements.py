"""HTTP of the ledger: pages of movements, newest first."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel

from lotwise.kit.commands import Answer, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.repository.movements import movements_page
from lotwise.values import format_quantity

router = Router(tags=["movements"])
LAST = UUID(int=2**128 - 1)


class PlaceOut(BaseModel):
    """An account: its kind at its site, and its storage area."""

    kind: str
    site: str
    area: str


class MovementOut(BaseModel):
    """One row of the ledger; cost in minor units, `reverses` names the movement it takes back."""

    movement_id: UUID
    recorded_at: datetime
    happened_at: datetime
    site: str
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID | None
    lot_number: str | None
    source: PlaceOut
    target: PlaceOut
    quantity: str
    cost_minor: int
    actor: str
    reason: str
    cause_id: UUID
    line: int
    trace_id: str
    reverses: UUID | None


@router.get("/movements", permission="stock.read")
async def movements(
    read: Read,
    site: str | None = None,
    product: UUID | None = None,
    lot: UUID | None = None,
    cause: UUID | None = None,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    after: After = None,
    limit: Limit = 50,
) -> Answer[Page[MovementOut]]:
    """The ledger, newest first; `cause` is a charge, a receipt, an adjustment or a transfer.

    Written without a model a row: a lot's whole story is five hundred of them.
    """
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        filters = {"sites": sites, "product": product, "lot": lot, "cause": cause, "reason": reason or None}
        rows = await movements_page(tx, keys[0] if keys else LAST, limit, filters)
    last = cursor_encode(rows[-1]["id"]) if len(rows) == limit else None
    return Answer(
        orjson.dumps({"rows": [_movement(row) for row in rows], "next": last}, option=orjson.OPT_UTC_Z, default=str)
    )


def _movement(row: Any) -> dict[str, Any]:
    """A row in the words and the order of MovementOut."""
    return {
        "movement_id": row["id"],
        "recorded_at": row["recorded_at"],
        "happened_at": row["happened_at"],
        "site": row["site"],
        "product_id": row["product_id"],
        "code": row["code"],
        "name": row["name"],
        "unit": row["unit"],
        "lot_id": row["lot_id"],
        "lot_number": row["lot_number"],
        "source": {"kind": row["from_kind"], "site": row["from_site"], "area": row["from_area"]},
        "target": {"kind": row["to_kind"], "site": row["to_site"], "area": row["to_area"]},
        "quantity": format_quantity(row["quantity"], row["unit_decimals"]),
        "cost_minor": row["cost_minor"],
        "actor": row["actor"],
        "reason": row["reason"],
        "cause_id": row["cause_id"],
        "line": row["line"],
        "trace_id": row["trace_id"],
        "reverses": row["reverses"],
    }
