"""Plans of cycle counts: due in the site's days, told once when overdue, moved on by a posted count (STK-45)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stock.chain import CREAM, Chain
from tests.stock.counts.sheet import Sheet

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import CountOverdue, CountPosted
from lotwise.stock.jobs import tell_overdue_counts
from lotwise.stock.operations.count_plans import tell_overdue
from lotwise.values import site_day

TODAY = site_day(datetime.now(UTC), "Europe/London")


async def planned(stock: Chain, **fields: Any) -> dict[str, Any]:
    """A monthly plan of harley, due yesterday unless said otherwise."""
    body = {
        "site": "harley", "name": "Fridge", "interval_days": 30, "next_due_on": str(TODAY - timedelta(days=1)),
        "is_blind": True, "tolerance_percent": "2.50",
    } | fields  # fmt: skip
    found: dict[str, Any] = await stock.bench.post("/v1/count-plans", body)
    return found


async def test_an_overdue_plan_is_told_once_and_moved_on_by_its_count(stock: Chain) -> None:
    """STK-45: given a plan that was due yesterday; when the clock looks twice; then it is told once; its count, posted,
    is due an interval from today, names its plan, and is not overdue.
    """
    await stock.receive("10", lot_number="A")
    plan = await planned(stock)
    assert (plan["is_overdue"], plan["days_left"], plan["tolerance_percent"]) == (True, -1, "2.5")
    for _ in range(2):
        await tell_overdue_counts(stock.bench.runtime)
    (told,) = await stock.told(CountOverdue)
    assert (str(told.plan_id), told.name, told.due_on) == (plan["plan_id"], "Fridge", TODAY - timedelta(days=1))
    path = f"/v1/count-plans/{plan['plan_id']}"
    sheet = Sheet(stock, await stock.bench.post(f"{path}:open", {}))
    shown = await sheet.shown()
    assert (shown["plan_name"], shown["kind"], shown["is_blind"]) == ("Fridge", "cycle", True)
    assert (await stock.bench.get(path))["open_count_id"] == sheet.id
    await sheet.count("10")
    await sheet.posted(None)
    after = await stock.bench.get(path)
    assert (after["next_due_on"], after["is_overdue"]) == (str(TODAY + timedelta(days=30)), False)
    assert [str(one.plan_id) for one in await stock.told(CountPosted)] == [plan["plan_id"]]
    await tell_overdue_counts(stock.bench.runtime)
    assert len(await stock.told(CountOverdue)) == 1


async def test_a_plan_is_due_in_its_own_sites_days(stock: Chain) -> None:
    """STK-45: given plans in London, New York and Sydney due on 10 May; when it is 11 May, 01:00 in London; then those
    of London and Sydney are over and New York still has the 10th.
    """
    for site in ("harley", "soho", "sydney"):
        await planned(stock, site=site, next_due_on="2026-05-10", name=site)
    async with stock.bench.db.transaction() as tx:
        found = await tell_overdue(tx, datetime(2026, 5, 11, 0, tzinfo=UTC), 10)
    assert sorted(one.site for one in found) == ["harley", "sydney"]
    async with stock.bench.db.transaction() as tx:
        assert [one.site for one in await tell_overdue(tx, datetime(2026, 5, 11, 5, tzinfo=UTC), 10)] == ["soho"]


async def test_a_plan_has_one_open_count(stock: Chain) -> None:
    """STK-45: given a plan whose count is open; when another is opened; then the open one is named; called off, the
    plan can open anew.
    """
    await stock.receive("10", lot_number="A")
    plan = await planned(stock)
    path = f"/v1/count-plans/{plan['plan_id']}:open"
    count_id = str(uuid7())
    first = await stock.bench.post(path, {"count_id": count_id})
    assert (await stock.bench.post(path, {"count_id": count_id}))["number"] == first["number"]
    before = await stock.bench.state()
    no = await stock.bench.call("POST", path, {})
    assert (no.status_code, no.json()["code"]) == (409, "count-open")
    assert no.json()["numbers"]["count_id"] == count_id
    assert await stock.bench.state() == before
    await stock.bench.post(f"/v1/counts/{count_id}:cancel", {})
    assert (await stock.bench.post(path, {}))["state"] == "open"


async def test_a_plan_is_edited_at_the_revision_read_and_set_aside(stock: Chain) -> None:
    """STK-45: given a plan; when it is edited with a stale revision; then 412; set aside, it is never told."""
    plan = await planned(stock)
    path = f"/v1/count-plans/{plan['plan_id']}"
    body = {"name": "Fillers", "interval_days": 7, "next_due_on": "2026-01-01", "is_active": False, "abc_class": "A"}
    stale = await stock.bench.call("PUT", path, body, match='"7"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    kept = await stock.bench.put(path, body, match='"1"')
    assert (kept["name"], kept["revision"], kept["is_overdue"], kept["abc_class"]) == ("Fillers", 2, False, "A")
    await tell_overdue_counts(stock.bench.runtime)
    assert await stock.told(CountOverdue) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"site": "nowhere"}, 404),
        ({"area": "Attic"}, 404),
        ({"category_id": str(uuid7())}, 422),
        ({"interval_days": 0}, 422),
        ({"interval_days": 4000}, 422),
        ({"next_due_on": "2026-02-30"}, 422),
        ({"name": ""}, 422),
        ({"tolerance_percent": "101"}, 422),
        ({"abc_class": "Z"}, 422),
    ],
)
async def test_a_bad_plan_is_named_and_not_kept(stock: Chain, change: dict[str, Any], status: int) -> None:
    """Bad input: given one bad value; then a clear 4xx and nothing stored."""
    body = {"site": "harley", "name": "Fridge", "interval_days": 30, "next_due_on": str(date(2026, 12, 1))}
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/count-plans", body | change)
    assert answer.status_code == status, answer.text
    assert await stock.bench.state() == before


async def test_plans_belong_to_their_site(stock: Chain) -> None:
    """G: given plans of two sites; when a manager of harley lists, reads, edits or opens; then only their own."""
    await stock.receive("1", CREAM)
    mine = await planned(stock)
    other = await planned(stock, site="soho")
    found = (await stock.bench.get("/v1/count-plans", who="local"))["rows"]
    assert [one["plan_id"] for one in found] == [mine["plan_id"]]
    path = f"/v1/count-plans/{other['plan_id']}"
    body = {"name": "x", "interval_days": 7, "next_due_on": "2026-01-01"}
    for method, where, sent in (("GET", path, None), ("PUT", path, body), ("POST", f"{path}:open", {})):
        answer = await stock.bench.call(method, where, sent, who="local", match="*")
        assert answer.status_code == 403, (method, where)
    unknown = await stock.bench.call("GET", f"/v1/count-plans/{uuid7()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-count-plan")
    every = await stock.bench.get("/v1/count-plans", params={"limit": 1})
    rest = await stock.bench.get("/v1/count-plans", params={"limit": 1, "after": every["next"]})
    assert {every["rows"][0]["plan_id"], rest["rows"][0]["plan_id"]} == {mine["plan_id"], other["plan_id"]}
