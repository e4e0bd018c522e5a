"""Alerts of assets: raised once, over when the work is recorded, the warranty extended, or the unit gone (ALR-08)."""

from datetime import UTC, date, datetime
from typing import Any

from tests.alerts.test_alerts import define, standing
from tests.catalog.harness import Bench

from lotwise.contracts.ids import named_id, uuid7
from lotwise.contracts.purchasing import ContractChanged, ContractEnding
from lotwise.contracts.stock import (
    MaintenanceDue,
    MaintenanceRecorded,
    SerialMoved,
    WarrantyChanged,
    WarrantyEnding,
)

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
UNIT: dict[str, Any] = {
    "site": "harley", "serial_id": uuid7(), "product_id": named_id("botox"), "serial": "A-1",
    "due_on": date(2026, 11, 20), "happened_at": AT,
}  # fmt: skip


def moved(**fields: Any) -> SerialMoved:
    """The unit goes somewhere."""
    values = {name: UNIT[name] for name in ("site", "serial_id", "product_id", "serial", "happened_at")}
    return SerialMoved.model_validate(values | {"state": "in_use", "at_site": "harley"} | fields)


async def test_maintenance_is_one_alert_until_it_is_recorded(alerts: Bench) -> None:
    """ALR-08: given maintenance that is told twice; then one warning stands that only the work ends; a move to another
    room leaves it, the recorded work clears it.
    """
    await define(alerts)
    for _ in range(2):
        await alerts.hear(MaintenanceDue(**UNIT, work="yearly check"))
    await alerts.hear(moved(room="Room 2"))
    (alert,) = await standing(alerts)
    assert alert["title"].endswith("A-1: yearly check is due since 20 Nov 2026")
    assert (alert["kind"], alert["severity"], alert["times"], alert["can_close"]) == (
        "maintenance-due", "warning", 2, False,
    )  # fmt: skip
    await alerts.hear(MaintenanceRecorded(**UNIT, work="yearly check"))
    assert await standing(alerts) == []


async def test_an_ending_warranty_is_over_when_it_is_extended(alerts: Bench) -> None:
    """ALR-08: given a warranty that ends soon; then one alert a person may close stands until it is extended."""
    await define(alerts)
    await alerts.hear(WarrantyEnding(**UNIT))
    (alert,) = await standing(alerts)
    assert alert["title"].endswith("A-1: the warranty ends on 20 Nov 2026")
    assert (alert["kind"], alert["severity"], alert["can_close"]) == ("warranty-ending", "info", True)
    await alerts.hear(WarrantyChanged(**UNIT))
    assert await standing(alerts) == []


async def test_a_unit_that_is_gone_alerts_nobody(alerts: Bench) -> None:
    """ALR-08: given both alerts of a unit; when it is scrapped, or at another site; then both are over."""
    await define(alerts)
    for gone in (moved(state="scrapped"), moved(at_site="soho")):
        await alerts.hear(MaintenanceDue(**UNIT), WarrantyEnding(**UNIT))
        assert len(await standing(alerts)) == 2
        await alerts.hear(gone)
        assert await standing(alerts) == []


async def test_an_ending_contract_is_over_when_it_is_extended(alerts: Bench) -> None:
    """ALR-08: given a supplier's contract that ends soon, told twice; then one warning of the chain stands, which a
    person may close; extended it is over; when the new end comes near, it stands again.
    """
    contract = {"supplier_id": uuid7(), "name": "Acme", "reference": "C-77", "happened_at": AT}
    ending = {"ends_on": date(2026, 12, 20), "days_left": 28}
    for _ in range(2):
        await alerts.hear(ContractEnding.model_validate(contract | ending))
    (alert,) = await standing(alerts)
    assert (alert["title"], alert["kind"], alert["severity"], alert["times"], alert["site"], alert["can_close"]) == (
        "The contract with Acme (C-77) ends on 20 Dec 2026", "contract-ending", "warning", 2, "chain", True,
    )  # fmt: skip
    await alerts.hear(ContractChanged.model_validate(contract | {"ends_on": date(2027, 12, 20)}))
    assert await standing(alerts) == []
    await alerts.hear(ContractEnding.model_validate(contract | ending | {"ends_on": date(2027, 12, 20)}))
    assert len(await standing(alerts)) == 1
