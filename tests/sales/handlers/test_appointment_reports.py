"""What outside appointment books report: in any order, twice, early; what took place is never taken back."""

from datetime import timedelta
from typing import Any

import pytest
from tests.sales.harness import BOTOX, OTHER, SITE, Sales
from tests.sales.visits import NOW, furnish

from lotwise.contracts.catalog import ProductDefined
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import AppointmentBooked, AppointmentCancelled, AppointmentMoved, TreatmentCompleted
from lotwise.contracts.till import AppointmentReported, ReportedUse

ID = uuid7()


@pytest.fixture(autouse=True)
async def clinic(sales: Sales) -> None:
    """A service with a recipe."""
    await furnish(sales)


def report(state: str = "booked", revision: int = 1, **more: Any) -> AppointmentReported:
    """A facial of an hour ago as the outside book has it."""
    values: dict[str, Any] = {
        "site": SITE, "appointment_id": ID, "revision": revision, "state": state, "service": ".FACIAL",
        "practitioner": "Dr Grey", "starts_at": NOW - timedelta(hours=1),
    }  # fmt: skip
    return AppointmentReported(**(values | more))


BOOKED, MOVED = report(), report("moved", 2, starts_at=NOW - timedelta(minutes=30))
DONE = report("completed", 3, uses=(ReportedUse(code="BOTOX", drawn="18"),), starts_at=NOW - timedelta(minutes=30))


@pytest.mark.parametrize(
    "order", [(BOOKED, MOVED, DONE), (DONE, BOOKED, MOVED), (MOVED, DONE, BOOKED), (DONE, DONE, BOOKED, BOOKED, MOVED)]
)
@pytest.mark.parametrize("together", [True, False])
async def test_any_order_ends_the_same(sales: Sales, order: tuple[AppointmentReported, ...], together: bool) -> None:
    """SAL-18 N-02: however the reports come, there is one completed appointment and one treatment of 18 drawn units."""
    for batch in [order] if together else [(one,) for one in order]:
        await sales.hear(*batch)
    (told,) = await sales.told(TreatmentCompleted)
    assert {one.product_id: (one.expected, one.drawn) for one in told.lines}[BOTOX] == ("20", "18")
    row = await sales.owner.fetchrow("SELECT state, reported, starts_at FROM appointment")
    assert row is not None
    assert tuple(row) == ("completed", 3, NOW - timedelta(minutes=30))
    assert await sales.owner.fetchval("SELECT count(*) FROM checkout WHERE state = 'open'") == 1
    assert await sales.owner.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_each_change_is_told_once(sales: Sales) -> None:
    """Booked, moved to another site, cancelled and booked again: an event each, with a growing revision."""
    await sales.hear(report())
    await sales.hear(report("moved", 2, site=OTHER))
    await sales.hear(report("cancelled", 3, site=OTHER, reason="ill"))
    await sales.hear(report("booked", 4, site=OTHER))
    first, again = await sales.told(AppointmentBooked)
    (moved,) = await sales.told(AppointmentMoved)
    (cancelled,) = await sales.told(AppointmentCancelled)
    assert [(one.site, one.revision) for one in (first, moved, cancelled, again)] == [
        (SITE, 1), (OTHER, 2), (OTHER, 3), (OTHER, 4),
    ]  # fmt: skip


async def test_cancelled_then_completed_took_place(sales: Sales) -> None:
    """A fact is never refused: a completion after a cancellation is recorded; a cancellation after it is not."""
    await sales.hear(report("cancelled", 1))
    await sales.hear(report("completed", 2))
    before = len(await sales.told())
    await sales.hear(report("cancelled", 3))
    assert await sales.owner.fetchval("SELECT state FROM appointment") == "completed"
    assert len(await sales.told()) == before
    assert len(await sales.told(TreatmentCompleted)) == 1


async def test_a_corrected_completion_is_the_next_revision(sales: Sales) -> None:
    """DESIGN 3.8: another drawn quantity in a newer report corrects the treatment; the same one changes nothing."""
    await sales.hear(DONE)
    await sales.hear(report("completed", 4, uses=(ReportedUse(code="BOTOX", drawn="22"),)))
    await sales.hear(report("completed", 5, uses=(ReportedUse(code="BOTOX", drawn="22"),)))
    told = await sales.told(TreatmentCompleted)
    drawn = [next(line.drawn for line in one.lines if line.product_id == BOTOX) for one in told]
    assert ([one.revision for one in told], drawn) == ([1, 2], ["18", "22"])
    assert {one.treatment_id for one in told} == {told[0].treatment_id}


async def test_a_report_of_an_unknown_service_waits_for_it(sales: Sales) -> None:
    """DESIGN 4: early is not poison: the report waits for its service, the others of its batch go on."""
    late = report(appointment_id=uuid7(), service=".LATER")
    await sales.hear(late, BOOKED)
    assert [one.appointment_id for one in await sales.told(AppointmentBooked)] == [ID]
    await sales.hear(ProductDefined(product_id=uuid7(), code=".LATER", name="Later", kind="service"))
    assert [one.appointment_id for one in await sales.told(AppointmentBooked)] == [ID, late.appointment_id]


async def test_goods_as_a_service_become_a_dead_letter_alone(sales: Sales) -> None:
    """DESIGN 4: what can never be is set aside with its reason; the others of its batch are applied."""
    await sales.hear(report(appointment_id=uuid7(), service="BOTOX"), BOOKED)
    assert len(await sales.told(AppointmentBooked)) == 1
    assert await sales.owner.fetchval("SELECT reason FROM dead_letter") == "NotAService"
