"""Moves within a site: what lies at the back bar is on hand there and not for sale (STK-44)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotExpired, StockAdjusted, StockBelowMin
from lotwise.stock.operations.expiry import sweep

RETAIL: dict[str, str] = {}
BAR = {"purpose": "back_bar"}


def move(lot: str, quantity: str, **fields: Any) -> dict[str, Any]:
    """Toxin of a lot at harley from its shelf to its back bar."""
    body: dict[str, Any] = {"site": "harley", "product_id": str(BOTOX), "lot_id": lot, "quantity": quantity}
    return body | {"source": RETAIL, "target": BAR} | fields


async def places(stock: Chain) -> dict[tuple[str, str], str]:
    """Where the toxin lies: quantity by kind and area."""
    rows = await stock.bench.owner.fetch(
        "select b.kind, l.area, b.on_hand from balance b join location l on l.id = b.location_id where on_hand <> 0"
    )
    return {(row[0], row[1]): str(row[2]) for row in rows}


async def test_the_back_bar_is_not_for_sale(stock: Chain) -> None:
    """STK-44: given 10 with a minimum of 8; when 4 move to the back bar, and 3 of them back;
    then 6, then 9 are for sale, the level crosses, no waste is told, and a hold of 7 is refused meanwhile.
    """
    lot = (await stock.receive("10", lot_number="A"))["lot_id"]
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": "8", "reorder_at": None})
    done = await stock.bench.post("/v1/moves", move(lot, "4"))
    assert (done["quantity"], done["cost_minor"], done["is_repeat"]) == ("4", 2000, False)
    assert await places(stock) == {("shelf", ""): "6", ("back_bar", ""): "4"}
    assert (await stock.on_hand(), len(await stock.told(StockBelowMin))) == ("6", 1)
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "7"}]}
    no = await stock.bench.call("POST", "/v1/holds", hold, who="service")
    assert no.json()["code"] == "not-enough-stock"
    await stock.bench.post("/v1/moves", move(lot, "3", source=BAR, target=RETAIL))
    assert await places(stock) == {("shelf", ""): "9", ("back_bar", ""): "1"}
    assert await stock.told(StockAdjusted) == []


async def test_a_sale_does_not_take_from_the_back_bar(stock: Chain) -> None:
    """STK-44: given all 5 at the back bar; when 2 are sold; then they are owed, and the 5 lie where they lay."""
    lot = (await stock.receive("5"))["lot_id"]
    await stock.bench.post("/v1/moves", move(lot, "5"))
    await stock.sell("2")
    assert await places(stock) == {("back_bar", ""): "5", ("unattributed", ""): "-2"}
    await stock.bench.post("/v1/moves", move(lot, "5", source=BAR, target=RETAIL))
    assert await places(stock) == {("shelf", ""): "3"}


async def test_goods_move_between_storage_areas(stock: Chain) -> None:
    """STK-44: given a fridge; when 3 of 10 move into it; then on hand stays 10, and a rerun moves nothing."""
    lot = (await stock.receive("10"))["lot_id"]
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "fridge"})
    body = move(lot, "3", target={"area": "fridge"}, move_id=str(uuid7()))
    await stock.bench.post("/v1/moves", body)
    again = await stock.bench.post("/v1/moves", body)
    assert again["is_repeat"] is True
    assert await places(stock) == {("shelf", ""): "7", ("shelf", "fridge"): "3"}
    assert await stock.on_hand() == "10"


async def test_the_back_bar_has_areas_of_its_own(stock: Chain) -> None:
    """STK-42, STK-44: given a back bar in room 2; when 2 move there; then they lie there."""
    lot = (await stock.receive("10"))["lot_id"]
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "room 2", "purpose": "back_bar"})
    await stock.bench.post("/v1/moves", move(lot, "2", target={"purpose": "back_bar", "area": "room 2"}))
    assert await places(stock) == {("shelf", ""): "8", ("back_bar", "room 2"): "2"}
    shown = (await stock.bench.get("/v1/areas", params={"site": "harley"}))["rows"]
    assert {(one["purpose"], one["area"]): one["lots"] for one in shown} == {
        ("retail", ""): 1, ("back_bar", ""): 0, ("back_bar", "room 2"): 1,
    }  # fmt: skip


async def test_the_back_bar_expires_and_is_written_off(stock: Chain) -> None:
    """STK-17, STK-18: given 4 of a lot at the back bar; when 1 is wasted and the lot's last day is over;
    then 3 go to quarantine.
    """
    lot = (await stock.receive("4", lot_number="A", expires_on="2030-01-01"))["lot_id"]
    await stock.bench.post("/v1/moves", move(lot, "4"))
    waste = {"site": "harley", "product_id": str(BOTOX), "quantity": "-1", "reason": "waste", "lot_id": lot}
    await stock.bench.post("/v1/adjustments", waste)
    async with stock.bench.db.transaction() as tx:
        assert await sweep(tx, datetime(2030, 1, 3, tzinfo=UTC), 100, 2) == 1
    (told,) = await stock.told(LotExpired)
    assert (told.quantity, await places(stock)) == ("3", {("quarantine", "expired"): "3"})


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"target": RETAIL}, "same-place"),
        ({"target": {"area": "cellar"}}, "unknown-area"),
        ({"quantity": "11"}, "not-enough-in-lot"),
        ({"quantity": "0.5"}, "bad-quantity"),
        ({"lot_id": str(uuid7())}, "unknown-lot"),
        ({"product_id": str(CREAM)}, "unknown-lot"),
        ({"product_id": str(uuid7())}, "unknown-product"),
        ({"site": "nowhere"}, "unknown-site"),
        ({"quantity": "8"}, "not-enough-stock"),
        ({"happened_at": "2199-01-01T00:00:00Z"}, "bad-date"),
    ],
)
async def test_a_bad_move_is_named_and_changes_nothing(stock: Chain, fields: dict[str, Any], code: str) -> None:
    """Bad input, named: given 10 of which 3 are held; when a move has one bad value; then a no and nothing changed."""
    lot = (await stock.receive("10"))["lot_id"]
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "3"}]}
    await stock.bench.post("/v1/holds", hold, who="service")
    before = await stock.bench.state()
    no = await stock.bench.call("POST", "/v1/moves", move(lot, "2") | fields)
    assert no.json()["code"] == code, no.text
    assert await stock.bench.state() == before


async def test_an_expired_lot_stays_where_it_is(stock: Chain) -> None:
    """STK-16: given a lot whose last day is over but not swept; when it is to move; then it is named as expired."""
    lot = (await stock.receive("4", lot_number="A", expires_on="2026-02-01"))["lot_id"]
    no = await stock.bench.call("POST", "/v1/moves", move(lot, "1"))
    assert (no.status_code, no.json()["code"]) == (409, "lot-expired")
