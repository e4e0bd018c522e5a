"""Use cases of people: acknowledge, snooze, assign and close an alert."""

from datetime import datetime
from typing import Any
from uuid import UUID

from lotwise.alerts.domain.refusals import AlertIsOver, ClearsItself
from lotwise.alerts.domain.signals import BY_HAND
from lotwise.alerts.repository import alerts as rows
from lotwise.alerts.repository import signals
from lotwise.contracts.alerts import AlertCleared
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.values import Unknown

MANAGE = "alert.manage"


async def acknowledge(tx: Tx, alert_id: UUID, who: Principal) -> dict[str, Any]:
    """Note that somebody looks after it. Raises Unknown, Forbidden, AlertIsOver."""
    await _standing(tx, alert_id, who)
    await rows.acknowledge(tx, alert_id, who.actor)
    return await shown(tx, alert_id)


async def snooze(tx: Tx, alert_id: UUID, until: datetime | None, who: Principal) -> dict[str, Any]:
    """Keep it out of sight until an instant. Raises Unknown, Forbidden, AlertIsOver."""
    await _standing(tx, alert_id, who)
    await rows.snooze(tx, alert_id, until)
    return await shown(tx, alert_id)


async def assign(tx: Tx, alert_id: UUID, person: str | None, who: Principal) -> dict[str, Any]:
    """Give it to a person. Raises Unknown, Forbidden, AlertIsOver."""
    await _standing(tx, alert_id, who)
    await rows.assign(tx, alert_id, person)
    return await shown(tx, alert_id)


async def close(tx: Tx, alert_id: UUID, now: datetime, who: Principal) -> dict[str, Any]:
    """End an alert that does not end by itself, and all that stands under it.

    Raises Unknown, Forbidden, AlertIsOver, ClearsItself.
    """
    await signals.alone(tx)
    alert = await _standing(tx, alert_id, who)
    if alert["kind"] not in BY_HAND:
        raise ClearsItself("It ends when the stock is back.", ways_out=("Receive stock.", "Snooze the alert."))
    await rows.close(tx, alert_id, who.actor)
    over = {"alert_id": alert_id, "kind": alert["kind"], "subject_id": str(alert["subject_id"]), "happened_at": now}
    await tell(tx, AlertCleared.model_validate({"site": alert["site"], **over}))
    return await shown(tx, alert_id)


async def shown(tx: Tx, alert_id: UUID) -> dict[str, Any]:
    """The alert as it is listed. Raises Unknown."""
    alert = await rows.find(tx, alert_id)
    if alert is None:
        raise Unknown(f"There is no alert {alert_id}.")
    return alert


async def _standing(tx: Tx, alert_id: UUID, who: Principal) -> dict[str, Any]:
    await rows.lock(tx, alert_id)
    alert = await shown(tx, alert_id)
    who.at(MANAGE, alert["site"])
    if alert["cleared_at"] is not None:
        raise AlertIsOver("It has cleared; nothing is left to do.", cleared_at=alert["cleared_at"].isoformat())
    return alert
