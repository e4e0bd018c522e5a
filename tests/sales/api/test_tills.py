"""Tills: opened with a float, worked at, counted blind, closed with a reason, and a day added up."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.sales.api.test_payments import card, cash, desk, in_fives
from tests.sales.harness import BOTOX, OTHER, SITE, Sales, fact, line

from lotwise.contracts.catalog import PriceChanged, ProductDefined
from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.sales import PaymentTaken, SaleRecorded, TillClosed


async def till(sales: Sales, name: str = "Till 1", **more: Any) -> str:
    """A till of the site."""
    made = await sales.post("/v1/tills", {"site": SITE, "name": name, **more}, who="manager")
    return str(made["till_id"])


async def opened(sales: Sales, name: str = "Till 1", who: str = "front_desk", **more: Any) -> tuple[str, str]:
    """An open till and its session, with a float of 100.00."""
    till_id = await till(sales, name, **more)
    made = await sales.post(f"/v1/tills/{till_id}:open", {"float_minor": 10000}, who=who)
    return till_id, made["session_id"]


async def refused(sales: Sales, path: str, body: Any, status: int, code: str, who: str = "front_desk") -> Any:
    """A deed that is refused by name and changes nothing, neither in the database nor in the outbox."""
    before = await sales.state()
    answer = await sales.call("POST", path, body, who=who)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await sales.state() == before
    return answer.json()


async def test_a_day_at_a_till(sales: Sales) -> None:
    """SAL-22: float, sales, cash out, a refund; counted blind, then the difference, closed with a reason, told."""
    till_id, session = await opened(sales)
    where = f"/v1/till-sessions/{session}"
    await sales.post("/v1/charges", desk(till_id=till_id, tenders=[cash(2000)]), who="front_desk")
    paid = await sales.post("/v1/charges", desk(till_id=till_id, tenders=[card(1344)]), who="front_desk")
    body = {"charge_id": paid["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "1"}]}
    await sales.post("/v1/returns", body | {"refund": "originals", "till_id": till_id}, who="front_desk")
    await sales.post(f"{where}:move", {"amount_minor": -5000, "reason": "bank"}, who="front_desk")
    shown = await sales.get(where, who="front_desk")
    assert (shown["state"], shown["expected"], shown["number"]) == ("open", None, 1)
    assert [one["amount_minor"] for one in shown["movements"]] == [-5000]
    counted = await sales.post(f"{where}:count", {"counted": {"cash": 6300}}, who="front_desk")
    assert counted["expected"] == {"cash": 6344, "card": 0, "reward": 0, "other": 0}
    assert (counted["differences"], counted["difference_minor"]) == ({"cash": -44}, -44)
    await refused(sales, f"{where}:close", {}, 422, "reason-needed")
    closed = await sales.post(f"{where}:close", {"reason": "a roll of coins"}, who="front_desk")
    assert (closed["state"], closed["reason"]) == ("closed", "a roll of coins")
    (told,) = await sales.told(TillClosed)
    assert {one.kind: one.amount_minor for one in told.expected}["cash"] == 6344
    assert (told.difference_minor, str(told.till_id)) == (-44, till_id)
    paid_by = await sales.told(PaymentTaken) + await sales.told(SaleRecorded)
    assert {str(one.till_id) for one in paid_by} == {till_id}


async def test_a_closed_or_counted_till_takes_nothing(sales: Sales) -> None:
    """SAL-22: no charge, payment, movement or second close at a drawer that was counted or closed."""
    till_id, session = await opened(sales)
    where = f"/v1/till-sessions/{session}"
    await refused(sales, f"{where}:close", {}, 409, "till-not-counted")
    await sales.post(f"{where}:count", {"counted": {"cash": 10000}}, who="front_desk")
    await refused(sales, "/v1/charges", desk(till_id=till_id), 409, "till-counted")
    await refused(sales, f"{where}:move", {"amount_minor": 5, "reason": "x"}, 409, "till-counted")
    await refused(sales, f"{where}:count", {"counted": {"cash": 1}}, 409, "till-counted")
    again = await sales.post(f"{where}:count", {"counted": {"cash": 10000}}, who="manager")
    assert again["differences"] == {}
    await sales.post(f"{where}:close", {}, who="front_desk")
    await refused(sales, f"{where}:close", {}, 409, "till-closed")
    await refused(sales, f"{where}:count", {"counted": {}}, 409, "till-closed")
    await refused(sales, f"{where}:move", {"amount_minor": 5, "reason": "x"}, 409, "till-not-open")
    await refused(sales, "/v1/charges", desk(till_id=till_id), 409, "till-not-open")
    reopened = await sales.post(f"/v1/tills/{till_id}:open", {"float_minor": 0}, who="front_desk")
    assert reopened["number"] == 2


async def test_a_charge_is_answered_again_after_its_till_closed(sales: Sales) -> None:
    """N-02: the same charge sent again, when its till is closed by now, is answered from the record."""
    till_id, session = await opened(sales)
    body = desk(till_id=till_id, tenders=[cash(1344)])
    made = await sales.post("/v1/charges", body, who="front_desk")
    await sales.post(f"/v1/till-sessions/{session}:count", {"counted": {"cash": 11344}}, who="front_desk")
    again = await sales.call("POST", "/v1/charges", body, who="front_desk")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == made


async def test_another_persons_drawer(sales: Sales) -> None:
    """SAL-22: a drawer that is not shared serves who opened it, and a manager."""
    till_id, session = await opened(sales, is_shared=False, who="manager")
    await refused(sales, "/v1/charges", desk(till_id=till_id), 403, "till-of-another")
    await refused(sales, f"/v1/till-sessions/{session}:count", {"counted": {}}, 403, "till-of-another")
    await sales.post("/v1/charges", desk(till_id=till_id), who="manager")


async def test_tills_that_cannot_be(sales: Sales) -> None:
    """SAL-22: a name twice, a till opened twice or put away while open, another site's till, too much taken out."""
    till_id, session = await opened(sales)
    await refused(sales, "/v1/tills", {"site": SITE, "name": "TILL 1"}, 409, "till-taken", "manager")
    await refused(sales, "/v1/tills", {"site": "nowhere", "name": "x"}, 404, "unknown-site", "manager")
    await refused(sales, f"/v1/tills/{till_id}:open", {}, 409, "till-already-open")
    await refused(sales, "/v1/charges", desk(till_id=str(named_id("none"))), 404, "unknown-till")
    await refused(sales, "/v1/charges", desk(till_id=till_id, site=OTHER), 404, "unknown-till")
    out = {"amount_minor": -10001, "reason": "bank"}
    await refused(sales, f"/v1/till-sessions/{session}:move", out, 409, "not-enough-cash")
    await refused(sales, f"/v1/till-sessions/{session}:move", {"amount_minor": 0, "reason": "x"}, 422, "bad-value")
    before = await sales.state()
    away = {"name": "Till 1", "is_shared": True, "is_archived": True}
    answer = await sales.call("PUT", f"/v1/tills/{till_id}", away, match='"1"', who="manager")
    assert (answer.status_code, answer.json()["code"]) == (409, "till-in-use")
    assert await sales.state() == before


