"""The race bugs of peers, each by its name: what must never happen when two deeds meet (RELIABILITY 7).

The other races of the list stand where their subject is: 200 holds for the last 50 units and 2,000 with repeated
products (test_holds), duplicate serials (test_serials), one new lot received at many sites (test_receipts), two
counters on one line (counts/test_storm), one transfer shipped by many (test_trips).
"""

import asyncio
import itertools
import random
from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.stock.api.test_cards import steps
from tests.stock.api.test_holds import ask, hold
from tests.stock.api.test_recalls import LATER, places, recall
from tests.stock.chain import BOTOX, CREAM, SERUM, Chain, returned, voided

from lotwise.contracts.stock import HoldBroken, StockLevelChanged, TransferShipped

TOXIN = {"product_id": str(BOTOX)}


async def drafts(stock: Chain, many: int, *lines: dict[str, Any]) -> list[str]:
    """The paths of so many drafts from harley to soho."""
    body = {"from_site": "harley", "to_site": "soho", "lines": lines}
    made = [await stock.bench.post("/v1/transfers", body) for _ in range(many)]
    return [f"/v1/transfers/{one['transfer_id']}" for one in made]


async def at_once(*deeds: Awaitable[httpx.Response]) -> list[int]:
    """Do deeds at once; their statuses in the order given, never a 5xx."""
    answers = await asyncio.gather(*deeds)
    assert all(one.status_code < 500 for one in answers), [one.text for one in answers if one.status_code >= 500]
    return [one.status_code for one in answers]


async def granted(stock: Chain, *holds: dict[str, Any]) -> list[str]:
    """Ask for holds at once, each on its own; the ids of those that stand."""
    answers = await asyncio.gather(*(ask(stock, one) for one in holds))
    return [row["hold_id"] for answer in answers for row in answer if row["problem"] is None]


async def test_two_carts_take_the_last_unit(stock: Chain) -> None:
    """Magento inventory 3036: given one unit, ten times; when two carts take it at once; then one has it, the other is
    told, and after the charge nothing is left and nothing owed.
    """
    for _ in range(10):
        await stock.receive("1")
        (won,) = await granted(stock, hold((BOTOX, "1")), hold((BOTOX, "1")))
        await stock.sell("1", charge_id=UUID(won), is_held=True)
        level = await stock.level()
        assert (level["on_hand"], level["held"], level["unattributed"]) == ("0", "0", "0")


async def test_a_bundle_with_two_lines_on_one_product_counts_them_together(stock: Chain) -> None:
    """Medusa 16502: given 10; when 20 bundles of 3 and 3 of one product ask at once; then one stands, never 3 of a
    second one.
    """
    await stock.receive("10")
    assert len(await granted(stock, *(hold((BOTOX, "3"), (BOTOX, "3")) for _ in range(20)))) == 1
    level = await stock.level()
    assert (level["held"], level["available"]) == ("6", "4")


async def test_concurrent_reservations_never_oversubscribe(stock: Chain) -> None:
    """Medusa 16569: given 40 of three products; when 150 carts ask for two or three of them in any order at once; then
    what is held is what was granted, no more than there is, and no cart waits for another for ever.
    """
    rng = random.Random(16569)
    products = (BOTOX, CREAM, SERUM)
    for one in products:
        await stock.receive("40", one)
    carts = [hold(*((one, "1") for one in rng.sample(products, rng.choice((2, 3))))) for _ in range(150)]
    won = set(await granted(stock, *carts))
    for one in products:
        wanted = sum(row["product_id"] == str(one) for cart in carts if cart["hold_id"] in won for row in cart["lines"])
        level = await stock.level(one)
        assert (level["held"], wanted <= 40) == (str(wanted), True)
    assert len(won) >= 40


