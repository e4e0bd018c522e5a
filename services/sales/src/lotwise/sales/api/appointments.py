"""The only home of the doors to appointments: book, look, change, move, cancel, complete, import."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Day, Instant, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch, Stale, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.problems import of_refusal
from lotwise.kit.web import Router
from lotwise.sales.api import visit_views as views
from lotwise.sales.api.appointment_shapes import (
    AppointmentEdit,
    AppointmentIn,
    AppointmentOut,
    AppointmentView,
    CancelIn,
    CompleteIn,
    MoveIn,
    ReportIn,
    ReportResult,
    ReportsIn,
    ReportsOut,
    State,
)
from lotwise.sales.api.charges import selling_of
from lotwise.sales.api.treatment_shapes import TreatmentOut
from lotwise.sales.domain import refusals
from lotwise.sales.domain.appointments import COMPLETED, check_booked
from lotwise.sales.domain.treatments import check_moment
from lotwise.sales.operations import appointments, treatments, visits
from lotwise.sales.operations.appointments import Booking
from lotwise.sales.operations.selling import Selling
from lotwise.sales.operations.treatments import Given, Recorder
from lotwise.sales.operations.visits import Visit
from lotwise.sales.repository import appointments as rows
from lotwise.values import Refusal

router = Router(prefix="/v1", tags=["appointments"])
BOOKING = (
    refusals.UnknownSite,
    refusals.UnknownProduct,
    refusals.NotAService,
    refusals.UnknownMember,
)
TREATING = (
    refusals.UnknownProduct,
    refusals.NotForSale,
    refusals.BadQuantity,
    refusals.DuplicateLine,
    refusals.BadMoment,
    refusals.NotPermitted,
    refusals.SameId,
)


@router.post("/appointments", permission="appointment.write", status_code=201, refusals=(*BOOKING, refusals.SameId))
async def post_appointment(body: AppointmentIn, cmd: Cmd, request: Request) -> Answer[AppointmentOut]:
    """Book a service; a practitioner who is booked at that time already is a warning, never a no."""
    selling = selling_of(request)
    booking = await _booking(selling, body.site, body)
    async with cmd.transaction() as tx:
        booked = await appointments.book(
            tx, body.appointment_id or uuid7(), booking, source="desk", actor=cmd.who.actor, now=datetime.now(UTC)
        )
        one = booked.appointment
        shown = views.appointment(selling, booked)
        return await cmd.answer(tx, shown, 201, site=one.site, target=one.appointment_id, revision=one.revision)


async def _booking(selling: Selling, site: str, body: AppointmentIn | AppointmentEdit) -> Booking:
    service = await views.service_of(selling, site, body)
    await selling.members.check(body.member_id)
    return Booking(
        site, service.product_id, body.member_id, body.practitioner, body.starts_at.astimezone(UTC), body.minutes,
        body.sessions, body.note,
    )  # fmt: skip


@router.get("/appointments", permission="sales.read", refusals=(refusals.UnknownSite,))
async def list_appointments(
    read: Read,
    request: Request,
    site: Slug | None = None,
    day: Annotated[Day | None, Query(description="A day at the site's clock; in UTC without a site.")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="From this instant on.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this instant.")] = None,
    practitioner: Annotated[str | None, Query(max_length=200)] = None,
    member_id: UUID | None = None,
    state: State | None = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[AppointmentOut]:
    """Appointments by their time, at one site or at all that may be seen."""
    selling = selling_of(request)
    sites = visible(read.who, "sales.read", site)
    begin, end = views.bounds(selling, site, day, since, until)
    async with read.connection() as tx:
        found = await rows.page(
            tx, sites, since=begin, until=end, practitioner=practitioner, member_id=member_id, state=state,
            after=cursor_decode(after, datetime, UUID), limit=limit,
        )  # fmt: skip
        names = await views.names_of(tx, read, [one.member_id for one in found])
    await views.log_names(read, "/v1/appointments", names)
    last = cursor_encode(found[-1].starts_at, found[-1].appointment_id) if len(found) == limit else None
    return Page(rows=[views.appointment(selling, one, names) for one in found], next=last)


@router.post("/appointments:batch", permission="appointment.write", site="record", refusals=(*BOOKING, *TREATING))
async def post_appointments(body: ReportsIn, cmd: Cmd, request: Request) -> Answer[ReportsOut]:
    """Take over up to 500 appointments of another book; each has its own outcome and a refused one stops no other.

    Rows may come twice and in any order: the highest revision of an appointment counts. A completed row records its
    treatment and needs treatment.record.
    """
    selling, now = selling_of(request), datetime.now(UTC)
    async with cmd.transaction() as tx:
        await rows.lock(tx, [row.appointment_id for row in body.appointments])
        results = []
        for row in body.appointments:
            try:
                visit = await _visit(selling, row, cmd, now)
                async with tx.transaction():
                    outcome = await visits.take(tx, visit, _recorder(cmd, row.site, "import", now))
                results.append(ReportResult.model_validate({"appointment_id": row.appointment_id, "outcome": outcome}))
            except Refusal as no:
                problem = orjson.loads(of_refusal(no).body)
                results.append(ReportResult(appointment_id=row.appointment_id, outcome="refused", problem=problem))
        counts = dict.fromkeys(("created", "changed", "known", "refused"), 0)
        for result in results:
            counts[result.outcome] += 1
        return await cmd.answer(tx, ReportsOut(**counts, results=results), target=f"{len(results)} appointments")


async def _visit(selling: Selling, row: ReportIn, cmd: Cmd, now: datetime) -> Visit:
    cmd.who.at("appointment.write", row.site)
    happened_at = (row.happened_at or row.starts_at).astimezone(UTC)
    if row.state == COMPLETED:
        cmd.who.at("treatment.record", row.site)
        check_moment(happened_at, now, may_backdate=cmd.who.allows("charge.backdate", row.site))
    drawn = await views.drawn_of(selling, row.site, row.lines)
    state = "booked" if row.state == "moved" else row.state
    booking = await _booking(selling, row.site, row)
    return Visit(row.appointment_id, booking, state, row.reason, row.revision, happened_at, tuple(drawn))


def _recorder(cmd: Cmd, site: str, source: str, now: datetime) -> Recorder:
    return Recorder(cmd.who.actor, source, cmd.who.allows("treatment.record", site), now)


@router.get(
    "/appointments/{appointment_id}", permission="sales.read", site="record", refusals=(refusals.UnknownAppointment,)
)
async def get_appointment(appointment_id: UUID, read: Read, request: Request) -> Answer[AppointmentView]:
    """An appointment with what its recipe takes."""
    selling = selling_of(request)
    async with read.connection() as tx:
        one = await appointments.found(tx, appointment_id, read.who, "sales.read")
        names = await views.names_of(tx, read, [one.member_id])
        expected = await views.expected_of(tx, selling, one)
        others = await rows.overlapping(tx, one) if one.state == "booked" else []
    await views.log_names(read, "/v1/appointments", names)
    shown = views.appointment(selling, appointments.Booked(one, others), names)
    view = AppointmentView(**shown.model_dump(), expected=expected)
    return Answer(view.model_dump_json(), headers={"ETag": etag(one.revision)})


@router.put(
    "/appointments/{appointment_id}",
    permission="appointment.write",
    site="record",
    refusals=(*BOOKING, refusals.UnknownAppointment, refusals.AppointmentClosed, Stale),
)
async def put_appointment(
    appointment_id: UUID, body: AppointmentEdit, cmd: Cmd, match: IfMatch, request: Request
) -> Answer[AppointmentOut]:
    """Change what is booked, at the revision that was read."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        kept = await appointments.found(tx, appointment_id, cmd.who, "appointment.write", lock=True)
        booking = await _booking(selling, kept.site, body)
        booked = await appointments.rebook(
            tx, kept, booking, actor=cmd.who.actor, now=datetime.now(UTC), expected=match
        )
        shown = views.appointment(selling, booked)
        return await cmd.answer(tx, shown, site=kept.site, revision=booked.appointment.revision)


