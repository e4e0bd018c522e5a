"""Recalls over HTTP: one action blocks a lot everywhere, what stays possible, and how it ends."""

import asyncio
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, GTIN, NOON, Chain, line

from lotwise.contracts.ids import uuid7
from lotwise.contracts.purchasing import PurchaseOrderReceived, ReceivedLine
from lotwise.contracts.stock import HoldBroken, LotRecalled, LotReleased, StockAdjusted
from lotwise.stock.jobs import follow_recalls, sweep_lots
from lotwise.stock.operations.receipts import Delivery, receive

LATER = "2030-06-01"


async def recall(stock: Chain, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Begin a recall of lines of BOTOX unless said otherwise."""
    body = {
        "title": "Particles in vials",
        "severity": "I",
        "reason": "glass particles found",
        "source": "letter of the maker",
        "lines": [{"product_id": str(BOTOX)} | one for one in lines],
    } | fields
    found: dict[str, Any] = await stock.bench.post("/v1/recalls", body)
    return found


async def places(stock: Chain, number: str) -> dict[tuple[str, str, str], str]:
    """Where something of a lot lies."""
    rows = await stock.lots(number=number)
    return {(one["site"], one["state"], one["area"]): one["quantity"] for one in rows}


async def carry(stock: Chain, quantity: str, lot_id: str | None = None, *, receive: bool = False) -> str:
    """Ship from harley to soho, and receive it there if asked; returns the transfer's id."""
    drawn = {"product_id": str(BOTOX), "quantity": quantity, "lot_id": lot_id}
    body = {"from_site": "harley", "to_site": "soho", "lines": [drawn]}
    made = await stock.bench.post("/v1/transfers", body)
    path = f"/v1/transfers/{made['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {})
    if receive:
        await stock.bench.post(f"{path}:receive", {})
    return str(made["transfer_id"])


async def test_one_action_blocks_a_lot_at_every_site(stock: Chain) -> None:
    """STK-12: given lot A on two shelves and in transit beside lot B; when A is recalled; then no shelf has it, what
    is in transit arrives in quarantine, B is untouched, and each site that held A is told with what it holds.
    """
    made = await stock.receive("100", lot_number="A", expires_on=LATER)
    await stock.receive("10", lot_number="B", expires_on="2030-07-01")
    await carry(stock, "20", made["lot_id"], receive=True)
    transfer = await carry(stock, "30", made["lot_id"])
    begun = await recall(stock, {"first": "A"})
    assert [(one["lot_number"], one["match"]) for one in begun["lots"]] == [("A", "exact")]
    assert await places(stock, "A") == {
        ("harley", "quarantine", "recalled"): "50",
        ("soho", "quarantine", "recalled"): "20",
        ("soho", "transit", ""): "30",
    }
    assert (await stock.on_hand(), await stock.on_hand(site="soho")) == ("10", "0")
    told = {one.site: (one.quantity, str(one.recall_id)) for one in await stock.told(LotRecalled)}
    assert told == {"harley": ("50", begun["recall_id"]), "soho": ("50", begun["recall_id"])}
    await stock.bench.post(f"/v1/transfers/{transfer}:receive", {})
    assert await places(stock, "A") == {
        ("harley", "quarantine", "recalled"): "50",
        ("soho", "quarantine", "recalled"): "50",
    }
    assert await stock.on_hand(site="soho") == "0"


async def test_a_recall_breaks_the_holds_that_relied_on_it(stock: Chain) -> None:
    """STK-41: given 5 held of 5 of lot A; when it is recalled; then the hold is broken and told."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    hold = {"hold_id": str(uuid7()), "site": "harley", "lines": [{"product_id": str(BOTOX), "quantity": "5"}]}
    await stock.bench.post("/v1/holds", hold, who="service")
    await recall(stock, {"first": "A"})
    assert [(str(one.hold_id), one.reason) for one in await stock.told(HoldBroken)] == [(hold["hold_id"], "recall")]
    assert (await stock.level())["held"] == "0"


async def test_fefo_never_takes_a_recalled_lot_and_a_fact_that_names_it_is_recorded(stock: Chain) -> None:
    """STK-12: given A (sooner) recalled and B; when 2 are sold by FEFO and 3 by naming A, then B gives 2 and A 3; a
    sale dated before A expired does not take it from the sweep's quarantine either.
    """
    made = await stock.receive("10", lot_number="A", expires_on="2026-05-20")
    await stock.receive("10", lot_number="B", expires_on=LATER)
    await recall(stock, {"first": "A"})
    await stock.sell("2")
    await stock.hear(stock.sale(line("3", lot_id=made["lot_id"])))
    assert await places(stock, "A") == {("harley", "quarantine", "recalled"): "7"}
    assert await places(stock, "B") == {("harley", "shelf", ""): "8"}


async def test_a_recalled_expired_lot_is_not_taken_by_a_late_sale(stock: Chain) -> None:
    """DESIGN 3.7: given a lot that the sweep set apart and that is recalled then; when a sale from before its expiry
    comes late; then it takes the other lot, and one that names it takes it out of quarantine.
    """
    made = await stock.receive("10", lot_number="A", expires_on="2026-05-20")
    await stock.receive("10", lot_number="B", expires_on=LATER)
    await sweep_lots(stock.bench.runtime)
    await recall(stock, {"first": "A"})
    await stock.sell("4")
    assert await places(stock, "A") == {("harley", "quarantine", "expired"): "10"}
    await stock.hear(stock.sale(line("1", lot_id=made["lot_id"])))
    assert await places(stock, "A") == {("harley", "quarantine", "expired"): "9"}


async def test_a_recall_of_a_lot_we_do_not_hold_blocks_its_later_receipt(stock: Chain) -> None:
    """STK-41: given recalls of a number, a range and a maker we hold nothing of; when such goods are received, by hand
    or from an order; then they land in quarantine, the site is told, and other numbers land on the shelf.
    """
    await recall(
        stock,
        {"first": "C-77"},
        {"kind": "range", "first": "07110002", "last": "07110009"},
        {"product_id": None, "manufacturer": "Bad Works", "kind": "all"},
    )
    got = await stock.receive("5", lot_number="C-77", expires_on=LATER)
    assert (got["is_quarantined"], got["is_recalled"]) == (True, True)
    await stock.receive("6", lot_number="07110005", expires_on=LATER)
    await stock.receive("7", lot_number="07110010", expires_on=LATER)
    await stock.receive("8", CREAM, lot_number="X", manufacturer="bad works", expires_on=LATER)
    order = PurchaseOrderReceived(
        site="soho", order_id=uuid7(), number="PO-1", receipt_id=uuid7(), supplier_id=uuid7(), happened_at=NOON,
        is_complete=True,
        lines=(
            ReceivedLine(line=1, product_id=BOTOX, quantity="9", unit_cost="5.00", lot_number="c 77", expires_on=None),
        ),
    )  # fmt: skip
    await stock.hear(order)
    assert await stock.on_hand() == "7"
    assert await stock.on_hand(CREAM) == "0"
    assert await stock.on_hand(site="soho") == "0"
    assert await places(stock, "c 77") == {("soho", "quarantine", "recalled"): "9"}
    told = [(one.site, one.lot_number, one.quantity) for one in await stock.told(LotRecalled)]
    assert told == [
        ("harley", "C-77", "5"), ("harley", "07110005", "6"), ("harley", "X", "8"), ("soho", "c 77", "9"),
    ]  # fmt: skip


async def test_a_recall_by_gtin_finds_the_product(stock: Chain) -> None:
    """STK-41: given a product whose pack has the GTIN; when all of that GTIN is recalled; then its lots are blocked."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    begun = await recall(stock, {"product_id": None, "gtin": GTIN, "kind": "all"})
    assert [one["lot_number"] for one in begun["lots"]] == ["A"]
    assert await stock.on_hand() == "0"


async def test_lots_that_differ_by_case_and_spaces_are_blocked_as_alike(stock: Chain) -> None:
    """N-20: given lots `ab-12 3` and `AB124`; when AB123 is recalled; then the first is blocked, marked alike."""
    await stock.receive("5", lot_number="ab-12 3", expires_on=LATER)
    await stock.receive("4", lot_number="AB124", expires_on=LATER)
    begun = await recall(stock, {"first": "AB123"})
    assert [(one["lot_number"], one["match"]) for one in begun["lots"]] == [("ab-12 3", "alike")]
    assert await stock.on_hand() == "4"


async def test_what_comes_back_of_a_recalled_lot_reaches_no_shelf(stock: Chain) -> None:
    """STK-41: given A sold, then recalled; when the charge is taken back; then its goods land in quarantine."""
    from tests.stock.chain import voided

    await stock.receive("5", lot_number="A", expires_on=LATER)
    sale = await stock.sell("2")
    await recall(stock, {"first": "A"})
    await stock.hear(voided(sale))
    assert await places(stock, "A") == {("harley", "quarantine", "recalled"): "5"}


async def test_a_released_recall_gives_everything_back_to_its_place(stock: Chain) -> None:
    """STK-41: given A in a fridge, on a shelf and expired at no site; when the recall is released with a reason; then
    each goes back to where it lay, every told site hears it, and a later receipt lands on the shelf.
    """
    await stock.bench.post("/v1/areas", {"site": "harley", "area": "fridge"})
    made = await stock.receive("10", lot_number="A", expires_on=LATER, area="fridge")
    await stock.receive("3", lot_number="A", expires_on=LATER, site="soho")
    begun = await recall(stock, {"first": "A"})
    path = f"/v1/recalls/{begun['recall_id']}:release"
    ended = await stock.bench.post(path, {"reason": "the maker withdrew it"})
    assert (ended["state"], ended["released_by"], ended["release_reason"]) == (
        "released", "user:owner", "the maker withdrew it",
    )  # fmt: skip
    assert await places(stock, "A") == {("harley", "shelf", "fridge"): "10", ("soho", "shelf", ""): "3"}
    told = {one.site: (one.quantity, str(one.lot_id)) for one in await stock.told(LotReleased)}
    assert told == {"harley": ("10", made["lot_id"]), "soho": ("3", made["lot_id"])}
    await stock.receive("1", lot_number="A", expires_on=LATER, site="sydney")
    assert await stock.on_hand(site="sydney") == "1"
    trail = await stock.bench.owner.fetch("select action, actor, reason from audit where action like '%release'")
    assert [tuple(row) for row in trail] == [
        ("POST /v1/recalls/{recall_id}:release", "user:owner", "the maker withdrew it")
    ]


async def test_one_lot_is_released_while_the_recall_stands(stock: Chain) -> None:
    """STK-41: given a range that took in two lots; when one is released; then it is sold again, the other is not, and
    a later receipt of the released one stays free.
    """
    one = await stock.receive("5", lot_number="100", expires_on=LATER)
    await stock.receive("5", lot_number="101", expires_on=LATER)
    begun = await recall(stock, {"kind": "range", "first": "100", "last": "109"})
    body = {"reason": "tested, clean", "lots": [one["lot_id"]]}
    await stock.bench.post(f"/v1/recalls/{begun['recall_id']}:release", body)
    await stock.receive("2", lot_number="100", expires_on=LATER)
    assert await stock.on_hand() == "7"
    assert await places(stock, "101") == {("harley", "quarantine", "recalled"): "5"}


async def test_a_lot_in_two_recalls_is_free_only_after_both(stock: Chain) -> None:
    """STK-41: given a lot that two recalls name; when one is released; then the other still blocks it."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    first, second = await recall(stock, {"first": "A"}), await recall(stock, {"kind": "all"})
    await stock.bench.post(f"/v1/recalls/{first['recall_id']}:release", {"reason": "why"})
    assert await stock.on_hand() == "0"
    await stock.bench.post(f"/v1/recalls/{second['recall_id']}:release", {"reason": "why"})
    assert await stock.on_hand() == "5"


@pytest.mark.parametrize(("how", "reason"), [("destroy", "waste"), ("return", "supplier_return")])
async def test_recalled_goods_are_destroyed_or_returned_with_their_cost(stock: Chain, how: str, reason: str) -> None:
    """STK-41: given 5 at 5.00 apart; when 2 and then the rest go; then each is told with its cost, and once nothing is
    left the site hears that it is over.
    """
    made = await stock.receive("5", lot_number="A", expires_on=LATER)
    begun = await recall(stock, {"first": "A"})
    path = f"/v1/recalls/{begun['recall_id']}:dispose"
    body = {"site": "harley", "lot_id": made["lot_id"], "how": how, "note": "box 7"}
    done = await stock.bench.post(path, body | {"quantity": "2"})
    assert (done["quantity"], done["cost_minor"]) == ("2", 1000)
    assert await stock.told(LotReleased) == []
    await stock.bench.post(path, body)
    adjusted = [(one.quantity, one.cost_minor, one.reason, one.note) for one in await stock.told(StockAdjusted)]
    assert adjusted == [("-2", -1000, reason, "box 7"), ("-3", -1500, reason, "box 7")]
    assert [(one.site, one.quantity) for one in await stock.told(LotReleased)] == [("harley", "0")]
    assert await places(stock, "A") == {}


async def test_what_may_not_be_done_with_a_recalled_lot_is_refused(stock: Chain) -> None:
    """STK-12: given a recalled lot; when it is held by name, shipped, or released from quarantine; then each is refused
    by name with the ways that stay open, and nothing changes.
    """
    made = await stock.receive("5", lot_number="A", expires_on=LATER)
    await recall(stock, {"first": "A"})
    drawn = {"product_id": str(BOTOX), "quantity": "1", "lot_id": made["lot_id"]}
    calls = [
        ("/v1/holds", {"hold_id": str(uuid7()), "site": "harley", "lines": [drawn]}, "service"),
        ("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": [drawn]}, "owner"),
        (f"/v1/lots/{made['lot_id']}:release", {"site": "harley", "reason": "why"}, "owner"),
    ]
    before = await stock.bench.state()
    for path, body, who in calls:
        answer = await stock.bench.call("POST", path, body, who=who)
        assert (answer.status_code, answer.json()["code"]) == (409, "lot-recalled"), answer.text
        assert "destroy it" in answer.json()["ways_out"]
    assert await stock.bench.state() == before


async def test_recalls_that_make_no_sense_are_refused(stock: Chain) -> None:
    """STK-41: given strange lines, lots and recalls; when asked for; then named refusals and nothing changes."""
    made = await stock.receive("5", lot_number="A", expires_on=LATER)
    begun = await recall(stock, {"first": "Z"})
    path = f"/v1/recalls/{begun['recall_id']}"
    good = {"title": "t", "reason": "r"}
    drawn = {"site": "harley", "lot_id": made["lot_id"], "how": "destroy"}
    botox = {"product_id": str(BOTOX)}
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("/v1/recalls", good, "recall-names-nothing"),
        ("/v1/recalls", good | {"lines": [{"first": "A"}]}, "recall-names-nothing"),
        ("/v1/recalls", good | {"lines": [botox]}, "recall-names-nothing"),
        ("/v1/recalls", good | {"lines": [botox | {"kind": "range", "first": "9", "last": "8"}]},
         "recall-names-nothing"),
        ("/v1/recalls", good | {"lines": [{"product_id": str(uuid7()), "first": "A"}]}, "unknown-product"),
        ("/v1/recalls", good | {"lots": [str(uuid7())]}, "unknown-lot"),
        (f"/v1/recalls/{uuid7()}:release", {"reason": "r"}, "unknown-recall"),
        (f"{path}:release", {"reason": "r", "lots": [made["lot_id"]]}, "unknown-lot"),
        (f"{path}:dispose", drawn, "unknown-lot"),
        (f"/v1/recalls/{uuid7()}:dispose", drawn, "unknown-recall"),
        (f"{path}/notices/{uuid7()}", {"state": "contacted"}, "unknown-notice"),
        ("/v1/recall-drills", {"title": "t", "lines": [botox | {"first": "Q"}]}, "unknown-lot"),
    ]  # fmt: skip
    before = await stock.bench.state()
    for where, body, code in calls:
        answer = await stock.bench.call("POST", where, body)
        assert answer.json()["code"] == code, (where, answer.text)
    assert await stock.bench.state() == before
    answer = await stock.bench.call("GET", f"/v1/recalls/{uuid7()}")
    assert answer.json()["code"] == "unknown-recall"
    await stock.bench.post(f"{path}:release", {"reason": "r"})
    answer = await stock.bench.call("POST", f"{path}:release", {"reason": "r"})
    assert answer.json()["code"] == "recall-closed"


async def test_a_stray_on_a_shelf_is_gathered(stock: Chain) -> None:
    """STK-41: given goods of a recalled lot on a shelf, however they came there; when the clock comes by; then they lie
    in quarantine.
    """
    made = await stock.receive("5", lot_number="A", expires_on=LATER)
    await stock.bench.owner.execute("update lot set is_recalled = true where id = $1", made["lot_id"])
    await follow_recalls(stock.bench.runtime)
    assert await places(stock, "A") == {("harley", "quarantine", "recalled"): "5"}
    assert await stock.on_hand() == "0"


async def test_a_local_manager_begins_a_recall_and_ends_only_what_stands_at_their_site(stock: Chain) -> None:
    """STK-41: given a recall that told harley and soho; when the manager of harley releases it; then it is refused."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    await stock.receive("5", lot_number="A", expires_on=LATER, site="soho")
    begun = await recall(stock, {"first": "A"})
    answer = await stock.bench.call("POST", f"/v1/recalls/{begun['recall_id']}:release", {"reason": "why"}, who="local")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_no_receipt_slips_past_a_recall_that_begins_at_the_same_time(stock: Chain) -> None:
    """STK-41: given 24 receipts of a new lot at three sites while it is recalled; when all are done; then nothing of it
    lies on a shelf and the books agree, whatever came first.
    """
    receipts = [
        stock.receive("1", lot_number="A", expires_on=LATER, site=site)
        for _ in range(8)
        for site in ("harley", "soho", "sydney")
    ]
    await asyncio.gather(*receipts[:10], recall(stock, {"first": "A"}), *receipts[10:])
    found = await places(stock, "A")
    assert set(found) == {(site, "quarantine", "recalled") for site in ("harley", "soho", "sydney")}
    assert sum(int(quantity) for quantity in found.values()) == 24


async def test_a_recall_shows_only_the_sites_that_may_be_seen(stock: Chain) -> None:
    """F16: given a recall that told harley and soho; when the manager of harley looks; then soho is not there."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    await stock.receive("5", lot_number="A", expires_on=LATER, site="soho")
    begun = await recall(stock, {"first": "A"})
    found = await stock.bench.get(f"/v1/recalls/{begun['recall_id']}", who="local")
    assert [(one["site"], one["quantity"]) for one in found["sites"]] == [("harley", "5")]


async def test_beginning_a_recall_twice_is_beginning_it_once(stock: Chain) -> None:
    """N-02: given a recall; when it is begun again under its id, with another key; then nothing changes."""
    await stock.receive("5", lot_number="A", expires_on=LATER)
    name = str(uuid7())
    await recall(stock, {"first": "A"}, recall_id=name)
    told = len(await stock.bench.told())
    again = await recall(stock, {"first": "A"}, recall_id=name)
    assert (again["is_repeat"], len(again["lots"])) == (True, 1)
    assert len(await stock.bench.told()) == told


async def test_a_recall_waits_for_receipts_that_have_begun(stock: Chain) -> None:
    """STK-41: given a receipt of a new lot that is not committed yet; when the lot is recalled; then the recall waits
    for it, and blocks what it brought.
    """
    delivery = Delivery(
        uuid7(), 0, "harley", BOTOX, "5", "5.00", "A", None, "", None, "", NOON, "", False, "user:owner"
    )  # fmt: skip
    async with stock.bench.db.transaction() as tx:
        await receive(tx, [delivery], 2)
        begun = asyncio.create_task(recall(stock, {"first": "A"}))
        await asyncio.sleep(0.5)
        assert not begun.done()
    assert [one["lot_number"] for one in (await begun)["lots"]] == ["A"]
    assert await places(stock, "A") == {("harley", "quarantine", "recalled"): "5"}
