"""Recalls by serial: the named units are set apart wherever they are, the rest of their lot stays free (STK-41)."""

from datetime import UTC, datetime
from typing import Any

from tests.stock.api.test_serials import LASER, body, lasers, one, refused, units
from tests.stock.chain import Chain, line, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotRecalled, LotReleased

__all__ = ["lasers"]


async def recall(stock: Chain, first: str, last: str = "", **fields: Any) -> dict[str, Any]:
    """Begin a recall of one serial of lasers, or of a range."""
    scope = {"product_id": str(LASER), "kind": "serial", "first": first, "last": last}
    asked = {"title": "Beam too strong", "reason": "burns", "lines": [scope]} | fields
    found: dict[str, Any] = await stock.bench.post("/v1/recalls", asked)
    return found


async def figures(stock: Chain, site: str = "harley") -> tuple[str, str]:
    """What may be sold, and what lies apart."""
    level = await stock.level(LASER, site)
    return level["available"], level["quarantined"]


async def test_a_range_of_serials_blocks_these_units_and_not_their_lot(lasers: Chain) -> None:
    """STK-41: given five lasers of one lot, one of them in use; when the serials SN-02 to SN-04 are recalled; then
    these three lie apart and can be neither used, shipped nor put on a bill, two are for sale, the lot is free, and the
    site is told of the three by name.
    """
    await lasers.bench.post("/v1/receipts", body("SN-01", "SN-02", "SN-03", "SN-04", "SN-05"))
    used = (await one(lasers, "SN-03"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{used}:move", {"state": "in_use", "room": "Room 2"})
    begun = await recall(lasers, "SN-02", "SN-04")
    assert begun["lots"] == []
    assert [(row["serial"], row["match"], row["state"]) for row in begun["units"]] == [
        ("SN-02", "exact", "in_stock"), ("SN-03", "exact", "in_stock"), ("SN-04", "exact", "in_stock"),
    ]  # fmt: skip
    assert await figures(lasers) == ("2", "3")
    (told,) = await lasers.told(LotRecalled)
    assert (told.serials, told.quantity, told.cost_minor) == (("SN-02", "SN-03", "SN-04"), "3", 299_997)
    (story, *_) = (await lasers.bench.get(f"/v1/serials/{used}/steps"))["rows"]
    assert (story["kind"], story["note"]) == ("recalled", "Beam too strong")
    no = await refused(lasers, f"/v1/serials/{used}:move", {"state": "in_use"})
    assert (no["code"], no["detail"]) == ("lot-recalled", "Serial SN-03 is recalled: Beam too strong")
    lines = [{"product_id": str(LASER), "serials": ["SN-02"]}]
    pledge = {"site": "harley", "lines": lines}
    assert (await refused(lasers, f"/v1/charges/{uuid7()}/serials:pledge", pledge))["code"] == "lot-recalled"
    draft = {"from_site": "harley", "to_site": "soho", "lines": [{"product_id": str(LASER), "quantity": "1"}]}
    key = (await lasers.bench.post("/v1/transfers", draft))["transfer_id"]
    no = await refused(lasers, f"/v1/transfers/{key}:ship", {"serials": [(await one(lasers, "SN-04"))["serial_id"]]})
    assert no["code"] == "lot-recalled"
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []


async def test_a_recalled_serial_is_set_apart_when_it_comes(lasers: Chain) -> None:
    """STK-41: given a recall of serials we do not hold; when one arrives with a receipt, one is named later, one comes
    on a transfer and one back with a void; then each is set apart at once, and units beside it are not.
    """
    await lasers.bench.post("/v1/receipts", body("SN-30", "AB-1", site="soho", lot_number="S"))
    await lasers.bench.post("/v1/receipts", body("SN-40", lot_number="H"))
    sale = lasers.sale(line("1", LASER), happened_at=datetime.now(UTC))
    naming = {"site": "harley", "lines": [{"product_id": str(LASER), "serials": ["SN-40"]}]}
    await lasers.bench.post(f"/v1/charges/{sale.charge_id}/serials:pledge", naming)
    await lasers.hear(sale)
    draft = {"from_site": "soho", "to_site": "harley", "lines": [{"product_id": str(LASER), "quantity": "2"}]}
    key = (await lasers.bench.post("/v1/transfers", draft))["transfer_id"]
    both = [row["serial_id"] for row in await units(lasers, site="soho")]
    await lasers.bench.post(f"/v1/transfers/{key}:ship", {"serials": both})
    begun = await recall(lasers, "SN-10", "SN-99")
    assert [(row["serial"], row["state"]) for row in begun["units"]] == [("SN-30", "in_transit"), ("SN-40", "sold")]
    assert begun["notices"] == {"confirmed": 1, "to_contact": 1}
    await lasers.bench.post(f"/v1/transfers/{key}:receive", {})
    assert await figures(lasers) == ("1", "1")
    await lasers.bench.post("/v1/receipts", body("sn 50", "AB-2", lot_number="N"))
    assert await figures(lasers) == ("2", "2")
    await lasers.bench.post("/v1/receipts:batch", {"receipts": [body(quantity="1", lot_number="M")]})
    (row,) = (await lasers.bench.get("/v1/serials/unnamed"))["rows"]
    named = {"site": "harley", "product_id": str(LASER), "lot_id": row["lot_id"], "serials": ["SN-60"]}
    await lasers.bench.post("/v1/serials", named)
    assert await figures(lasers) == ("2", "3")
    await lasers.hear(voided(sale))
    assert await figures(lasers) == ("2", "4")
    found = await lasers.bench.get(f"/v1/recalls/{begun['recall_id']}")
    assert [row["serial"] for row in found["units"]] == ["SN-30", "SN-40", "SN-60", "sn 50"]


async def test_a_release_brings_units_back_to_the_shelf(lasers: Chain) -> None:
    """STK-41: given three recalled units; when one is released, it is for sale again and the site hears it; one that
    was scrapped stays so; when the whole recall ends the last is free; what it does not block cannot be released.
    """
    await lasers.bench.post("/v1/receipts", body("SN-1", "SN-2", "SN-3"))
    begun = await recall(lasers, "SN-1", "SN-3")
    path = f"/v1/recalls/{begun['recall_id']}:release"
    keys = {row["serial"]: row["serial_id"] for row in begun["units"]}
    no = await refused(lasers, path, {"reason": "checked", "serials": [str(uuid7())]})
    assert no["code"] == "unknown-serial"
    await lasers.bench.post(path, {"reason": "checked", "serials": [keys["SN-1"]]})
    assert await figures(lasers) == ("1", "2")
    assert [event.quantity for event in await lasers.told(LotReleased)] == ["1"]
    await lasers.bench.post(f"/v1/serials/{keys['SN-2']}:retire", {"state": "scrapped", "note": "destroyed"})
    assert await figures(lasers) == ("1", "1")
    ended = await lasers.bench.post(path, {"reason": "maker withdrew it"})
    assert ended["state"] == "released"
    assert await figures(lasers) == ("2", "0")
    assert {row["serial"]: row["is_recalled"] for row in await units(lasers)} == {
        "SN-1": False, "SN-2": False, "SN-3": False,
    }  # fmt: skip
    await lasers.must_balance()


async def test_a_line_by_serial_of_a_product_without_them_is_held_against_its_lots(lasers: Chain) -> None:
    """STK-41: given a cream whose maker calls the lot number a serial; when it is recalled by it; then its lot is."""
    await lasers.receive("5", lot_number="C-77")
    scope = {"product_id": "00000000-0000-7000-8000-000000000001", "kind": "serial", "first": "c77"}
    begun = await lasers.bench.post("/v1/recalls", {"title": "T", "reason": "r", "lines": [scope]})
    assert [(row["lot_number"], row["match"]) for row in begun["lots"]] == [("C-77", "alike")]
    bad = {"title": "T", "reason": "r", "lines": [scope | {"last": "A-1"}]}
    assert (await refused(lasers, "/v1/recalls", bad))["code"] == "recall-names-nothing"


async def test_a_second_recall_of_a_unit_leaves_its_neighbours_alone(lasers: Chain) -> None:
    """STK-41: given two lasers of one lot of which one is recalled; when another recall names that same one; then it
    lies apart as it did, the other is still for sale, and the second recall is told with the unit and its cost; freed
    by one recall it stays apart, freed by both it is for sale.
    """
    await lasers.bench.post("/v1/receipts", body("SN-01", "SN-02"))
    first = await recall(lasers, "SN-01")
    assert await figures(lasers) == ("1", "1")
    second = await recall(lasers, "SN-00", "SN-01")
    assert await figures(lasers) == ("1", "1")
    assert [(one.serials, one.cost_minor) for one in await lasers.told(LotRecalled)] == [(("SN-01",), 99_999)] * 2
    await lasers.bench.post(f"/v1/recalls/{first['recall_id']}:release", {"reason": "cleared"})
    assert await figures(lasers) == ("1", "1")
    await lasers.bench.post(f"/v1/recalls/{second['recall_id']}:release", {"reason": "cleared"})
    assert await figures(lasers) == ("2", "0")
    await lasers.must_balance()
