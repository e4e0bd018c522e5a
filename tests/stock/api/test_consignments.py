"""Goods of a supplier on our shelves: worth nothing to us, owed once used, lost or bought (STK-34, STK-43)."""

from typing import Any

import pytest
from tests.stock.chain import CREAM, Chain, product, returned, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import ConsignmentIssued, StockAdjusted, StockIssued

SUPPLIER = "00000000-0000-7000-8000-0000000000aa"
OURS = {"site": "harley", "product_id": str(CREAM)}


async def consigned(stock: Chain, quantity: str = "10", **fields: Any) -> dict[str, Any]:
    """Receive creams that belong to the supplier, at 5.00 each."""
    await stock.hear(product(CREAM, "CRM", "Cream", cost="12.50", purpose="consigned", revision=2))
    return await stock.receive(quantity, CREAM, lot_number="C1", supplier_id=SUPPLIER, **fields)


async def owed(stock: Chain) -> list[tuple[str, int, str]]:
    """What was told to be owed."""
    return [(one.quantity, one.liability_minor, one.reason) for one in await stock.told(ConsignmentIssued)]


async def test_goods_of_others_have_no_value_here(stock: Chain) -> None:
    """STK-34: given 10 consigned and 4 of our own; then on hand is 14, its value that of the 4 alone, and the
    consigned ones are listed apart with what they would cost.
    """
    await stock.receive("4", CREAM, lot_number="OWN")
    await consigned(stock)
    level = await stock.level(CREAM)
    assert (level["on_hand"], level["value_minor"]) == ("14", 2000)
    (row,) = (await stock.bench.get("/v1/consignments"))["rows"]
    assert (row["lot_number"], row["supplier_id"], row["quantity"], row["value_minor"], row["owed_if_used_minor"]) == (
        "C1", SUPPLIER, "10", 0, 5000,
    )  # fmt: skip
    assert await owed(stock) == []


async def test_what_is_sold_is_owed_and_what_comes_back_is_not(stock: Chain) -> None:
    """STK-43: given 10 consigned at 5.00; when 3 are sold, 1 returned and the charge voided; then 15.00 are owed,
    5.00 of it taken back, then 10.00, and the sums of the supplier are 0; the cost of the sale is what is owed.
    """
    await consigned(stock)
    sale = await stock.sell("3", CREAM)
    (issued,) = await stock.told(StockIssued)
    assert issued.taken[0].cost_minor == 1500
    await stock.hear(returned("1", sale, CREAM))
    assert await owed(stock) == [("3", 1500, "sale"), ("-1", -500, "return")]
    await stock.hear(voided(sale))
    assert await owed(stock) == [("3", 1500, "sale"), ("-1", -500, "return"), ("-2", -1000, "void")]
    sums = await stock.bench.get("/v1/liabilities/summary", params={"supplier": SUPPLIER})
    assert (sums["total_minor"], {row["reason"]: row["liability_minor"] for row in sums["rows"]}) == (
        0, {"sale": 1500, "return": -500, "void": -1000},
    )  # fmt: skip


@pytest.mark.parametrize(("path", "reason"), [("adjustments", "waste"), ("adjustments", "count"), ("usages", "usage")])
async def test_what_is_wasted_miscounted_or_used_is_owed(stock: Chain, path: str, reason: str) -> None:
    """STK-43: given 10 consigned; when 2 are wasted, missing at a count, or used by the staff; then 10.00 are owed
    for that reason, once.
    """
    await consigned(stock)
    quantity = "2" if path == "usages" else "-2"
    await stock.bench.post(f"/v1/{path}", OURS | {"quantity": quantity, "reason": reason})
    assert await owed(stock) == [("2", 1000, reason)]
    (told,) = await stock.told(StockAdjusted)
    assert told.cost_minor == -1000
    assert (await stock.level(CREAM))["value_minor"] == 0


