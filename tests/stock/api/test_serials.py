"""Units by their serial: named once, always somewhere, with the story of every move (STK-19, STK-21)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.stock.chain import BOTOX, Chain, product, returned, voided

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import SerialMoved, StockAdjusted

LASER = UUID("00000000-0000-7000-8000-00000000000a")
OPIATE = UUID("00000000-0000-7000-8000-00000000000b")


@pytest.fixture
async def lasers(stock: Chain) -> Chain:
    """The chain with a product whose units have serials."""
    await stock.hear(product(LASER, "LSR", "Laser", cost="1000.00", is_serialised=True))
    return stock


def body(*serials: str, **fields: Any) -> dict[str, Any]:
    """A receipt of as many lasers as serials, for 999.99 each."""
    values: dict[str, Any] = {
        "site": "harley", "product_id": str(LASER), "quantity": str(len(serials)), "unit_cost": "999.99",
        "lot_number": "L1", "serials": list(serials),
    }  # fmt: skip
    return values | fields


async def units(stock: Chain, **query: Any) -> list[dict[str, Any]]:
    """The register."""
    found: list[dict[str, Any]] = (await stock.bench.get("/v1/serials", params=query))["rows"]
    return found


async def one(stock: Chain, number: str) -> dict[str, Any]:
    """The unit of a number."""
    (found,) = await units(stock, number=number)
    return found


async def refused(stock: Chain, path: str, given: Any, **options: Any) -> dict[str, Any]:
    """The no to a deed, after which nothing has changed."""
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", path, given, **options)
    assert answer.status_code in {403, 404, 409, 422}, answer.text
    assert await stock.bench.state() == before
    found: dict[str, Any] = answer.json()
    return found


async def test_every_unit_of_a_receipt_has_its_serial_and_share(lasers: Chain) -> None:
    """STK-19, STK-21: given a receipt of 3 lasers for 10.00 in all; when it is made; then three units lie in stock at
    the site with their lot, their costs sum to the receipt's, and each story begins with it.
    """
    made = await lasers.bench.post("/v1/receipts", body("A-1", "A-2", "A-3", unit_cost="3.333333"))
    assert (made["cost_minor"], made["serials"]) == (1000, ["A-1", "A-2", "A-3"])
    found = await units(lasers)
    assert sorted(row["cost_minor"] for row in found) == [333, 333, 334]
    assert {(row["state"], row["site"], row["lot_number"]) for row in found} == {("in_stock", "harley", "L1")}
    (step,) = (await lasers.bench.get(f"/v1/serials/{found[0]['serial_id']}/steps"))["rows"]
    assert (step["kind"], step["cause_id"], step["actor"]) == ("received", made["receipt_id"], "user:owner")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (body("A-1", quantity="2"), "serials-differ", "2 piece of Laser arrive, 1 serial numbers are named"),
        (body(quantity="1"), "serials-differ", "1 piece of Laser arrive, 0 serial numbers are named"),
        (body("A-1", "A-1"), "serial-exists", "Serial A-1 is named twice"),
        (body("A-1", product_id=str(BOTOX)), "serials-differ", "Botox Units has no serial numbers"),
        (body("KNOWN", "A-2"), "serial-exists", "Serial KNOWN of Laser is known: in stock at harley"),
    ],
)
async def test_a_receipt_whose_serials_do_not_fit_is_refused(
    lasers: Chain, given: dict[str, Any], code: str, words: str
) -> None:
    """STK-19: a receipt that names too few, one twice, one that is known, or for a product without; nothing changes."""
    await lasers.bench.post("/v1/receipts", body("KNOWN"))
    no = await refused(lasers, "/v1/receipts", given)
    assert (no["code"], no["detail"]) == (code, words)


async def test_one_serial_in_two_receipts_at_once_wins_once(lasers: Chain) -> None:
    """STK-19: given 8 receipts of the same serial at three sites at once; then exactly one is made, seven are refused
    with the number, and one unit is on hand in the chain.
    """
    sites = ("harley", "soho", "sydney", "harley", "soho", "sydney", "harley", "soho")
    answers = await asyncio.gather(
        *[lasers.bench.call("POST", "/v1/receipts", body("SAME", site=site, lot_number=site)) for site in sites]
    )
    assert sorted(one.status_code for one in answers) == [201, *[409] * 7]
    no = next(one.json() for one in answers if one.status_code == 409)
    assert (no["code"], no["numbers"]["serial"]) == ("serial-exists", "SAME")
    assert len(await units(lasers)) == 1
    on_hand = [await lasers.on_hand(LASER, site) for site in ("harley", "soho", "sydney")]
    assert sorted(on_hand) == ["0", "0", "1"]


async def test_a_repeated_receipt_names_nobody_twice(lasers: Chain) -> None:
    """DESIGN 4: given a receipt; when it comes again under its id; then it is a repeat and one unit is there; when it
    comes again with another number, that number stays free.
    """
    given = body("A-1", receipt_id=str(uuid7()))
    await lasers.bench.post("/v1/receipts", given)
    again = await lasers.bench.post("/v1/receipts", given)
    other = await lasers.bench.post("/v1/receipts", given | {"serials": ["B-1"]})
    assert (again["is_repeat"], other["is_repeat"]) == (True, True)
    assert [row["serial"] for row in await units(lasers)] == ["A-1"]


async def test_a_number_that_looks_like_a_known_one_is_warned_of(lasers: Chain) -> None:
    """STK-19: given A-1; when `a 1` is received; then it is another unit, with a warning."""
    await lasers.bench.post("/v1/receipts", body("A-1"))
    made = await lasers.bench.post("/v1/receipts", body("a 1"))
    assert "Looks like serial A-1, which is known" in made["warnings"]
    assert len(await units(lasers)) == 2


async def test_many_receipts_are_judged_alone(lasers: Chain) -> None:
    """STK-19: given a batch in which the second names the first one's serial; then the first is received, the second
    refused with it, and a delivery without names is received: its units wait for theirs.
    """
    batch = {"receipts": [body("A-1"), body("B-1", "A-1"), body(quantity="2")]}
    made = await lasers.bench.post("/v1/receipts:batch", batch)
    assert [row["outcome"] for row in made["results"]] == ["received", "refused", "received"]
    assert made["results"][1]["problem"]["numbers"]["serial"] == "A-1"
    assert [row["serial"] for row in await units(lasers)] == ["A-1"]
    (waiting,) = (await lasers.bench.get("/v1/serials/unnamed"))["rows"]
    assert (waiting["on_hand"], waiting["named"], waiting["lot_number"]) == ("3", 1, "L1")
    naming = {"site": "harley", "product_id": str(LASER), "lot_id": waiting["lot_id"], "serials": ["C-1", "C-2"]}
    named = await lasers.bench.post("/v1/serials", naming)
    assert [row["cost_minor"] for row in named["serials"]] == [99_999, 99_999]
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    no = await refused(lasers, "/v1/serials", naming | {"serials": ["D-1"]})
    assert (no["code"], no["numbers"]["named"]) == ("not-enough-in-lot", 3)


async def test_the_books_follow_a_unit(lasers: Chain) -> None:
    """STK-21: given a laser; when it is put to use in a room, into repair, and back to stock; then it lies at the back
    bar, in quarantine, on the shelf; each move is told and stands in its story with who.
    """
    await lasers.bench.post("/v1/receipts", body("A-1"))
    key = (await one(lasers, "A-1"))["serial_id"]

    async def go(**fields: str) -> dict[str, Any]:
        """Move the unit."""
        moved: dict[str, Any] = await lasers.bench.post(f"/v1/serials/{key}:move", fields)
        return moved

    assert (await go(state="in_use", room="Room 2"))["room"] == "Room 2"
    assert [row["state"] for row in await lasers.lots()] == ["back_bar"]
    assert await lasers.on_hand(LASER) == "0"
    await go(state="in_repair", note="no beam")
    assert [(row["state"], row["area"]) for row in await lasers.lots()] == [("quarantine", "damaged")]
    await go(state="in_stock")
    assert await lasers.on_hand(LASER) == "1"
    story = (await lasers.bench.get(f"/v1/serials/{key}/steps"))["rows"]
    assert [row["kind"] for row in story] == ["stored", "sent to repair", "put to use", "received"]
    assert story[1]["note"] == "no beam"
    assert [event.state for event in await lasers.told(SerialMoved)] == ["in_use", "in_repair", "in_stock"]


async def test_a_unit_is_written_off_at_its_cost_and_found_again(lasers: Chain) -> None:
    """STK-21, STK-25, STK-26: given lasers; when one is scrapped, one lost, one returned; then each is written off at
    its cost with its reason; the lost one turns up at that cost; the scrapped one cannot be moved any more.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2", "A-3"))
    keys = {row["serial"]: row["serial_id"] for row in await units(lasers)}
    for number, state in (("A-1", "scrapped"), ("A-2", "lost"), ("A-3", "returned")):
        await lasers.bench.post(f"/v1/serials/{keys[number]}:retire", {"state": state, "note": "broken"})
    told = await lasers.told(StockAdjusted)
    assert [(event.reason, event.quantity, event.cost_minor) for event in told] == [
        ("scrap", "-1", -99_999), ("loss", "-1", -99_999), ("supplier_return", "-1", -99_999),
    ]  # fmt: skip
    assert await lasers.on_hand(LASER) == "0"
    await lasers.bench.post(f"/v1/serials/{keys['A-2']}:find", {"note": "in the cellar"})
    assert await lasers.on_hand(LASER) == "1"
    assert (await lasers.told(StockAdjusted))[-1].cost_minor == 99_999
    no = await refused(lasers, f"/v1/serials/{keys['A-1']}:move", {"state": "in_use"})
    assert (no["code"], no["numbers"]["state"]) == ("serial-move", "scrapped")
    no = await refused(lasers, f"/v1/serials/{keys['A-3']}:find", {})
    assert no["code"] == "serial-move"
    no = await refused(lasers, f"/v1/serials/{keys['A-2']}:retire", {"state": "lost", "reason": "scrap"})
    assert no["code"] == "unknown-reason"
    no = await refused(lasers, f"/v1/serials/{keys['A-2']}:retire", {"state": "scrapped"})
    assert no["code"] == "note-missing"
    no = await refused(lasers, f"/v1/serials/{uuid7()}:retire", {"state": "lost"})
    assert no["code"] == "unknown-serial"


