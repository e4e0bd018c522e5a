"""The only home of the page of count plans: what is counted how often, what is due, what is overdue (STK-45)."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Shape
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.categories import category_choices
from lotwise.backoffice.screens.counts import AMOUNT, CLASSES, PERCENT, areas_of, minor_of, typed_of
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who
from lotwise.contracts.ids import uuid7

screen = Screen()


class Plan(Shape):
    """A plan; overdue when its due date is over at its site."""

    plan_id: UUID
    site: str
    name: str
    area: str | None = None
    category_id: UUID | None = None
    category_name: str | None = None
    abc_class: str | None = None
    interval_days: int
    next_due_on: date
    days_left: int = 0
    is_overdue: bool = False
    is_blind: bool = False
    tolerance_percent: str | None = None
    tolerance_units: str | None = None
    witness_above_minor: int | None = None
    is_active: bool = True
    last_posted_at: datetime | None = None
    open_count_id: UUID | None = None
    revision: int = 1

    @property
    def part(self) -> str:
        """What of the site is counted, in words."""
        parts = [
            None if self.area is None else (self.area or "Main shelf"),
            self.category_name,
            self.abc_class and f"class {self.abc_class}",
        ]
        return ", ".join(filter(None, parts)) or "Everything"


class PlanForm(BaseModel):
    """A plan as it is typed."""

    site: str
    name: str = Field(min_length=1, max_length=200)
    area: str | None = None
    category_id: UUID | None = None
    abc_class: str | None = None
    interval_days: int = Field(ge=1, le=3660)
    next_due_on: date
    is_blind: bool = False
    is_active: bool = False
    tolerance_percent: str | None = Field(default=None, pattern=PERCENT)
    tolerance_units: str | None = Field(default=None, pattern=AMOUNT)
    witness_above: str | None = Field(default=None, pattern=AMOUNT)


class Filter(BaseModel):
    """How the plans are asked for."""

    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Plan", lambda row: row.name),
    Column("Site", lambda row: row.site),
    Column("Part", lambda row: row.part),
    Column("Every", lambda row: row.interval_days, is_number=True),
    Column("Next due", lambda row: row.next_due_on),
    Column("Last posted", lambda row: row.last_posted_at.isoformat() if row.last_posted_at else ""),
    Column("", lambda _: ""),
)


@screen.get("/counts/plans", permission="stock.read")
async def plans(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The plans, the next due first, their next chunk, or their CSV."""
    listed = Listed(request, who, asked, Plan, "stock", "/v1/count-plans", COLUMNS, {"site": who.slug})
    if listed.is_csv:
        return listed.csv("count-plans")
    return await listed.page("screens/count_plans.html", title="Count plans")


@screen.get("/counts/plans/new", permission="stock.setting")
async def new_plan(request: Request, who: Who) -> Response:
    """The form of a new plan."""
    start = {"site": who.a_site() or "", "interval_days": "30", "next_due_on": who.today.isoformat(), "is_active": "1"}
    return await _form(request, who, None, start, {})


@screen.get("/counts/plans/{plan_id}", permission="stock.setting")
async def edit_plan(request: Request, who: Who, plan_id: UUID) -> Response:
    """The form of a plan."""
    plan = await who.gateway.one(Plan, "stock", f"/v1/count-plans/{plan_id}")
    form = {name: "" if value is None else str(value) for name, value in plan.model_dump(mode="json").items()}
    form |= {"is_blind": "true" if plan.is_blind else "", "is_active": "true" if plan.is_active else ""}
    form["witness_above"] = typed_of(who, plan.witness_above_minor)
    return await _form(request, who, plan_id, form, {})


@screen.post("/counts/plans", permission="stock.setting")
async def add_plan(request: Request, who: Who) -> Response:
    """Keep a new plan."""
    return await _save(request, who, None)


@screen.post("/counts/plans/{plan_id}", permission="stock.setting")
async def change_plan(request: Request, who: Who, plan_id: UUID) -> Response:
    """Change a plan at the revision that was read."""
    return await _save(request, who, plan_id)


async def _save(request: Request, who: Who, plan_id: UUID | None) -> Response:
    form = await form_of(request)
    given, errors = read_form(PlanForm, form)
    if given is None:
        return await _form(request, who, plan_id, form, errors)
    body = given.model_dump(mode="json", exclude={"witness_above"})
    body["witness_above_minor"] = minor_of(who, given.witness_above)
    try:
        if plan_id is None:
            body["plan_id"] = form.get("key")
            await who.gateway.post("stock", "/v1/count-plans", body, form.get("key", ""))
        else:
            body.pop("site")
            await who.gateway.put("stock", f"/v1/count-plans/{plan_id}", body, form.get("revision"))
    except Refused as no:
        return await _form(request, who, plan_id, form, refused_fields(no, tuple(PlanForm.model_fields)))
    return done(request, "Planned.", "/counts/plans")


@screen.post("/counts/plans/{plan_id}/open", permission="stock.count")
async def open_plan(request: Request, who: Who, plan_id: UUID) -> Response:
    """Open the count of a plan and go there."""
    form = await form_of(request)
    count_id = form.get("key", "")
    await who.gateway.post("stock", f"/v1/count-plans/{plan_id}:open", {"count_id": count_id}, count_id)
    return done(request, "Open. The site goes on selling while it is counted.", f"/counts/{count_id}")


async def _form(
    request: Request, who: Who, plan_id: UUID | None, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "errors": errors,
        "plan_id": plan_id,
        "key": form.get("key") or str(uuid7()),
        "places": [(site.slug, site.name) for site in who.sites],
        "areas": await areas_of(who),
        "categories": await category_choices(who),
        "classes": CLASSES,
        "title": "Count plan",
    }
    status = 422 if errors else 200
    return page(request, who, "screens/count_plan_form.html", fragment="sheet", status=status, **context)