async def test_what_moves_within_our_keeping_is_not_owed(stock: Chain) -> None:
    """STK-43: given 10 consigned; when they are set apart, released, shipped and received; then nothing is owed."""
    lot = await consigned(stock)
    for deed in ("quarantine", "release"):
        await stock.bench.post(f"/v1/lots/{lot['lot_id']}:{deed}", {"site": "harley", "reason": "a look"})
    lines = [{"product_id": str(CREAM), "quantity": "4"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    assert await owed(stock) == []
    assert [row["state"] for row in (await stock.bench.get("/v1/consignments"))["rows"]].count("transit") == 1


async def test_goods_sold_before_they_came_are_owed_when_they_come(stock: Chain) -> None:
    """STK-43, DESIGN 3.7: given 2 sold from an empty shelf; when 10 consigned arrive and settle them; then 10.00 are
    owed for the two, once, at the supplier's cost.
    """
    await stock.hear(product(CREAM, "CRM", "Cream", cost="12.50", purpose="consigned", revision=2))
    await stock.sell("2", CREAM)
    await consigned(stock)
    assert await owed(stock) == [("2", 1000, "settlement")]


async def test_bought_goods_become_ours(stock: Chain) -> None:
    """STK-43: given 10 consigned at 5.00; when 6 are bought and the rest at the contract's end; then 30.00 and 20.00
    are owed, our own lot of the same number has 10 worth 50.00, on hand never moved, and the same id again is not done.
    """
    lot = await consigned(stock, expires_on="2031-01-01")
    body = {"consignment_id": str(uuid7()), "site": "harley", "lot_id": lot["lot_id"], "quantity": "6"}
    bought = await stock.bench.post("/v1/consignments:buy-out", body)
    assert (bought["quantity"], bought["liability_minor"]) == ("6", 3000)
    assert (await stock.bench.post("/v1/consignments:buy-out", body))["is_repeat"] is True
    rest = {"site": "harley", "lot_id": lot["lot_id"], "reason": "contract_end"}
    assert (await stock.bench.post("/v1/consignments:buy-out", rest))["own_lot_id"] == bought["own_lot_id"]
    assert await owed(stock) == [("6", 3000, "bought_out"), ("4", 2000, "contract_end")]
    level = await stock.level(CREAM)
    assert (level["on_hand"], level["value_minor"], level["lots"]) == ("10", 5000, 1)
    (row,) = await stock.lots(product=str(CREAM))
    assert (row["lot_number"], row["owner"], row["expires_on"], row["cost_minor"]) == ("C1", "", "2031-01-01", 5000)
    assert (await stock.bench.get("/v1/consignments"))["rows"] == []
    assert await stock.told(StockAdjusted) == []


async def test_goods_sent_back_are_not_owed(stock: Chain) -> None:
    """STK-34: given 10 consigned; when 4 go back to their owner; then 6 lie here, nothing is owed, and what left is
    told without a cost: it never was ours.
    """
    lot = await consigned(stock)
    await stock.bench.post("/v1/consignments:return", {"site": "harley", "lot_id": lot["lot_id"], "quantity": "4"})
    assert await stock.on_hand(CREAM) == "6"
    assert await owed(stock) == []
    (told,) = await stock.told(StockAdjusted)
    assert (told.reason, told.quantity, told.cost_minor) == ("returned_to_supplier", "-4", 0)


async def test_a_period_and_a_site_narrow_what_is_owed(stock: Chain) -> None:
    """STK-43: given sales in May and one of today; then May's liabilities are those of May, pages meet each line once,
    who works at harley sees no other site's, and a period that ends before it begins is refused.
    """
    await consigned(stock)
    await consigned(stock, site="soho")
    await stock.sell("1", CREAM)
    await stock.sell("2", CREAM)
    await stock.sell("1", CREAM, site="soho")
    await stock.bench.post("/v1/usages", OURS | {"quantity": "1"})
    may = {"from": "2026-05-01", "to": "2026-05-31"}
    assert (await stock.bench.get("/v1/liabilities/summary", params=may))["total_minor"] == 2000
    assert (await stock.bench.get("/v1/liabilities/summary", params=may, who="local"))["total_minor"] == 1500
    seen: list[str] = []
    after: str | None = None
    while after is not None or not seen:
        asked = may | {"limit": "1"} | ({"after": after} if after else {})
        page = await stock.bench.get("/v1/liabilities", params=asked)
        seen += [row["movement_id"] for row in page["rows"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == 3
    bad = await stock.bench.call("GET", "/v1/liabilities", params={"from": "2026-06-01", "to": "2026-05-01"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad-date")


async def test_an_ending_that_does_not_fit_is_refused(stock: Chain) -> None:
    """STK-43, bad input: our own lot, an unknown lot or site, more than lies there, nothing there, and a lot whose
    number we own with another expiry: each refused by name, nothing moved or told.
    """
    lot = await consigned(stock, expires_on="2031-01-01")
    own = await stock.receive("1", lot_number="OWN")
    body = {"site": "harley", "lot_id": lot["lot_id"]}
    await stock.hear(product(CREAM, "CRM", "Cream", cost="12.50", revision=3))
    await stock.receive("1", CREAM, lot_number="C1", expires_on="2032-01-01")
    before = await stock.bench.state()
    calls = [
        ("return", body | {"lot_id": own["lot_id"]}, "not-consigned"),
        ("return", body | {"lot_id": str(uuid7())}, "unknown-lot"),
        ("return", body | {"site": "nowhere"}, "unknown-site"),
        ("return", body | {"site": "soho"}, "nothing-to-move"),
        ("return", body | {"quantity": "11"}, "not-enough-in-lot"),
        ("return", body | {"quantity": "0.5"}, "bad-quantity"),
        ("buy-out", body, "lot-mismatch"),
        ("buy-out", body | {"reason": "whim"}, "invalid"),
    ]
    for way, sent, code in calls:
        answer = await stock.bench.call("POST", f"/v1/consignments:{way}", sent)
        assert answer.json()["code"] == code
    assert await stock.bench.state() == before


async def test_the_audit_names_a_liability_that_is_not_so(stock: Chain) -> None:
    """N-01, STK-43: given sales, settlements, returns, waste and a buy-out of consigned goods; then the audit is clean;
    when one liability is altered by hand; then exactly that lot is named with both figures.
    """
    lot = await consigned(stock)
    sale = await stock.sell("3", CREAM)
    await stock.hear(returned("1", sale, CREAM))
    await stock.bench.post("/v1/adjustments", OURS | {"quantity": "-2", "reason": "waste"})
    await stock.bench.post("/v1/consignments:buy-out", {"site": "harley", "lot_id": lot["lot_id"], "quantity": "2"})
    await stock.sell("9", CREAM)
    await stock.receive("5", CREAM, lot_number="C1", supplier_id=SUPPLIER)
    await stock.must_balance()
    await stock.bench.owner.execute("update liability set liability_minor = liability_minor + 1 where reason = 'waste'")
    audit = await stock.bench.get("/v1/audit")
    assert [(one["check"], one["row"]) for one in audit["findings"]] == [
        ("liabilities", f"liability for lot {lot['lot_id']}")
    ]
    await stock.bench.owner.execute("update liability set liability_minor = liability_minor - 1 where reason = 'waste'")