async def test_a_charge_says_which_unit_it_handed_out(lasers: Chain) -> None:
    """STK-19, N-06: given a charge of one laser; when its serial is named; then the unit is sold with that charge and
    found by number; a second one is refused; a void brings it back.
    """
    await lasers.bench.post("/v1/receipts", body("A-1", "A-2"))
    sale = await lasers.sell("1", LASER)
    path = f"/v1/charges/{sale.charge_id}/serials"
    given = {"product_id": str(LASER), "serials": ["A-1"]}
    assert [row["state"] for row in (await lasers.bench.post(path, given))["serials"]] == ["sold"]
    assert (await one(lasers, "A-1"))["charge_id"] == str(sale.charge_id)
    assert [row["serial"] for row in await units(lasers, charge=sale.charge_id)] == ["A-1"]
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    no = await refused(lasers, path, given | {"serials": ["A-2"]})
    assert (no["code"], no["numbers"]["wanted"]) == ("serials-differ", "1")
    no = await refused(lasers, f"/v1/charges/{uuid7()}/serials", given)
    assert no["code"] == "unknown-charge"
    await lasers.hear(voided(sale))
    back = await one(lasers, "A-1")
    assert (back["state"], back["charge_id"]) == ("in_stock", None)


async def test_a_unit_sold_elsewhere_is_not_handed_out(lasers: Chain) -> None:
    """STK-19: given a unit that a charge handed out; when another charge names it; then it is refused with where it is;
    a number never named is named with its charge; a return of all brings both back, of one only the one a person says.
    """
    await lasers.bench.post("/v1/receipts", body("A-1"))
    await lasers.bench.post("/v1/receipts:batch", {"receipts": [body(quantity="2")]})
    first, second = await lasers.sell("1", LASER), await lasers.sell("2", LASER)
    await lasers.bench.post(f"/v1/charges/{first.charge_id}/serials", {"product_id": str(LASER), "serials": ["A-1"]})
    path = f"/v1/charges/{second.charge_id}/serials"
    no = await refused(lasers, path, {"product_id": str(LASER), "serials": ["A-1"]})
    assert (no["code"], no["numbers"]["state"]) == ("serial-move", "sold")
    await lasers.bench.post(path, {"product_id": str(LASER), "serials": ["N-1", "N-2"]})
    key = (await one(lasers, "N-2"))["serial_id"]
    no = await refused(lasers, f"/v1/serials/{key}:find", {})
    assert no["code"] == "serial-move"
    await lasers.hear(returned("1", second, LASER))
    assert {row["state"] for row in await units(lasers, search="n-")} == {"sold"}
    await lasers.bench.post(f"/v1/serials/{key}:find", {})
    assert (await one(lasers, "N-2"))["state"] == "in_stock"
    await lasers.hear(returned("1", second, LASER, disposition="waste"))
    assert (await one(lasers, "N-1"))["state"] == "scrapped"


