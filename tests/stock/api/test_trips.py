"""Transfers in full over HTTP: asked for, approved, shipped by hand, received in parts, every difference explained."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import (
    StockAdjusted,
    TransferCancelled,
    TransferOverdue,
    TransferReceived,
    TransferShipped,
)
from lotwise.stock.jobs import tell_overdue

TOXIN = {"product_id": str(BOTOX)}


async def drafted(stock: Chain, quantity: str = "6", **fields: Any) -> str:
    """The path of a draft of toxin from harley to soho."""
    body = {"from_site": "harley", "to_site": "soho", "lines": [TOXIN | {"quantity": quantity} | fields]}
    made = await stock.bench.post("/v1/transfers", body)
    return f"/v1/transfers/{made['transfer_id']}"


async def asked(stock: Chain, quantity: str = "6", **options: Any) -> str:
    """The path of a request of soho for toxin of harley."""
    body = {"from_site": "harley", "to_site": "soho", "lines": [TOXIN | {"quantity": quantity}]}
    made = await stock.bench.post("/v1/transfers:request", body, **options)
    assert made["state"] == "requested"
    return f"/v1/transfers/{made['transfer_id']}"


async def sent(stock: Chain, quantity: str = "6") -> str:
    """The path of a transfer that has left."""
    path = await drafted(stock, quantity)
    await stock.bench.post(f"{path}:ship", {})
    return path


async def where(stock: Chain) -> list[str]:
    """On hand at harley, in transit to harley, in transit to soho, on hand at soho."""
    here, there = await stock.level(), await stock.level(BOTOX, "soho")
    return [here["on_hand"], here["in_transit"], there["in_transit"], there["on_hand"]]


async def refused(stock: Chain, method: str, path: str, body: Any, **options: Any) -> dict[str, Any]:
    """The problem of a deed that must be refused and change nothing, database and outbox."""
    before = await stock.bench.state()
    no = await stock.bench.call(method, path, body, **options)
    assert no.status_code in {403, 404, 409, 412, 422}, no.text
    assert await stock.bench.state() == before
    found: dict[str, Any] = no.json()
    return found


async def test_a_request_is_approved_with_less_and_ships_that(stock: Chain) -> None:
    """STK-27: given soho asks for 6; when harley approves 4; then 4 ship, and asked, approved and shipped are shown."""
    await stock.receive("10")
    path = await asked(stock)
    assert (await refused(stock, "POST", f"{path}:ship", {}))["code"] == "transfer-move"
    agreed = await stock.bench.post(f"{path}:approve", {"lines": [{"line": 1, "quantity": "4"}], "note": "rest later"})
    assert (agreed["state"], agreed["decided_by"]) == ("approved", "user:owner")
    gone = await stock.bench.post(f"{path}:ship", {"carrier": "Van 3"})
    line = gone["lines"][0]
    assert (line["quantity"], line["approved"], line["shipped"], gone["carrier"]) == ("6", "4", "4", "Van 3")
    assert await where(stock) == ["6", "0", "4", "0"]
    assert [step["move"] for step in gone["steps"]] == ["request", "approve", "ship"]
    assert (await stock.level())["on_hand"] == "6"


async def test_a_request_is_declined_with_its_reason_or_called_off_by_who_asked(stock: Chain) -> None:
    """STK-27: given two requests; when one is declined and one called off; then nothing moved and neither can ship."""
    await stock.receive("10")
    first, second = await asked(stock), await asked(stock)
    no = await stock.bench.post(f"{first}:decline", {"reason": "we need it ourselves"})
    assert (no["state"], no["steps"][-1]["note"]) == ("declined", "we need it ourselves")
    off = await stock.bench.post(f"{second}:cancel", {})
    assert off["state"] == "cancelled"
    for path in (first, second):
        assert (await refused(stock, "POST", f"{path}:ship", {}))["code"] == "transfer-move"
    assert await where(stock) == ["10", "0", "0", "0"]
    assert await stock.told(TransferCancelled) == []


async def test_who_asks_and_who_approves_are_of_their_own_sites(stock: Chain) -> None:
    """N-03: given a manager of harley; when they ask for another site, or approve for one; then it is not theirs."""
    body = {"from_site": "harley", "to_site": "soho", "lines": [TOXIN | {"quantity": "1"}]}
    no = await refused(stock, "POST", "/v1/transfers:request", body, who="local")
    assert no["status"] == 403
    turned = {"from_site": "soho", "to_site": "harley", "lines": [TOXIN | {"quantity": "1"}]}
    theirs = await stock.bench.post("/v1/transfers:request", turned, who="local")
    no = await refused(stock, "POST", f"/v1/transfers/{theirs['transfer_id']}:approve", {}, who="local")
    assert no["status"] == 403
    no = await refused(stock, "POST", f"{await asked(stock)}:approve", {}, who="buyer")
    assert no["status"] == 403


async def test_an_edit_starts_from_what_was_read(stock: Chain) -> None:
    """STK-27: given a draft at revision 1; when two persons edit it; then the second learns that it is at 2."""
    await stock.receive("10")
    path = await drafted(stock)
    change = {"note": "two now", "lines": [TOXIN | {"quantity": "2"}]}
    edited = await stock.bench.put(path, change, match='"1"')
    assert (edited["revision"], edited["lines"][0]["quantity"], edited["note"]) == (2, "2", "two now")
    assert (await refused(stock, "PUT", path, change, match='"1"'))["code"] == "stale"
    await stock.bench.post(f"{path}:ship", {})
    assert (await refused(stock, "PUT", path, change, match="*"))["code"] == "transfer-move"


async def test_lots_chosen_by_hand_leave(stock: Chain) -> None:
    """STK-27: given lots A (sooner) and B; when 2 of A and 1 of B are chosen of 6 asked; then exactly those leave."""
    a = await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    b = await stock.receive("5", lot_number="B", expires_on="2031-01-01", unit_cost="7.00")
    path = await drafted(stock)
    lots = [{"lot_id": a["lot_id"], "quantity": "2"}, {"lot_id": b["lot_id"], "quantity": "1"}]
    gone = await stock.bench.post(f"{path}:ship", {"lines": [{"line": 1, "quantity": "3", "lots": lots}]})
    assert [(lot["lot_number"], lot["shipped"], lot["cost_minor"]) for lot in gone["lots"]] == [
        ("A", "2", 1000), ("B", "1", 700),
    ]  # fmt: skip
    assert (gone["lines"][0]["quantity"], gone["lines"][0]["shipped"], gone["in_transit_minor"]) == ("6", "3", 1700)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"line": 1, "quantity": "3", "lots": [{"lot_id": str(uuid7()), "quantity": "3"}]}], "unknown-lot"),
        ([{"line": 9, "quantity": "3"}], "bad-quantity"),
        ([{"line": 1, "quantity": "0"}], "nothing-to-move"),
        ([{"line": 1, "quantity": "-1"}], "bad-quantity"),
        ([{"line": 1, "quantity": "99"}], "not-enough-stock"),
    ],
)
async def test_a_bad_departure_is_named_and_moves_nothing(stock: Chain, lines: list[Any], code: str) -> None:
    """Bad input, named: given a draft; when it ships with one bad value; then a clear no and nothing stored."""
    await stock.receive("10")
    path = await drafted(stock)
    assert (await refused(stock, "POST", f"{path}:ship", {"lines": lines}))["code"] == code


async def test_lots_that_do_not_sum_expired_and_set_apart_do_not_leave(stock: Chain) -> None:
    """STK-16: given one good lot, one set apart and one that ends today; then each is refused by its name."""
    good = await stock.receive("5", lot_number="A", expires_on="2030-01-01")
    apart = await stock.receive("5", lot_number="B", expires_on="2030-01-01")
    over = await stock.receive("5", lot_number="C", expires_on="2026-02-01")
    await stock.bench.post(f"/v1/lots/{apart['lot_id']}:quarantine", {"site": "harley", "reason": "warm"})
    path = await drafted(stock)
    for lot, quantity, code in ((good, "2", "bad-quantity"), (apart, "3", "lot-set-apart"), (over, "3", "lot-expired")):
        lots = [{"lot_id": lot["lot_id"], "quantity": quantity}]
        body = {"lines": [{"line": 1, "quantity": "3", "lots": lots}]}
        assert (await refused(stock, "POST", f"{path}:ship", body))["code"] == code


async def test_held_stock_does_not_leave(stock: Chain) -> None:
    """SAL-12, STK-27: given 10 of which 7 are held; when a named lot of 4 is to leave; then only 3 can."""
    lot = await stock.receive("10", lot_number="A")
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [TOXIN | {"quantity": "7"}]}
    await stock.bench.post("/v1/holds", hold, who="service")
    path = await drafted(stock, "4", lot_id=lot["lot_id"])
    no = await refused(stock, "POST", f"{path}:ship", {})
    assert (no["code"], no["numbers"]["available"], no["numbers"]["held"]) == ("not-enough-stock", "3", "7")


async def test_several_receipts_then_every_difference_is_explained(stock: Chain) -> None:
    """STK-29, N-25: given 6 shipped at 5.00; when 2 and 1 arrive, 1 is lost, 1 damaged and 1 goes back;
    then it closes only with the last word, and each unit and cent has its place.
    """
    await stock.receive("6")
    path = await sent(stock)
    for quantity in ("2", "1"):
        got = await stock.bench.post(f"{path}:receive", {"lines": [TOXIN | {"quantity": quantity}]})
        assert got["state"] == "shipped"
    words = [("1", "loss", "van broken into"), ("1", "damage", "")]
    differences = [TOXIN | {"quantity": q, "reason": reason, "note": note} for q, reason, note in words]
    part = await stock.bench.post(f"{path}:explain", {"differences": differences})
    assert (part["state"], part["lots"][0]["in_transit"], part["in_transit_minor"]) == ("shipped", "1", 500)
    last = {"differences": [TOXIN | {"quantity": "1", "reason": "returned"}]}
    end = await stock.bench.post(f"{path}:explain", last)
    lot = end["lots"][0]
    assert (end["state"], lot["received"], lot["lost"], lot["returned"], lot["in_transit"]) == (
        "received", "3", "2", "1", "0",
    )  # fmt: skip
    assert await where(stock) == ["0", "1", "0", "3"]
    adjusted = await stock.told(StockAdjusted)
    assert [(one.reason, one.quantity, one.cost_minor, one.note) for one in adjusted] == [
        ("loss", "-1", -500, "van broken into"), ("damage", "-1", -500, "did not arrive"),
    ]  # fmt: skip
    assert [one.is_closed for one in await stock.told(TransferReceived)] == [False, False, False, True]
    back = (await stock.bench.get("/v1/transit"))["rows"]
    assert [(one["from_site"], one["to_site"], one["origin"], one["in_transit_minor"]) for one in back] == [
        ("soho", "harley", "return", 500)
    ]
    assert back[0]["of_transfer"] == end["transfer_id"]
    home = await stock.bench.post(f"/v1/transfers/{back[0]['transfer_id']}:receive", {})
    assert (home["state"], await where(stock)) == ("received", ["1", "0", "0", "3"])


async def test_one_receipt_explains_line_by_line(stock: Chain) -> None:
    """STK-29: given toxin and cream shipped; when less of each arrives with its own reason; then both are explained."""
    await stock.receive("4")
    await stock.receive("4", CREAM)
    lines = [TOXIN | {"quantity": "4"}, {"product_id": str(CREAM), "quantity": "4"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
    path = f"/v1/transfers/{made['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {})
    counted = [
        TOXIN | {"quantity": "3", "missing_reason": "theft"},
        {"product_id": str(CREAM), "quantity": "2", "missing_reason": "waste"},
    ]
    got = await stock.bench.post(f"{path}:receive", {"lines": counted})
    assert got["state"] == "received"
    assert {(one.reason, one.quantity) for one in await stock.told(StockAdjusted)} == {("theft", "-1"), ("waste", "-2")}


async def test_more_is_neither_explained_nor_found_than_is_missing(stock: Chain) -> None:
    """STK-29: given 6 shipped and 5 arrived; when 2 are called lost, or 1 found; then no, with the numbers."""
    await stock.receive("6")
    path = await sent(stock)
    await stock.bench.post(f"{path}:receive", {"lines": [TOXIN | {"quantity": "5"}]})
    two = {"differences": [TOXIN | {"quantity": "2", "reason": "loss"}]}
    no = await refused(stock, "POST", f"{path}:explain", two)
    assert (no["code"], no["numbers"]["missing"]) == ("not-on-its-way", "1")
    no = await refused(stock, "POST", f"{path}:found", {"lines": [TOXIN | {"quantity": "1"}]})
    assert (no["code"], no["numbers"]["missing"]) == ("not-on-its-way", "0")
    cream = {"differences": [{"product_id": str(CREAM), "quantity": "1", "reason": "loss"}]}
    assert (await refused(stock, "POST", f"{path}:explain", cream))["code"] == "unknown-product"


async def test_what_was_lost_turns_up_at_its_cost(stock: Chain) -> None:
    """STK-29: given 1 of 3 lost, at 10.00 for all three; when it is found later; then it lies there at what it cost."""
    await stock.receive("3", unit_cost="3.333333")
    path = await sent(stock, "3")
    body = {"lines": [TOXIN | {"quantity": "2"}], "missing_reason": "loss"}
    await stock.bench.post(f"{path}:receive", body)
    assert (await stock.level(BOTOX, "soho"))["value_minor"] == 667
    found = await stock.bench.post(f"{path}:found", {"lines": [TOXIN | {"quantity": "1"}]})
    assert (found["state"], found["lots"][0]["lost"], found["lots"][0]["found"]) == ("received", "1", "1")
    level = await stock.level(BOTOX, "soho")
    assert (level["on_hand"], level["value_minor"]) == ("3", 1000)
    lost, back = await stock.told(StockAdjusted)
    assert (lost.cost_minor, back.cost_minor, back.quantity, back.reason) == (-333, 333, "1", "found")


async def test_the_receiver_sends_goods_back(stock: Chain) -> None:
    """STK-29: given 6 received; when 4 go back, then 3 more; then 4 ship home with their lot, and 3 are too many."""
    await stock.receive("6", lot_number="A", expires_on="2030-01-01")
    path = await sent(stock)
    await stock.bench.post(f"{path}:receive", {})
    back = await stock.bench.post(f"{path}:return", {"lines": [TOXIN | {"quantity": "4"}], "note": "wrong colour"})
    assert (back["state"], back["from_site"], back["to_site"], back["origin"]) == ("draft", "soho", "harley", "return")
    assert back["lines"][0]["lot_number"] == "A"
    no = await refused(stock, "POST", f"{path}:return", {"lines": [TOXIN | {"quantity": "3"}]})
    assert (no["code"], no["numbers"]["received"]) == ("return-too-much", "2")
    home = f"/v1/transfers/{back['transfer_id']}"
    await stock.bench.post(f"{home}:ship", {})
    await stock.bench.post(f"{home}:receive", {})
    assert await where(stock) == ["4", "0", "0", "2"]


async def test_two_transfers_of_one_lot_keep_their_own_costs(stock: Chain) -> None:
    """DESIGN 3.2: given a lot received at 2.50 and at 4.00, sent in two trips; then each arrives at its cost."""
    await stock.receive("2", lot_number="A", unit_cost="2.50")
    first = await sent(stock, "2")
    await stock.receive("2", lot_number="A", unit_cost="4.00")
    second = await sent(stock, "2")
    values = [one["in_transit_minor"] for one in (await stock.bench.get("/v1/transit"))["rows"]]
    assert values == [500, 800]
    await stock.bench.post(f"{second}:receive", {})
    assert (await stock.level(BOTOX, "soho"))["value_minor"] == 800
    await stock.bench.post(f"{first}:receive", {})
    assert (await stock.level(BOTOX, "soho"))["value_minor"] == 1300


async def test_the_board_shows_age_owner_and_value_and_lateness_is_told_once(stock: Chain) -> None:
    """N-25: given 2 sent six days ago and 1 today; when the job runs twice; then the old one is told once."""
    await stock.receive("6")
    old = await drafted(stock, "2")
    left = (datetime.now(UTC) - timedelta(days=6, hours=1)).isoformat()
    await stock.bench.post(f"{old}:ship", {"happened_at": left}, who="importer")
    await sent(stock, "1")
    for _ in range(2):
        await tell_overdue(stock.bench.runtime)
    (late,) = await stock.told(TransferOverdue)
    assert (late.site, late.from_site, late.days) == ("soho", "harley", 6)
    first, second = (await stock.bench.get("/v1/transit", params={"site": "soho"}))["rows"]
    assert (first["age_hours"], first["is_overdue"], first["in_transit_minor"]) == (145, True, 1000)
    assert (second["age_hours"], second["is_overdue"], first["owner"]) == (0, False, "soho")
    sums = await stock.bench.get("/v1/transit/summary")
    assert sums == {"transfers": 2, "overdue": 1, "value_minor": 1500}


async def test_calling_off_brings_home_what_has_not_arrived(stock: Chain) -> None:
    """STK-27: given 6 shipped and 2 arrived; when it is called off; then 4 are home and told."""
    await stock.receive("6")
    path = await sent(stock)
    await stock.bench.post(f"{path}:receive", {"lines": [TOXIN | {"quantity": "2"}]})
    off = await stock.bench.post(f"{path}:cancel", {})
    assert (off["state"], off["lots"][0]["returned"], await where(stock)) == ("cancelled", "4", ["4", "0", "0", "2"])
    (told,) = await stock.told(TransferCancelled)
    assert [(one.quantity, one.cost_minor) for one in told.taken] == [("4", 2000)]
    for move, body in (("receive", {}), ("found", {"lines": [TOXIN | {"quantity": "1"}]})):
        assert (await refused(stock, "POST", f"{path}:{move}", body))["code"] == "transfer-move"
    assert len(await stock.told(TransferShipped)) == 1


async def all_there_is(stock: Chain) -> list[int]:
    """What lies anywhere in the chain, on its way included: quantity and cost."""
    row = await stock.bench.owner.fetchrow("select sum(on_hand), sum(cost_minor)::bigint from balance")
    return [int(figure) for figure in row or (0, 0)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_walk_of_transfers_keeps_the_books_at_every_step(stock: Chain, seed: int) -> None:
    """N-25: given 40 random shipments, receipts, explanations, calls-off and returns over three sites;
    after each of them the audit finds nothing and sites + transit = chain, in goods and in money.
    """
    chance = random.Random(seed)
    sites = ["harley", "soho", "sydney"]
    for site in sites:
        await stock.receive(str(chance.randint(20, 60)), site=site, unit_cost=f"{chance.randint(1, 900) / 100:.2f}")
    owned = await all_there_is(stock)
    lost = [0, 0]
    for _ in range(40):
        moving = (await stock.bench.get("/v1/transit"))["rows"]
        deed = chance.choice(["ship", "receive", "explain", "cancel", "receive"]) if moving else "ship"
        one = chance.choice(moving) if moving else {}
        path, quantity = f"/v1/transfers/{one.get('transfer_id')}", str(chance.randint(1, 9))
        if deed == "ship":
            start, end = chance.sample(sites, 2)
            body: dict[str, Any] = {"from_site": start, "to_site": end, "lines": [TOXIN | {"quantity": quantity}]}
            made = await stock.bench.post("/v1/transfers", body)
            await stock.bench.call("POST", f"/v1/transfers/{made['transfer_id']}:ship", {})
        elif deed == "receive":
            await stock.bench.call("POST", f"{path}:receive", {"lines": [TOXIN | {"quantity": quantity}]})
        elif deed == "explain":
            reason = chance.choice(["loss", "damage", "returned"])
            words = {"differences": [TOXIN | {"quantity": quantity, "reason": reason}]}
            await stock.bench.call("POST", f"{path}:explain", words)
        else:
            await stock.bench.post(f"{path}:cancel", {})
        lost = [
            -sum(int(told.quantity) for told in await stock.told(StockAdjusted)),
            -sum(told.cost_minor for told in await stock.told(StockAdjusted)),
        ]
        now = await all_there_is(stock)
        assert [now[0] + lost[0], now[1] + lost[1]] == owned
        await stock.must_balance()
    assert lost[0] > 0


async def test_one_of_many_at_once_ships_and_receives(stock: Chain) -> None:
    """RELIABILITY 7: given a draft; when eight ship it at once, and eight receive it; then one does."""
    await stock.receive("10")
    path = await drafted(stock)
    for deed, after in (("ship", ["4", "0", "6", "0"]), ("receive", ["4", "0", "0", "6"])):
        answers = await asyncio.gather(*(stock.bench.call("POST", f"{path}:{deed}", {}) for _ in range(8)))
        assert sorted(one.status_code for one in answers) == [200, *[409] * 7]
        assert await where(stock) == after


async def test_transfers_both_ways_at_once_never_ship_more_than_there_is(stock: Chain) -> None:
    """RELIABILITY 7: given 10 at two sites; when ten transfers of 3 leave each for the other at once; then three do,
    nothing waits for ever, and the books agree.
    """
    await stock.receive("10")
    await stock.receive("10", site="soho")
    paths = []
    for start, end in (("harley", "soho"), ("soho", "harley")) * 10:
        body = {"from_site": start, "to_site": end, "lines": [TOXIN | {"quantity": "3"}]}
        paths.append(f"/v1/transfers/{(await stock.bench.post('/v1/transfers', body))['transfer_id']}")
    answers = await asyncio.gather(*(stock.bench.call("POST", f"{path}:ship", {}) for path in paths))
    assert sorted(one.status_code for one in answers) == [200] * 6 + [409] * 14
    assert await where(stock) == ["1", "9", "9", "1"]
