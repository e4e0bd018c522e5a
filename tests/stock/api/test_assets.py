"""What units are worth, covered by and due for, over HTTP and by the clock (STK-20, STK-22, STK-23, ALR-08)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.stock.chain import Chain, product

from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import MaintenanceDue, MaintenanceRecorded, WarrantyChanged, WarrantyEnding
from lotwise.stock.jobs import tell_assets

LASER = UUID("00000000-0000-7000-8000-00000000000a")
STRAIGHT = {
    "method": "straight_line", "cost_minor": 6_000_000, "salvage_minor": 600_000, "life_months": 60,
    "in_service_on": "2024-01-01",
}  # fmt: skip


@pytest.fixture
async def laser(stock: Chain) -> dict[str, Any]:
    """A laser of 60,000 in use at harley."""
    await stock.hear(product(LASER, "LSR", "Laser", cost="60000", is_serialised=True))
    given = {
        "site": "harley", "product_id": str(LASER), "serials": ["A-1"], "state": "in_use", "room": "Room 2",
        "cost_minor": 6_000_000, "acquired_on": "2024-01-01",
    }  # fmt: skip
    made: dict[str, Any] = (await stock.bench.post("/v1/serials", given))["serials"][0]
    return made


def path(laser: dict[str, Any], what: str) -> str:
    """Where a part of the laser is read or changed."""
    return f"/v1/serials/{laser['serial_id']}{what}"


def soon(days: int) -> str:
    """A day from today, at every site's today within one."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


async def refused(stock: Chain, method: str, where: str, given: Any) -> dict[str, Any]:
    """The no to a deed, after which nothing has changed."""
    before = await stock.bench.state()
    options = {"match": "*"} if method == "PUT" else {}
    answer = await stock.bench.call(method, where, given, **options)
    assert answer.status_code in {404, 409, 412, 422}, answer.text
    assert await stock.bench.state() == before
    found: dict[str, Any] = answer.json()
    return found


