"""A minimum for some days returns by itself (STK-46)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stock.chain import BOTOX, SERVICE, Chain

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import MinimumChanged, StockBelowMin, StockRestored
from lotwise.stock.jobs import end_temporary_minimums

LEVEL = f"/v1/levels/harley/{BOTOX}"


def wanted(days: int = 3, **fields: Any) -> dict[str, Any]:
    """A minimum of 2 for some days."""
    ends_on = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    return {
        "temporary_id": str(uuid7()), "site": "harley", "product_id": str(BOTOX), "minimum": "2",
        "ends_on": ends_on, "reason": "a delivery is late",
    } | fields  # fmt: skip


async def pass_days(stock: Chain) -> None:
    """Let every temporary minimum's last day be over, and the job come by."""
    await stock.bench.owner.execute("update temporary_minimum set ends_at = now() - interval '1 second'")
    await end_temporary_minimums(stock.bench.runtime)


async def test_it_holds_for_its_days_and_returns(stock: Chain) -> None:
    """STK-46: given a minimum of 6 and 5 on hand; when 2 is set for three days; then the shortage is over at once;
    when the days are over; then 6 is back by itself, told, below again, and audited; a second run changes nothing.
    """
    await stock.receive("5")
    await stock.bench.put(LEVEL, {"minimum": "6", "reorder_at": "8"})
    made = await stock.bench.post("/v1/temporary-minimums", wanted(reorder_at="3"))
    assert (made["was_minimum"], made["was_reorder_at"], made["state"]) == ("6", "8", "active")
    level = await stock.level()
    assert (level["minimum"], level["reorder_at"], level["is_below"]) == ("2", "3", False)
    assert len(await stock.told(StockRestored)) == 1
    await end_temporary_minimums(stock.bench.runtime)
    assert (await stock.level())["minimum"] == "2"
    await pass_days(stock)
    await end_temporary_minimums(stock.bench.runtime)
    level = await stock.level()
    assert (level["minimum"], level["reorder_at"], level["is_below"]) == ("6", "8", True)
    assert [one.minimum for one in await stock.told(MinimumChanged)] == ["6", "2", "6"]
    assert len(await stock.told(StockBelowMin)) == 2
    (row,) = (await stock.bench.get("/v1/temporary-minimums"))["rows"]
    assert (row["state"], row["ended_by"]) == ("ended", "service:stock")
    (trail,) = await stock.bench.owner.fetch("select * from audit where action = 'return minimum'")
    assert (trail["actor"], trail["site"], trail["target"]) == ("service:stock", "harley", made["temporary_id"])


async def test_levels_set_for_good_meanwhile_stay(stock: Chain) -> None:
    """STK-46: given a temporary minimum; when somebody sets 9 for good before it ends; then 9 stays when it is over."""
    await stock.bench.put(LEVEL, {"minimum": "6", "reorder_at": None})
    await stock.bench.post("/v1/temporary-minimums", wanted())
    await stock.bench.put(LEVEL, {"minimum": "9", "reorder_at": None})
    await pass_days(stock)
    assert (await stock.level())["minimum"] == "9"
    assert (await stock.bench.get("/v1/temporary-minimums"))["rows"][0]["state"] == "superseded"


async def test_it_can_end_before_its_time(stock: Chain) -> None:
    """STK-46: given one that holds; when it is ended by hand; then the levels are back; ending it twice is refused,
    and so is a person of another site.
    """
    await stock.bench.put(f"/v1/levels/soho/{BOTOX}", {"minimum": "6", "reorder_at": None})
    made = await stock.bench.post("/v1/temporary-minimums", wanted(site="soho"))
    path = f"/v1/temporary-minimums/{made['temporary_id']}:end"
    assert (await stock.bench.call("POST", path, {}, who="local")).status_code == 403
    assert (await stock.bench.post(path, {}))["ended_by"] == "user:owner"
    assert (await stock.level(site="soho"))["minimum"] == "6"
    twice = await stock.bench.call("POST", path, {})
    assert (twice.status_code, twice.json()["code"]) == (409, "not-pending")
    unknown = await stock.bench.call("POST", f"/v1/temporary-minimums/{uuid7()}:end", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-temporary")


async def test_a_repeat_is_the_same_and_a_second_one_is_refused(stock: Chain) -> None:
    """STK-46: the same id again changes nothing; another one while it holds is refused."""
    body = wanted()
    first = await stock.bench.post("/v1/temporary-minimums", body)
    assert await stock.bench.post("/v1/temporary-minimums", body) == first
    before = await stock.bench.state()
    second = await stock.bench.call("POST", "/v1/temporary-minimums", wanted())
    assert (second.status_code, second.json()["code"]) == (409, "temporary-exists")
    assert await stock.bench.state() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ends_on": "2020-01-01"}, "bad-date"), ({"ends_on": "2199-01-01"}, "bad-date"),
        ({"minimum": "-1"}, "bad-level"), ({"minimum": "0.5"}, "bad-level"),
        ({"site": "nowhere"}, "unknown-site"), ({"reason": ""}, "invalid"),
        ({"product_id": str(uuid7())}, "unknown-product"), ({"product_id": str(SERVICE)}, "not-kept"),
    ],
)  # fmt: skip
async def test_a_bad_one_is_named_and_changes_nothing(stock: Chain, change: dict[str, Any], code: str) -> None:
    """STK-46, bad input: a day that is over or too far, a level below zero, no reason: refused, nothing stored."""
    before = await stock.bench.state()
    answer = await stock.bench.call("POST", "/v1/temporary-minimums", wanted() | change)
    assert answer.json()["code"] == code
    assert await stock.bench.state() == before