async def test_an_asset_from_before_the_books_moves_without_them(lasers: Chain) -> None:
    """STK-21: given an old laser registered without a lot; when it moves to another site and is scrapped; then the
    books do not move; a unit of the books goes between sites only by a transfer.
    """
    old = {"site": "harley", "product_id": str(LASER), "serials": ["OLD"], "state": "in_use", "cost_minor": 6_000_000}
    key = (await lasers.bench.post("/v1/serials", old))["serials"][0]["serial_id"]
    moved = await lasers.bench.post(f"/v1/serials/{key}:move", {"state": "in_use", "site": "soho", "room": "1"})
    assert (moved["site"], moved["room"]) == ("soho", "1")
    assert [(event.site, event.at_site) for event in await lasers.told(SerialMoved)] == [
        ("harley", "soho"), ("soho", "soho"),
    ]  # fmt: skip
    await lasers.bench.post(f"/v1/serials/{key}:retire", {"state": "scrapped", "note": "worn"})
    assert await lasers.told(StockAdjusted) == []
    await lasers.bench.post("/v1/receipts", body("A-1"))
    booked = (await one(lasers, "A-1"))["serial_id"]
    no = await refused(lasers, f"/v1/serials/{booked}:move", {"state": "in_use", "site": "soho"})
    assert (no["code"], no["ways_out"]) == ("serial-move", ["ship it with a transfer"])
    no = await refused(lasers, "/v1/serials", old | {"serials": ["X"], "product_id": str(BOTOX)})
    assert no["code"] == "serials-differ"
    no = await refused(lasers, "/v1/serials", old)
    assert no["code"] == "serial-exists"


