"""The only home of what an outside system or an import tells of appointments, in any order and any number of times.

Each report says the whole appointment as it stood; the highest revision of the outside system counts.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.sales.domain.appointments import BOOKED, CANCELLED, COMPLETED, Appointment
from lotwise.sales.domain.treatments import Drawn
from lotwise.sales.operations import appointments, treatments
from lotwise.sales.operations.appointments import Booking
from lotwise.sales.operations.treatments import Given, Recorder
from lotwise.sales.repository import appointments as rows
from lotwise.sales.repository import treatments as treatment_rows

CREATED, CHANGED, KNOWN = "created", "changed", "known"


class Visit(NamedTuple):
    """An appointment as an outside system tells it; `revision` 1 is its first word, a higher one is newer."""

    appointment_id: UUID
    booking: Booking
    state: str
    reason: str
    revision: int
    happened_at: datetime
    drawn: tuple[Drawn, ...] = ()


async def take(tx: Tx, visit: Visit, by: Recorder) -> str:
    """Take a report over: created, changed, or known when nothing newer is said.

    A completed appointment stays completed: what it took place as is corrected, never taken back.
    """
    await rows.lock(tx, [visit.appointment_id])
    kept = await rows.load(tx, visit.appointment_id)
    if kept is None:
        await _create(tx, visit, by)
        return CREATED
    if visit.revision <= kept.reported:
        return KNOWN
    made = await _change(tx, kept, visit, by)
    await rows.put(tx, made._replace(reported=visit.revision))
    return CHANGED if made != kept else KNOWN


async def _create(tx: Tx, visit: Visit, by: Recorder) -> None:
    made = Appointment(
        visit.appointment_id, *visit.booking, BOOKED, "", None, by.source, visit.revision, 1, by.actor, by.now, by.now
    )
    if visit.state == COMPLETED:
        await rows.put(tx, made)
        await treatments.complete(tx, made, treatment_of(visit), _given(visit), by)
        return
    if visit.state == CANCELLED:
        made = made._replace(state=CANCELLED, reason=visit.reason)
    await rows.put(tx, made)
    await tell(tx, appointments.event_of(made))


async def _change(tx: Tx, kept: Appointment, visit: Visit, by: Recorder) -> Appointment:
    if kept.state == COMPLETED:
        return await _correct(tx, kept, visit, by)
    if visit.state == COMPLETED:
        booked = kept._replace(**visit.booking._asdict())
        return (await treatments.complete(tx, booked, treatment_of(visit), _given(visit), by))[0]
    if visit.state == CANCELLED:
        return await appointments.cancel(tx, kept, visit.reason, actor=by.actor, now=by.now)
    if kept.state == CANCELLED:
        return await appointments.revive(tx, kept, visit.booking, actor=by.actor, now=by.now)
    return (await appointments.rebook(tx, kept, visit.booking, actor=by.actor, now=by.now)).appointment


async def _correct(tx: Tx, kept: Appointment, visit: Visit, by: Recorder) -> Appointment:
    if visit.state == COMPLETED and kept.treatment_id is not None:
        treatment = (await treatment_rows.load(tx, [kept.treatment_id], lock=True))[kept.treatment_id]
        corrected = await treatments.correct(tx, treatment, _given(visit), by)
        if corrected.revision != treatment.revision:
            return kept._replace(revision=kept.revision + 1, updated_at=by.now)
    return kept


def treatment_of(visit: Visit) -> UUID:
    """The id of the treatment of an outside appointment: the same however often it is told."""
    return named_id("treatment", visit.appointment_id)


def _given(visit: Visit) -> Given:
    one = visit.booking
    return Given(
        one.site, visit.appointment_id, one.service_id, one.member_id, one.practitioner, visit.happened_at,
        one.sessions, visit.drawn,
    )  # fmt: skip
