"""Units named on a bill before its charge is recorded: promised, kept from others, handed out of their own lots."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stock.api.test_serials import LASER, body, lasers, one, refused, units
from tests.stock.chain import BOTOX, CREAM, Chain, line, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import SerialMoved, StockIssued

__all__ = ["lasers"]


def naming(*serials: str, **fields: Any) -> dict[str, Any]:
    """The units of a bill at harley."""
    values: dict[str, Any] = {"site": "harley", "lines": [{"product_id": str(LASER), "serials": list(serials)}]}
    return values | fields


async def choices(stock: Chain, charge: object = "") -> dict[str, Any]:
    """What may be handed out of lasers at harley."""
    asked = {"site": "harley", "product": [str(CREAM), str(LASER)]} | ({"charge": str(charge)} if charge else {})
    (found,) = (await stock.bench.get("/v1/serials/choices", params=asked))["rows"]
    return dict(found)


async def test_a_charge_hands_out_the_units_named_on_its_bill(lasers: Chain) -> None:
    """STK-19, N-09: given lasers of two lots and the serial of the later one named on a bill; when its charge is heard,
    twice; then that lot leaves, that unit is sold with the charge and told once, and a void brings it back.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", expires_on="2030-01-01"))
    await lasers.bench.post("/v1/receipts", body("B-1", lot_number="L2", expires_on="2031-01-01"))
    shown = await choices(lasers)
    assert ([row["serial"] for row in shown["units"]], shown["unnamed"]) == (["A-1", "B-1"], 0)
    sale = lasers.sale(line("1", LASER), happened_at=datetime.now(UTC))
    made = await lasers.bench.post(f"/v1/charges/{sale.charge_id}/serials:pledge", naming("B-1"))
    assert [unit["serial"] for unit in made["units"]] == ["B-1"]
    assert [row["serial"] for row in (await choices(lasers))["units"]] == ["A-1"]
    assert [row["serial"] for row in (await choices(lasers, sale.charge_id))["units"]] == ["A-1", "B-1"]
    await lasers.hear(sale)
    await lasers.hear(sale)
    sold = await one(lasers, "B-1")
    assert (sold["state"], sold["charge_id"]) == ("sold", str(sale.charge_id))
    (issued,) = await lasers.told(StockIssued)
    assert [(taken.lot_number, taken.quantity) for taken in issued.taken] == [("L2", "1")]
    assert [(event.serial, event.state) for event in await lasers.told(SerialMoved)] == [("B-1", "sold")]
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    await lasers.hear(voided(sale))
    assert (await one(lasers, "B-1"))["state"] == "in_stock"


async def test_a_unit_is_promised_to_one_bill(lasers: Chain) -> None:
    """STK-19: given eight bills that name one unit at once; then one has it and seven are refused by name; named anew
    with another unit the bill lets go of the first; after its time another bill may have it.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2"))
    charges = [uuid7() for _ in range(8)]
    paths = [f"/v1/charges/{key}/serials:pledge" for key in charges]
    answers = await asyncio.gather(*[lasers.bench.call("POST", path, naming("A-1")) for path in paths])
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    no = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (no["code"], no["numbers"]["serial"]) == ("serial-move", "A-1")
    mine = next(path for path, answer in zip(paths, answers, strict=True) if answer.status_code == 201)
    other = next(path for path in paths if path != mine)
    await lasers.bench.post(mine, naming("A-2"))
    await lasers.bench.post(other, naming("A-1"))
    assert (await refused(lasers, mine, naming("A-1")))["code"] == "serial-move"
    await lasers.bench.owner.execute(
        "update serial_pledge set expires_at = $1 where number = 'A-1'", datetime.now(UTC) - timedelta(seconds=1)
    )
    await lasers.bench.post(mine, naming("A-1"))


async def test_what_cannot_be_handed_out_is_refused_by_name(lasers: Chain) -> None:
    """STK-19, N-09: a unit of another site, one in use, one of an expired or recalled lot, one named twice, an unknown
    number where each unit has its own, a product without serials, an unknown product or site: each no has its words.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2"))
    await lasers.bench.post("/v1/receipts", body("S-1", site="soho", lot_number="L3"))
    await lasers.bench.post("/v1/receipts", body("X-1", lot_number="L4", expires_on="2020-01-01", accept_expired=True))
    path = f"/v1/charges/{uuid7()}/serials:pledge"
    used = (await one(lasers, "A-2"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{used}:move", {"state": "in_use"})
    nos = [
        (naming("S-1"), "serial-move"), (naming("A-2"), "serial-move"), (naming("X-1"), "lot-expired"),
        (naming("A-1", "A-1"), "serial-exists"), (naming("Z-9"), "serial-move"), (naming("A-1", site="nowhere"), None),
        (naming(lines=[{"product_id": str(BOTOX), "serials": ["1"]}]), "serials-differ"),
        (naming(lines=[{"product_id": str(uuid7()), "serials": ["1"]}]), "unknown-product"),
    ]  # fmt: skip
    for given, code in nos:
        no = await refused(lasers, path, given)
        assert code in {None, no["code"]}
    lot = (await one(lasers, "A-1"))["lot_id"]
    recall = {"title": "Field notice", "reason": "beam", "lots": [lot]}
    await lasers.bench.post("/v1/recalls", recall)
    no = await refused(lasers, path, naming("A-1"))
    assert (no["code"], no["detail"]) == ("lot-recalled", "Serial A-1 is recalled: Field notice")
    assert (await choices(lasers))["units"] == []
    no = await refused(lasers, path, naming("A-1", site="soho"), who="local")
    assert no["status"] == 403


async def test_a_number_nobody_knew_is_named_when_it_leaves(lasers: Chain) -> None:
    """STK-19: given a unit that came without its serial; when a bill names a new number and is charged; then that unit
    is sold under it with its lot; a promised unit that was scrapped meanwhile stays scrapped and the charge stands.
    """
    await lasers.bench.post("/v1/receipts:batch", {"receipts": [body(quantity="1")]})
    first = lasers.sale(line("1", LASER), happened_at=datetime.now(UTC))
    await lasers.bench.post(f"/v1/charges/{first.charge_id}/serials:pledge", naming("N-1"))
    assert (await refused(lasers, f"/v1/charges/{uuid7()}/serials:pledge", naming("N-2", "N-3")))["code"]
    await lasers.hear(first)
    sold = await one(lasers, "N-1")
    assert (sold["state"], sold["lot_number"]) == ("sold", "L1")
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2", lot_number="L2"))
    second = lasers.sale(line("1", LASER))
    await lasers.bench.post(f"/v1/charges/{second.charge_id}/serials:pledge", naming("A-1"))
    key = (await one(lasers, "A-1"))["serial_id"]
    await lasers.bench.post(f"/v1/serials/{key}:retire", {"state": "scrapped", "note": "fell"})
    await lasers.hear(second)
    assert {row["serial"]: row["state"] for row in await units(lasers, search="a-")} == {
        "A-1": "scrapped", "A-2": "in_stock",
    }  # fmt: skip
    assert await lasers.on_hand(LASER) == "0"
