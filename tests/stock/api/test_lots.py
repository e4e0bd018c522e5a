"""Lots, corrections, areas and movements over HTTP."""

from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, GTIN, SERUM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotQuarantined, LotReleased, StockAdjusted
from lotwise.stock.jobs import sweep_lots


async def test_lots_expiring_soon_come_first(stock: Chain) -> None:
    """STK-15: given lots of June 2027, 2030 and none; when asked within 3,000 days, page by page;
    then in expiry order.
    """
    await stock.receive("1", lot_number="NONE")
    await stock.receive("2", lot_number="LATE", expires_on="2030-06-01")
    await stock.receive("3", lot_number="SOON", expires_on="2027-06-01")
    assert [one["lot_number"] for one in await stock.lots()] == ["SOON", "LATE", "NONE"]
    assert [one["lot_number"] for one in await stock.lots(expires_within=3000)] == ["SOON", "LATE"]
    first = await stock.bench.get("/v1/lots", params={"limit": 2})
    rest = await stock.bench.get("/v1/lots", params={"limit": 2, "after": first["next"]})
    assert [one["lot_number"] for one in first["rows"] + rest["rows"]] == ["SOON", "LATE", "NONE"]
    assert rest["next"] is None


async def test_a_quarantined_lot_is_not_sold_and_can_be_released(stock: Chain) -> None:
    """STK-16: given two lots; when the first is set apart; then FEFO takes the second, until the first is released."""
    first = await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    await stock.receive("5", lot_number="B", expires_on="2030-02-01")
    path = f"/v1/lots/{first['lot_id']}"
    await stock.bench.post(f"{path}:quarantine", {"site": "harley", "reason": "fridge was warm"})
    assert (await stock.level())["on_hand"] == "5"
    await stock.sell("2")
    await stock.bench.post(f"{path}:release", {"site": "harley", "quantity": "3", "reason": "checked"})
    rows = {(one["lot_number"], one["state"]): one["quantity"] for one in await stock.lots()}
    assert rows == {("A", "shelf"): "3", ("A", "quarantine"): "2", ("B", "shelf"): "3"}
    assert [one.reason for one in await stock.told(LotQuarantined)] == ["fridge was warm"]
    assert len(await stock.told(LotReleased)) == 1


async def test_what_cannot_be_set_apart_or_released_is_refused(stock: Chain) -> None:
    """STK-16: given an expired lot in quarantine and a stranger; when released or set apart; then named refusals."""
    await stock.receive(
        "5", lot_number="A", expires_on="2026-02-01", happened_at="2026-03-01T00:00:00Z", accept_expired=True
    )
    (lot,) = await stock.lots()
    before = await stock.bench.state()
    body = {"site": "harley", "reason": "why"}
    calls = [
        (f"/v1/lots/{lot['lot_id']}:release", body, "lot-expired"),
        (f"/v1/lots/{lot['lot_id']}:quarantine", body, "nothing-to-move"),
        (f"/v1/lots/{uuid7()}:quarantine", body, "unknown-lot"),
        (f"/v1/lots/{lot['lot_id']}:quarantine", body | {"site": "nowhere"}, "unknown-site"),
        (f"/v1/lots/{lot['lot_id']}:quarantine", body | {"reason": ""}, "invalid"),
    ]
    for path, sent, code in calls:
        answer = await stock.bench.call("POST", path, sent)
        assert answer.json()["code"] == code
    assert await stock.bench.state() == before


async def test_waste_is_written_off_with_its_cost(stock: Chain) -> None:
    """STK-18: given 3 at 10.00 in all and 7 at 7.00; when 4 are wasted; then the lots' own cost goes, signed, once."""
    await stock.receive("3", lot_number="A", expires_on="2030-01-01", unit_cost="3.333333")
    await stock.receive("7", lot_number="B", expires_on="2030-02-01", unit_cost="1.00")
    body = {
        "adjustment_id": str(uuid7()),
        "site": "harley",
        "product_id": str(BOTOX),
        "quantity": "-4",
        "reason": "waste",
    }
    done = await stock.bench.post("/v1/adjustments", body | {"note": "dropped"})
    assert (done["quantity"], done["cost_minor"], [one["quantity"] for one in done["lots"]]) == (
        "-4",
        -1100,
        ["3", "1"],
    )
    again = await stock.bench.post("/v1/adjustments", body | {"note": "dropped"})
    assert again["is_repeat"] is True
    assert await stock.on_hand() == "6"
    (told,) = await stock.told(StockAdjusted)
    assert (told.quantity, told.cost_minor, told.reason, told.note) == ("-4", -1100, "waste", "dropped")


