"""Stock's bench: one migrated database for the session, emptied for each test, with a site and products known."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.catalog.harness import Bench, bench, who
from tests.stock.chain import Chain

from lotwise.stock.app import SERVICE


@pytest.fixture(scope="session")
async def stock_bench(postgres: Any) -> AsyncIterator[Bench]:
    """Stock over a fresh database; `local` is a manager of the site `harley` alone."""
    async with bench(SERVICE, postgres, {"local": who("manager", ["harley"])}) as found:
        yield found


@pytest.fixture
async def stock(stock_bench: Bench) -> AsyncIterator[Chain]:
    """A chain of three sites and three products without any stock; after the test the books must agree."""
    await stock_bench.empty()
    chain = Chain(stock_bench)
    await chain.define()
    yield chain
    await chain.must_balance()
