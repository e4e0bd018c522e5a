"""The only home of the pages of appointments: the day of a site; book, move, cancel, complete."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lotwise.backoffice.gateway import Refused, Rows, Shape, Unreachable, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, page, read_form, refused_fields
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.screens.members import Member
from lotwise.backoffice.screens.visit_lines import Line, drawn_lines, lots_of
from lotwise.backoffice.session import Visitor, Who
from lotwise.contracts.ids import uuid7

screen = Screen()
FIELDS = ("site", "service", "member", "practitioner", "starts_at", "minutes", "sessions", "note", "reason")
CHANGED = ("live-sales",)


class Warned(Shape):
    """What a person should know of a booking."""

    text: str


class Appointment(Shape):
    """An appointment as sales tells it."""

    appointment_id: UUID
    site: str
    service_id: UUID
    service: str = ""
    member_id: UUID | None = None
    member_name: str | None = None
    practitioner: str = ""
    starts_at: datetime
    ends_at: datetime
    minutes: int = 30
    sessions: int = 1
    note: str = ""
    state: str = "booked"
    reason: str = ""
    treatment_id: UUID | None = None
    revision: int = 1
    warnings: tuple[Warned, ...] = ()
    expected: tuple[Line, ...] = ()


class Service(Shape):
    """A service that can be booked."""

    code: str
    name: str


class Filter(BaseModel):
    """Which day, and whose."""

    day: date | None = None
    practitioner: str = ""
    after: str = ""
    format: str = ""


class BookForm(BaseModel):
    """What is booked."""

    site: str = Field(min_length=1)
    service: str = Field(min_length=1, max_length=64)
    member: str = Field(default="", max_length=200)
    practitioner: str = Field(default="", max_length=200)
    starts_at: datetime
    minutes: int = Field(default=30, ge=1, le=1440)
    sessions: int = Field(default=1, ge=1, le=100)
    note: str = Field(default="", max_length=200)


class MoveForm(BaseModel):
    """Where and when it will be instead."""

    site: str = Field(min_length=1)
    practitioner: str = Field(default="", max_length=200)
    starts_at: datetime
    minutes: int = Field(ge=1, le=1440)


class CancelForm(BaseModel):
    """Why it will not take place."""

    reason: str = Field(min_length=1, max_length=200)


class CompleteForm(BaseModel):
    """How it took place."""

    practitioner: str = Field(default="", max_length=200)
    sessions: int = Field(default=1, ge=1, le=100)


COLUMNS = (
    Column("Time", lambda row: row.starts_at.isoformat()),
    Column("Service", lambda row: row.service),
    Column("Member", lambda row: row.member_name or ""),
    Column("Practitioner", lambda row: row.practitioner),
    Column("State", lambda row: row.state),
    Column("", lambda _: ""),
)


@screen.get("/appointments", permission="sales.read")
async def appointments(request: Request, who: Who, asked: Annotated[Filter, Query()]) -> Response:
    """The day of the site in view, its next chunk, or its CSV."""
    site, day = who.a_site(), asked.day or who.today
    wanted: dict[str, Any] = {"site": site, "day": day.isoformat(), "practitioner": asked.practitioner}
    if asked.format == "csv":
        return csv_answer("appointments", COLUMNS, who.gateway.all(Appointment, "sales", "/v1/appointments", **wanted))
    found = await who.gateway.rows(Appointment, "sales", "/v1/appointments", limit=100, after=asked.after, **wanted)
    people = sorted({row.practitioner for row in found.rows if row.practitioner} | {asked.practitioner} - {""})
    context: dict[str, Any] = {
        "list": listing(request, COLUMNS), "asked": asked, "found": found, "title": "Appointments", "day": day,
        "site": site, "people": people, "before": day - timedelta(days=1), "next_day": day + timedelta(days=1),
    }  # fmt: skip
    fragment = "rows" if asked.after else "table"
    return page(request, who, "screens/appointments.html", fragment=fragment, **context)


@screen.get("/appointments/new", permission="appointment.write")
async def new_appointment(request: Request, who: Who, day: date | None = None) -> Response:
    """The form of a booking."""
    at = f"{(day or who.today).isoformat()}T09:00"
    form = {"site": who.a_site() or "", "starts_at": at, "minutes": "30", "sessions": "1"}
    return await _book(request, who, form, {})


async def _book(request: Request, who: Visitor, form: dict[str, str], errors: dict[str, str]) -> Response:
    services = await or_else(who.gateway.rows(Service, "catalog", "/v1/products", kind="service", limit=200), Rows([]))
    context: dict[str, Any] = {
        "title": "Book an appointment", "form": form, "errors": errors, "services": services.rows,
        "sites": [(site.slug, site.name) for site in who.sites],
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/appointment_form.html", fragment="sheet", status=status, **context)


@screen.post("/appointments", permission="appointment.write")
async def book(request: Request, who: Who) -> Response:
    """Book it; what its practitioner has at the same time is said."""
    form = await form_of(request)
    given, errors = read_form(BookForm, form)
    if given is None:
        return await _book(request, who, form, errors)
    member, wrong = await _member(who, given.member)
    if wrong:
        return await _book(request, who, form, {"member": wrong})
    key = form.get("key") or str(uuid7())
    body = {
        "appointment_id": key, "site": given.site, "service_code": given.service,
        "member_id": None if member is None else member.member_id, "practitioner": given.practitioner,
        "starts_at": _instant(who, given.site, given.starts_at), "minutes": given.minutes,
        "sessions": given.sessions, "note": given.note,
    }  # fmt: skip
    try:
        made = await who.gateway.post("sales", "/v1/appointments", body, key)
    except Refused as no:
        return await _book(request, who, form, refused_fields(no, FIELDS))
    return done(request, _said("Booked.", made), f"/appointments?day={given.starts_at.date()}")


async def _member(who: Visitor, words: str) -> tuple[Member | None, str]:
    """The one member whom typed words mean, or what is wrong with them."""
    if not words:
        return None, ""
    try:
        found = await who.gateway.rows(Member, "sales", "/v1/members", search=words, limit=3)
    except (Refused, Unreachable) as no:
        return None, no.detail
    if len(found.rows) == 1:
        return found.rows[0], ""
    if not found.rows:
        return None, "Nobody is called that. Add the member first, or leave it empty."
    return None, f"Several match: {', '.join(row.name for row in found.rows)}. Type more, or the phone number."


def _instant(who: Visitor, slug: str, typed: datetime) -> str:
    """A time typed on the clock of a site."""
    zone = next((site.time_zone for site in who.sites if site.slug == slug), "UTC")
    return (typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(zone))).isoformat()


def _said(text: str, made: dict[str, Any]) -> str:
    return " ".join([text, *(one["text"] for one in made.get("warnings", ()))])


async def _one(who: Visitor, appointment_id: UUID) -> Appointment:
    return await who.gateway.one(Appointment, "sales", f"/v1/appointments/{appointment_id}")


def _day_of(one: Appointment, who: Visitor) -> str:
    return f"/appointments?day={one.starts_at.astimezone(ZoneInfo(who.formats.zone)).date()}"


@screen.get("/appointments/{appointment_id}/move", permission="appointment.write")
async def move_form(request: Request, who: Who, appointment_id: UUID) -> Response:
    """Ask where to."""
    one = await _one(who, appointment_id)
    at = one.starts_at.astimezone(ZoneInfo(who.formats.zone)).strftime("%Y-%m-%dT%H:%M")
    form = {"site": one.site, "starts_at": at, "minutes": str(one.minutes), "practitioner": one.practitioner}
    return _deed(request, who, "move", one, form, {})


@screen.post("/appointments/{appointment_id}/move", permission="appointment.write")
async def move(request: Request, who: Who, appointment_id: UUID) -> Response:
    """Move it."""
    form = await form_of(request)
    given, errors = read_form(MoveForm, form)
    if given is None:
        return _deed(request, who, "move", await _one(who, appointment_id), form, errors)
    body = given.model_dump() | {"starts_at": _instant(who, given.site, given.starts_at)}
    try:
        made = await who.gateway.post("sales", f"/v1/appointments/{appointment_id}:move", body, form.get("key", ""))
    except Refused as no:
        return _deed(request, who, "move", await _one(who, appointment_id), form, refused_fields(no, FIELDS))
    return done(request, _said("Moved.", made), f"/appointments?day={given.starts_at.date()}")


@screen.get("/appointments/{appointment_id}/cancel", permission="appointment.write")
async def cancel_form(request: Request, who: Who, appointment_id: UUID) -> Response:
    """Ask why."""
    return _deed(request, who, "cancel", await _one(who, appointment_id), {}, {})


@screen.post("/appointments/{appointment_id}/cancel", permission="appointment.write")
async def cancel(request: Request, who: Who, appointment_id: UUID) -> Response:
    """Cancel it."""
    form = await form_of(request)
    given, errors = read_form(CancelForm, form)
    one = await _one(who, appointment_id)
    if given is None:
        return _deed(request, who, "cancel", one, form, errors)
    path = f"/v1/appointments/{appointment_id}:cancel"
    try:
        await who.gateway.post("sales", path, given.model_dump(), form.get("key", ""))
    except Refused as no:
        return _deed(request, who, "cancel", one, form, refused_fields(no, FIELDS))
    return done(request, "Cancelled.", _day_of(one, who))


def _deed(
    request: Request, who: Visitor, deed: str, one: Appointment, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {
        "title": f"{deed.capitalize()} appointment", "deed": deed, "one": one, "form": form, "errors": errors,
        "sites": [(site.slug, site.name) for site in who.sites],
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/appointment_deed.html", fragment="sheet", status=status, **context)


@screen.get("/appointments/{appointment_id}/complete", permission="treatment.record")
async def complete_form(request: Request, who: Who, appointment_id: UUID) -> Response:
    """What its recipe takes, to be confirmed or corrected."""
    one = await _one(who, appointment_id)
    form = {"practitioner": one.practitioner, "sessions": str(one.sessions)}
    form |= {f"drawn_{line.product_id}": line.expected for line in one.expected}
    return await _complete(request, who, one, form, {})


@screen.post("/appointments/{appointment_id}/complete", permission="treatment.record")
async def complete(request: Request, who: Who, appointment_id: UUID) -> Response:
    """It took place: stock consumes it once, and the desk finds it in its queue."""
    form = await form_of(request)
    one = await _one(who, appointment_id)
    given, errors = read_form(CompleteForm, form)
    if given is None:
        return await _complete(request, who, one, form, errors)
    lines, errors = await drawn_lines(who, one.site, one.expected, form)
    if errors:
        return await _complete(request, who, one, form, errors)
    body = given.model_dump() | {"treatment_id": form.get("key") or str(uuid7()), "lines": lines}
    try:
        await who.gateway.post("sales", f"/v1/appointments/{appointment_id}:complete", body, str(body["treatment_id"]))
    except Refused as no:
        return await _complete(request, who, one, form, refused_fields(no, FIELDS))
    return done(request, "Completed. It waits at the charge desk.", _day_of(one, who))


async def _complete(
    request: Request, who: Visitor, one: Appointment, form: dict[str, str], errors: dict[str, str]
) -> Response:
    context: dict[str, Any] = {
        "title": "Complete appointment", "one": one, "form": form, "errors": errors,
        "lots": {line.product_id: await lots_of(who, one.site, line.product_id) for line in one.expected},
    }  # fmt: skip
    status = 422 if errors else 200
    return page(request, who, "screens/appointment_complete.html", fragment="sheet", status=status, **context)
