"""Opened vials of another lot than was meant: against FEFO, or than a charge or treatment named (STK-36)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.stock.api.test_containers import ANNA, VIAL, clinic, drawn, opened
from tests.stock.chain import NOON, SERVICE, Chain, line

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import TreatmentCompleted, TreatmentLine

__all__ = ["clinic"]


async def listed(clinic: Chain, kind: str, **query: Any) -> list[dict[str, Any]]:
    """What the report names from the day of the charges to tomorrow."""
    days = {"from": NOON.date().isoformat(), "to": (datetime.now(UTC) + timedelta(days=1)).date().isoformat()}
    found: list[dict[str, Any]] = (
        await clinic.bench.get("/v1/deviations", params=days | {"kind": kind, "site": "harley"} | query)
    )["rows"]
    return found


@pytest.fixture
async def lots(clinic: Chain) -> dict[str, str]:
    """Two lots of the toxin by number; SOON goes first."""
    await clinic.receive("200", VIAL, lot_number="SOON", expires_on="2030-01-01")
    await clinic.receive("200", VIAL, lot_number="LATE", expires_on="2031-01-01")
    return {one["lot_number"]: one["lot_id"] for one in await clinic.lots(product=str(VIAL))}


async def test_a_vial_opened_against_fefo_stands_in_the_report(clinic: Chain, lots: dict[str, str]) -> None:
    """STK-36: given two lots; when one vial of each is opened; then the report names the one against FEFO alone, with
    both lots and who opened it; another site and another day have none; two such are two pages of one.
    """
    late = await opened(clinic, lot_id=lots["LATE"])
    await opened(clinic, lot_id=lots["SOON"])
    (row,) = await listed(clinic, "opened")
    assert {name: row[name] for name in ("container_id", "lot_number", "meant_lot_number", "quantity", "actor")} == {
        "container_id": late["container_id"], "lot_number": "LATE", "meant_lot_number": "SOON", "quantity": "100",
        "actor": "user:owner",
    }  # fmt: skip
    assert await listed(clinic, "opened", site="soho") == []
    assert await listed(clinic, "opened", **{"from": "2026-01-01", "to": "2026-01-02"}) == []
    await opened(clinic, lot_id=lots["LATE"])
    asked = {"from": NOON.date().isoformat(), "to": "2027-01-01", "limit": 1}
    first = await clinic.bench.get("/v1/deviations", params=asked)
    second = await clinic.bench.get("/v1/deviations", params=asked | {"after": first["next"]})
    pages = [one["container_id"] for one in (*first["rows"], *second["rows"])]
    assert len(set(pages)) == 2
    assert pages[1] == late["container_id"]


async def test_a_vial_that_a_charge_opened_by_its_lot_stands_there_too(clinic: Chain, lots: dict[str, str]) -> None:
    """STK-36: given a charge that names the later lot; when it opens a vial by itself; then that is told as well, once,
    though the next charge draws from it; what a charge without a lot opens is FEFO's.
    """
    await clinic.sell("20", VIAL, happened_at=datetime.now(UTC))
    assert await listed(clinic, "opened") == []
    sale = clinic.sale(line("20", VIAL, lot_id=UUID(lots["LATE"])), happened_at=datetime.now(UTC))
    await clinic.hear(sale)
    await clinic.sell("20", VIAL, happened_at=datetime.now(UTC))
    (row,) = await listed(clinic, "opened")
    assert (row["lot_number"], row["meant_lot_number"]) == ("LATE", "SOON")


@pytest.mark.parametrize("who", ["charge", "treatment"])
async def test_drawn_from_another_lot_than_named_is_told(clinic: Chain, lots: dict[str, str], who: str) -> None:
    """STK-36: given 20 U drawn from a vial of SOON for a treatment; when its charge, or the treatment itself, names
    LATE; then the report names the draw with both lots; where SOON was named it names nothing.
    """
    vial = await opened(clinic)
    for name in ("SOON", "LATE"):
        treatment = uuid7()
        lot = UUID(lots[name])
        await drawn(clinic, vial, "20", member_id=ANNA, treatment_id=str(treatment), practitioner="Dr Vega")
        if who == "charge":
            await clinic.hear(clinic.sale(line("20", VIAL, treatment_id=treatment, lot_id=lot)))
        else:
            said = TreatmentLine(product_id=VIAL, expected="20", drawn="20", lot_id=lot)
            await clinic.hear(
                TreatmentCompleted(
                    site="harley", treatment_id=treatment, service_id=SERVICE, member_id=UUID(ANNA), lines=(said,),
                    happened_at=datetime.now(UTC), practitioner="Dr Vega",
                )
            )  # fmt: skip
    (row,) = await listed(clinic, "drawn")
    assert (row["lot_number"], row["meant_lot_number"], row["quantity"], row["visit_id"]) == (
        "SOON", "LATE", "20", str(treatment),
    )  # fmt: skip
    assert row["container_id"] == vial["container_id"]


async def test_days_asked_the_wrong_way_are_refused(clinic: Chain) -> None:
    """STK-36: an interval that ends before it begins is refused by name."""
    query = {"from": "2026-05-02", "to": "2026-05-01"}
    answer = await clinic.bench.call("GET", "/v1/deviations", None, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-date")
