"""One purchase over several sites: every unit and every cent has its place (STK-31)."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import StockReceived, TransferShipped


def purchase(*shares: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """Ten units of toxin at 3.333333 that come to harley."""
    body: dict[str, Any] = {
        "site": "harley", "product_id": str(BOTOX), "quantity": "10", "unit_cost": "3.333333", "lot_number": "A",
        "expires_on": "2030-01-01", "shares": [{"site": site, "quantity": quantity} for site, quantity in shares],
    }  # fmt: skip
    return body | fields


async def values(stock: Chain) -> list[tuple[str, str, int]]:
    """Harley's and soho's on hand, what is on its way there, and the value on the shelf."""
    rows = [await stock.level(BOTOX, site) for site in ("harley", "soho")]
    return [(row["on_hand"], row["in_transit"], row["value_minor"]) for row in rows]


async def test_a_purchase_arrives_whole_and_is_sent_on(stock: Chain) -> None:
    """STK-31: given 10 for 33.33; when 6 stay and 4 go on; then 6 lie here, 4 of that lot are on their way, 33.33."""
    body = purchase(("harley", "6"), ("soho", "4"), split_id=str(uuid7()))
    done = await stock.bench.post("/v1/receipts:split", body)
    assert (done["cost_minor"], [one["cost_minor"] for one in done["receipts"]]) == (3333, [3333])
    assert await values(stock) == [("6", "0", 2000), ("0", "4", 0)]
    (transfer,) = done["transfers"]
    shown = await stock.bench.get(f"/v1/transfers/{transfer}")
    assert (shown["origin"], shown["state"], shown["lots"][0]["lot_number"], shown["in_transit_minor"]) == (
        "split", "shipped", "A", 1333,
    )  # fmt: skip
    again = await stock.bench.post("/v1/receipts:split", body)
    assert (again["receipts"][0]["is_repeat"], again["transfers"]) == (True, [transfer])
    assert (len(await stock.told(StockReceived)), len(await stock.told(TransferShipped))) == (1, 1)
    await stock.bench.post(f"/v1/transfers/{transfer}:receive", {})
    assert await values(stock) == [("6", "0", 2000), ("4", "0", 1333)]


async def test_a_purchase_arrives_in_shares_whose_costs_sum_to_it(stock: Chain) -> None:
    """STK-31, DESIGN 3.2: given 10 that cost 100.00 in all; when 3, 3 and 4 arrive at three sites; then 100.00."""
    shares = purchase(("harley", "3"), ("soho", "3"), ("sydney", "4"), mode="receive", cost_minor=10_001)
    shares.pop("unit_cost")
    done = await stock.bench.post("/v1/receipts:split", shares)
    costs = [one["cost_minor"] for one in done["receipts"]]
    assert (sum(costs), sorted(costs), done["transfers"]) == (10_001, [3000, 3000, 4001], [])
    assert [one.quantity for one in await stock.told(StockReceived)] == ["3", "3", "4"]
    lots = {one["lot_id"] for one in done["receipts"]}
    assert len(lots) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity": "11"}, "shares-differ"),
        ({"shares": [{"site": "soho", "quantity": "5"}] * 2}, "shares-differ"),
        ({"shares": [{"site": "nowhere", "quantity": "10"}]}, "unknown-site"),
        ({"shares": [{"site": "nowhere", "quantity": "10"}], "mode": "receive"}, "unknown-site"),
        ({"product_id": str(uuid7())}, "unknown-product"),
        ({"expires_on": "2020-01-01"}, "lot-expired"),
        ({"cost_minor": 5}, None),
        ({"shares": []}, None),
        ({"unit_cost": "9999999999999", "quantity": "9000000000000000", "shares": [
            {"site": "harley", "quantity": "9000000000000000"}]}, "bad-quantity"),
    ],
)  # fmt: skip
async def test_a_bad_split_is_named_and_changes_nothing(stock: Chain, fields: dict[str, Any], code: str | None) -> None:
    """Bad input, named: given a purchase with one bad value; when it is divided; then a clear 4xx, nothing stored."""
    before = await stock.bench.state()
    no = await stock.bench.call("POST", "/v1/receipts:split", purchase(("harley", "6"), ("soho", "4")) | fields)
    assert 400 <= no.status_code < 500, no.text
    assert code is None or no.json()["code"] == code, no.text
    assert await stock.bench.state() == before


async def test_shares_are_received_only_where_one_may(stock: Chain) -> None:
    """N-03: given a manager of harley; when a share would arrive at soho; then 403, but sending it on is theirs."""
    shares = (("harley", "6"), ("soho", "4"))
    before = await stock.bench.state()
    no = await stock.bench.call("POST", "/v1/receipts:split", purchase(*shares, mode="receive"), who="local")
    assert no.status_code == 403
    assert await stock.bench.state() == before
    assert (await stock.bench.post("/v1/receipts:split", purchase(*shares), who="local"))["transfers"]
