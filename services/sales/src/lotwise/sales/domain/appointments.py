"""The only home of what an appointment is and what may become of it: moved, cancelled or completed, once."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.sales.domain.refusals import AppointmentClosed

BOOKED = "booked"
CANCELLED = "cancelled"
COMPLETED = "completed"


class Appointment(NamedTuple):
    """An appointment in the order of its columns.

    `sessions` is how many times the service is given; `reported` the revision by which an outside system told it last
    (0: never); `revision` grows with every change here.
    """

    appointment_id: UUID
    site: str
    service_id: UUID
    member_id: UUID | None
    practitioner: str
    starts_at: datetime
    minutes: int
    sessions: int
    note: str
    state: str
    reason: str
    treatment_id: UUID | None
    source: str
    reported: int
    revision: int
    actor: str
    created_at: datetime
    updated_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def booking(self) -> tuple[object, ...]:
        """What was booked: the same under one id is the same booking."""
        return self[1:9]


def check_booked(appointment: Appointment, deed: str) -> None:
    """Raise AppointmentClosed unless it is booked still."""
    if appointment.state == BOOKED:
        return
    ways: tuple[str, ...] = ("book it anew", "record the treatment without an appointment")
    if appointment.state == COMPLETED:
        ways = ("correct its treatment",)
    raise AppointmentClosed(
        f"the appointment was {appointment.state}: it cannot be {deed}",
        ways_out=ways,
        state=appointment.state,
        treatment_id=None if appointment.treatment_id is None else str(appointment.treatment_id),
    )
