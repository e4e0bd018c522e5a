"""The only home of count plans in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.counts import Rules

_ROWS = """
select n.*, g.name as category_name,
       (select c.id from stock_count c where c.plan_id = n.id and c.state = 'open') as open_count_id
from count_plan n left join category g on g.id = n.category_id
"""
_SAVE = """
insert into count_plan as n (id, site, name, area, category_id, abc_class, interval_days, next_due_on, is_blind,
    tolerance_bp, tolerance_micros, witness_above_minor, is_active, revision)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
on conflict (id) do update set name = excluded.name, area = excluded.area, category_id = excluded.category_id,
    abc_class = excluded.abc_class, interval_days = excluded.interval_days, next_due_on = excluded.next_due_on,
    is_blind = excluded.is_blind, tolerance_bp = excluded.tolerance_bp, tolerance_micros = excluded.tolerance_micros,
    witness_above_minor = excluded.witness_above_minor, is_active = excluded.is_active,
    told_on = case when n.next_due_on = excluded.next_due_on then n.told_on end, revision = n.revision + 1
"""
_OVERDUE = """
select n.id, n.site, n.name, n.next_due_on from count_plan n
join unnest($1::text[], $2::date[]) as t(site, today) on t.site = n.site
where n.is_active and n.next_due_on < t.today and n.told_on is distinct from n.next_due_on
order by n.id for update of n skip locked limit $3
"""


class Plan(NamedTuple):
    """A plan as it is saved, in the order of its row."""

    id: UUID
    site: str
    name: str
    area: str | None
    category_id: UUID | None
    abc_class: str | None
    interval_days: int
    next_due_on: date
    rules: Rules
    is_active: bool


class Overdue(NamedTuple):
    """A plan whose due date is over at its site."""

    id: UUID
    site: str
    name: str
    due_on: date


async def save_plan(tx: Tx, plan: Plan) -> None:
    """Write or change a plan; its site stays what it was."""
    await tx.execute(_SAVE, *plan[:8], *plan.rules, plan.is_active)


async def lock_plan(tx: Tx, plan_id: UUID) -> asyncpg.Record | None:
    """One plan, locked."""
    row: asyncpg.Record | None = await tx.fetchrow("select * from count_plan where id = $1 for update", plan_id)
    return row


async def plan_row(tx: Tx, plan_id: UUID) -> asyncpg.Record | None:
    """One plan with its open count."""
    row: asyncpg.Record | None = await tx.fetchrow(_ROWS + " where n.id = $1", plan_id)
    return row


async def plans_page(
    tx: Tx, sites: Collection[str] | None, after: tuple[date, UUID], limit: int
) -> Sequence[asyncpg.Record]:
    """A page of plans, the next due first."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        _ROWS + " where ($1::text[] is null or n.site = any($1)) and (n.next_due_on, n.id) > ($2, $3)"
        " order by n.next_due_on, n.id limit $4",
        None if sites is None else list(sites), *after, limit,
    )  # fmt: skip
    return rows


async def plan_posted(tx: Tx, plan_id: UUID, now: datetime, today: date) -> None:
    """A count of the plan was posted: the next one is due an interval after today at the site."""
    await tx.execute(
        "update count_plan set next_due_on = $3::date + interval_days, last_posted_at = $2, told_on = null"
        " where id = $1",
        plan_id, now, today,
    )  # fmt: skip


async def overdue_plans(tx: Tx, today: Mapping[str, date], rows_max: int) -> list[Overdue]:
    """Active plans past their due date at their site whose passing was not told, locked."""
    rows = await tx.fetch(_OVERDUE, list(today.keys()), list(today.values()), rows_max)
    return [Overdue(*row) for row in rows]


async def told_overdue(tx: Tx, plans: Collection[UUID]) -> None:
    """Note that the passing of these plans' due dates was told."""
    await tx.execute("update count_plan set told_on = next_due_on where id = any($1::uuid[])", list(plans))
