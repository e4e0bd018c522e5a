"""Counts of products with serials: units that were not found are lost, found ones are named (STK-19, STK-05)."""

from datetime import UTC, datetime

from tests.stock.api.test_serials import LASER, body, lasers, one, units
from tests.stock.chain import Chain, line
from tests.stock.counts.sheet import Sheet

__all__ = ["lasers"]


async def test_units_that_a_count_did_not_find_are_lost(lasers: Chain) -> None:
    """STK-05, STK-19: given four units of a lot; when two of them and one unknown number are counted by serial, and the
    count is posted; then two are lost, the unknown one is named, one unit left the books, and books and names agree.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2", "A-3", "A-4"))
    sheet = await Sheet.open(lasers)
    (line,) = await sheet.lines()
    assert line["is_serialised"]
    for quantity, serials, code in (("3", ["A-1"], "serials-differ"), ("2", ["A-1", "A-1"], "serial-exists")):
        no = await sheet.entry(1, quantity, serials=serials)
        assert (no.status_code, no.json()["code"]) == (409, code)
    await sheet.count("3", serials=["A-1", "A-3", "N-1"])
    sold = (await one(lasers, "A-4"))["serial_id"]
    assert (await sheet.post("loss")).status_code == 200
    assert {row["serial"]: row["state"] for row in await units(lasers)} == {
        "A-1": "in_stock", "A-2": "lost", "A-3": "in_stock", "A-4": "lost", "N-1": "in_stock",
    }  # fmt: skip
    assert await lasers.on_hand(LASER) == "3"
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    (step, *_) = (await lasers.bench.get(f"/v1/serials/{sold}/steps"))["rows"]
    assert (step["kind"], step["note"], step["cause_id"]) == ("lost", "not counted", sheet.id)


async def test_a_unit_that_left_after_it_was_counted_is_not_lost(lasers: Chain) -> None:
    """N-15, STK-19: given three units of which two are counted by serial; when the third is put to use in a room before
    the posting; then it stays in use; a count without serials names nobody.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2", "A-3"))
    sheet = await Sheet.open(lasers)
    await sheet.count("2", serials=["A-1", "A-2"])
    key = (await one(lasers, "A-3"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{key}:move", {"state": "in_use", "room": "2"})
    await sheet.post("loss")
    assert (await one(lasers, "A-3"))["state"] == "in_use"
    again = await Sheet.open(lasers)
    lines = {row["place"]: row["line"] for row in await again.lines()}
    await again.entry(lines["shelf"], "1")
    await again.post("loss", leave_uncounted=True)
    assert {row["state"] for row in await units(lasers)} == {"in_stock", "in_use"}


async def test_the_difference_names_the_units(lasers: Chain) -> None:
    """STK-05, STK-19: given four units of a lot, one sold and one recalled; when one of the others is counted with one
    unknown number and the sold one; then the line names the unit that lacks and the two that should not lie there, and
    still does once posted and the lost one was found again; a unit that leaves before the posting lacks no more.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2", "A-3", "A-4", "A-5"))
    scope = {"product_id": str(LASER), "kind": "serial", "first": "A-4", "last": "A-4"}
    await lasers.bench.post("/v1/recalls", {"title": "Beam", "reason": "burns", "lines": [scope]})
    sale = lasers.sale(line("1", LASER), happened_at=datetime.now(UTC))
    naming = {"site": "harley", "lines": [{"product_id": str(LASER), "serials": ["A-3"]}]}
    await lasers.bench.post(f"/v1/charges/{sale.charge_id}/serials:pledge", naming)
    await lasers.hear(sale)
    sheet = await Sheet.open(lasers)
    (bare,) = await sheet.lines()
    assert (bare["serials"], bare["missing_serials"]) == (None, [])
    await sheet.count("3", serials=["A-1", "N-1", "A-3"])
    (counted,) = await sheet.lines()
    assert (counted["missing_serials"], counted["unexpected_serials"]) == (["A-2", "A-5"], ["N-1", "A-3"])
    left = (await one(lasers, "A-5"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{left}:move", {"state": "in_use", "room": "2"})
    (counted,) = await sheet.lines()
    assert counted["missing_serials"] == ["A-2"]
    await sheet.posted("found")
    lost = (await one(lasers, "A-2"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{lost}:find", {})
    (posted,) = await sheet.lines()
    assert (posted["serials"], posted["missing_serials"], posted["unexpected_serials"]) == (
        ["A-1", "N-1", "A-3"], ["A-2"], ["N-1", "A-3"],
    )  # fmt: skip


async def test_a_blind_count_names_no_unit_that_lacks(lasers: Chain) -> None:
    """N-15, STK-19: given a blind count; when whoever counts looks at their line; then it says which units they named
    and not which lack or are unexpected; who may post sees them.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2"))
    sheet = await Sheet.open(lasers, is_blind=True)
    await sheet.count("1", serials=["A-1"])
    path = f"/v1/counts/{sheet.id}/lines/1"
    shown = await lasers.bench.get(path, who="front_desk")
    assert (shown["recorded"], shown["serials"], shown["missing_serials"]) == (None, ["A-1"], [])
    assert (await lasers.bench.get(path))["missing_serials"] == ["A-2"]
