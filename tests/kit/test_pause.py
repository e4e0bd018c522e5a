"""A hearer that need not be quick gathers: a pause after a batch that was not full, none after a full one."""

import time
from typing import Any

import pytest

from lotwise.kit.consumers import _Consumer


class Nothing:
    """An applier that applies nothing, and a bus that nobody listens to."""

    async def apply(self, _messages: Any) -> None:
        """Apply."""

    async def connect(self) -> Any:
        """No connection."""
        raise OSError


@pytest.mark.parametrize(
    ("pause", "batch_max", "low", "high"), [(0.1, 1, 0.1, 0.5), (0.1, 0, 0, 0.09), (0, 1, 0, 0.09)]
)
async def test_a_pause_follows_only_a_batch_that_was_not_full(
    pause: float, batch_max: int, low: float, high: float
) -> None:
    """RELIABILITY 0.5: no linger unless asked for; with one, only while there is room in the batch."""
    nothing: Any = Nothing()
    consumer = _Consumer("reporting-sales", "sales", nothing, nothing, batch_max, pause)
    began = time.monotonic()
    await consumer.handle([])
    assert low <= time.monotonic() - began <= high
    assert consumer.in_hand == ()
