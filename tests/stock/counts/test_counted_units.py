"""Counts of products with serials: units that were not found are lost, found ones are named (STK-19, STK-05)."""

from tests.stock.api.test_serials import LASER, body, lasers, one, units
from tests.stock.chain import Chain
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