async def test_what_is_held_for_a_charge_is_not_put_to_use(lasers: Chain) -> None:
    """DESIGN 3.5: given one laser held for a charge; when it is to be used in a room; then it is refused with both
    figures.
    """
    await lasers.bench.post("/v1/receipts", body("A-1"))
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(LASER), "quantity": "1"}]}
    await lasers.bench.post("/v1/holds", hold, who="service")
    key = (await one(lasers, "A-1"))["serial_id"]
    no = await refused(lasers, f"/v1/serials/{key}:move", {"state": "in_use"})
    assert (no["code"], no["numbers"]["held"]) == ("not-enough-stock", "1")


async def test_only_those_of_a_site_see_and_move_its_units(lasers: Chain) -> None:
    """I9: given a unit at soho; when somebody of harley alone reads or moves it; then it is refused."""
    await lasers.bench.post("/v1/receipts", body("A-1", site="soho"))
    key = (await one(lasers, "A-1"))["serial_id"]
    assert (await lasers.bench.get("/v1/serials", who="local"))["rows"] == []
    assert (await lasers.bench.call("GET", f"/v1/serials/{key}", who="local")).status_code == 403
    no = await refused(lasers, f"/v1/serials/{key}:move", {"state": "in_use"}, who="local")
    assert no["status"] == 403


async def shipped(stock: Chain, *serials: str) -> tuple[str, dict[str, str]]:
    """Three lasers of one lot shipped from harley to soho; the transfer and the ids of its units by number."""
    await stock.bench.post("/v1/receipts", body("A-1", "A-2", "A-3"))
    keys = {row["serial"]: row["serial_id"] for row in await units(stock)}
    lines = [{"product_id": str(LASER), "quantity": str(len(serials))}]
    draft = {"from_site": "harley", "to_site": "soho", "lines": lines}
    key = (await stock.bench.post("/v1/transfers", draft))["transfer_id"]
    no = await refused(stock, f"/v1/transfers/{key}:ship", {"serials": [str(uuid7())]})
    assert no["code"] == "unknown-serial"
    if len(serials) < 3:
        no = await refused(stock, f"/v1/transfers/{key}:ship", {"serials": list(keys.values())})
        assert (no["code"], no["numbers"]["named"]) == ("serials-differ", 3)
    await stock.bench.post(f"/v1/transfers/{key}:ship", {"serials": [keys[one] for one in serials]})
    return key, keys


