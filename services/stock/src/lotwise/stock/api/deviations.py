"""The only home of the door to deviations at opened vials: another lot than the first to expire, or than named."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from lotwise.contracts.fields import Day
from lotwise.kit.commands import Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.containers import check_days
from lotwise.stock.domain.refusals import BadDate
from lotwise.stock.repository.definitions import all_sites
from lotwise.stock.repository.deviations import Span
from lotwise.stock.repository.deviations import deviations as rows_of
from lotwise.values import day_bounds, format_quantity

router = Router(tags=["containers"])
NEWEST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
Kind = Literal["opened", "drawn"]


class DeviationOut(BaseModel):
    """A vial of `lot_id` where `meant_lot_id` was to be taken: the first to expire, or the one that was named.

    `quantity` is what was opened or drawn; `visit_id` the treatment, or the charge without one.
    """

    container_id: UUID
    site: str
    happened_at: datetime
    actor: str
    product_id: UUID
    code: str
    name: str
    unit: str
    quantity: str
    state: str
    lot_id: UUID
    lot_number: str
    meant_lot_id: UUID
    meant_lot_number: str
    visit_id: UUID | None


@router.get("/deviations", permission="stock.read", refusals=(BadDate,))
async def vial_deviations(
    read: Read,
    since: Annotated[Day, Query(alias="from", description="From this day of the site on.")],
    until: Annotated[Day | None, Query(alias="to", description="To this day, included.")] = None,
    site: str | None = None,
    kind: Annotated[Kind, Query(description="Opened against FEFO, or drawn from another lot than named.")] = "opened",
    after: After = None,
    limit: Limit = 100,
) -> Page[DeviationOut]:
    """Vials of another lot than was meant, the newest first (STK-36)."""
    last: date = until or since
    check_days(since, last)
    keys: Any = cursor_decode(after, datetime, UUID) or NEWEST
    seen = visible(read.who, "stock.read", site)
    async with read.connection() as tx:
        spans = [
            Span(one.slug, day_bounds(since, one.zone)[0], day_bounds(last, one.zone)[1])
            for one in await all_sites(tx)
            if seen is None or one.slug in seen
        ]
        found = await rows_of(tx, kind, spans, (keys[0], keys[1]), limit)
    more = len(found) == limit
    last_key = cursor_encode(found[-1]["happened_at"], found[-1]["id"]) if more else None
    return Page(rows=[_shown(row) for row in found], next=last_key)


def _shown(row: Any) -> DeviationOut:
    quantity = format_quantity(row["quantity"], row["unit_decimals"])
    return DeviationOut(**{**row, "quantity": quantity})
