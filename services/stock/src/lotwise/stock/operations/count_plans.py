"""The only home of count plans: what is counted how often, the count that a plan opens, what is overdue (STK-45)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lotwise.contracts.stock import CountOverdue
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.domain import counts
from lotwise.stock.domain.counts import Rules
from lotwise.stock.domain.refusals import CountOpen, UnknownPlan
from lotwise.stock.operations.counts import Opening, Scope, checked_site, open_count
from lotwise.stock.repository.count_plans import (
    Overdue,
    Plan,
    lock_plan,
    overdue_plans,
    plan_row,
    save_plan,
    told_overdue,
)
from lotwise.stock.repository.definitions import all_sites
from lotwise.values import site_day


async def add_plan(tx: Tx, plan: Plan) -> None:
    """Write a plan; one of the same id stays as it is. Raises UnknownSite, UnknownArea or BadValue."""
    await checked_site(tx, plan.site, Scope(plan.area, plan.category_id, plan.abc_class))
    if await lock_plan(tx, plan.id) is None:
        await save_plan(tx, plan)


async def change_plan(tx: Tx, plan: Plan) -> None:
    """Change a plan; a due date that moved is told anew when it passes. Raises as `add_plan`, and UnknownPlan."""
    row = await lock_plan(tx, plan.id)
    if row is None:
        raise UnknownPlan("No count plan has this id", plan_id=str(plan.id))
    await checked_site(tx, row["site"], Scope(plan.area, plan.category_id, plan.abc_class))
    await save_plan(tx, plan._replace(site=row["site"]))


async def open_planned(tx: Tx, plan_id: UUID, count_id: UUID, actor: str) -> None:
    """Open the count of a plan. Raises UnknownPlan, CountOpen with the open one, or what `open_count` raises."""
    row = await lock_plan(tx, plan_id)
    if row is None:
        raise UnknownPlan("No count plan has this id", plan_id=str(plan_id))
    shown = await plan_row(tx, plan_id)
    if shown is not None and shown["open_count_id"] not in {None, count_id}:
        raise CountOpen(
            "A count of this plan is open already",
            ways_out=("go on with that one", "call it off"),
            count_id=str(shown["open_count_id"]),
        )
    rules = Rules(row["is_blind"], row["tolerance_bp"], row["tolerance_micros"], row["witness_above_minor"])
    scope = Scope(row["area"], row["category_id"], row["abc_class"])
    await open_count(tx, Opening(count_id, row["site"], counts.CYCLE, scope, rules, row["name"], actor, plan_id))


async def tell_overdue(tx: Tx, now: datetime, rows_max: int) -> Sequence[Overdue]:
    """Tell of plans whose due date is over at their site, once per due date; returns them, at most so many."""
    today = {site.slug: site_day(now, site.zone) for site in await all_sites(tx)}
    late = await overdue_plans(tx, today, rows_max)
    if late:
        await told_overdue(tx, [one.id for one in late])
        await tell(
            tx,
            *[
                CountOverdue(site=one.site, plan_id=one.id, name=one.name, due_on=one.due_on, happened_at=now)
                for one in late
            ],
        )
    return late
