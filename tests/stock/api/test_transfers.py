"""Transfers over HTTP: neither shelf has what is on its way, and no difference is silent."""

from typing import Any
from uuid import UUID

import pytest
from tests.stock.chain import BOTOX, CREAM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import StockAdjusted, TransferReceived, TransferShipped


async def sent(stock: Chain, quantity: str = "6", **fields: Any) -> str:
    """A transfer of toxin from harley to soho that has left; its id."""
    lines = [{"product_id": str(BOTOX), "quantity": quantity} | fields]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    assert made["state"] == "draft"
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    return str(made["transfer_id"])


async def where(stock: Chain) -> list[str]:
    """On hand at harley, in transit to soho, on hand at soho."""
    here, there = await stock.level(), await stock.level(BOTOX, "soho")
    return [here["on_hand"], there["in_transit"], there["on_hand"]]


async def test_goods_on_their_way_are_on_neither_shelf(stock: Chain) -> None:
    """STK-28: given 10; when 6 ship and arrive; then 4/6/0 on the way, 4/0/6 after, with their lots and cost."""
    await stock.receive("4", lot_number="A", expires_on="2030-01-01")
    await stock.receive("6", lot_number="B", expires_on="2030-02-01", unit_cost="8.00")
    transfer = await sent(stock)
    assert await where(stock) == ["4", "6", "0"]
    got = await stock.bench.post(f"/v1/transfers/{transfer}:receive", {})
    assert (got["state"], [one["received"] for one in got["lots"]]) == ("received", ["4", "2"])
    assert await where(stock) == ["4", "0", "6"]
    assert (await stock.level(BOTOX, "soho"))["value_minor"] == 3600
    assert len(await stock.told(TransferShipped)) == len(await stock.told(TransferReceived)) == 1


async def test_a_short_receipt_stays_in_transit_until_it_is_explained(stock: Chain) -> None:
    """STK-29, N-25: given 6 shipped; when 5 are counted; then 1 stays in transit until it is called a loss."""
    await stock.receive("10")
    transfer = await sent(stock)
    lines = [{"product_id": str(BOTOX), "quantity": "5"}]
    part = await stock.bench.post(f"/v1/transfers/{transfer}:receive", {"lines": lines})
    assert (part["state"], await where(stock)) == ("shipped", ["4", "1", "5"])
    none = [{"product_id": str(BOTOX), "quantity": "0"}]
    rest = await stock.bench.post(f"/v1/transfers/{transfer}:receive", {"lines": none, "missing_reason": "loss"})
    assert (rest["state"], rest["lots"][0]["lost"], await where(stock)) == ("received", "1", ["4", "0", "5"])
    (lost,) = await stock.told(StockAdjusted)
    assert (lost.site, lost.quantity, lost.cost_minor, lost.reason) == ("soho", "-1", -500, "loss")