async def test_under_warranty_on_a_day_is_answered(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-20: given a warranty from 1 January to 31 December 2025; then the day before it is not yet, both ends are
    under it, the day after it is over; without one there is none; an end before its beginning is refused.
    """

    async def on(day: str) -> str:
        """Whether it is covered on a day."""
        return str((await stock.bench.get(path(laser, "/warranty"), params={"on": day}))["coverage"])

    assert await on("2025-01-01") == "none"
    given = {"starts_on": "2025-01-01", "ends_on": "2025-12-31", "terms": "parts and labour"}
    kept = await stock.bench.put(path(laser, "/warranty"), given)
    assert (kept["warranty_terms"], kept["coverage"]) == ("parts and labour", "over")
    assert [await on(day) for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01")] == [
        "not_yet", "under", "under", "over",
    ]  # fmt: skip
    found = await stock.bench.get("/v1/serials", params={"under_warranty_on": "2025-06-01"})
    assert [row["serial"] for row in found["rows"]] == ["A-1"]
    assert (await stock.bench.get("/v1/serials", params={"under_warranty_on": "2026-06-01"}))["rows"] == []
    no = await refused(stock, "PUT", path(laser, "/warranty"), given | {"ends_on": "2024-12-31"})
    assert (no["code"], no["field"]) == ("bad-date", "ends_on")


async def test_an_ending_warranty_is_told_once_per_date(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-20, ALR-08: given a warranty that ends in 10 days; when the clock comes twice; then it is told once; when it
    is extended to 20 days, that is told, and its new end once.
    """
    await stock.bench.put(path(laser, "/warranty"), {"ends_on": soon(10)})
    await tell_assets(stock.bench.runtime)
    await tell_assets(stock.bench.runtime)
    assert [str(event.due_on) for event in await stock.told(WarrantyEnding)] == [soon(10)]
    await stock.bench.put(path(laser, "/warranty"), {"ends_on": soon(20)})
    await tell_assets(stock.bench.runtime)
    assert [str(event.due_on) for event in await stock.told(WarrantyEnding)] == [soon(10), soon(20)]
    assert [str(event.due_on) for event in await stock.told(WarrantyChanged)] == [soon(10), soon(20)]
    await stock.bench.put(path(laser, "/warranty"), {"ends_on": soon(400)})
    await tell_assets(stock.bench.runtime)
    assert len(await stock.told(WarrantyEnding)) == 2


async def test_maintenance_is_logged_and_due_again(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-22, ALR-08: given maintenance due yesterday; when the clock comes twice; then it is told once; when the work
    is recorded (twice under one id), the log has one row with its cost and papers, and it is due on the next day.
    """
    await stock.bench.put(path(laser, "/maintenance"), {"due_on": soon(-1), "work": "yearly check"})
    for _ in range(2):
        await tell_assets(stock.bench.runtime)
    (due,) = await stock.told(MaintenanceDue)
    assert (due.serial, due.work, str(due.due_on), due.site) == ("A-1", "yearly check", soon(-1), "harley")
    found = await stock.bench.get("/v1/serials", params={"due_by": soon(1)})
    assert [row["is_due"] for row in found["rows"]] == [True]
    work = {
        "work_id": str(uuid7()), "done_on": soon(-1), "work": "Checked, lamp replaced", "cost_minor": 45_000,
        "done_by": "Acme Service", "document": "R-2291", "next_due_on": soon(364), "next_work": "yearly check",
    }  # fmt: skip
    for _ in range(2):
        after = await stock.bench.post(path(laser, "/works"), work)
    assert (after["maintenance_due_on"], after["is_due"], after["spent_minor"]) == (soon(364), False, 45_000)
    log = await stock.bench.get(path(laser, "/works"))
    assert [(row["work"], row["done_by"], row["document"], row["entered_by"]) for row in log["rows"]] == [
        ("Checked, lamp replaced", "Acme Service", "R-2291", "user:owner")
    ]
    (recorded,) = await stock.told(MaintenanceRecorded)
    assert (recorded.cost_minor, str(recorded.next_due_on)) == (45_000, soon(364))
    assert [row["kind"] for row in (await stock.bench.get(path(laser, "/steps")))["rows"]] == [
        "maintained", "maintenance planned", "registered",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "field"),
    [({"done_on": soon(3)}, "done_on"), ({"done_on": soon(-3), "next_due_on": soon(-3)}, "next_due_on")],
)
async def test_senseless_days_of_work_are_refused(
    stock: Chain, laser: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    """STK-22: work of the future, and a next one that is not after it; nothing changes."""
    no = await refused(stock, "POST", path(laser, "/works"), given | {"work": "check"})
    assert (no["code"], no["field"]) == ("bad-date", field)


async def test_nothing_is_done_to_what_is_gone(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-22: given a scrapped laser; then neither work nor use is recorded, it is worth nothing in the register, and
    nothing of it is due any more.
    """
    await stock.bench.put(path(laser, "/maintenance"), {"due_on": soon(-1), "work": "check"})
    await stock.bench.post(path(laser, ":retire"), {"state": "scrapped", "note": "worn"})
    no = await refused(stock, "POST", path(laser, "/works"), {"done_on": soon(-2), "work": "check"})
    assert (no["code"], no["numbers"]["state"]) == ("serial-move", "scrapped")
    no = await refused(stock, "POST", path(laser, "/uses"), {"read_on": soon(-2), "units": 5})
    assert no["code"] == "serial-move"
    await tell_assets(stock.bench.runtime)
    assert await stock.told(MaintenanceDue) == []
    assert (await stock.bench.get("/v1/assets/totals"))["book_minor"] == 0


async def test_book_value_at_any_date_and_the_schedule(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-23: given the laser of 60,000 with salvage 6,000 over 5 years; then each year of its schedule costs 10,800,
    at the end of 2025 it is worth 38,400, by months 900 each, and double declining begins with 24,000.
    """
    await stock.bench.put(path(laser, "/depreciation"), STRAIGHT)
    years = (await stock.bench.get(path(laser, "/schedule")))["rows"]
    assert [row["depreciation_minor"] for row in years] == [1_080_000] * 5
    assert (years[0]["first"], years[0]["until"], years[-1]["book_minor"]) == ("2024-01-01", "2025-01-01", 600_000)
    worth = await stock.bench.get(path(laser, "/worth"), params={"on": "2025-12-31"})
    assert (worth["book_minor"], worth["depreciated_minor"]) == (3_840_000, 2_160_000)
    months = (await stock.bench.get(path(laser, "/schedule"), params={"by": "month"}))["rows"]
    assert {row["depreciation_minor"] for row in months} == {90_000}
    await stock.bench.put(path(laser, "/depreciation"), STRAIGHT | {"method": "declining_balance"})
    years = (await stock.bench.get(path(laser, "/schedule")))["rows"]
    assert [row["depreciation_minor"] for row in years] == [2_400_000, 1_440_000, 864_000, 518_400, 177_600]
    totals = await stock.bench.get("/v1/assets/totals", params={"on": "2024-12-31"})
    assert (totals["units"], totals["cost_minor"], totals["book_minor"]) == (1, 6_000_000, 3_600_000)
    assert totals["sites"][0]["by_state"] == {"in_use": 1}


async def test_units_of_production_follow_the_readings(stock: Chain, laser: dict[str, Any]) -> None:
    """STK-23: given 20,000 thousand pulses over its life; when 4,800 are recorded; then it lost 12,960."""
    given = STRAIGHT | {"method": "units_of_production", "units_total": 20_000}
    await stock.bench.put(path(laser, "/depreciation"), given)
    use = {"use_id": str(uuid7()), "read_on": soon(-1), "units": 4_800}
    for _ in range(2):
        after = await stock.bench.post(path(laser, "/uses"), use)
    assert after["book_minor"] == 6_000_000 - 1_296_000
    no = await refused(stock, "POST", path(laser, "/uses"), {"read_on": soon(3), "units": 5})
    assert (no["code"], no["field"]) == ("bad-date", "read_on")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"salvage_minor": 6_000_001}, "salvage_minor"),
        ({"life_months": 0}, "life_months"),
        ({"method": "sum_of_years", "life_months": 18}, "life_months"),
        ({"method": "units_of_production"}, "units_total"),
        ({"method": "declining_balance", "factor": 0}, "factor"),
        ({"method": "", "salvage_minor": 7_000_000}, "salvage_minor"),
    ],
)
async def test_senseless_depreciation_is_refused(
    stock: Chain, laser: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    """STK-23: each senseless plan is refused with its field; nothing changes."""
    no = await refused(stock, "PUT", path(laser, "/depreciation"), STRAIGHT | change)
    assert (no["code"], no["field"]) == ("bad-depreciation", field)
    assert (await stock.bench.get(path(laser, "/schedule")))["rows"] == []


async def test_two_editors_do_not_overwrite_each_other(stock: Chain, laser: dict[str, Any]) -> None:
    """DESIGN 4: given a laser read by two; when the second saves at the old revision; then it is refused."""
    await stock.bench.put(path(laser, "/warranty"), {"ends_on": soon(10)}, match=f'"{laser["revision"]}"')
    answer = await stock.bench.call(
        "PUT", path(laser, "/warranty"), {"ends_on": soon(20)}, match=f'"{laser["revision"]}"'
    )
    assert answer.status_code == 412
