"""The only home of the reads of stock: its value, and what stands below its minimum."""

from typing import TYPE_CHECKING

from lotwise.reporting.repository.pages import Sheet, Sorted, page
from lotwise.reporting.repository.sales import LIVE, Window

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

_LEVELS = f"""level l
  left join product p on p.generation = {LIVE} and p.product_id = l.product_id
  left join category c on c.generation = {LIVE} and c.category_id = p.category_id
  left join site t on t.generation = {LIVE} and t.slug = l.site
  where l.generation = {LIVE} and ($1::text[] is null or l.site = any($1::text[]))
    and ($2::uuid is null or p.category_id = $2::uuid)"""
_VALUE = {
    "site": f"""select l.site as key, l.site as id, max(t.name) name, null::text code,
        coalesce(max(t.name), l.site) sort_name,
        null::numeric on_hand, count(*) products, sum(l.value_minor) value from {_LEVELS} group by l.site""",
    "category": f"""select coalesce(p.category_id::text, '') as key, p.category_id::text as id, max(c.name) name,
        null::text code, coalesce(max(c.name), '') sort_name, null::numeric on_hand, count(*) products,
        sum(l.value_minor) value from {_LEVELS} group by p.category_id""",
    "product": f"""select l.product_id::text as key, l.product_id::text as id, max(p.name) name, max(p.code) code,
        coalesce(max(p.name), '') sort_name, sum(l.on_hand) on_hand, 1 products, sum(l.value_minor) value
        from {_LEVELS} group by l.product_id""",
}
_BELOW = f"""select l.site || '/' || l.product_id as key, l.site, l.product_id, p.code, p.name, c.name category,
    l.on_hand,
    l.held, l.available, l.minimum, l.reorder_at, l.minimum - l.on_hand missing, coalesce(p.name, '') sort_name
  from {_LEVELS} and l.on_hand < l.minimum"""


async def value(tx: "Tx", by: str, window: Window, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of stock value by site, category or product, at cost."""
    return await page(tx, _VALUE[by], (window.sites, window.category_id), order, sheet)


async def below_minimum(tx: "Tx", window: Window, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of what stands below its minimum, and by how much."""
    return await page(tx, _BELOW, (window.sites, window.category_id), order, sheet)
