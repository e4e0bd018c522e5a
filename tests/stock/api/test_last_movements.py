"""When products last moved, for the catalog's list of what could be discontinued."""

from tests.stock.chain import BOTOX, CREAM, Chain

from lotwise.contracts.ids import uuid7


async def test_the_last_day_of_each_product_that_moved(stock: Chain) -> None:
    """CAT-61: what was received moved on that day; what never moved, or nobody knows, is left out."""
    await stock.receive("10")
    body = {"product_ids": [str(BOTOX), str(CREAM), str(uuid7())]}
    found = await stock.bench.post("/v1/last-movements", body)
    (day,) = await stock.bench.owner.fetch("SELECT DISTINCT happened_on FROM daily_total")
    assert found["rows"] == [{"product_id": str(BOTOX), "last_moved_on": day["happened_on"].isoformat()}]


async def test_five_hundred_at_once_and_no_more(stock: Chain) -> None:
    """N-24: a question about 501 products, or about none, is a 422."""
    for number in (0, 501):
        body = {"product_ids": [str(uuid7()) for _ in range(number)]}
        assert (await stock.bench.call("POST", "/v1/last-movements", body)).status_code == 422
