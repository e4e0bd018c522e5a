"""Purchasing's bench: one migrated database for the session, emptied for each test, with two sites and a supplier."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.catalog.harness import Bench, bench, who

from lotwise.contracts.catalog import ProductDefined, SiteDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import ReorderPointReached, StockBelowMin, StockRestored
from lotwise.purchasing.app import SERVICE

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
async def purchasing_bench(postgres: Any) -> AsyncIterator[Bench]:
    """Purchasing over a fresh database; `local` is a buyer of the site `harley` alone."""
    async with bench(SERVICE, postgres, {"local": who("buyer", ["harley"])}) as found:
        yield found


@pytest.fixture
async def purchasing(purchasing_bench: Bench) -> Bench:
    """Purchasing, empty but for the sites harley and soho."""
    await purchasing_bench.empty()
    await purchasing_bench.owner.execute("ALTER SEQUENCE order_number RESTART")
    zone = "Europe/London"
    await purchasing_bench.hear(
        SiteDefined(site="harley", slug="harley", name="Harley", time_zone=zone),
        SiteDefined(site="soho", slug="soho", name="Soho", time_zone=zone),
    )
    return purchasing_bench


def product(number: int, **fields: Any) -> ProductDefined:
    """A physical product with a small readable id."""
    given = {"code": f"P{number:05}", "name": f"Product {number}", "kind": "physical", "cost": "2.50"} | fields
    return ProductDefined(product_id=uid(number), **given)


def uid(number: int) -> UUID:
    """A small id that reads well."""
    return UUID(int=(7 << 76) | (2 << 62) | number)


def below(
    number: int, on_hand: str, *, site: str = "harley", shortage: UUID | None = None, **levels: Any
) -> StockBelowMin:
    """Product `number` fell below its minimum at a site."""
    given = {"minimum": "10"} | levels
    return StockBelowMin(
        site=site,
        shortage_id=shortage or uuid7(),
        product_id=uid(number),
        on_hand=on_hand,
        happened_at=START,
        **given,
    )


def reached(number: int, on_hand: str, *, site: str = "harley", shortage: UUID | None = None, **levels: Any) -> Any:
    """Product `number` reached its reorder point at a site."""
    given = {"reorder_at": "10"} | levels
    return ReorderPointReached(
        site=site,
        shortage_id=shortage or uuid7(),
        product_id=uid(number),
        on_hand=on_hand,
        happened_at=START,
        **given,
    )


def restored(number: int, shortage: UUID, *, site: str = "harley", on_hand: str = "100") -> StockRestored:
    """The shortage of product `number` is over, an hour later."""
    return StockRestored(
        site=site,
        shortage_id=shortage,
        product_id=uid(number),
        on_hand=on_hand,
        happened_at=START + timedelta(hours=1),
    )


async def supplier(bench_: Bench, name: str = "Allergan", **fields: Any) -> str:
    """The id of a new supplier."""
    return str((await bench_.post("/v1/suppliers", {"name": name} | fields))["supplier_id"])


async def offer(bench_: Bench, supplier_id: str, number: int, **fields: Any) -> Any:
    """What a supplier offers of product `number`."""
    return await bench_.put(f"/v1/suppliers/{supplier_id}/products/{uid(number)}", fields)
