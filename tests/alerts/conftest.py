"""Alerts' bench: one migrated database for the session, emptied for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.catalog.harness import Bench, bench, who

from lotwise.alerts.app import SERVICE


@pytest.fixture(scope="session")
async def alerts_bench(postgres: Any) -> AsyncIterator[Bench]:
    """Alerts over a fresh database; `local` manages the site `harley` alone."""
    async with bench(SERVICE, postgres, {"local": who("manager", ["harley"])}) as found:
        yield found


@pytest.fixture
async def alerts(alerts_bench: Bench) -> Bench:
    """Alerts, empty."""
    await alerts_bench.empty()
    return alerts_bench
