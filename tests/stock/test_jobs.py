"""The clockwork: expired holds go only with the consent of sales, the ledger is sealed, partitions are ready."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, SITES, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LedgerSealed, LotExpired, StockLevelChanged
from lotwise.kit.client import Refused, Unreachable
from lotwise.stock.jobs import make_partitions, open_days, seal_ledger, sweep_holds, sweep_lots, warn_of_expiries


class Sales:
    """Sales as stock's client sees it: it answers, says no, or is away."""

    def __init__(self) -> None:
        self.answer: Exception | None = None
        self.asked: list[tuple[str, Any]] = []

    async def post(self, path: str, *, json: Any, **_: Any) -> Any:
        """One request to close a charge."""
        self.asked.append((path, json))
        if self.answer is not None:
            raise self.answer
        return {}


@pytest.fixture
def sales(stock: Chain) -> Iterator[Sales]:
    """Sales in place of the real one."""
    found = Sales()
    stock.bench.runtime._clients["sales"] = found  # type: ignore[assignment]
    yield found
    del stock.bench.runtime._clients["sales"]


async def expired_hold(stock: Chain) -> str:
    """A hold of 4 whose time is over; its id."""
    await stock.receive("10")
    body = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "4"}]}
    await stock.bench.post("/v1/holds", body, who="service")
    await stock.bench.owner.execute("update hold set expires_at = now() - interval '1 second'")
    return str(body["hold_id"])


async def held(stock: Chain) -> str:
    """What is held now."""
    return str((await stock.level())["held"])


async def test_an_expired_hold_goes_after_its_charge_is_closed(stock: Chain, sales: Sales) -> None:
    """DESIGN 4: given an expired hold; when sales closes the charge for good;
    then the hold is released and its level told.
    """
    hold_id = await expired_hold(stock)
    before = len(await stock.told(StockLevelChanged))
    await sweep_holds(stock.bench.runtime)
    assert sales.asked[0][0] == f"/v1/charges/{hold_id}:abandon"
    assert await held(stock) == "0"
    assert len(await stock.told(StockLevelChanged)) == before + 1


@pytest.mark.parametrize("answer", [Unreachable("away"), Refused({"code": "already-recorded", "status": 409})])
async def test_a_hold_stays_while_sales_is_away_or_has_recorded_it(
    stock: Chain, sales: Sales, answer: Exception
) -> None:
    """DESIGN 4: given an expired hold; when sales is away or says no;
    then the hold stays, until sales closes the charge.
    """
    await expired_hold(stock)
    sales.answer = answer
    await sweep_holds(stock.bench.runtime)
    assert await held(stock) == "4"
    sales.answer = None
    await sweep_holds(stock.bench.runtime)
    assert await held(stock) == "0"


async def test_a_hold_in_time_is_left_alone(stock: Chain, sales: Sales) -> None:
    """DESIGN 4: given a hold of 15 minutes; when the sweep comes at once; then sales is not asked and it stays."""
    await expired_hold(stock)
    await stock.bench.owner.execute("update hold set expires_at = now() + interval '1 minute'")
    await sweep_holds(stock.bench.runtime)
    assert (sales.asked, await held(stock)) == ([], "4")


async def test_the_sweep_of_lots_works_in_batches_until_none_is_left(stock: Chain) -> None:
    """STK-17: given 5 lots of two products that are over; when the sweep runs twice;
    then each is told once, none is left.
    """
    for number in range(5):
        await stock.receive("1", (BOTOX, CREAM)[number % 2], lot_number=str(number), expires_on="2026-03-01")
    await sweep_lots(stock.bench.runtime)
    await sweep_lots(stock.bench.runtime)
    assert len(await stock.told(LotExpired)) == 5
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["0", "0"]
    await warn_of_expiries(stock.bench.runtime)


async def test_the_ledger_is_sealed_and_its_partitions_are_ready(stock: Chain) -> None:
    """DESIGN 3.3, 3.6: given a movement; when the clock comes by twice;
    then one block is told, and months ahead are there.
    """
    await stock.receive("5")
    await seal_ledger(stock.bench.runtime)
    await seal_ledger(stock.bench.runtime)
    assert [one.movements for one in await stock.told(LedgerSealed)] == [1]
    await make_partitions(stock.bench.runtime)
    names = await stock.bench.owner.fetch(
        "select inhrelid::regclass::text as n from pg_inherits where inhparent = 'movement'::regclass"
    )
    assert len(names) >= 4


async def test_days_that_are_over_are_kept_once(stock: Chain) -> None:
    """N-04: given goods recorded today; when the job of the days' openings runs twice; then every site has the days up
    to the last that is due, empty as they were before today, and the second run adds none.
    """
    await stock.receive("9")
    await open_days(stock.bench.runtime)
    kept = await stock.bench.owner.fetch(
        "select site, sum(value_minor)::bigint as value, max(day) >= current_date - 2 as is_due from day_opening"
        " group by site order by site"
    )
    assert [tuple(row) for row in kept] == [(site, 0, True) for site in sorted(SITES)]
    before = await stock.bench.state()
    await open_days(stock.bench.runtime)
    assert await stock.bench.state() == before
