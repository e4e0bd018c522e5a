"""The location statement: what was there and what happened make what is there; sites + transit = chain (STK-30)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stock.chain import BOTOX, CREAM, Chain, returned

TOXIN = {"product_id": str(BOTOX)}
LINES = ("opening", "received", "transferred_in", "sold", "used", "transferred_out", "adjusted", "closing")


async def statement(stock: Chain, **params: Any) -> dict[str, Any]:
    """The toxin's line."""
    rows = (await stock.bench.get("/v1/reconciliation", params=params))["rows"]
    found: dict[str, Any] = next(row for row in rows if row["product_id"] == str(BOTOX))
    return found


def quantities(line: dict[str, Any]) -> list[str]:
    """A line's quantities, then what was and is in transit."""
    return [line[name] for name in LINES] + [line["transit_opening"], line["transit_closing"]]


def money(line: dict[str, Any]) -> list[int]:
    """The same in minor units."""
    return [line[f"{name}_minor"] for name in LINES] + [line["transit_opening_minor"], line["transit_closing_minor"]]


async def a_month(stock: Chain) -> str:
    """Since January 100 at 5.00; today 8 sold, 1 back, 2 wasted, 1 found, 20 sent to soho: 12 arrive, 3 are lost."""
    await stock.receive("100", happened_at="2026-01-02T10:00:00Z")
    now = datetime.now(UTC)
    sale = await stock.sell("8", happened_at=now - timedelta(seconds=1))
    await stock.hear(returned("1", sale))
    for quantity, reason in (("-2", "waste"), ("1", "found")):
        body = {"site": "harley", "quantity": quantity, "reason": reason, "note": "n"} | TOXIN
        await stock.bench.post("/v1/adjustments", body)
    made = await stock.bench.post(
        "/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": [TOXIN | {"quantity": "20"}]}
    )
    path = f"/v1/transfers/{made['transfer_id']}"
    await stock.bench.post(f"{path}:ship", {})
    await stock.bench.post(f"{path}:receive", {"lines": [TOXIN | {"quantity": "12"}]})
    await stock.bench.post(f"{path}:explain", {"differences": [TOXIN | {"quantity": "3", "reason": "loss"}]})
    return path


async def test_a_site_s_month_adds_up(stock: Chain) -> None:
    """STK-30: given a month with everything in it; then harley and soho add up line by line, in units and in cents,
    and the loss on the way is the destination's.
    """
    await a_month(stock)
    here, there = await statement(stock, site="harley"), await statement(stock, site="soho")
    assert quantities(here) == ["100", "0", "0", "7", "0", "20", "-1", "72", "0", "0"]
    assert quantities(there) == ["0", "0", "15", "0", "0", "0", "-3", "12", "0", "5"]
    assert money(here) == [50000, 0, 0, 3500, 0, 10000, -500, 36000, 0, 0]
    assert money(there) == [0, 0, 7500, 0, 0, 0, -1500, 6000, 0, 2500]
    assert (here["is_balanced"], there["is_balanced"]) == (True, True)


async def test_sites_and_transit_are_the_chain(stock: Chain) -> None:
    """STK-30, REP-15: given the same month; then the sites' lines sum to the chain's."""
    await a_month(stock)
    await stock.receive("4", CREAM, site="sydney", happened_at=None)
    chain = await statement(stock)
    assert quantities(chain) == ["100", "0", "15", "7", "0", "20", "-4", "84", "0", "5"]
    shown = await stock.bench.get("/v1/reconciliation/summary")
    assert shown["is_balanced"] is True
    assert [line["site"] for line in shown["sites"]] == ["harley", "soho", "sydney"]
    assert [line["closing_minor"] for line in shown["sites"]] == [36000, 6000, 2000]
    assert (shown["chain"]["closing_minor"], shown["chain"]["transit_closing_minor"]) == (44000, 2500)
    assert shown["chain"]["received_minor"] == 2000


async def test_a_closed_period_stays_what_it_was(stock: Chain) -> None:
    """STK-30: given goods of January; when January, February and today are asked for; then closing is the next opening
    and what happened later changes none of it.
    """
    await stock.receive("100", happened_at="2026-01-02T10:00:00Z")
    january = {"site": "harley", "from": "2026-01-01", "to": "2026-01-31"}
    before = await statement(stock, **january)
    assert quantities(before)[:2] + quantities(before)[7:8] == ["0", "100", "100"]
    await a_month(stock)
    again = await statement(stock, **january)
    assert (again["closing"], again["received"]) == ("200", "200")
    february = await statement(stock, site="harley", **{"from": "2026-02-01", "to": "2026-02-28"})
    assert quantities(february) == ["200", "0", "0", "0", "0", "0", "0", "200", "0", "0"]
    today = await statement(stock, site="harley")
    assert (today["opening"], today["closing"]) == ("200", "172")


async def test_what_was_called_off_and_sent_back_adds_up(stock: Chain) -> None:
    """STK-30: given 6 sent and called off, and 6 sent of which 2 are refused on arrival; then both ways are shown."""
    await stock.receive("20")
    for deed in ("cancel", "receive"):
        lines = [TOXIN | {"quantity": "6"}]
        made = await stock.bench.post("/v1/transfers", {"from_site": "harley", "to_site": "soho", "lines": lines})
        path = f"/v1/transfers/{made['transfer_id']}"
        await stock.bench.post(f"{path}:ship", {})
        body = {"lines": [TOXIN | {"quantity": "4", "missing_reason": "returned"}]} if deed == "receive" else {}
        await stock.bench.post(f"{path}:{deed}", body)
    here, there = await statement(stock, site="harley"), await statement(stock, site="soho")
    assert quantities(here) == ["20", "0", "6", "0", "0", "12", "0", "14", "0", "2"]
    assert quantities(there) == ["0", "0", "4", "0", "0", "0", "0", "4", "0", "0"]
    assert (await stock.bench.get("/v1/reconciliation/summary"))["is_balanced"] is True


async def test_a_person_of_one_site_sees_that_site(stock: Chain) -> None:
    """N-03: given a manager of harley; when they ask for soho, or for all; then 403, and harley alone."""
    await a_month(stock)
    no = await stock.bench.call("GET", "/v1/reconciliation", params={"site": "soho"}, who="local")
    assert no.status_code == 403
    shown = await stock.bench.get("/v1/reconciliation/summary", who="local")
    assert ([line["site"] for line in shown["sites"]], shown["chain"]["closing_minor"]) == (["harley"], 36000)
    assert shown["is_balanced"] is True


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"site": "nowhere"}, 404), ({"from": "2026-02-01", "to": "2026-01-01"}, 422),
        ({"from": "1990-01-01", "to": "2026-01-01"}, 422), ({"from": "x"}, 422),
    ],
)  # fmt: skip
async def test_a_bad_period_is_named(stock: Chain, params: dict[str, str], status: int) -> None:
    """Bad input, named: given a statement with one bad value; when it is asked for; then a clear 4xx."""
    for path in ("/v1/reconciliation", "/v1/reconciliation/summary"):
        assert (await stock.bench.call("GET", path, params=params)).status_code == status
