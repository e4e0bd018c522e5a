"""The only home of the inbox of alerts: what is wrong, with the way to its remedy; acknowledge, snooze, close."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from lotwise.backoffice.gateway import Shape, or_else
from lotwise.backoffice.lists import Column
from lotwise.backoffice.pages import SECURITY, done, form_of
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.listed import Listed
from lotwise.backoffice.session import Who

screen = Screen()
SEVERITIES = ("critical", "warning", "info")
STATES = ("active", "open", "acknowledged", "snoozed", "cleared", "all")
SNOOZES = {"1": "one hour", "24": "a day", "168": "a week"}
COLUMNS = (
    Column("Alert", lambda row: row.title),
    Column("Site", lambda row: row.site),
    Column("Severity", lambda row: row.severity),
    Column("Since", lambda row: row.happened_at.isoformat()),
    Column("State", lambda row: row.state),
    Column("", lambda _: ""),
)


class Alert(Shape):
    """An alert as it stands."""

    alert_id: UUID
    kind: str
    site: str
    product_id: UUID | None = None
    subject_id: UUID | None = None
    severity: str
    title: str
    facts: dict[str, Any] = Field(default_factory=dict)
    state: str
    times: int = 1
    happened_at: datetime
    acknowledged_by: str | None = None
    snoozed_until: datetime | None = None
    can_close: bool = False

    @property
    def remedy(self) -> str:
        """The page where it can be mended, or where all that stands under it is listed."""
        if self.kind == "out-in-history":
            return f"/alerts?within={self.alert_id}"
        if self.kind == "count-overdue":
            return f"/counts/plans?site={self.site}"
        if self.kind in {"maintenance-due", "warranty-ending"}:
            return f"/serials/{self.subject_id}" if self.subject_id else "/serials"
        if self.product_id and self.site != "chain":
            return f"/stock/{self.site}/{self.product_id}"
        return f"/products/{self.product_id}" if self.product_id else "/stock"


class Count(Shape):
    """How many stand."""

    total: int = 0
    critical: int = 0
    warning: int = 0


class Filter(BaseModel):
    """How the inbox is asked for."""

    kind: str = ""
    state: str = "active"
    severity: str = ""
    within: str = Field(default="", pattern="^[0-9a-f-]{0,36}$")
    after: str = ""
    format: str = ""


@screen.get("/alerts", permission="alerts.read")
async def alerts(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The inbox, its next chunk, or its CSV."""
    state = asked.state if asked.state in STATES else "active"
    level = asked.severity if asked.severity in SEVERITIES else None
    wanted = {"site": who.slug, "kind": asked.kind, "state": state, "severity": level, "within": asked.within}
    listed = Listed(request, who, asked, Alert, "alerts", "/v1/alerts", COLUMNS, wanted)
    if listed.is_csv:
        return listed.csv("alerts")
    return await listed.page(
        "screens/alerts.html", title="Alerts", states=STATES, severities=SEVERITIES, snoozes=SNOOZES
    )


@screen.get("/alerts/count", permission="alerts.read")
async def count(who: Who) -> Response:
    """The badge of the menu."""
    found = await or_else(who.gateway.one(Count, "alerts", "/v1/alerts/count", site=who.slug), Count())
    tone = "danger" if found.critical else "warning" if found.total else ""
    badge = (
        f'<span class="badge {tone}">{found.total}<span class="sr-only"> alerts</span></span>' if found.total else ""
    )
    return HTMLResponse(badge, headers=SECURITY)


@screen.post("/alerts/{alert_id}/acknowledge", permission="alert.manage")
async def acknowledge(request: Request, who: Who, alert_id: UUID) -> Response:
    """Say that somebody looks after it."""
    form = await form_of(request)
    await who.gateway.post("alerts", f"/v1/alerts/{alert_id}:acknowledge", {}, form.get("key", ""))
    return done(request, "Acknowledged.", "/alerts", stay=True, events=("live-alerts",))


@screen.post("/alerts/{alert_id}/snooze", permission="alert.manage")
async def snooze(request: Request, who: Who, alert_id: UUID) -> Response:
    """Keep it out of sight for a while."""
    form = await form_of(request)
    hours = form.get("hours", "24") if form.get("hours") in SNOOZES else "24"
    until = datetime.now(UTC) + timedelta(hours=int(hours))
    body = {"until": until.isoformat()}
    await who.gateway.post("alerts", f"/v1/alerts/{alert_id}:snooze", body, form.get("key", ""))
    return done(request, f"Snoozed for {SNOOZES[hours]}.", "/alerts", stay=True, events=("live-alerts",))


@screen.post("/alerts/{alert_id}/close", permission="alert.manage")
async def close(request: Request, who: Who, alert_id: UUID) -> Response:
    """End an alert that does not end by itself."""
    form = await form_of(request)
    await who.gateway.post("alerts", f"/v1/alerts/{alert_id}:close", {}, form.get("key", ""))
    return done(request, "Closed.", "/alerts", stay=True, events=("live-alerts",))