async def test_a_write_off_without_a_lot_takes_the_shelf(stock: Chain) -> None:
    """STK-18: given 5 swept into quarantine and 5 on the shelf; when 2 are lost or shipped;
    then the quarantine keeps its 5.
    """
    await stock.receive("5", lot_number="OLD", expires_on="2026-02-01")
    await stock.receive("5", lot_number="NEW", expires_on="2031-01-01")
    await sweep_lots(stock.bench.runtime)
    await stock.bench.post(
        "/v1/adjustments", {"site": "harley", "product_id": str(BOTOX), "quantity": "-2", "reason": "loss"}
    )
    lines = [{"product_id": str(BOTOX), "quantity": "2"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"]) == ("1", "5")


async def test_found_stock_enters_at_the_lots_last_cost(stock: Chain) -> None:
    """DESIGN 3.2: given a lot at 5.00; when 2 of it are found, and 1 of no known lot;
    then they are worth 10.00 and 5.00.
    """
    lot = await stock.receive("3", lot_number="A")
    body = {"site": "harley", "product_id": str(BOTOX), "reason": "found"}
    assert (await stock.bench.post("/v1/adjustments", body | {"quantity": "2", "lot_id": lot["lot_id"]}))[
        "cost_minor"
    ] == 1000
    assert (await stock.bench.post("/v1/adjustments", body | {"quantity": "1"}))["cost_minor"] == 500
    assert (await stock.level())["value_minor"] == 3000


async def test_a_batch_of_corrections_judges_each_alone(stock: Chain) -> None:
    """STK-08: given 5 on hand; when a batch takes 4 and then 4;
    then the first is done, the second refused with the number.
    """
    await stock.receive("5")
    row = {
        "site": "harley",
        "product_id": str(BOTOX),
        "quantity": "-4",
        "reason": "loss",
        "adjustment_id": str(uuid7()),
    }
    second = row | {"adjustment_id": str(uuid7())}
    answer = await stock.bench.post("/v1/adjustments:batch", {"adjustments": [row, second, row]})
    assert [one["outcome"] for one in answer["results"]] == ["adjusted", "refused", "repeated"]
    assert answer["results"][1]["problem"]["numbers"]["on_hand"] == "1"
    await stock.receive("3")
    retry = await stock.bench.post("/v1/adjustments:batch", {"adjustments": [second]})
    assert retry["adjusted"] == 1
    assert await stock.on_hand() == "0"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": "0"}, "bad-quantity"), ({"quantity": "-0.5"}, "bad-quantity"),
        ({"quantity": "-9"}, "not-enough-in-lot"),
        ({"reason": "because"}, "unknown-reason"), ({"product_id": str(uuid7())}, "unknown-product"),
        ({"site": "no"}, "unknown-site"),
        ({"lot_id": str(uuid7())}, "unknown-lot"), ({"note": "\x00"}, "bad-value"), ({"quantity": "1e400"}, "invalid"),
        ({"happened_at": "2199-01-01T00:00:00Z"}, "bad-date"),
    ],
)  # fmt: skip
async def test_a_bad_correction_is_named_and_changes_nothing(stock: Chain, change: dict[str, Any], code: str) -> None:
    """Bad input, named: given 5 on hand; when a correction has one bad value;
    then a clear 4xx, nothing stored or told.
    """
    await stock.receive("5")
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "-1", "reason": "loss"}
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/adjustments", body | change)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code
    assert await stock.bench.state() == before


