"""The only home of the door to how lots were chosen at the charge: above all, deviations from FEFO (STK-36)."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day, Slug
from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.domain.balance_refusals import BadDay
from lotwise.sales.domain.receipts import charge_number
from lotwise.sales.repository import dispensed as rows
from lotwise.sales.repository.dispensed import Asked
from lotwise.values import format_quantity

router = Router(prefix="/v1", tags=["dispensed"])
DAYS_MAX = 366
NEWEST = (datetime.fromisoformat("9999-12-31T00:00:00+00:00"), UUID(int=2**128 - 1), 2**15 - 1)
LotChoice = Literal["deviation", "unchecked", "assumed", "fefo", "none"]


class ChoiceOut(BaseModel):
    """A charged line and how its lot was chosen; `fefo_lot_id` is the lot that should have gone first, if known.

    deviation: another lot than FEFO's; unchecked: a lot, while stock did not answer; assumed: a fact without its lot.
    """

    charge_id: UUID
    line: int
    number: str
    state: str
    site: str
    happened_at: datetime
    actor: str
    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    lot_choice: str
    lot_id: UUID | None
    fefo_lot_id: UUID | None


@router.get("/dispensed", permission="sales.read", refusals=(BadDay,))
async def get_dispensed(
    read: Read,
    since: Annotated[Day, Query(alias="from", description="From this day of the site on.")],
    until: Annotated[Day | None, Query(alias="to", description="To this day, included.")] = None,
    site: Slug | None = None,
    lot_choice: Annotated[LotChoice, Query(description="How the lot was chosen.")] = "deviation",
    after: After = None,
    limit: Limit = 100,
) -> Page[ChoiceOut]:
    """Charged lines by how their lot was chosen, the newest first; voided charges are listed with their state."""
    last: date = until or since
    if last < since or last - since > timedelta(days=DAYS_MAX):
        raise BadDay(f"name up to {DAYS_MAX} days, the first one first", field="to")
    keys: Any = cursor_decode(after, datetime, UUID, int) or NEWEST
    asked = Asked(visible(read.who, "sales.read", site), since, last, lot_choice)
    async with read.connection() as tx:
        found = await rows.chosen(tx, asked, tuple(keys), limit)
    shown = [_shown(row) for row in found]
    end = shown[-1] if len(shown) == limit else None
    return Page(rows=shown, next=None if end is None else cursor_encode(end.happened_at, end.charge_id, end.line))


def _shown(row: Any) -> ChoiceOut:
    quantity = format_quantity(row["quantity"], row["unit_decimals"])
    return ChoiceOut(**{**row, "number": charge_number(row["site"], row["number"]), "quantity": quantity})
