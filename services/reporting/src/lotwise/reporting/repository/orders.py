"""The only home of the reads of purchase orders: where each stands, and how long it took."""

from typing import TYPE_CHECKING

from lotwise.reporting.repository.pages import Sheet, Sorted, page
from lotwise.reporting.repository.sales import LIVE, Window

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

_REPORT = f"""select o.order_id::text as key, o.*, s.name supplier,
    case when o.cancelled_at is not null then 'cancelled' when o.is_complete then 'received'
         when o.received_at is not null then 'part' when o.sent_at is not null then 'sent' else 'draft' end state,
    extract(epoch from coalesce(o.drafted_at, o.sent_at, o.received_at, o.cancelled_at)) sort_time,
    (extract(epoch from o.received_at - o.sent_at) / 86400)::numeric(12, 2) lead_days
  from purchase_order o left join supplier s on s.generation = {LIVE} and s.supplier_id = o.supplier_id
  where o.generation = {LIVE} and ($1::text[] is null or o.site = any($1::text[]))"""


async def report(tx: "Tx", window: Window, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of orders, by the time they began."""
    return await page(tx, _REPORT, (window.sites,), order, sheet)