async def test_a_till_is_renamed_and_put_away(sales: Sales) -> None:
    """SAL-22: a till that is closed can be put away; its name is free again."""
    till_id = await till(sales)
    away = {"name": "Old", "is_shared": True, "is_archived": True}
    assert (await sales.put(f"/v1/tills/{till_id}", away, '"1"', who="manager"))["revision"] == 2
    assert (await sales.get("/v1/tills"))["rows"] == []
    assert [one["name"] for one in (await sales.get("/v1/tills?archived=true"))["rows"]] == ["Old"]
    await refused(sales, f"/v1/tills/{till_id}:open", {}, 404, "unknown-till")


async def test_bills_set_aside_keep_a_till_open(sales: Sales) -> None:
    """SAL-22: the last drawer of a site is not counted while a bill waits; it says whose."""
    _, session = await opened(sales)
    waiting = await sales.post("/v1/parked", {"site": SITE, "label": "red coat", "bill": {}}, who="manager")
    problem = await refused(sales, f"/v1/till-sessions/{session}:count", {"counted": {}}, 409, "bills-parked")
    assert "red coat" in problem["detail"]
    await sales.post(f"/v1/parked/{waiting['parked_id']}:take", who="manager")
    await sales.post(f"/v1/till-sessions/{session}:count", {"counted": {"cash": 10000}}, who="front_desk")


async def test_a_fact_after_the_close_belongs_to_no_drawer(sales: Sales) -> None:
    """SAL-26: a queued charge that arrives after its till closed is recorded all the same, outside of the drawer."""
    till_id, session = await opened(sales)
    await sales.post(f"/v1/till-sessions/{session}:count", {"counted": {"cash": 10000}}, who="front_desk")
    made = await sales.post("/v1/charges", fact(till_id=till_id, tenders=[cash(1344)]), who="till")
    assert (await sales.get(f"/v1/charges/{made['charge_id']}"))["session_id"] is None
    batch = await sales.post("/v1/charges:batch", {"charges": [fact(till_id=str(named_id("no")))]}, who="till")
    assert batch["results"][0]["problem"]["code"] == "unknown-till"