@router.post(
    "/appointments/{appointment_id}:move",
    permission="appointment.write",
    site="record",
    refusals=(refusals.UnknownSite, refusals.UnknownAppointment, refusals.AppointmentClosed),
)
async def post_move(appointment_id: UUID, body: MoveIn, cmd: Cmd, request: Request) -> Answer[AppointmentOut]:
    """Move it to another time, site or practitioner; what is left out stays."""
    selling = selling_of(request)
    async with cmd.transaction() as tx:
        kept = await appointments.found(tx, appointment_id, cmd.who, "appointment.write", lock=True)
        site = body.site or kept.site
        cmd.who.at("appointment.write", site)
        views.check_site(selling, site)
        booking = Booking(*kept.booking)._replace(  # type: ignore[arg-type]
            site=site,
            starts_at=kept.starts_at if body.starts_at is None else body.starts_at.astimezone(UTC),
            minutes=body.minutes or kept.minutes,
            practitioner=kept.practitioner if body.practitioner is None else body.practitioner,
        )
        booked = await appointments.rebook(tx, kept, booking, actor=cmd.who.actor, now=datetime.now(UTC))
        shown = views.appointment(selling, booked)
        return await cmd.answer(tx, shown, site=site, target=appointment_id, revision=booked.appointment.revision)


