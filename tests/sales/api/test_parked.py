"""Bills set aside at the desk: parked as they came, seen by the site, taken up once."""

import asyncio
from typing import Any

from tests.sales.harness import BOTOX, OTHER, SITE, Sales

from lotwise.contracts.ids import uuid7

BILL = {"lines": [{"product_id": str(BOTOX), "quantity": "2"}], "coupons": ["SPRING"]}


async def park(sales: Sales, **more: Any) -> dict[str, Any]:
    """A parked bill."""
    body = {"site": SITE, "label": "Blue coat", "total_minor": 48000, "bill": BILL} | more
    answer: dict[str, Any] = await sales.post("/v1/parked", body, who="front_desk")
    return answer


async def test_a_parked_bill_comes_back_as_it_was_and_once(sales: Sales) -> None:
    """Issue 4, desk: park and resume; what was parked is answered unchanged, and waits no longer."""
    first, second = await park(sales), await park(sales, label="Red scarf")

    waiting = (await sales.get(f"/v1/parked?site={SITE}", who="front_desk"))["rows"]
    taken = await sales.post(f"/v1/parked/{first['parked_id']}:take", {}, who="front_desk")
    again = await sales.call("POST", f"/v1/parked/{first['parked_id']}:take", {}, who="front_desk")

    assert [row["label"] for row in waiting] == ["Blue coat", "Red scarf"]
    assert (taken["bill"], taken["total_minor"]) == (BILL, 48000)
    assert (again.status_code, again.json()["code"]) == (404, "unknown-parked-bill")
    left = (await sales.get(f"/v1/parked?site={SITE}", who="front_desk"))["rows"]
    assert [row["parked_id"] for row in left] == [second["parked_id"]]


async def test_of_two_tills_one_takes_it(sales: Sales) -> None:
    """Issue 4, desk: two tills that take up the same bill at once: one gets it, the other is told."""
    path = f"/v1/parked/{(await park(sales))['parked_id']}:take"

    answers = await asyncio.gather(*(sales.call("POST", path, {}, who="front_desk") for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 404]


async def test_a_bill_waits_at_its_site_alone(sales: Sales) -> None:
    """N-16: another site sees and takes nothing of it."""
    await park(sales)

    assert (await sales.get(f"/v1/parked?site={OTHER}"))["rows"] == []


async def test_what_cannot_be_parked_is_refused_and_nothing_waits(sales: Sales) -> None:
    """Bad input: a bill too large, an unknown member, an id twice: a clear no, nothing kept."""
    known = await park(sales)
    big = {"lines": ["x" * 70_000]}

    noes = [
        await sales.call("POST", "/v1/parked", {"site": SITE, "label": "a", "bill": big}, who="front_desk"),
        await sales.call(
            "POST",
            "/v1/parked",
            {"site": SITE, "label": "a", "bill": BILL, "member_id": str(uuid7())},
            who="front_desk",
        ),
        await sales.call(
            "POST",
            "/v1/parked",
            {"site": SITE, "label": "a", "bill": BILL, "parked_id": known["parked_id"]},
            who="front_desk",
        ),
    ]

    assert [answer.status_code for answer in noes] == [422, 404, 409]
    assert [answer.json()["code"] for answer in noes][1:] == ["unknown-member", "already-parked"]
    assert await sales.owner.fetchval("select count(*) from parked") == 1
