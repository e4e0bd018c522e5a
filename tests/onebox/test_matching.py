"""The books of services against each other: what one altered by SQL is named, all else is clean (N-01)."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from tests.onebox.conftest import Machine

from lotwise.contracts.ids import uuid7
from lotwise.onebox.access import Access, access
from lotwise.onebox.audit import MATCHING
from lotwise.onebox.chain import Chain
from lotwise.onebox.home import Home
from lotwise.onebox.matching import Matching
from lotwise.onebox.status import admin_url

SITE = "match"


class Books:
    """A small trade: a delivery, charges, a return and a void, heard by all."""

    def __init__(self, system: Access, home: Home) -> None:
        self.system, self.home = system, home
        self.charges: list[str] = []

    async def trade(self) -> None:
        """Define, receive through an order, sell, take back, void."""
        doors = self.system
        await doors["catalog"].post(
            "/v1/sites", json={"slug": SITE, "name": "Match", "time_zone": "Europe/London"}, key=str(uuid7())
        )
        product = await doors["catalog"].post(
            "/v1/products",
            json={"code": "MTC", "name": "Matched", "kind": "physical", "purpose": "retail", "price": "20.00"},
            key=str(uuid7()),
        )
        self.product = product["product_id"]
        await self.quiet()
        receipt = {
            "receipt_id": str(uuid7()), "site": SITE, "product_id": self.product, "quantity": "50",
            "unit_cost": "4.00", "lot_number": "M1", "expires_on": "2031-01-01",
        }  # fmt: skip
        await doors["stock"].post("/v1/receipts", json=receipt, key=str(uuid7()))
        for quantity in ("1", "2", "3", "4"):
            key = str(uuid7())
            line = {"product_id": self.product, "quantity": quantity}
            await doors["sales"].post("/v1/charges", json={"site": SITE, "hold": False, "lines": [line]}, key=key)
            self.charges.append(key)
        await self.quiet()
        await doors["sales"].post(f"/v1/charges/{self.charges[0]}:void", json={"reason": "a slip"}, key=str(uuid7()))
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until everybody has heard everything."""
        matching = Matching(self.system)
        for _ in range(200):
            names = ("catalog", "sales", "stock", "purchasing", "reporting")
            if all([await matching._is_quiet(name) for name in names]):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError("the system did not come to rest")

    async def sql(self, service: str, statement: str, *arguments: Any) -> Any:
        """One statement in a service's database, as its superuser."""
        url = f"{admin_url(Chain.of(self.home)).rpartition('/')[0]}/{service}"
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def found(self) -> list[tuple[str, str]]:
        """What the matching finds, by check and row."""
        proof = await Matching(self.system, patience_seconds=2).run()
        return [(one["check"], one["row"]) for one in proof["findings"]]


async def _story(home: Home) -> None:
    async with access("importer", home) as trading, access("operator", home) as auditing:
        books = Books(trading, home)
        await books.trade()
        books.system = auditing
        assert await books.found() == []
        await _a_lost_movement(books)
        await _a_lost_charge(books)
        await _a_wrong_report(books)
        assert await books.found() == []


async def _a_lost_movement(books: Books) -> None:
    """A charge whose movement somebody deleted is named, and it alone."""
    charge = books.charges[2]
    await books.sql("stock", "create table kept as select * from movement where cause_id = $1::uuid", charge)
    await books.sql("stock", "delete from movement where cause_id = $1::uuid", charge)
    assert await books.found() == [("charges", f"charge {charge}")]
    await books.sql("stock", "insert into movement select * from kept")
    await books.sql("stock", "update movement set quantity = quantity + 1 where cause_id = $1::uuid", charge)
    assert await books.found() == [("charges", f"charge {charge}")]
    await books.sql("stock", "update movement set quantity = quantity - 1 where cause_id = $1::uuid", charge)
    await books.sql("stock", "drop table kept")


async def _a_lost_charge(books: Books) -> None:
    """Goods that left for a charge that sales does not have name their cause."""
    charge = books.charges[3]
    await books.sql("sales", "update charge set state = 'abandoned', number = null where charge_id = $1::uuid", charge)
    assert await books.found() == [("movements", f"cause {charge}")]
    await books.sql("sales", "update charge set state = 'recorded', number = 4 where charge_id = $1::uuid", charge)


async def _a_wrong_report(books: Books) -> None:
    """A site whose value stands differently in the reports is named."""
    await books.sql("reporting", "update level set value_minor = value_minor + 5 where site = $1", SITE)
    assert await books.found() == [("reports", f"stock value of {SITE}")]
    await books.sql("reporting", "update level set value_minor = value_minor - 5 where site = $1", SITE)


def test_what_was_altered_in_one_service_is_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-01: given charges, a void and their movements, all clean; when a movement is deleted or altered, a charge
    forgotten, or a report changed by SQL; then exactly that charge, cause or site is named, and put right all is clean.
    """
    monkeypatch.setenv("LOTWISE_HOME", str(machine.home))
    monkeypatch.setenv("LOTWISE_PORT", str(machine.port))
    asyncio.run(_story(Home.find()))
    done = machine.lotwise("audit", "--json")
    proof = json.loads(done.stdout)[MATCHING]
    assert (proof["is_clean"], proof["charges"] >= 4, proof["sites"] >= 1) == (True, True, True)