@router.post(
    "/appointments/{appointment_id}:cancel",
    permission="appointment.write",
    site="record",
    refusals=(refusals.UnknownAppointment, refusals.AppointmentClosed),
)
async def post_cancel(appointment_id: UUID, body: CancelIn, cmd: Cmd, request: Request) -> Answer[AppointmentOut]:
    """Say that it will not take place; again it changes nothing."""
    async with cmd.transaction() as tx:
        kept = await appointments.found(tx, appointment_id, cmd.who, "appointment.write", lock=True)
        one = await appointments.cancel(tx, kept, body.reason, actor=cmd.who.actor, now=datetime.now(UTC))
        shown = views.appointment(selling_of(request), one)
        return await cmd.answer(
            tx, shown, site=one.site, target=appointment_id, reason=body.reason, revision=one.revision
        )


@router.post(
    "/appointments/{appointment_id}:complete",
    permission="treatment.record",
    site="record",
    refusals=(*TREATING, refusals.UnknownAppointment, refusals.AppointmentClosed),
)
async def post_complete(appointment_id: UUID, body: CompleteIn, cmd: Cmd, request: Request) -> Answer[TreatmentOut]:
    """It took place: its treatment is recorded, stock consumes it once and the desk finds it in its queue (SAL-18).

    Again with the same treatment it changes nothing.
    """
    selling, now = selling_of(request), datetime.now(UTC)
    async with cmd.transaction() as tx:
        kept = await appointments.found(tx, appointment_id, cmd.who, "treatment.record", lock=True)
        if kept.state != COMPLETED:
            check_booked(kept, "completed")
        at = now if body.happened_at is None else body.happened_at.astimezone(UTC)
        check_moment(at, now, may_backdate=cmd.who.allows("charge.backdate", kept.site))
        given = Given(
            kept.site, appointment_id, kept.service_id, kept.member_id,
            kept.practitioner if body.practitioner is None else body.practitioner, at,
            body.sessions or kept.sessions, await views.drawn_of(selling, kept.site, body.lines),
        )  # fmt: skip
        treatment_id = body.treatment_id or kept.treatment_id or uuid7()
        _, treatment = await treatments.complete(tx, kept, treatment_id, given, _recorder(cmd, kept.site, "desk", now))
        shown = views.treatment(selling, treatment)
        return await cmd.answer(tx, shown, site=kept.site, target=treatment_id, revision=treatment.revision)
