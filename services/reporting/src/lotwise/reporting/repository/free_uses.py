"""The only home of the reads of what was used without a charge: by reason, product and who, at the cost of its lots.

The cost is what the journal says stock took for the line, less what came back with its void.
"""

from typing import TYPE_CHECKING

from lotwise.reporting.repository.fees import LIVE
from lotwise.reporting.repository.pages import Sheet, Sorted, page

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx
    from lotwise.reporting.repository.sales import Window

_COST = """(select coalesce(sum(sign(f.units) * (taken ->> 'cost_minor')::bigint), 0)
    from (select distinct r.event_id, r.at from journal_ref r where r.ref = f.document_id) n
    join journal j on j.id = n.event_id and j.at = n.at
    cross join lateral (select convert_from(j.body, 'UTF8')::jsonb body) b
    cross join lateral jsonb_array_elements(b.body -> 'taken') taken
    where split_part(j.subject, '.', 4) = case when f.units > 0 then 'stock-issued' else 'stock-returned' end
      and b.body ->> (case when f.units > 0 then 'charge_id' else 'return_id' end) = f.document_id::text
      and (taken ->> 'line')::int = f.line)"""
_REPORT = f"""select u.reason || '/' || u.product_id || '/' || u.actor as key, u.reason, u.product_id, u.actor, p.code,
    p.name, c.name category, u.units, u.lines, u.cost, u.reason sort_reason, coalesce(p.name, '') sort_name
  from (
    select reason, product_id, actor, sum(units) units, sum(sign(units)) lines, sum(cost) cost
    from (select f.*, {_COST} cost from free_line f
          where generation = {LIVE} and day >= coalesce($1::date, '-infinity')
            and day <= coalesce($2::date, 'infinity') and ($3::text[] is null or site = any($3::text[]))
            and ($5::text is null or reason = $5::text)) l
    group by reason, product_id, actor
  ) u
  left join product p on p.generation = {LIVE} and p.product_id = u.product_id
  left join category c on c.generation = {LIVE} and c.category_id = p.category_id
  where $4::uuid is null or p.category_id = $4::uuid"""


async def report(tx: "Tx", window: "Window", reason: str | None, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of what cost nothing, by reason, product and who recorded it; voided lines are taken back."""
    return await page(tx, _REPORT, (*window, reason), order, sheet)
