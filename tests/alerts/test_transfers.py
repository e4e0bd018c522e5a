"""A transfer that is on its way for too long is one alert, which ends with the transfer (N-25)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from tests.catalog.harness import Bench, said

from lotwise.contracts.alerts import AlertCleared, AlertRaised
from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import TransferCancelled, TransferOverdue, TransferReceived

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def late(transfer_id: UUID) -> TransferOverdue:
    """It left harley six days ago."""
    return TransferOverdue(
        site="soho", transfer_id=transfer_id, from_site="harley", to_site="soho", days=6, happened_at=NOW
    )


def received(transfer_id: UUID, *, is_closed: bool) -> TransferReceived:
    """Something of it arrived, or the rest was explained."""
    return TransferReceived(
        site="soho", transfer_id=transfer_id, from_site="harley", to_site="soho", taken=(), is_closed=is_closed,
        happened_at=NOW,
    )  # fmt: skip


async def test_a_late_transfer_is_one_alert_until_it_is_closed(alerts: Bench) -> None:
    """N-25: given a late transfer told twice; when a part arrives, then the rest; then one alert, cleared."""
    transfer_id = uuid7()
    await alerts.hear(late(transfer_id), late(transfer_id))
    (raised,) = await alerts.told(AlertRaised)
    assert (raised.kind, raised.site, raised.severity, raised.subject_id) == (
        "transfer-overdue", "soho", "warning", str(transfer_id),
    )  # fmt: skip
    assert raised.title == "A transfer from harley is on its way for 6 days"
    await alerts.hear(received(transfer_id, is_closed=False))
    assert await alerts.told(AlertCleared) == []
    await alerts.hear(received(transfer_id, is_closed=True))
    (cleared,) = await alerts.told(AlertCleared)
    assert cleared.alert_id == raised.alert_id


@pytest.mark.parametrize("kind", ["received", "cancelled"])
async def test_lateness_told_after_the_end_is_no_alert(alerts: Bench, kind: str) -> None:
    """N-25, N-16: given a transfer that is over; when its lateness, said before, is heard after; then no alert."""
    transfer_id = uuid7()
    was = late(transfer_id)
    message_id = uuid7()
    over: Event = received(transfer_id, is_closed=True)
    if kind == "cancelled":
        over = TransferCancelled(
            site="soho", transfer_id=transfer_id, from_site="harley", to_site="soho", taken=(), happened_at=NOW
        )
    await alerts.hear(over)
    await alerts.hear(said(was, message_id))
    assert await alerts.told(AlertRaised) == []