async def test_what_is_reserved_never_goes_below_nothing(stock: Chain) -> None:
    """Medusa 12401: given 30 holds; when each is voided twice while half of their charges are recorded; then nothing is
    held, 15 left, and at no moment was less than nothing held.
    """
    await stock.receive("30")
    won = await granted(stock, *(hold((BOTOX, "1")) for _ in range(30)))
    seen: list[int] = []

    async def void(hold_id: str) -> httpx.Response:
        """Give it back, and look."""
        gone = await stock.bench.call("POST", f"/v1/holds/{hold_id}:void", {"site": "harley"}, who="service")
        seen.append(int((await stock.level())["held"]))
        return gone

    sales = [stock.sell("1", charge_id=UUID(one), is_held=True) for one in won[:15]]
    voids = at_once(*(void(one) for one in won for _ in range(2)))
    statuses, _ = await asyncio.gather(voids, asyncio.gather(*sales))
    assert set(statuses) <= {200, 409}
    level = await stock.level()
    assert (level["on_hand"], level["held"], level["available"]) == ("15", "0", "15")
    assert min(seen) >= 0


async def test_two_persons_taking_from_one_shelf_lose_no_deed(stock: Chain) -> None:
    """InvenTree 12718: given 20; when 30 write off 1 and 10 find 1, all at once; then every answer counts: what is left
    is 30 less the write-offs that were taken, and none was taken from an empty shelf.
    """
    await stock.receive("20", lot_number="A")
    body = TOXIN | {"site": "harley"}
    losses = [
        stock.bench.call("POST", "/v1/adjustments", body | {"quantity": "-1", "reason": "loss"}) for _ in range(30)
    ]
    finds = [
        stock.bench.call("POST", "/v1/adjustments", body | {"quantity": "1", "reason": "found"}) for _ in range(10)
    ]
    statuses = await at_once(*losses, *finds)
    taken = sum(status in {200, 201} for status in statuses[:30])
    assert all(status in {200, 201} for status in statuses[30:])
    assert 20 <= taken <= 30
    assert await stock.on_hand() == str(30 - taken)


async def test_two_allocations_of_one_lot_at_once_ship_it_once(stock: Chain) -> None:
    """InvenTree 12478: given 10 of lot A and 10 of B; when eight transfers of 7 of A ship at once; then one does, seven
    are refused, and B is untouched.
    """
    made = await stock.receive("10", lot_number="A")
    await stock.receive("10", lot_number="B")
    paths = await drafts(stock, 8, TOXIN | {"quantity": "7", "lot_id": made["lot_id"]})
    statuses = await at_once(*(stock.bench.call("POST", f"{path}:ship", {}) for path in paths))
    assert sorted(statuses) == [200, *[409] * 7]
    found = {(one["lot_number"], one["state"]): one["quantity"] for one in await stock.lots()}
    assert found == {("A", "shelf"): "3", ("A", "transit"): "7", ("B", "shelf"): "10"}
    assert len(await stock.told(TransferShipped)) == 1


async def test_a_part_that_is_twice_on_a_list_is_counted_together(stock: Chain) -> None:
    """InvenTree 7285: given 10; when six lists with the part twice (6 and 6) ship at once, then six of 4 and 4; then no
    list of the first leaves, and changes nothing; of the others one leaves, with both lines.
    """
    await stock.receive("10")
    wide = await drafts(stock, 6, TOXIN | {"quantity": "6"}, TOXIN | {"quantity": "6"})
    before = await stock.bench.state()
    assert set(await at_once(*(stock.bench.call("POST", f"{one}:ship", {}) for one in wide))) == {409}
    assert await stock.bench.state() == before
    fits = await drafts(stock, 6, TOXIN | {"quantity": "4"}, TOXIN | {"quantity": "4"})
    assert sorted(await at_once(*(stock.bench.call("POST", f"{one}:ship", {}) for one in fits))) == [200, *[409] * 5]
    assert (await stock.on_hand(), (await stock.level(site="soho"))["in_transit"]) == ("2", "8")


async def test_an_edit_of_what_somebody_else_changed_is_refused(stock: Chain) -> None:
    """InvenTree 12385: given minimums that eight persons read; when all write at once what they read; then one is
    taken, seven learn that it moved (412), and it says what the one wrote; ten bulk edits meet without loss.
    """
    path = f"/v1/levels/harley/{BOTOX}"
    read = (await stock.bench.call("GET", path)).headers["etag"]
    answers = await asyncio.gather(
        *(stock.bench.call("PUT", path, {"minimum": str(number)}, match=read) for number in range(1, 9))
    )
    assert sorted(one.status_code for one in answers) == [200, *[412] * 7]
    (won,) = [one.json() for one in answers if one.status_code == 200]
    assert (await stock.level())["minimum"] == won["minimum"]
    rows = [{"site": "harley", "product_id": str(one), "minimum": "3"} for one in (CREAM, BOTOX, SERUM)]
    sent = ({"minimums": random.Random(seed).sample(rows, 3)} for seed in range(10))
    assert set(await at_once(*(stock.bench.call("POST", "/v1/minimums:batch", one) for one in sent))) == {200}
    assert [(await stock.level(one))["minimum"] for one in (BOTOX, CREAM, SERUM)] == ["3"] * 3


