"""The only home of the reads of sales and their cost: totals, by product, category, day and site."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from lotwise.reporting.repository import fees
from lotwise.reporting.repository.pages import Sheet, Sorted, page

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

LIVE = fees.LIVE


class Window(NamedTuple):
    """What is looked at: days of the site's calendar (both included), sites (None is every one), one category."""

    from_day: date | None = None
    to_day: date | None = None
    sites: Sequence[str] | None = None
    category_id: UUID | None = None


_WITHIN = f"""generation = {LIVE} and day >= coalesce($1::date, '-infinity') and day <= coalesce($2::date, 'infinity')
  and ($3::text[] is null or site = any($3::text[]))"""
_IN_CATEGORY = f"""($4::uuid is null or product_id in
  (select p.product_id from product p where p.generation = {LIVE} and p.category_id = $4::uuid))"""
_WASTE = f"(select coalesce(sum(cost_minor), 0) from waste_day where {_WITHIN} and {_IN_CATEGORY})"


def _summed(keys: str) -> str:
    return f"""select {keys}, sum(units) units, sum(lines) lines, sum(net) revenue, sum(tax) tax, sum(cogs) cogs
      from (select {keys}, units, lines, net_minor net, tax_minor tax, 0::bigint cogs from sale_day
            where {_WITHIN} and {_IN_CATEGORY}
            union all
            select {keys}, 0, 0, 0, 0, cost_minor from cost_day where {_WITHIN} and {_IN_CATEGORY}
            union all
            select {keys}, 0, 0, minor, 0, 0 from ({fees.EARNED_DAILY if keys == "day" else fees.EARNED}) f
            where {_IN_CATEGORY}) d
      group by {keys}"""


_FIGURES = "units, lines, revenue, tax, cogs, revenue - cogs margin"
_BY_PRODUCT = f"""select s.product_id::text as key, s.product_id, p.code, p.name, p.unit, p.category_id,
    c.name category,
    coalesce(p.code, '') sort_code, coalesce(p.name, '') sort_name, {_FIGURES}
  from ({_summed("product_id")}) s
  left join product p on p.generation = {LIVE} and p.product_id = s.product_id
  left join category c on c.generation = {LIVE} and c.category_id = p.category_id"""
_BY_CATEGORY = f"""select coalesce(p.category_id::text, '') as key, p.category_id, max(c.name) name,
    coalesce(max(c.name), '') sort_name, '' sort_code, sum(units) units, sum(lines) lines, sum(revenue) revenue,
    sum(tax) tax, sum(cogs) cogs, sum(revenue) - sum(cogs) margin
  from ({_summed("product_id")}) s
  left join product p on p.generation = {LIVE} and p.product_id = s.product_id
  left join category c on c.generation = {LIVE} and c.category_id = p.category_id
  group by p.category_id"""
_CHARGES = (
    f"select {{key}}, sum(charges) charges, sum(returns) returns from charge_day where {_WITHIN} group by {{key}}"
)
_BY_DAY = f"""select s.day::text as key, s.day, n.charges, n.returns, s.day::text sort_name, '' sort_code, {_FIGURES}
  from ({_summed("day")}) s left join ({_CHARGES.format(key="day")}) n on n.day = s.day and $4::uuid is null"""
_BY_SITE = f"""select s.site as key, s.site, t.name, n.charges, n.returns, s.site sort_code,
    coalesce(t.name, s.site) sort_name, {_FIGURES}
  from ({_summed("site")}) s left join ({_CHARGES.format(key="site")}) n on n.site = s.site and $4::uuid is null
  left join site t on t.generation = {LIVE} and t.slug = s.site"""
REPORTS = {"product": _BY_PRODUCT, "category": _BY_CATEGORY, "day": _BY_DAY, "site": _BY_SITE}


async def report(tx: "Tx", by: str, window: Window, order: Sorted, sheet: Sheet) -> "list[asyncpg.Record]":
    """A page of sales by product, category, day or site; goods only used in treatments stand with revenue 0."""
    return await page(tx, REPORTS[by], window, order, sheet)


async def totals(tx: "Tx", window: Window) -> "asyncpg.Record":
    """One row of everything that was sold, what it cost and what was wasted."""
    (row,) = await tx.fetch(
        f"""select coalesce(sum(units), 0) units, coalesce(sum(lines), 0) lines, coalesce(sum(revenue), 0) revenue,
              coalesce(sum(tax), 0) tax, coalesce(sum(cogs), 0) cogs, count(*) filter (where lines > 0) products,
              {_WASTE} waste,
              (select coalesce(sum(charges), 0) from charge_day where {_WITHIN}) charges,
              (select coalesce(sum(returns), 0) from charge_day where {_WITHIN}) returns,
              (select coalesce(sum(voids), 0) from charge_day where {_WITHIN}) voids
            from ({_summed("product_id")}) s""",
        *window,
    )
    return row
