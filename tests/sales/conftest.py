"""Sales' bench: one migrated database for the session, emptied and defined anew for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.sales.harness import FakeShelves, FakeStock, Sales, sales_bench


@pytest.fixture(scope="session")
async def sales_service(postgres: Any) -> AsyncIterator[Sales]:
    """Sales over a fresh database."""
    async with sales_bench(postgres) as found:
        yield found


@pytest.fixture
async def sales(sales_service: Sales) -> Sales:
    """Sales that knows its definitions and has sold nothing."""
    await sales_service.empty()
    sales_service.selling.recorder._last.clear()
    sales_service.stock.__init__()  # type: ignore[misc]
    sales_service.shelves.__init__()  # type: ignore[misc]
    await sales_service.define()
    return sales_service


@pytest.fixture
def stock(sales: Sales) -> FakeStock:
    """The stock that sales asks for holds."""
    return sales.stock


@pytest.fixture
def shelves(sales: Sales) -> FakeShelves:
    """The shelves that sales asks for lots."""
    return sales.shelves