async def test_a_transfer_called_off_while_it_arrives_is_in_one_place(stock: Chain) -> None:
    """ERPNext 55387, drift after cancel: given twelve transfers of 3 on their way; when each is called off and received
    at once; then each is either home or there, nothing is on its way, and nothing was made or lost.
    """
    await stock.receive("36")
    paths = await drafts(stock, 12, TOXIN | {"quantity": "3"})
    for path in paths:
        await stock.bench.post(f"{path}:ship", {})
    deeds = [stock.bench.call("POST", f"{path}:{deed}", {}) for path in paths for deed in ("cancel", "receive")]
    statuses = await at_once(*deeds)
    assert [sorted(statuses[n : n + 2]) for n in range(0, 24, 2)] == [[200, 409]] * 12
    arrived = 3 * sum(status == 200 for status in statuses[1::2])
    here, there = await stock.level(), await stock.level(site="soho")
    assert (here["on_hand"], there["on_hand"], there["in_transit"]) == (str(36 - arrived), str(arrived), "0")


async def test_a_charge_voided_while_its_goods_come_back_returns_them_once(stock: Chain) -> None:
    """ERPNext 54528, drift after cancel: given twelve charges of 4; when each is voided, voided again and its 3
    returned, all at once; then each gave back its 4 and not one more.
    """
    await stock.receive("48")
    sales = [await stock.sell("4") for _ in range(12)]
    told = [one for sale in sales for one in (voided(sale), returned("3", sale), voided(sale))]
    await asyncio.gather(*(stock.hear(one) for one in told))
    level = await stock.level()
    assert (level["on_hand"], level["quarantined"], level["unattributed"]) == ("48", "0", "0")


@pytest.mark.parametrize("deed", ["quarantine", "recall"])
async def test_a_lot_blocked_while_it_is_promised_breaks_what_it_cannot_keep(stock: Chain, deed: str) -> None:
    """I4, N-06: given 10 of A and 5 of B; when 30 carts ask for 1 each while A is blocked; then at most 5 promises
    stand, each other that was given is broken once and told, and nothing of A lies on the shelf.
    """
    made = await stock.receive("10", lot_number="A", expires_on=LATER)
    await stock.receive("5", lot_number="B", expires_on="2031-01-01")
    carts = [hold((BOTOX, "1")) for _ in range(30)]

    async def block() -> None:
        """Block lot A by one of the two deeds."""
        if deed == "recall":
            await recall(stock, {"first": "A"})
        else:
            path = f"/v1/lots/{made['lot_id']}:quarantine"
            await stock.bench.post(path, {"site": "harley", "reason": "fridge was warm"})

    first, _, rest = await asyncio.gather(granted(stock, *carts[:12]), block(), granted(stock, *carts[12:]))
    broken = [str(one.hold_id) for one in await stock.told(HoldBroken)]
    assert len(broken) == len(set(broken))
    level = await stock.level()
    assert (level["on_hand"], level["held"]) == ("5", str(len({*first, *rest} - set(broken))))
    assert level["available"] == "0"
    assert {key[1] for key in await places(stock, "A")} == {"quarantine"}


async def test_a_lot_recalled_while_it_ships_reaches_no_shelf(stock: Chain) -> None:
    """STK-41: given ten transfers of 1 of lot A; when they ship while A is recalled; then what left before arrives in
    quarantine, the rest is refused, and all 10 are accounted for.
    """
    made = await stock.receive("10", lot_number="A", expires_on=LATER)
    paths = await drafts(stock, 10, TOXIN | {"quantity": "1", "lot_id": made["lot_id"]})
    ships = [stock.bench.call("POST", f"{path}:ship", {}) for path in paths]
    before, _, after = await asyncio.gather(at_once(*ships[:6]), recall(stock, {"first": "A"}), at_once(*ships[6:]))
    statuses = before + after
    assert set(statuses) <= {200, 409}
    left = [path for path, status in zip(paths, statuses, strict=True) if status == 200]
    assert set(await at_once(*(stock.bench.call("POST", f"{path}:receive", {}) for path in left))) <= {200}
    found = await places(stock, "A")
    assert set(found) <= {(site, "quarantine", "recalled") for site in ("harley", "soho")}
    assert found.get(("soho", "quarantine", "recalled"), "0") == str(len(left))
    assert sum(map(int, found.values())) == 10


