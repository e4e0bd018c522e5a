"""The only home of booking: book, change, move and cancel appointments, and say so."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.sales import AppointmentBooked, AppointmentCancelled, AppointmentEvent, AppointmentMoved
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain.appointments import BOOKED, CANCELLED, Appointment, check_booked
from lotwise.sales.domain.refusals import SameId, UnknownAppointment
from lotwise.sales.repository import appointments as rows


class Booking(NamedTuple):
    """What is booked: the columns of an appointment that a person decides."""

    site: str
    service_id: UUID
    member_id: UUID | None
    practitioner: str
    starts_at: datetime
    minutes: int
    sessions: int
    note: str


class Booked(NamedTuple):
    """An appointment as it stands, and what its practitioner has at the same time."""

    appointment: Appointment
    overlapping: list[Appointment]


async def book(
    tx: Tx, appointment_id: UUID, booking: Booking, *, source: str, actor: str, now: datetime, reported: int = 0
) -> Booked:
    """Book an appointment; the same booking under the same id changes nothing. Raises SameId for another one."""
    await rows.lock(tx, [appointment_id])
    kept = await rows.load(tx, appointment_id)
    if kept is not None:
        if kept.booking != tuple(booking):
            raise SameId(
                f"the id {appointment_id} was used for another appointment",
                field="appointment_id", ways_out=("use a new id", "move the appointment"),
            )  # fmt: skip
        return Booked(kept, await rows.overlapping(tx, kept))
    made = Appointment(appointment_id, *booking, BOOKED, "", None, source, reported, 1, actor, now, now)
    await rows.put(tx, made)
    await tell(tx, _event(AppointmentBooked, made))
    return Booked(made, await rows.overlapping(tx, made))


async def found(tx: Tx, appointment_id: UUID, who: Principal, permission: str, *, lock: bool = False) -> Appointment:
    """An appointment that this person may see or change. Raises UnknownAppointment and Forbidden."""
    if lock:
        await rows.lock(tx, [appointment_id])
    kept = await rows.load(tx, appointment_id)
    if kept is None or not who.allows("sales.read" if not lock else permission, kept.site):
        raise UnknownAppointment(f"no appointment has the id {appointment_id}")
    return kept


async def rebook(
    tx: Tx, kept: Appointment, booking: Booking, *, actor: str, now: datetime, expected: Expected | None = None
) -> Booked:
    """Change what is booked: time, site, service or who. The same again changes nothing.

    Raises AppointmentClosed for one that is cancelled or completed, Stale when it was changed since it was read.
    """
    if expected is not None:
        expected.check(kept.revision)
    check_booked(kept, "moved")
    if kept.booking == tuple(booking):
        return Booked(kept, await rows.overlapping(tx, kept))
    made = kept._replace(**booking._asdict(), revision=kept.revision + 1, actor=actor, updated_at=now)
    await rows.put(tx, made)
    await tell(tx, _event(AppointmentMoved, made))
    return Booked(made, await rows.overlapping(tx, made))


async def cancel(tx: Tx, kept: Appointment, reason: str, *, actor: str, now: datetime) -> Appointment:
    """It will not take place; cancelling it again changes nothing. Raises AppointmentClosed when it did take place."""
    if kept.state == CANCELLED:
        return kept
    check_booked(kept, "cancelled")
    made = kept._replace(state=CANCELLED, reason=reason, revision=kept.revision + 1, actor=actor, updated_at=now)
    await rows.put(tx, made)
    await tell(tx, _event(AppointmentCancelled, made))
    return made


async def revive(tx: Tx, kept: Appointment, booking: Booking, *, actor: str, now: datetime) -> Appointment:
    """An outside system says that a cancelled appointment is booked after all."""
    made = kept._replace(
        **booking._asdict(), state=BOOKED, reason="", revision=kept.revision + 1, actor=actor, updated_at=now
    )
    await rows.put(tx, made)
    await tell(tx, _event(AppointmentBooked, made))
    return made


def event_of(appointment: Appointment) -> AppointmentEvent:
    """What is told of an appointment that was not known before."""
    return _event(AppointmentCancelled if appointment.state == CANCELLED else AppointmentBooked, appointment)


def _event(kind: type[AppointmentEvent], appointment: Appointment) -> AppointmentEvent:
    return kind(
        site=appointment.site,
        appointment_id=appointment.appointment_id,
        service_id=appointment.service_id,
        member_id=appointment.member_id,
        practitioner=appointment.practitioner,
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        revision=appointment.revision,
    )
