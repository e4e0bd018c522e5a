"""The catalog's bench: one migrated database for the session, emptied for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.catalog.harness import Bench, bench, who

from lotwise.catalog.app import SERVICE


@pytest.fixture(scope="session")
async def catalog_bench(postgres: Any) -> AsyncIterator[Bench]:
    """The catalog over a fresh database; `local` is a manager of the site `harley` alone."""
    async with bench(SERVICE, postgres, {"local": who("manager", ["harley"])}) as found:
        yield found


@pytest.fixture
async def catalog(catalog_bench: Bench) -> Bench:
    """The catalog, empty."""
    await catalog_bench.empty()
    return catalog_bench