async def test_counting_while_charging_loses_nothing(sales: Sales) -> None:
    """SAL-22: charges that arrive while the drawer is counted are in what was expected, or refused; none in between."""
    till_id, session = await opened(sales)
    charges = [sales.call("POST", "/v1/charges", desk(till_id=till_id, tenders=[cash(1344)])) for _ in range(12)]
    counting = sales.call("POST", f"/v1/till-sessions/{session}:count", {"counted": {"cash": 10000}})
    answers = await asyncio.gather(*charges[:6], counting, *charges[6:])
    counted = answers.pop(6).json()
    codes = [one.status_code for one in answers]
    assert set(codes) <= {201, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"till-not-open", "till-counted"}
    assert counted["expected"]["cash"] == 10000 + 1344 * codes.count(201)


async def test_the_day_of_a_site_adds_up(sales: Sales) -> None:
    """SAL-22: sales, voids, returns, taxes, tenders, rounding and what is due of a day; sold less paid is due."""
    await in_fives(sales)
    till_id, session = await opened(sales)
    first = await sales.post("/v1/charges", desk(till_id=till_id, tenders=[cash(2000)]), who="front_desk")
    second = await sales.post("/v1/charges", desk(line(BOTOX, "2"), tenders=[card(1000)]), who="front_desk")
    await sales.post(f"/v1/charges/{second['charge_id']}/payments", {"tenders": [card(600)]}, who="front_desk")
    gone = await sales.post("/v1/charges", desk(tenders=[card(1344)]), who="front_desk")
    await sales.post(f"/v1/charges/{gone['charge_id']}:void", {"reason": "twice"}, who="manager")
    body = {"charge_id": first["charge_id"], "site": SITE, "lines": [{"line": 1, "quantity": "1"}]}
    await sales.post("/v1/returns", body | {"refund": "originals"}, who="front_desk")
    day = await sales.get(f"/v1/till-summary?site={SITE}", who="manager")
    assert [day[one]["count"] for one in ("charges", "voids", "returns", "net")] == [3, 1, 1, 2]
    assert (day["net"]["net_minor"], day["net"]["tax_1_minor"], day["net"]["tax_2_minor"]) == (2400, 120, 168)
    assert (day["tax_1_name"], day["tax_2_name"]) == ("GST", "PST")
    assert {one["kind"]: one["total_minor"] for one in day["tenders"]} == {"card": 1600, "cash": 0}
    card_row = next(one for one in day["tenders"] if one["kind"] == "card")
    assert (card_row["charged_minor"], card_row["paid_later_minor"], card_row["voided_minor"]) == (2344, 600, -1344)
    assert (day["rounding_minor"], day["due_minor"]) == (0, 2688 - 1600)
    blind = await sales.get(f"/v1/till-summary?site={SITE}", who="front_desk")
    assert (blind["is_blind"], blind["tenders"], blind["due_minor"]) == (True, None, None)
    own = await sales.get(f"/v1/till-summary?site={SITE}&till={till_id}", who="manager")
    assert (own["charges"]["count"], own["sessions"][0]["session_id"]) == (1, session)
    answer = await sales.call("GET", f"/v1/till-summary?site={SITE}&format=csv", who="manager")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "tender,card,,1600" in answer.text


async def test_tips_name_their_staff_and_certificates_are_owed(sales: Sales) -> None:
    """SAL-22 SAL-14: tips stand by the person they are for; what was sold as certificate is owed, not earned."""
    tip = named_id("tip")
    await sales.hear(
        ProductDefined(product_id=tip, code=".TIP", name="Tip", kind="service"),
        PriceChanged(
            price_id=named_id("price", tip), product_id=tip, price="0", valid_from=datetime(2010, 1, 1, tzinfo=UTC)
        ),
    )
    await sales.selling.prices.load()
    body = fact(
        line(tip, "1", unit_price="7.50", performer="user:anna"), line(tip, "1", unit_price="2", performer="user:ben")
    )
    await sales.post("/v1/charges", body, who="importer")
    day = await sales.get(f"/v1/till-summary?site={SITE}", who="manager")
    assert {one["staff"]: one["net_minor"] for one in day["tips"]} == {"user:anna": 750, "user:ben": 200}


async def test_a_day_is_the_sites_own(sales: Sales) -> None:
    """SAL-22: a charge at 03:00 UTC belongs to the day before in New York."""
    await sales.post("/v1/charges", fact(site=OTHER, happened_at="2026-07-02T03:00:00Z"), who="till")
    for day, count in (("2026-07-01", 1), ("2026-07-02", 0)):
        assert (await sales.get(f"/v1/till-summary?site={OTHER}&day={day}"))["charges"]["count"] == count


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("buyer", 403), ("front_desk", 201)])
async def test_who_may_open(sales: Sales, role: str, status: int) -> None:
    """SAL-22: till.use opens a drawer."""
    answer = await sales.call("POST", f"/v1/tills/{await till(sales)}:open", {}, who=role, key=str(uuid7()))
    assert answer.status_code == status