async def test_a_lot_merged_while_it_is_sold_leaves_nothing_behind(stock: Chain) -> None:
    """N-20: given lots of 10 that are one; when 12 are sold while the first becomes the second; then 8 are left, all of
    the second, nothing is owed, and no cent is made or lost.
    """
    one = await stock.receive("10", lot_number="ab 1", expires_on=LATER, unit_cost="3.333333")
    two = await stock.receive("10", lot_number="AB1", expires_on="2031-01-01", unit_cost="1.00")
    sales = [stock.sell("1") for _ in range(12)]
    merge = stock.bench.post(f"/v1/lots/{one['lot_id']}:merge", {"into": two["lot_id"], "reason": "same box"})
    await asyncio.gather(*sales[:6], merge, *sales[6:])
    assert [(row["lot_number"], row["quantity"]) for row in await stock.lots()] == [("AB1", "8")]
    level = await stock.level()
    assert (level["on_hand"], level["unattributed"]) == ("8", "0")


async def test_a_lot_merged_while_it_ships_is_never_in_two_names(stock: Chain) -> None:
    """N-20: given, eight times, a lot that ships while it becomes another; then either the merge is refused because
    some is on its way, or nothing of the first lot is left anywhere.
    """
    for turn in range(8):
        one = await stock.receive("10", lot_number=f"ab {turn}", expires_on=LATER)
        two = await stock.receive("1", lot_number=f"AB{turn}", expires_on=LATER)
        paths = await drafts(stock, 5, TOXIN | {"quantity": "1", "lot_id": one["lot_id"]})
        ships = [stock.bench.call("POST", f"{path}:ship", {}) for path in paths]
        body = {"into": two["lot_id"], "reason": "same box"}
        merge = stock.bench.call("POST", f"/v1/lots/{one['lot_id']}:merge", body)
        statuses = await at_once(*ships[: turn % 4], merge, *ships[turn % 4 :])
        left = {key[:2]: quantity for key, quantity in (await places(stock, f"ab {turn}")).items()}
        shipped = sum(status == 200 for status in statuses) - (statuses[turn % 4] == 200)
        expected = {} if statuses[turn % 4] == 200 else {("harley", "shelf"): str(10 - shipped)}
        assert left == expected | ({("soho", "transit"): str(shipped)} if shipped else {}), turn
        assert not (statuses[turn % 4] == 200 and shipped), "it was merged while some was on its way"


async def test_the_running_level_is_told_in_order(stock: Chain) -> None:
    """ERPNext 51562: given 40 deeds of many persons at once; when the levels told and the card are read in their order;
    then revisions rise, the last level told is what is there, and each step's balance follows from the one before.
    """
    await stock.receive("100")
    deeds = [stock.sell("1") for _ in range(20)]
    body = TOXIN | {"site": "harley", "quantity": "-1", "reason": "waste"}
    wastes = at_once(*(stock.bench.call("POST", "/v1/adjustments", body) for _ in range(20)))
    await asyncio.gather(wastes, *deeds, ask(stock, hold((BOTOX, "1"))))
    told = [now for event in await stock.told(StockLevelChanged) for now in event.levels if now.product_id == BOTOX]
    revisions = [now.revision for now in told]
    assert revisions == sorted(set(revisions))
    level = await stock.level()
    assert (told[-1].on_hand, told[-1].held, told[-1].revision) == ("60", "1", level["revision"])
    assert (level["on_hand"], level["available"]) == ("60", "59")
    card = await steps(stock)
    assert card[0]["balance"] == "60"
    for after, before in itertools.pairwise(card):
        assert int(after["balance"]) - int(before["balance"]) == int(after["change"])
