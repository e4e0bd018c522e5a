"""Sales and the real stock together: what is not there cannot be sold at the desk, however many try at once."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.catalog.harness import Bench, bench
from tests.sales.harness import BOTOX, SITE, Sales, definitions, fact, line

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded, SaleVoided
from lotwise.kit.client import MachineToken, ServiceClient
from lotwise.sales.operations.holding import HoldGroup
from lotwise.stock.app import SERVICE as STOCK


class ServiceToken(MachineToken):
    """The token of a service, without a door."""

    async def get(self, http: httpx.AsyncClient, timeout: float) -> str:  # noqa: ASYNC109 - as the one it stands for
        """The name that stock's bench knows a service by."""
        assert http is not None
        assert timeout > 0
        return "service"


async def on_hand(stock: Bench) -> tuple[str, str]:
    """What stock has and holds of Botox at the site."""
    (row,) = (await stock.get(f"/v1/levels?site={SITE}&search=BOTOX"))["rows"]
    return row["on_hand"], row["held"]


@pytest.fixture
async def both(postgres: Any, sales: Sales) -> Any:
    """Sales that asks the real stock, which has 50 U of Botox."""
    async with bench(STOCK, postgres) as stock:
        await stock.hear(*definitions())
        receipt = {
            "receipt_id": str(uuid7()),
            "site": SITE,
            "product_id": str(BOTOX),
            "quantity": "50",
            "unit_cost": "4",
        }
        await stock.post("/v1/receipts", receipt)
        token = ServiceToken("", "sales", "")
        holds = HoldGroup(ServiceClient("stock", "http://service.test", stock.http, token), 30, 15)
        faked = sales.selling
        sales.runtime.state["selling"] = replace(faked, holds=holds)
        yield sales, stock
        sales.runtime.state["selling"] = faked


async def test_two_hundred_charges_for_the_last_fifty_units(both: tuple[Sales, Bench]) -> None:
    """N-03 SAL-12: of 200 parallel charges of 1 U for the last 50 U exactly 50 U leave."""
    sales, stock = both
    bodies = [fact(line(BOTOX, "1"), hold=True) for _ in range(200)]
    answers = await asyncio.gather(*(sales.call("POST", "/v1/charges", body, who="front_desk") for body in bodies))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (50, 150)
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["title"]) == ("not-enough-stock", "Stock too low, can't create charge")
    assert refused["ways_out"]
    told = await sales.told(SaleRecorded)
    assert (len(told), all(one.is_held for one in told)) == (50, True)
    assert await on_hand(stock) == ("50", "50")
    await stock.hear(*told)
    assert await on_hand(stock) == ("0", "0")


async def test_a_product_twice_in_one_charge_counts_together(both: tuple[Sales, Bench]) -> None:
    """N-03: two lines of 30 U are 60 U: refused with 50 on hand; 25 + 25 are sold, and a void brings them back."""
    sales, stock = both
    over = await sales.call(
        "POST", "/v1/charges", fact(line(BOTOX, "30"), line(BOTOX, "30"), hold=True), who="front_desk"
    )
    assert over.status_code == 409
    fits = fact(line(BOTOX, "25"), line(BOTOX, "25"), hold=True)
    await sales.post("/v1/charges", fits, who="front_desk")
    await stock.hear(*await sales.told(SaleRecorded))
    assert await on_hand(stock) == ("0", "0")
    await sales.post(f"/v1/charges/{fits['charge_id']}:void", {"reason": "typed wrong"}, who="manager")
    await stock.hear(*await sales.told(SaleVoided))
    assert await on_hand(stock) == ("50", "0")


async def test_an_abandoned_charge_lets_its_goods_go(both: tuple[Sales, Bench]) -> None:
    """DESIGN 4: a hold whose charge is abandoned is released; the goods can be sold to somebody else."""
    sales, stock = both
    body = fact(line(BOTOX, "50"), hold=True)
    hold = {"hold_id": body["charge_id"], "site": SITE, "lines": [{"product_id": str(BOTOX), "quantity": "50"}]}
    await stock.post("/v1/holds", hold, who="service")
    assert await on_hand(stock) == ("50", "50")
    await sales.post(f"/v1/charges/{body['charge_id']}:abandon", {"site": SITE}, who="front_desk")
    assert await on_hand(stock) == ("50", "0")
