"""What alerts says: an alert was raised, and it cleared."""

from typing import ClassVar, Literal

from lotwise.contracts.envelope import Event
from lotwise.contracts.fields import Id, Instant

Severity = Literal["info", "warning", "critical"]


class AlertRaised(Event):
    """Somebody should look: one alert per thing that is wrong, however often it is told."""

    speaker: ClassVar[str] = "alerts"
    alert_id: Id
    kind: str
    subject_id: str
    severity: Severity
    title: str
    happened_at: Instant


class AlertCleared(Event):
    """What was wrong is over."""

    speaker: ClassVar[str] = "alerts"
    alert_id: Id
    kind: str
    subject_id: str
    happened_at: Instant
