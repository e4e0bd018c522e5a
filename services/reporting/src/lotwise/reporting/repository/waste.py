"""The only home of the reads of waste: what was lost without a sale, by product and reason."""

from typing import TYPE_CHECKING

from lotwise.reporting.repository.pages import Sheet, Sorted, page
from lotwise.reporting.repository.sales import LIVE, Window

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

_REPORT = f"""select w.product_id || '/' || w.reason as key, w.product_id, w.reason, p.code, p.name, c.name category,
    w.units, w.cost, w.entries, coalesce(p.name, '') sort_name
  from (select product_id, reason, sum(units) units, sum(cost_minor) cost, sum(entries) entries from waste_day
        where generation = {LIVE} and day >= coalesce($1::date, '-infinity') and day <= coalesce($2::date, 'infinity')
          and ($3::text[] is null or site = any($3::text[])) and ($5::text is null or reason = $5::text)
        group by product_id, reason) w
  left join product p on p.generation = {LIVE} and p.product_id = w.product_id
  left join category c on c.generation = {LIVE} and c.category_id = p.category_id
  where $4::uuid is null or p.category_id = $4::uuid"""


async def report(tx: "Tx", window: Window, reason: str | None, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of waste and adjustments by product and reason; above zero was lost, below zero was found."""
    return await page(tx, _REPORT, (*window, reason), order, sheet)
