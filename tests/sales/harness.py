"""The only home of what sales' tests share: the service over a real database, a small price book, a stock to ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from tests.catalog.harness import Bench, bench, who

from lotwise.contracts.catalog import PriceChanged, ProductDefined, SiteDefined, TaxDefined, TaxSlot
from lotwise.contracts.ids import named_id, uuid7
from lotwise.sales.app import SERVICE
from lotwise.sales.domain.dispensing import Offer
from lotwise.sales.operations.holding import Answer, Granted, Hold
from lotwise.sales.operations.selling import Selling

SITE = "harley"
OTHER = "soho"
BOTOX = named_id("botox")
CREAM = named_id("cream")
FACIAL = named_id("facial")
BACK_BAR = named_id("gauze")
OLD = datetime(2010, 1, 1, tzinfo=UTC)


@dataclass
class FakeStock:
    """A stock that grants, refuses or is away, as the test says; it remembers what it was asked."""

    answer: Any = None
    asked: list[Hold] = field(default_factory=list)
    released: list[tuple[UUID, str]] = field(default_factory=list)

    async def ask(self, hold: Hold) -> Answer:
        """Answer as told; by default grant for 15 minutes."""
        self.asked.append(hold)
        return self.answer or Granted(datetime.now(UTC) + timedelta(minutes=15))

    async def release(self, hold_id: UUID, site: str) -> None:
        """Remember who was let go, and where."""
        self.released.append((hold_id, site))

    async def stop(self) -> None:
        """Nothing to finish."""


@dataclass
class FakeShelves:
    """Shelves with the lots that the test lays there; `away` as if stock did not answer."""

    lots: dict[UUID, list[Offer]] = field(default_factory=dict)
    away: bool = False
    asked: list[tuple[str, UUID]] = field(default_factory=list)

    async def offers(self, site: str, product_id: UUID) -> list[Offer] | None:
        """The lots of a product, the one to use first coming first."""
        self.asked.append((site, product_id))
        return None if self.away else self.lots.get(product_id, [])


class Sales(Bench):
    """Sales under test."""

    stock: FakeStock
    shelves: FakeShelves

    @property
    def selling(self) -> Selling:
        """What the use cases share."""
        selling: Selling = self.runtime.state["selling"]
        return selling

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request; a charge's own id is its key unless the test gives another."""
        if path == "/v1/charges" and isinstance(body, dict):
            options["key"] = options.get("key") or body.get("charge_id")
        return await super().call(method, path, body, **options)

    async def empty(self) -> None:
        """Forget everything; the price book may be reading just now, so a deadlock is tried again."""
        for _ in range(10):
            try:
                await super().empty()
            except asyncpg.DeadlockDetectedError:
                continue
            return

    async def define(self) -> None:
        """Two sites (5 % + 7 %, and none) and four products with chain prices."""
        await self.hear(*definitions())
        await self.selling.prices.load()

    async def charge(self, *lines: dict[str, Any], who: str = "till", **more: Any) -> Any:
        """Record a fact that must succeed."""
        return await self.post("/v1/charges", fact(*lines, **more), who=who)


def definitions() -> list[Any]:
    """What catalog tells before the first sale."""
    return [
        SiteDefined(slug=SITE, name="Harley Street", time_zone="Europe/London"),
        SiteDefined(slug=OTHER, name="Soho", time_zone="America/New_York", stock_unreachable="refuse"),
        TaxDefined(
            slug=SITE,
            tax_1=TaxSlot(name="GST", rate_1="5", rate_2="13"),
            tax_2=TaxSlot(name="PST", rate_1="7", rate_2="9.975"),
            valid_from=date(2000, 1, 1),
        ),
        ProductDefined(
            product_id=BOTOX, code="BOTOX", name="Botox", kind="physical", purpose="retail", unit="U", tax_code=5,
            barcodes=("00012345678905",), application_code=0,
        ),
        ProductDefined(
            product_id=CREAM, code="CREAM", name="Cream", kind="physical", purpose="retail", unit_decimals=1, tax_code=1
        ),
        ProductDefined(product_id=FACIAL, code=".FACIAL", name="Facial", kind="service", tax_code=0),
        ProductDefined(product_id=BACK_BAR, code="GAUZE", name="Gauze", kind="physical", purpose="back_bar"),
        *(
            PriceChanged(price_id=named_id("price", product), product_id=product, price=price, valid_from=OLD)
            for product, price in ((BOTOX, "12"), (CREAM, "19.99"), (FACIAL, "80"))
        ),
    ]  # fmt: skip


def line(product: UUID = BOTOX, quantity: str = "1", **more: Any) -> dict[str, Any]:
    """A line of a charge."""
    return {"product_id": str(product), "quantity": quantity, **more}


def fact(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A charge that already happened."""
    body = {"charge_id": str(uuid7()), "site": SITE, "hold": False, "lines": list(lines or (line(),))}
    return body | more


@asynccontextmanager
async def sales_bench(postgres: Any) -> AsyncIterator[Sales]:
    """Sales over a fresh database, started, with a stock that does as it is told."""
    persons = {
        "till": who("till"),
        "local": who("front_desk", [SITE]),
        "local-till": who("till", [SITE]),
        "practitioner": who("practitioner"),
    }
    async with bench(SERVICE, postgres, persons) as found:
        found.__class__ = Sales
        assert isinstance(found, Sales)
        assert SERVICE.on_start is not None
        assert SERVICE.on_stop is not None
        await SERVICE.on_start(found.runtime)
        found.stock = FakeStock()
        found.shelves = FakeShelves()
        found.runtime.state["selling"] = replace(found.selling, holds=found.stock, shelves=found.shelves)
        yield found
        await SERVICE.on_stop(found.runtime)
