"""Holds over HTTP: never more than there is, all lines or none, posted, voided and swept."""

import asyncio
from typing import Any
from uuid import UUID

from tests.stock.chain import BOTOX, CREAM, SERVICE, Chain, line, product

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import HoldBroken, StockIssued


def hold(*lines: tuple[UUID, str], hold_id: UUID | None = None, site: str = "harley") -> dict[str, Any]:
    """The body of a hold."""
    return {
        "hold_id": str(hold_id or uuid7()),
        "site": site,
        "minutes": 15,
        "lines": [{"product_id": str(product_id), "quantity": quantity} for product_id, quantity in lines],
    }


async def ask(stock: Chain, *holds: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask for holds as sales does."""
    found: list[dict[str, Any]] = (await stock.bench.post("/v1/holds:batch", {"holds": holds}, who="service"))[
        "results"
    ]
    return found


async def test_two_hundred_charges_for_the_last_fifty_units(stock: Chain) -> None:
    """N-03: given 50 U; when 200 charges of 2 lines of 1 U ask at once and the granted ones sell;
    then exactly 50 leave.
    """
    await stock.receive("50")
    asked = [hold((BOTOX, "1"), (BOTOX, "1")) for _ in range(200)]
    answers = await asyncio.gather(*(ask(stock, one) for one in asked))
    granted = [answer[0]["hold_id"] for answer in answers if answer[0]["problem"] is None]
    assert len(granted) == 25
    refused = next(answer[0]["problem"] for answer in answers if answer[0]["problem"])
    assert refused["code"] == "not-enough-stock"
    assert (refused["numbers"]["on_hand"], refused["numbers"]["wanted"]) == ("50", "2")
    sales = [stock.sale(line("1"), line("1", BOTOX, 2), charge_id=UUID(one), is_held=True) for one in granted]
    await stock.hear(*sales)
    level = await stock.level()
    assert (level["on_hand"], level["held"], level["unattributed"]) == ("0", "0", "0")


async def test_two_thousand_holds_with_repeated_products_never_oversell(stock: Chain) -> None:
    """F12: given 300 of one, 200 of another; when 2,000 bundles (1+1 of one, 1 of the other) ask;
    then 150 are granted.
    """
    await stock.receive("300")
    await stock.receive("200", CREAM)
    groups = [[hold((BOTOX, "1"), (CREAM, "1"), (BOTOX, "1")) for _ in range(100)] for _ in range(20)]
    answers = await asyncio.gather(*(ask(stock, *group) for group in groups))
    assert sum(row["problem"] is None for answer in answers for row in answer) == 150
    assert [(await stock.level(one))["held"] for one in (BOTOX, CREAM)] == ["300", "150"]


async def test_a_hold_is_all_lines_or_none(stock: Chain) -> None:
    """DESIGN 4: given 5 of one and none of the other; when both are asked for;
    then nothing is held and nothing told.
    """
    await stock.receive("5")
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/holds", hold((BOTOX, "5"), (CREAM, "1")), who="service")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-enough-stock")
    assert answer.json()["ways_out"] == ["create a purchase order"]
    assert await stock.bench.state() == before


async def test_the_same_hold_again_is_the_same_hold(stock: Chain) -> None:
    """DESIGN 3.5: given a granted hold; when it is asked for again, alone or in a batch; then it stands once."""
    await stock.receive("10")
    body = hold((BOTOX, "4"))
    first = (await ask(stock, body))[0]
    again = (await ask(stock, body, body))[0]
    assert (again["expires_at"], again["is_repeat"]) == (first["expires_at"], True)
    assert (await stock.level())["held"] == "4"


async def test_a_recorded_charge_posts_its_hold_once(stock: Chain) -> None:
    """DESIGN 4: given a hold of 4; when its charge of 3 is recorded;
    then 3 leave and nothing is held; a late hold is moot.
    """
    await stock.receive("10")
    body = hold((BOTOX, "4"))
    await ask(stock, body)
    await stock.sell("3", charge_id=UUID(body["hold_id"]), is_held=True)
    level = await stock.level()
    assert (level["on_hand"], level["held"], level["available"]) == ("7", "0", "7")
    refused = await stock.bench.call("POST", f"/v1/holds/{body['hold_id']}:void", {"site": "harley"}, who="service")
    assert refused.json()["code"] == "hold-closed"
    late = stock.sale(line("1"))
    await stock.hear(late)
    assert (await ask(stock, hold((BOTOX, "1"), hold_id=late.charge_id)))[0]["is_repeat"]
    assert (await stock.level())["held"] == "0"


async def test_a_void_gives_back_once(stock: Chain) -> None:
    """DESIGN 4: given a hold; when it is voided twice; then all is available and the second time says so."""
    await stock.receive("10")
    body = hold((BOTOX, "4"))
    await ask(stock, body)
    path = f"/v1/holds/{body['hold_id']}:void"
    assert (await stock.bench.post(path, {"site": "harley"}, who="service"))["was_open"] is True
    assert (await stock.bench.post(path, {"site": "harley"}, who="service"))["was_open"] is False
    assert (await stock.level())["available"] == "10"
    assert (await ask(stock, body))[0]["problem"]["code"] == "hold-closed"


async def test_the_policy_decides_how_much_may_be_promised(stock: Chain) -> None:
    """SPEC decision 2: given 10 with a minimum of 6; when 5 are wanted;
    then warn and block_at_zero grant, the third refuses.
    """
    await stock.receive("10")
    await stock.bench.put(f"/v1/levels/harley/{BOTOX}", {"minimum": "6", "reorder_at": None})
    for revision, (policy, granted) in enumerate(
        (("block_at_minimum", False), ("block_at_zero", True), ("warn", True)), 2
    ):
        await stock.hear(
            SiteDefined(slug="harley", name="H", time_zone="Europe/London", stock_policy=policy, revision=revision)
        )
        body = hold((BOTOX, "5"))
        row = (await ask(stock, body))[0]
        assert (row["problem"] is None) is granted, policy
        if row["problem"]:
            assert "lower the minimum temporarily" in row["problem"]["ways_out"]
        else:
            await stock.bench.post(f"/v1/holds/{body['hold_id']}:void", {"site": "harley"}, who="service")
    assert (await ask(stock, hold((BOTOX, "99"))))[0]["problem"] is None
    await stock.sell("1", is_held=False)
    assert await stock.told(HoldBroken) == []


async def test_an_expired_lot_is_not_promised_before_the_sweep_comes(stock: Chain) -> None:
    """STK-17: given only a lot whose last day is over, not swept yet; when 1 is wanted; then it is refused."""
    await stock.receive("5", expires_on="2026-05-01")
    row = (await ask(stock, hold((BOTOX, "1"))))[0]
    assert (row["problem"]["code"], row["problem"]["numbers"]["on_hand"]) == ("not-enough-stock", "0")


async def test_a_hold_that_cannot_be_kept_is_broken_and_told(stock: Chain) -> None:
    """DESIGN 3.7: given holds of 4 and 5 on 10; when 3 are lost; then the newest hold is broken, listed and told."""
    await stock.receive("10")
    older, newer = hold((BOTOX, "4")), hold((BOTOX, "5"))
    await ask(stock, older, newer)
    body = {"site": "harley", "product_id": str(BOTOX), "quantity": "-3", "reason": "loss"}
    await stock.bench.post("/v1/adjustments", body)
    (broken,) = await stock.told(HoldBroken)
    assert (str(broken.hold_id), broken.quantity, broken.reason) == (newer["hold_id"], "5", "adjustment")
    assert (await stock.level())["held"] == "4"
    rows = (await stock.bench.get("/v1/holds", params={"site": "harley"}))["rows"]
    assert [one["lines"][0]["is_broken"] for one in rows] == [False, True]
    await stock.sell("5", charge_id=UUID(newer["hold_id"]), is_held=True)
    assert ((await stock.level())["on_hand"], (await stock.level())["held"]) == ("2", "0")
    assert len(await stock.told(StockIssued)) == 1


async def test_what_cannot_be_held_is_refused_by_name(stock: Chain) -> None:
    """SAL-12: given a service and strangers; when they are held;
    then each is refused by its own name, nothing changed.
    """
    before = await stock.bench.state()
    rows = await ask(
        stock, hold((SERVICE, "1")), hold((uuid7(), "1")), hold((BOTOX, "1"), site="nowhere"), hold((BOTOX, "0.5"))
    )
    assert [row["problem"]["code"] for row in rows] == ["not-kept", "unknown-product", "unknown-site", "bad-quantity"]
    assert await stock.bench.state() == before


async def test_the_refusal_names_what_is_on_its_way(stock: Chain) -> None:
    """SAL-12: given 7 on their way from soho; when 1 is wanted at harley;
    then the refusal shows them and says receive.
    """
    await stock.receive("7", site="soho")
    lines = [{"product_id": str(BOTOX), "quantity": "7"}]
    made = await stock.bench.post("/v1/transfers", {"from_site": "soho", "to_site": "harley", "lines": lines})
    await stock.bench.post(f"/v1/transfers/{made['transfer_id']}:ship", {})
    problem = (await ask(stock, hold((BOTOX, "1"))))[0]["problem"]
    assert problem["numbers"]["in_transit"] == "7"
    assert problem["ways_out"][0] == "receive the transfer that is on its way"
    why = await stock.bench.get("/v1/explain/block", params={"site": "harley", "product": str(BOTOX)})
    assert (why["is_blocked"], why["ways_out"][0]) == (True, "receive the transfer that is on its way")


async def test_a_code_of_another_product_is_not_confused(stock: Chain) -> None:
    """STK-02: given two products of one name; when one is held; then the other is untouched."""
    twin = uuid7()
    await stock.hear(product(twin, "btx", "Botox Units"))
    await stock.receive("3")
    await stock.receive("3", twin)
    await ask(stock, hold((twin, "2")))
    assert [(await stock.level(one))["held"] for one in (BOTOX, twin)] == ["0", "2"]


async def test_one_hold_asked_for_many_times_at_once_is_one_hold(stock: Chain) -> None:
    """DESIGN 4: given a till that asks again because the answer is late; when 20 calls meet;
    then one hold stands, all are granted.
    """
    await stock.receive("10")
    body, other = hold((BOTOX, "4")), hold((BOTOX, "1"))
    answers = await asyncio.gather(*(ask(stock, body, *([other] if n == 0 else [])) for n in range(20)))
    assert all(row["problem"] is None for answer in answers for row in answer)
    assert (await stock.level())["held"] == "5"
