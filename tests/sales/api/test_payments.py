"""Payments: cash in steps, the rest paid later, refunds the way the money came, and how they are told."""

import asyncio
from typing import Any

import pytest
from tests.sales.harness import BOTOX, CREAM, SITE, Sales, line

from lotwise.contracts.catalog import SiteDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import PaymentTaken, SaleRecorded


def desk(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A charge as the desk makes it."""
    return {"charge_id": str(uuid7()), "site": SITE, "lines": list(lines or (line(BOTOX, "1"),))} | more


def cash(amount: int) -> dict[str, Any]:
    """A payment in cash."""
    return {"kind": "cash", "amount_minor": amount}


def card(amount: int) -> dict[str, Any]:
    """A payment by card."""
    return {"kind": "card", "amount_minor": amount}


async def in_fives(sales: Sales) -> None:
    """Cash at the site comes in steps of five."""
    await sales.hear(
        SiteDefined(slug=SITE, name="Harley", time_zone="Europe/London", cash_rounding_minor=5, revision=2)
    )
    await sales.selling.prices.load()


async def test_cash_is_rounded_after_tax_and_the_difference_is_kept(sales: Sales) -> None:
    """SAL-22: 13.44 is paid with 13.45; the cent over is a row of the payment, and what is told sums to the total."""
    await in_fives(sales)
    made = await sales.post("/v1/charges", desk(tenders=[cash(2000)]), who="front_desk")
    assert (made["total_minor"], made["paid_minor"], made["change_minor"], made["due_minor"]) == (1344, 2000, 655, 0)
    assert [(one["kind"], one["amount_minor"]) for one in made["tenders"]] == [("cash", 2000), ("rounding", -1)]
    (told,) = await sales.told(SaleRecorded)
    assert [(one.kind, one.amount_minor) for one in told.payments] == [("cash", 1345), ("rounding", -1)]
    assert (str(told.charge_id), told.till_id) == (made["charge_id"], None)


async def test_a_charge_is_paid_in_parts(sales: Sales) -> None:
    """SAL-22: of 13.44, 10.00 are paid at once; 3.44 are due, listed, and paid later with two tenders."""
    made = await sales.post("/v1/charges", desk(tenders=[card(1000)]), who="front_desk")
    assert made["due_minor"] == 344
    (listed,) = (await sales.get("/v1/charges?due=true", who="front_desk"))["rows"]
    assert (listed["charge_id"], listed["due_minor"]) == (made["charge_id"], 344)
    where = f"/v1/charges/{made['charge_id']}/payments"
    part = await sales.post(where, {"tenders": [card(44)]}, who="front_desk")
    assert (part["paid_minor"], part["due_minor"]) == (44, 300)
    rest = await sales.post(where, {"tenders": [card(100), cash(500)]}, who="front_desk")
    assert (rest["paid_minor"], rest["change_minor"], rest["due_minor"]) == (600, 300, 0)
    shown = await sales.get(f"/v1/charges/{made['charge_id']}")
    assert (shown["due_minor"], [one["due_minor"] for one in shown["payments"]]) == (0, [300, 0])
    assert (await sales.get("/v1/charges?due=true"))["rows"] == []
    told = await sales.told(PaymentTaken)
    assert [sum(one.amount_minor for one in each.payments) for each in told] == [44, 300]


async def test_two_tills_cannot_both_take_the_rest(sales: Sales) -> None:
    """SAL-22: the same rest paid twice at once is taken once; the second is told that nothing is due."""
    made = await sales.post("/v1/charges", desk(tenders=[card(1000)]), who="front_desk")
    where = f"/v1/charges/{made['charge_id']}/payments"
    answers = await asyncio.gather(*(sales.call("POST", where, {"tenders": [card(344)]}) for _ in range(2)))
    assert sorted(one.status_code for one in answers) == [201, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"nothing-due"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"tenders": [card(345)]}, 422, "bad-tender"),
        ({"tenders": [card(-5)]}, 422, "bad-tender"),
        ({"tenders": []}, 422, "bad-tender"),
        ({"tenders": [{"kind": "rounding", "amount_minor": 1}]}, 422, "invalid"),
        ({"tenders": [card(344)], "till_id": str(named_id("none"))}, 404, "unknown-till"),
        ({"tenders": [card(344)], "happened_at": "2020-01-01T00:00:00Z"}, 403, "forbidden"),
    ],
)
async def test_payments_that_cannot_be(sales: Sales, body: dict[str, Any], status: int, code: str) -> None:
    """SAL-22: too much, nothing, the wrong way, an unknown till: each is refused by name and changes nothing."""
    made = await sales.post("/v1/charges", desk(tenders=[card(1000)]), who="front_desk")
    before = await sales.state()
    answer = await sales.call("POST", f"/v1/charges/{made['charge_id']}/payments", body, who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await sales.state() == before


async def test_a_voided_charge_gives_back_what_was_paid_and_takes_no_more(sales: Sales) -> None:
    """SAL-16 SAL-22: cash and card, then and later, go back the way they came; nothing of it stays due."""
    await in_fives(sales)
    made = await sales.post("/v1/charges", desk(tenders=[card(500)]), who="front_desk")
    where = f"/v1/charges/{made['charge_id']}"
    await sales.post(f"{where}/payments", {"tenders": [cash(900)]}, who="front_desk")
    await sales.post(f"{where}:void", {"reason": "wrong person"}, who="manager")
    told = (await sales.told(PaymentTaken))[-1]
    assert {one.kind: one.amount_minor for one in told.payments} == {"card": -500, "cash": -845, "rounding": 1}
    assert (await sales.get(where))["due_minor"] == 0
    before = await sales.state()
    answer = await sales.call("POST", f"{where}/payments", {"tenders": [cash(5)]}, who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (409, "charge-voided")
    assert await sales.state() == before


async def test_a_refund_goes_to_the_tenders_that_paid(sales: Sales) -> None:
    """SAL-22: of 40.32 paid by 20.00 card and the rest cash, one of three comes back as cash, the next two as both."""
    made = await sales.post("/v1/charges", desk(line(BOTOX, "3"), tenders=[card(2000), cash(2032)]), who="front_desk")
    back = {"charge_id": made["charge_id"], "site": SITE, "refund": "originals"}
    first = await sales.post("/v1/returns", back | {"lines": [{"line": 1, "quantity": "1"}]}, who="front_desk")
    assert [(one["kind"], one["amount_minor"]) for one in first["tenders"]] == [("cash", -1344)]
    second = await sales.post("/v1/returns", back | {"lines": [{"line": 1, "quantity": "2"}]}, who="front_desk")
    assert {one["kind"]: one["amount_minor"] for one in second["tenders"]} == {"cash": -688, "card": -2000}
    told = await sales.told(PaymentTaken)
    assert [sum(one.amount_minor for one in each.payments) for each in told] == [-1344, -2688]


async def test_what_was_never_paid_is_not_paid_out(sales: Sales) -> None:
    """SAL-22: of a charge of which 3.44 are due, a return of 13.44 pays out 10.00 and nothing is due any more."""
    made = await sales.post("/v1/charges", desk(tenders=[card(1000)]), who="front_desk")
    body = {"charge_id": made["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "1"}]}
    before = await sales.state()
    answer = await sales.call("POST", "/v1/returns", body | {"tenders": [card(-1344)]}, who="front_desk")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-tender")
    assert await sales.state() == before
    back = await sales.post("/v1/returns", body | {"refund": "originals"}, who="front_desk")
    assert [(one["kind"], one["amount_minor"]) for one in back["tenders"]] == [("card", -1000)]
    assert (await sales.get(f"/v1/charges/{made['charge_id']}"))["due_minor"] == 0


async def test_refunds_beyond_ones_own_need_a_manager(sales: Sales) -> None:
    """SAL-22: 510.72 is over front desk's limit of 500.00, and card money is not paid out as cash; a manager may."""
    made = await sales.post("/v1/charges", desk(line(BOTOX, "38"), tenders=[card(51072)]), who="front_desk")
    body = {"charge_id": made["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "38"}]}
    before = await sales.state()
    much = await sales.call("POST", "/v1/returns", body | {"refund": "originals"}, who="front_desk")
    assert (much.status_code, much.json()["code"]) == (403, "refund-over-limit")
    assert much.json()["numbers"] == {"limit_minor": 50000, "refund_minor": 51072}
    one = body | {"lines": [{"line": 1, "quantity": "1"}], "tenders": [cash(-1344)]}
    other = await sales.call("POST", "/v1/returns", one, who="front_desk")
    assert (other.status_code, other.json()["code"]) == (403, "refund-other-tender")
    assert await sales.state() == before
    await sales.post("/v1/returns", one, who="manager")


async def test_what_was_paid_with_a_charge_rides_in_its_event(sales: Sales) -> None:
    """SAL-22 N-02: a batch of paid facts says one SaleRecorded each, with its payments, and no other message."""
    facts = [
        {"charge_id": str(uuid7()), "site": SITE, "hold": False, "lines": [line(CREAM, "0.1")], "tenders": [card(210)]}
        for _ in range(3)
    ]
    await sales.post("/v1/charges:batch", {"charges": facts}, who="till")
    told = await sales.told(SaleRecorded)
    assert [[(one.kind, one.amount_minor) for one in each.payments] for each in told] == [[("card", 210)]] * 3
    assert await sales.told(PaymentTaken) == []


async def test_an_outside_tills_charge_is_not_due(sales: Sales) -> None:
    """SAL-22: what an outside till took is not known here; its charges are on no list of debts."""
    await sales.charge(line(BOTOX, "1"))
    assert (await sales.get("/v1/charges?due=true"))["rows"] == []
