"""The named noes of alerts."""

from lotwise.values import Refusal


class AlertIsOver(Refusal):
    """The alert has cleared: nothing is left to acknowledge, snooze, assign or close."""

    code = "alert-is-over"
    title = "This alert is over"


class ClearsItself(Refusal):
    """What the alert says is still so; it ends by itself when the cause does."""

    code = "clears-itself"
    title = "This alert ends by itself"