async def test_a_warm_fridge_sets_all_its_lots_apart(stock: Chain) -> None:
    """STK-42: given a fridge with two lots and a shelf with one; when the fridge was warm;
    then its two are quarantined.
    """
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "fridge"})
    await stock.receive("2", lot_number="A", area="fridge")
    await stock.receive("3", CREAM, lot_number="B", area="fridge")
    await stock.receive("4", lot_number="C")
    areas = (await stock.bench.get("/v1/areas", params={"site": "harley"}))["rows"]
    assert [(one["purpose"], one["area"], one["lots"]) for one in areas] == [
        ("retail", "", 1), ("retail", "fridge", 2), ("back_bar", "", 0),
    ]  # fmt: skip
    done = await stock.bench.post("/v1/areas:quarantine", {"site": "harley", "area": "fridge", "reason": "12 degrees"})
    assert sorted(one["lot_number"] for one in done["lots"]) == ["A", "B"]
    assert [await stock.on_hand(), await stock.on_hand(CREAM)] == ["4", "0"]
    twice = await stock.bench.call("POST", "/v1/areas", {"site": "harley", "area": "fridge"})
    assert twice.json()["code"] == "area-exists"


async def test_every_movement_carries_lot_actor_cause_and_trace(stock: Chain) -> None:
    """STK-10, N-18: given a receipt and a charge; when the ledger is read;
    then both legs, the lot, the cause and the trace.
    """
    receipt = await stock.receive("5", lot_number="A")
    sale = await stock.sell("2", actor="user:jane")
    rows = (await stock.bench.get("/v1/movements", params={"site": "harley"}))["rows"]
    sold, received = rows
    assert (sold["source"]["kind"], sold["target"]["kind"], sold["quantity"], sold["lot_number"]) == (
        "shelf",
        "patient",
        "2",
        "A",
    )
    assert (sold["cause_id"], sold["actor"], sold["reason"]) == (str(sale.charge_id), "user:jane", "sale")
    assert sold["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (received["cause_id"], received["source"]["kind"]) == (receipt["receipt_id"], "supplier")
    only = await stock.bench.get("/v1/movements", params={"cause": str(sale.charge_id)})
    assert [one["movement_id"] for one in only["rows"]] == [sold["movement_id"]]
    query = {"lot": receipt["lot_id"], "product": str(BOTOX), "reason": "receipt", "limit": 1}
    page = await stock.bench.get("/v1/movements", params=query)
    assert [one["movement_id"] for one in page["rows"]] == [received["movement_id"]]
    rest = await stock.bench.get("/v1/movements", params=query | {"after": page["next"]})
    assert rest["rows"] == []


async def test_levels_are_searched_filtered_and_paged(stock: Chain) -> None:
    """STK-03: given three products, one under its minimum; when listed by name, word, shortage and page;
    then just those.
    """
    await stock.receive("5")
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": "6"})
    query = {"site": "harley"}
    rows = (await stock.bench.get("/v1/levels", params=query))["rows"]
    assert [(one["name"], one["on_hand"], one["is_below"]) for one in rows] == [
        ("Botox Units", "5", True), ("Cream", "0", False), ("Serum", "0", False),
    ]  # fmt: skip
    assert [one["code"] for one in (await stock.bench.get("/v1/levels", params=query | {"search": "cr"}))["rows"]] == [
        "CRM"
    ]
    assert (await stock.bench.get("/v1/levels", params=query | {"search": "%"}))["rows"] == []
    below = (await stock.bench.get("/v1/levels", params=query | {"below": "true"}))["rows"]
    assert [one["product_id"] for one in below] == [str(BOTOX)]
    first = await stock.bench.get("/v1/levels", params=query | {"limit": 2})
    rest = await stock.bench.get("/v1/levels", params=query | {"limit": 2, "after": first["next"]})
    assert [one["code"] for one in rest["rows"]] == ["SRM"]
    chain = (await stock.bench.get("/v1/levels"))["rows"]
    assert [(one["site"], one["code"]) for one in chain] == [("harley", "BTX")]
    total = await stock.bench.get("/v1/summary", params=query)
    assert (total["stocked"], total["below_minimum"], total["value_minor"], total["products"]) == (1, 1, 2500, 3)


async def test_a_minimum_is_edited_at_the_revision_that_was_read(stock: Chain) -> None:
    """DESIGN 5: given levels that were read; when goods move, one edits, then another;
    then the first is taken, the others are 412 and 428.
    """
    path = f"/v1/levels/harley/{BOTOX}"
    read = await stock.bench.call("GET", path)
    await stock.receive("5")
    await stock.bench.call("PUT", path, {"minimum": "1"}, match=read.headers["etag"])
    stale = await stock.bench.call("PUT", path, {"minimum": "3"}, match=read.headers["etag"])
    missing = await stock.bench.call("PUT", path, {"minimum": "3"})
    assert (stale.status_code, missing.status_code) == (412, 428)
    fresh = await stock.bench.call("GET", path)
    done = await stock.bench.call("PUT", path, {"minimum": "3", "reorder_at": "4"}, match=fresh.headers["etag"])
    assert (done.json()["minimum"], done.json()["reorder_at"]) == ("3", "4")
    bad = await stock.bench.call("PUT", path, {"minimum": "-1"}, match="*")
    assert (bad.status_code, bad.json()["code"]) == (422, "bad-level")
    rows = [{"site": "soho", "product_id": str(CREAM), "minimum": "2"}, {"site": "no", "product_id": str(CREAM)}]
    batch = await stock.bench.post("/v1/minimums:batch", {"minimums": rows})
    assert (batch["set"], batch["results"][1]["problem"]["code"]) == (1, "unknown-site")


async def test_history_is_by_the_day_things_happened(stock: Chain) -> None:
    """DESIGN 3.9: given a receipt in January and a late sale of 4 May; when May is asked for;
    then 5 until the 3rd, 3 from the 4th.
    """
    await stock.receive("5")
    await stock.sell("2")
    found = await stock.bench.get(
        f"/v1/levels/harley/{BOTOX}/history", params={"from": "2026-05-02", "to": "2026-05-05"}
    )
    assert [(one["on_hand"], one["went"]) for one in found["days"]] == [("5", "0"), ("5", "0"), ("3", "2"), ("3", "0")]
    for query in ({"from": "2026-05-05", "to": "2026-05-02"}, {"from": "1980-01-01"}, {"from": "0001-01-01"}):
        answer = await stock.bench.call("GET", f"/v1/levels/harley/{BOTOX}/history", params=query)
        assert answer.status_code == 422


async def test_a_scan_fills_the_form(stock: Chain) -> None:
    """N-09, STK-10: given a vial's DataMatrix; when it is scanned;
    then product, lot, month's last day, serial and pack are read.
    """
    data = "]d20109506000134376172802001001ABC\x1d21SER1"
    found = await stock.bench.get("/v1/scan", params={"data": data.replace("1001ABC", "10ABC"), "site": "harley"})
    assert (found["gtin"], found["lot_number"], found["expires_on"], found["serial"]) == (
        GTIN,
        "ABC",
        "2028-02-29",
        "SER1",
    )
    assert (found["is_known"], found["is_expired"], found["is_received"], found["warnings"]) == (True, False, False, [])
    assert (found["products"][0]["product_id"], found["products"][0]["quantity"]) == (str(BOTOX), "100")
    await stock.receive("100", lot_number="ABC", expires_on="2028-02-29")
    again = await stock.bench.get("/v1/scan", params={"data": data.replace("1001ABC", "10ABC"), "site": "harley"})
    assert (again["is_received"], again["lots"][0]["on_hand"]) == (True, "100")


async def test_a_scan_says_what_is_wrong(stock: Chain) -> None:
    """N-09: given an expired pack, a wrong check digit, a plain code and nonsense; when scanned; then each is said."""

    async def scan(data: str) -> Any:
        """One scan at harley."""
        return await stock.bench.get("/v1/scan", params={"data": data, "site": "harley"})

    assert (await scan("(01)09506000134376(17)200101(10)X"))["is_expired"] is True
    assert (await scan("]d201095060001343771726010110X"))["warnings"] == ["The check digit of the number is wrong"]
    assert [one["code"] for one in (await scan("SRM"))["products"]] == ["SRM"]
    assert (await scan("9506000134376"))["products"][0]["product_id"] == str(BOTOX)
    assert (await scan("what is this"))["is_known"] is False
    blank = await stock.bench.call("GET", "/v1/scan", params={"data": "  ", "site": "harley"})
    assert blank.json()["code"] == "unreadable-code"
    assert (await stock.bench.call("GET", "/v1/scan", params={"data": "1", "site": "no"})).status_code == 404


async def test_uses_are_counted_for_catalog(stock: Chain) -> None:
    """DESIGN 3.12: given one product that moved and one that did not; when catalog asks; then only one is in use."""
    await stock.receive("5")
    assert (await stock.bench.get(f"/v1/uses/{BOTOX}", who="service"))["count"] > 0
    assert (await stock.bench.get(f"/v1/uses/{SERUM}", who="service")) == {"count": 0, "reasons": []}