async def test_more_than_shipped_and_more_than_there_are_refused(stock: Chain) -> None:
    """STK-29: given 10 with 3 held; when 8 ship, or 7 are counted of 6; then both are refused and nothing moved."""
    await stock.receive("10")
    body = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "3"}]}
    await stock.bench.post("/v1/holds", body, who="service")
    lines = [{"product_id": str(BOTOX), "quantity": "8"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    before = await stock.bench.state()
    no = await stock.bench.call("POST", f"/v1/transfers/{made['transfer_id']}:ship", {})
    assert (no.status_code, no.json()["code"], no.json()["numbers"]["available"]) == (409, "not-enough-stock", "7")
    assert await stock.bench.state() == before
    transfer = await sent(stock)
    counted = {"lines": [{"product_id": str(BOTOX), "quantity": "7"}]}
    no = await stock.bench.call("POST", f"/v1/transfers/{transfer}:receive", counted)
    assert no.json()["code"] == "transfer-unexplained"
    assert await where(stock) == ["4", "6", "0"]


async def test_a_cancelled_transfer_brings_its_goods_back(stock: Chain) -> None:
    """STK-27: given 6 shipped; when it is cancelled; then 10 lie at harley again, and it can do nothing more."""
    await stock.receive("10")
    transfer = await sent(stock)
    await stock.bench.post(f"/v1/transfers/{transfer}:cancel", {})
    assert await where(stock) == ["10", "0", "0"]
    assert (await stock.level())["value_minor"] == 5000
    for move in ("ship", "receive", "cancel"):
        no = await stock.bench.call("POST", f"/v1/transfers/{transfer}:{move}", {})
        assert (no.status_code, no.json()["code"]) == (409, "transfer-move")


async def test_a_named_lot_is_the_one_that_leaves(stock: Chain) -> None:
    """STK-10: given two lots; when the later one is named; then it leaves, and a foreign lot is refused."""
    await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    later = await stock.receive("5", lot_number="B", expires_on="2031-01-01")
    transfer = await sent(stock, "2", lot_id=later["lot_id"])
    shown = await stock.bench.get(f"/v1/transfers/{transfer}")
    assert [one["lot_number"] for one in shown["lots"]] == ["B"]
    lines = [{"product_id": str(CREAM), "quantity": "1", "lot_id": later["lot_id"]}]
    no = await stock.bench.call("POST", "/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    assert no.json()["code"] == "unknown-lot"


async def test_goods_that_end_on_the_way_are_quarantined_at_their_destination(stock: Chain) -> None:
    """DESIGN 3.5: given a lot shipped in May, last day 10 June; when it arrives later;
    then it is not sellable there.
    """
    await stock.receive("5", lot_number="A", expires_on="2026-06-10")
    lines = [{"product_id": str(BOTOX), "quantity": "5"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    path = f"/v1/transfers/{made['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {"happened_at": "2026-05-01T10:00:00Z"}, who="importer")
    await stock.bench.post(f"{path}:receive", {})
    level = await stock.level(BOTOX, "soho")
    assert (level["on_hand"], level["quarantined"]) == ("0", "5")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to_site": "harley"}, 422), ({"to_site": "nowhere"}, 404), ({"lines": []}, 422), ({"from_site": "x y"}, 422),
        ({"lines": [{"product_id": str(uuid7()), "quantity": "1"}]}, 404),
        ({"lines": [{"product_id": str(BOTOX), "quantity": "0"}]}, 422),
        ({"lines": [{"product_id": str(BOTOX), "quantity": "0.5"}]}, 422),
    ],
)  # fmt: skip
async def test_a_bad_transfer_is_named_and_changes_nothing(stock: Chain, change: dict[str, Any], status: int) -> None:
    """Bad input, named: given a transfer with one bad value; when it is drafted;
    then a clear 4xx and nothing stored.
    """
    body = {"from_site": "harley", "to_site": "soho", "lines": [{"product_id": str(BOTOX), "quantity": "1"}]}
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/transfers", body | change)
    assert answer.status_code == status, answer.text
    assert await stock.bench.state() == before


async def test_each_end_belongs_to_its_site(stock: Chain) -> None:
    """G: given a manager of harley; when a transfer to soho ships and arrives; then only the shipping is theirs."""
    await stock.receive("5")
    lines = [{"product_id": str(BOTOX), "quantity": "1"}]
    body = {"from_site": "harley", "to_site": "soho", "lines": lines}
    made = await stock.bench.post("/v1/transfers", body, who="local")
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {}, who="local")
    no = await stock.bench.call("POST", f"/v1/transfers/{made['transfer_id']}:receive", {}, who="local")
    assert no.status_code == 403


async def test_transfers_are_listed_by_when_they_were_made_whatever_their_ids(stock: Chain) -> None:
    """STK-27: given four transfers with ids of the sender's own in no order; when they are read page by page; then the
    latest made comes first, none twice.
    """
    ids = [str(UUID(int=number << 80 | 0x7 << 76 | 0x2 << 62)) for number in (7, 2, 9, 4)]
    for transfer_id in ids:
        lines = [{"product_id": str(BOTOX), "quantity": "1"}]
        body = {"transfer_id": transfer_id, "from_site": "harley", "to_site": "soho", "lines": lines}
        await stock.bench.post("/v1/transfers", body)
    first = await stock.bench.get("/v1/transfers", params={"limit": 3})
    rest = await stock.bench.get("/v1/transfers", params={"limit": 3, "after": first["next"]})
    assert [row["transfer_id"] for row in first["rows"] + rest["rows"]] == ids[::-1]