async def test_units_travel_with_a_transfer(lasers: Chain) -> None:
    """N-25, STK-21: given two lasers shipped by name; then both are in transit, the third is not; when one of them
    arrives, it is named, and the other waits until the transfer is closed without it: it is lost; books and names
    agree.
    """
    key, keys = await shipped(lasers, "A-1", "A-2")
    assert {row["serial"]: (row["state"], row["site"]) for row in await units(lasers)} == {
        "A-1": ("in_transit", "soho"), "A-2": ("in_transit", "soho"), "A-3": ("in_stock", "harley"),
    }  # fmt: skip
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    part = {"lines": [{"product_id": str(LASER), "quantity": "1"}]}
    no = await refused(lasers, f"/v1/transfers/{key}:receive", part)
    assert (no["code"], no["detail"]) == ("serials-differ", "1 of 2 units arrived: say which")
    no = await refused(lasers, f"/v1/transfers/{key}:receive", part | {"serials": [keys["A-3"]]})
    assert no["code"] == "unknown-serial"
    await lasers.bench.post(f"/v1/transfers/{key}:receive", part | {"serials": [keys["A-2"]]})
    assert (await one(lasers, "A-2"))["state"] == "in_stock"
    lost = {"differences": [{"product_id": str(LASER), "quantity": "1", "reason": "loss"}]}
    await lasers.bench.post(f"/v1/transfers/{key}:explain", lost)
    assert (await one(lasers, "A-1"))["state"] == "lost"
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []


async def test_a_whole_transfer_needs_no_names_on_arrival(lasers: Chain) -> None:
    """N-25: given three lasers on their way; when all is received, all are in stock at the other site; a unit that is
    not in stock there cannot leave again.
    """
    key, keys = await shipped(lasers, "A-1", "A-2", "A-3")
    await lasers.bench.post(f"/v1/transfers/{key}:receive", {})
    assert {(row["state"], row["site"]) for row in await units(lasers)} == {("in_stock", "soho")}
    await lasers.bench.post("/v1/receipts", body("B-1"))
    draft = {"from_site": "harley", "to_site": "soho", "lines": [{"product_id": str(LASER), "quantity": "1"}]}
    again = (await lasers.bench.post("/v1/transfers", draft))["transfer_id"]
    no = await refused(lasers, f"/v1/transfers/{again}:ship", {"serials": [keys["A-1"]]})
    assert (no["code"], no["numbers"]["site"]) == ("serial-move", "soho")


async def test_a_transfer_called_off_brings_its_units_back(lasers: Chain) -> None:
    """STK-27: given a laser on its way; when the transfer is called off; then it is in stock where it left."""
    key, _ = await shipped(lasers, "A-1")
    await lasers.bench.post(f"/v1/transfers/{key}:cancel", {})
    back = await one(lasers, "A-1")
    assert (back["state"], back["site"], back["transfer_id"]) == ("in_stock", "harley", None)


async def test_what_needs_a_witness_is_adjusted_first_and_named_then(lasers: Chain) -> None:
    """N-22, STK-19: given a serialised pump of a controlled drug; when one person scraps a unit; then a witness is
    needed; a pending adjustment gives no unit, a posted one of 1 names exactly one; books and names agree.
    """
    await lasers.hear(product(OPIATE, "OPI", "Pump", cost="1.00", is_serialised=True, drug_class="controlled"))
    await lasers.bench.post("/v1/receipts", body("P-1", "P-2", product_id=str(OPIATE)))
    keys = [row["serial_id"] for row in await units(lasers)]
    given: dict[str, Any] = {"state": "scrapped", "note": "broken"}
    no = await refused(lasers, f"/v1/serials/{keys[0]}:retire", given)
    assert (no["code"], no["numbers"]["needed"]) == ("witness-needed", "class")
    adjustment = {
        "adjustment_id": str(uuid7()), "site": "harley", "product_id": str(OPIATE), "quantity": "-1",
        "reason": "scrap", "note": "broken",
    }  # fmt: skip
    await lasers.bench.post("/v1/adjustments", adjustment, who="manager")
    given |= {"adjustment_id": adjustment["adjustment_id"]}
    no = await refused(lasers, f"/v1/serials/{keys[0]}:retire", given)
    assert no["code"] == "serials-differ"
    await lasers.bench.post(f"/v1/adjustments/{adjustment['adjustment_id']}:confirm", {})
    await lasers.bench.post(f"/v1/serials/{keys[0]}:retire", given)
    assert (await one(lasers, "P-1"))["state"] == "scrapped"
    assert (await lasers.bench.get("/v1/serials/unnamed"))["rows"] == []
    no = await refused(lasers, f"/v1/serials/{keys[1]}:retire", given)
    assert (no["code"], no["numbers"]["named"]) == ("serials-differ", 1)
