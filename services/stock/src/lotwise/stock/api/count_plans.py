"""HTTP of count plans: what is counted how often, and what is overdue (STK-45)."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from lotwise.contracts.fields import Day, Flag, Id, Slug, Text, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.principal import Principal
from lotwise.kit.web import Router
from lotwise.stock.api.counts import PERCENT_DECIMALS, UNIT_DECIMALS, AbcClass, CountOut, RulesIn, answered, rules_in
from lotwise.stock.api.shapes import AreaName, Strict, text
from lotwise.stock.domain.refusals import (
    CountOpen,
    CountTooLarge,
    NothingToCount,
    UnknownArea,
    UnknownPlan,
    UnknownSite,
)
from lotwise.stock.operations.count_plans import add_plan, change_plan, open_planned
from lotwise.stock.repository.count_plans import Plan, lock_plan, plan_row, plans_page
from lotwise.stock.repository.definitions import sites_of
from lotwise.values import BadValue, site_day

router = Router(tags=["count-plans"])
FIRST = (date(1970, 1, 1), UUID(int=0))


class PlanEdit(RulesIn):
    """What is counted how often, and when next, in the site's days."""

    name: Text
    area: AreaName | None = None
    category_id: Id | None = None
    abc_class: AbcClass | None = None
    interval_days: Annotated[Whole, Field(ge=1, le=3660)]
    next_due_on: Day
    is_active: Flag = True


class PlanIn(PlanEdit):
    """A new plan of a site."""

    plan_id: Id | None = None
    site: Slug


class OpenIn(Strict):
    """Opens the plan's count; a client-made id makes it repeatable."""

    count_id: Id | None = None


class PlanOut(BaseModel):
    """A plan; overdue when its due date is over at its site and it has not been posted."""

    plan_id: UUID
    site: str
    name: str
    area: str | None
    category_id: UUID | None
    category_name: str | None
    abc_class: str | None
    interval_days: int
    next_due_on: date
    days_left: int
    is_overdue: bool
    is_blind: bool
    tolerance_percent: str | None
    tolerance_units: str | None
    witness_above_minor: int | None
    is_active: bool
    last_posted_at: datetime | None
    open_count_id: UUID | None
    revision: int


def _plan(plan_id: UUID, site: str, body: PlanEdit) -> Plan:
    return Plan(
        plan_id, site, body.name, body.area, body.category_id, body.abc_class, body.interval_days, body.next_due_on,
        rules_in(body), body.is_active,
    )  # fmt: skip


async def _out(tx: Tx, row: Any) -> PlanOut:
    """A plan in the API's words, with the days that are left at its site."""
    site = (await sites_of(tx, [row["site"]]))[row["site"]]
    left = (row["next_due_on"] - site_day(datetime.now(UTC), site.zone)).days
    same = (
        "site", "name", "area", "category_id", "category_name", "abc_class", "interval_days", "next_due_on",
        "is_blind", "witness_above_minor", "is_active", "last_posted_at", "open_count_id", "revision",
    )  # fmt: skip
    return PlanOut(
        **{name: row[name] for name in same},
        plan_id=row["id"],
        days_left=left,
        is_overdue=row["is_active"] and left < 0,
        tolerance_percent=text(row["tolerance_bp"], PERCENT_DECIMALS),
        tolerance_units=text(row["tolerance_micros"], UNIT_DECIMALS),
    )


async def _seen(tx: Tx, plan_id: UUID, who: Principal, permission: str) -> Any:
    row = await plan_row(tx, plan_id)
    if row is None:
        raise UnknownPlan("No count plan has this id", plan_id=str(plan_id))
    who.at(permission, row["site"])
    return row


@router.post("/count-plans", permission="stock.setting", status_code=201, refusals=(UnknownSite, UnknownArea, BadValue))
async def plan_counts(cmd: Cmd, body: PlanIn) -> Answer[PlanOut]:
    """Plan a cycle count (STK-45)."""
    plan_id = body.plan_id or uuid7()
    async with cmd.transaction() as tx:
        await add_plan(tx, _plan(plan_id, body.site, body))
        row = await _seen(tx, plan_id, cmd.who, "stock.setting")
        return await cmd.answer(tx, await _out(tx, row), 201, target=plan_id, revision=row["revision"])


@router.get("/count-plans", permission="stock.read")
async def plans(read: Read, site: str | None = None, after: After = None, limit: Limit = 50) -> Page[PlanOut]:
    """Plans, the next due first."""
    keys = cursor_decode(after, date, UUID)
    async with read.connection() as tx:
        rows = await plans_page(tx, visible(read.who, "stock.read", site), keys or FIRST, limit)
        shown = [await _out(tx, row) for row in rows]
    last = cursor_encode(shown[-1].next_due_on, shown[-1].plan_id) if len(shown) == limit else None
    return Page(rows=shown, next=last)


@router.get("/count-plans/{plan_id}", permission="stock.read", refusals=(UnknownPlan,))
async def plan(read: Read, response: Response, plan_id: UUID) -> PlanOut:
    """One plan; its ETag is what an edit starts from."""
    async with read.connection() as tx:
        row = await _seen(tx, plan_id, read.who, "stock.read")
        response.headers["ETag"] = etag(row["revision"])
        return await _out(tx, row)


@router.put("/count-plans/{plan_id}", permission="stock.setting", refusals=(UnknownPlan, UnknownArea, BadValue))
async def edit_plan(cmd: Cmd, plan_id: UUID, body: PlanEdit, expected: IfMatch) -> Answer[PlanOut]:
    """Change a plan, or set it aside; its site stays."""
    async with cmd.transaction() as tx:
        before = await _seen(tx, plan_id, cmd.who, "stock.setting")
        await lock_plan(tx, plan_id)
        before = await _seen(tx, plan_id, cmd.who, "stock.setting")
        expected.check(before["revision"])
        await change_plan(tx, _plan(plan_id, before["site"], body))
        row = await _seen(tx, plan_id, cmd.who, "stock.setting")
        return await cmd.answer(tx, await _out(tx, row), site=row["site"], target=plan_id, revision=row["revision"])


@router.post(
    "/count-plans/{plan_id}:open",
    permission="stock.count",
    status_code=201,
    refusals=(UnknownPlan, CountOpen, NothingToCount, CountTooLarge),
)
async def open_plan(cmd: Cmd, plan_id: UUID, body: OpenIn) -> Answer[CountOut]:
    """Open the count of a plan."""
    count_id = body.count_id or uuid7()
    async with cmd.transaction() as tx:
        await _seen(tx, plan_id, cmd.who, "stock.count")
        await open_planned(tx, plan_id, count_id, cmd.who.actor)
        return await answered(cmd, tx, count_id, 201)
