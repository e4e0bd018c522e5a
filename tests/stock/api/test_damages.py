"""Damaged and defective goods: not sellable, then repaired, scrapped with a witness, or sent back (STK-24, STK-25)."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, SERVICE, Chain, product

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotQuarantined, LotReleased, StockAdjusted


async def damaged(stock: Chain, quantity: str = "3", **fields: Any) -> dict[str, Any]:
    """Mark toxin at harley as damaged."""
    body = {"damage_id": str(uuid7()), "site": "harley", "product_id": str(BOTOX), "quantity": quantity} | fields
    found: dict[str, Any] = await stock.bench.post("/v1/damages", body)
    return found


async def test_damaged_goods_are_not_sellable(stock: Chain) -> None:
    """STK-24: given lots of 2 and 8; when 3 are marked damaged; then the shelf has 7, a hold of 8 is refused, the two
    lots of the damage are told as quarantined at their cost, and the same id again changes nothing.
    """
    await stock.receive("2", lot_number="A", expires_on="2030-01-01", unit_cost="4.00")
    await stock.receive("8", lot_number="B", expires_on="2031-01-01")
    one = await damaged(stock, note="fell")
    assert [(lot["lot_number"], lot["quantity"], lot["open"]) for lot in one["lots"]] == [
        ("B", "1", "1"),
        ("A", "2", "2"),
    ]
    again = await stock.bench.post(
        "/v1/damages", {"damage_id": one["damage_id"], "site": "harley", "product_id": str(BOTOX), "quantity": "3"}
    )
    assert again["is_repeat"] is True
    level = await stock.level()
    assert (level["on_hand"], level["available"], level["quarantined"]) == ("7", "7", "3")
    line = {"product_id": str(BOTOX), "quantity": "8"}
    refused = await stock.bench.call(
        "POST", "/v1/holds", {"hold_id": str(uuid7()), "site": "harley", "lines": [line]}, who="service"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "not-enough-stock")
    told = await stock.told(LotQuarantined)
    assert [(one.lot_number, one.quantity, one.cost_minor, one.reason) for one in told] == [
        ("A", "2", 800, "damaged"), ("B", "1", 500, "damaged"),
    ]  # fmt: skip


async def test_a_damage_is_repaired_scrapped_and_sent_back_in_parts(stock: Chain) -> None:
    """STK-24, STK-25: given 5 damaged of 9; when 1 is repaired, 2 scrapped and 2 sent back; then the shelf has 5, the
    two are waste with how they were destroyed, the supplier has 2 at cost, and nothing of the damage is left.
    """
    await stock.receive("9", lot_number="A", expires_on="2031-01-01")
    one = await damaged(stock, "5", is_defective=True)
    path = f"/v1/damages/{one['damage_id']}"
    repaired = await stock.bench.post(f"{path}:repair", {"quantity": "1", "note": "new cap"})
    assert (repaired["lots"][0]["open"], repaired["lots"][0]["repaired"]) == ("4", "1")
    scrapped = await stock.bench.post(f"{path}:scrap", {"quantity": "2", "note": "incinerated"})
    assert [(row["state"], row["cost_minor"], row["reason"]) for row in scrapped["adjustments"]] == [
        ("posted", -1000, "scrap")
    ]
    gone = await stock.bench.post(f"{path}:return", {"note": "credit note 7"})
    (lot,) = gone["lots"]
    assert (lot["open"], lot["repaired"], lot["scrapped"], lot["returned"]) == ("0", "1", "2", "2")
    assert (await stock.level())["on_hand"] == "5"
    assert (await stock.level())["quarantined"] == "0"
    told = await stock.told(StockAdjusted)
    assert [(row.reason, row.quantity, row.cost_minor, row.note) for row in told] == [
        ("scrap", "-2", -1000, "incinerated"), ("returned_to_supplier", "-2", -1000, "credit note 7"),
    ]  # fmt: skip
    assert [row.quantity for row in await stock.told(LotReleased)] == ["1"]
    (log,) = (await stock.bench.get("/v1/adjustments", params={"reason": "scrap"}))["rows"]
    assert (log["note"], log["lot_number"], log["quantity"]) == ("incinerated", "A", "-2")
    assert (await stock.bench.get("/v1/damages", params={"state": "open"}))["rows"] == []


async def test_scrapping_a_controlled_drug_waits_for_a_witness(stock: Chain) -> None:
    """STK-40, N-22: given 3 damaged of a controlled drug; when they are scrapped; then they stay where they lie until
    a second person confirms; then they are waste, and the damage is closed.
    """
    await stock.hear(product(BOTOX, "BTX", "Botox Units", unit="U", drug_class="controlled", revision=2))
    await stock.receive("9", lot_number="A")
    one = await damaged(stock)
    answer = await stock.bench.post(f"/v1/damages/{one['damage_id']}:scrap", {"note": "denatured"})
    (waiting,) = answer["adjustments"]
    assert (waiting["state"], waiting["needed"], answer["damage"]["lots"][0]["open"]) == ("pending", "class", "3")
    assert (await stock.level())["quarantined"] == "3"
    await stock.bench.post(f"/v1/adjustments/{waiting['adjustment_id']}:confirm", {}, who="manager")
    assert (await stock.level())["quarantined"] == "0"
    (lot,) = (await stock.bench.get("/v1/damages"))["rows"]
    assert (lot["scrapped"], lot["open"]) == ("3", "0")


async def test_what_was_repaired_meanwhile_cannot_be_scrapped(stock: Chain) -> None:
    """N-22: given a scrapping that waits while the goods are repaired; when it is confirmed; then it is refused and
    nothing moved.
    """
    await stock.hear(product(BOTOX, "BTX", "Botox Units", unit="U", drug_class="controlled", revision=2))
    await stock.receive("9", lot_number="A")
    one, other = await damaged(stock), await damaged(stock)
    answer = await stock.bench.post(f"/v1/damages/{one['damage_id']}:scrap", {"note": "denatured"})
    await stock.bench.post(f"/v1/damages/{one['damage_id']}:repair", {})
    before = await stock.bench.state()
    path = f"/v1/adjustments/{answer['adjustments'][0]['adjustment_id']}:confirm"
    refused = await stock.bench.call("POST", path, {}, who="manager")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-enough-in-lot")
    assert await stock.bench.state() == before
    assert other["lots"][0]["open"] == "3"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": "10"}, "not-enough-in-lot"), ({"quantity": "0"}, "invalid"),
        ({"quantity": "0.5"}, "bad-quantity"),
        ({"product_id": str(uuid7())}, "unknown-product"), ({"site": "nowhere"}, "unknown-site"),
        ({"product_id": str(SERVICE)}, "not-kept"), ({"happened_at": "2199-01-01T00:00:00Z"}, "bad-date"),
        ({"lot_id": str(uuid7())}, "not-enough-in-lot"),
    ],
)  # fmt: skip
async def test_a_bad_damage_is_named_and_changes_nothing(stock: Chain, change: dict[str, Any], code: str) -> None:
    """STK-24, bad input: more than lies there, no quantity, no such thing: refused by name, nothing stored or told."""
    await stock.receive("9", lot_number="A")
    before = await stock.bench.state()
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "1"} | change
    answer = await stock.bench.call("POST", "/v1/damages", body)
    assert answer.json()["code"] == code
    assert await stock.bench.state() == before


async def test_a_way_that_does_not_fit_the_damage_is_refused(stock: Chain) -> None:
    """STK-24, bad input: more than is open, an unknown damage, scrapping without saying how, an expired lot repaired,
    another site's person: each is refused by name and changes nothing.
    """
    await stock.receive("9", lot_number="A", expires_on="2030-01-01")
    one = await damaged(stock)
    path = f"/v1/damages/{one['damage_id']}"
    await stock.bench.owner.execute("update lot set expires_on = '2026-01-01'")
    before = await stock.bench.state()
    calls = [
        (f"{path}:return", {"quantity": "4"}, "owner", "not-enough-in-lot"),
        (f"{path}:scrap", {"quantity": "1"}, "owner", "note-missing"),
        (f"{path}:repair", {}, "owner", "lot-expired"),
        (f"/v1/damages/{uuid7()}:repair", {}, "owner", "unknown-damage"),
        (f"{path}:repair", {}, "front_desk", "forbidden"),
    ]
    for where, body, who, code in calls:
        answer = await stock.bench.call("POST", where, body, who=who)
        assert answer.json()["code"] == code
    assert await stock.bench.state() == before
    await stock.bench.owner.execute("update lot set expires_on = '2030-01-01'")
