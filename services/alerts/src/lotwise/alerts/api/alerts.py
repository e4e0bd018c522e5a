"""HTTP of alerts: the inbox, its badge, and what a person does with an alert."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from lotwise.alerts.domain.refusals import AlertIsOver, ClearsItself
from lotwise.alerts.domain.signals import BY_HAND, title
from lotwise.alerts.operations import handling
from lotwise.alerts.repository import alerts as rows
from lotwise.contracts.fields import Instant, Slug, Text
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import BadValue, Unknown

router = Router(tags=["alerts"])
State = Literal["active", "open", "acknowledged", "snoozed", "cleared", "all"]
Severity = Literal["critical", "warning", "info"]
READ, MANAGE = "alerts.read", "alert.manage"


class AlertOut(BaseModel):
    """An alert as it stands; `facts` are its numbers, `can_close` whether a person may end it.

    `order_…` names the purchase order that answers its shortage, `summary_id` the alert that it stands under.
    """

    alert_id: UUID
    kind: str
    site: str
    site_name: str | None
    subject_id: UUID
    product_id: UUID | None
    product_code: str | None
    product_name: str | None
    product_unit: str | None
    severity: str
    title: str
    facts: dict[str, Any]
    state: str
    times: int
    happened_at: datetime
    raised_at: datetime
    cleared_at: datetime | None
    closed_by: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    snoozed_until: datetime | None
    assigned_to: str | None
    can_close: bool
    order_id: UUID | None
    order_number: str | None
    order_state: Literal["drafted", "sent", "cancelled"] | None
    summary_id: UUID | None
    revision: int


class CountOut(BaseModel):
    """How many alerts stand, by severity: the badge."""

    total: int
    critical: int
    warning: int
    info: int


class SnoozeIn(BaseModel):
    """Until when; null wakes it."""

    model_config = ConfigDict(extra="forbid")
    until: Instant | None


class AssignIn(BaseModel):
    """To whom; null takes it back."""

    model_config = ConfigDict(extra="forbid")
    person: Text | None


def _alert(row: dict[str, Any]) -> AlertOut:
    name = row["product_name"] or str(row["product_id"] or "A product")
    return AlertOut.model_validate(
        {
            **row,
            "alert_id": row["id"],
            "title": title(row["kind"], name, row["facts"]),
            "can_close": row["cleared_at"] is None and row["kind"] in BY_HAND,
        }
    )


@router.get("/alerts", permission=READ)
async def list_alerts(
    read: Read,
    site: Slug | None = None,
    kind: Annotated[str | None, Query(max_length=40, pattern="^[a-z-]+$")] = None,
    state: State = "active",
    severity: Severity | None = None,
    within: UUID | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[AlertOut]:
    """Alerts of the sites one may see, the newest first; by default those that stand and are not snoozed.

    What stands under another alert is listed only `within` that one.
    """
    wanted = rows.Filter(visible(read.who, READ, site), kind, state, within, severity)
    keys = cursor_decode(after, datetime, UUID)
    async with read.connection() as tx:
        found = await rows.page(tx, wanted, None if keys is None else (keys[0], keys[1]), limit + 1)
    more = len(found) > limit
    found = found[:limit]
    return Page(
        rows=[_alert(row) for row in found],
        next=cursor_encode(found[-1]["raised_at"], found[-1]["id"]) if more else None,
    )


@router.get("/alerts/count", permission=READ)
async def count_alerts(read: Read, site: Slug | None = None) -> CountOut:
    """How many alerts stand at the sites one may see."""
    async with read.connection() as tx:
        found = await rows.count(tx, visible(read.who, READ, site))
    levels = {level: found.get(level, 0) for level in ("critical", "warning", "info")}
    return CountOut(total=sum(levels.values()), **levels)


@router.get("/alerts/{alert_id}", permission=READ, refusals=(Unknown,))
async def get_alert(read: Read, alert_id: UUID) -> AlertOut:
    """One alert."""
    async with read.connection() as tx:
        alert = await handling.shown(tx, alert_id)
    read.who.at(READ, alert["site"])
    return _alert(alert)


@router.post("/alerts/{alert_id}:acknowledge", permission=MANAGE, refusals=(Unknown, AlertIsOver))
async def acknowledge_alert(cmd: Cmd, alert_id: UUID) -> Answer[AlertOut]:
    """Note that somebody looks after it."""
    async with cmd.transaction() as tx:
        row = await handling.acknowledge(tx, alert_id, cmd.who)
        return await cmd.answer(tx, _alert(row), site=row["site"])


@router.post("/alerts/{alert_id}:snooze", permission=MANAGE, refusals=(Unknown, AlertIsOver))
async def snooze_alert(cmd: Cmd, alert_id: UUID, body: SnoozeIn) -> Answer[AlertOut]:
    """Keep it out of sight until an instant in the future."""
    if body.until is not None and body.until <= datetime.now(UTC):
        raise BadValue("An alert is snoozed until a time to come.", field="until")
    async with cmd.transaction() as tx:
        row = await handling.snooze(tx, alert_id, body.until, cmd.who)
        return await cmd.answer(tx, _alert(row), site=row["site"])


@router.post("/alerts/{alert_id}:assign", permission=MANAGE, refusals=(Unknown, AlertIsOver))
async def assign_alert(cmd: Cmd, alert_id: UUID, body: AssignIn) -> Answer[AlertOut]:
    """Give it to a person."""
    async with cmd.transaction() as tx:
        row = await handling.assign(tx, alert_id, body.person, cmd.who)
        return await cmd.answer(tx, _alert(row), site=row["site"])


@router.post("/alerts/{alert_id}:close", permission=MANAGE, refusals=(Unknown, AlertIsOver, ClearsItself))
async def close_alert(cmd: Cmd, alert_id: UUID) -> Answer[AlertOut]:
    """End an alert that does not end by itself."""
    async with cmd.transaction() as tx:
        row = await handling.close(tx, alert_id, datetime.now(UTC), cmd.who)
        return await cmd.answer(tx, _alert(row), site=row["site"])
