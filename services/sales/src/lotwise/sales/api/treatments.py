"""The only home of the doors to treatments: record one without an appointment, look, correct."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from lotwise.contracts.fields import Day, Instant, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch, Stale, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api import visit_views as views
from lotwise.sales.api.appointments import BOOKING, TREATING
from lotwise.sales.api.charges import selling_of
from lotwise.sales.api.treatment_shapes import TreatmentEdit, TreatmentIn, TreatmentOut
from lotwise.sales.domain import refusals
from lotwise.sales.domain.treatments import check_moment
from lotwise.sales.operations import treatments
from lotwise.sales.operations.treatments import Given, Recorder
from lotwise.sales.repository import treatments as rows

router = Router(prefix="/v1", tags=["treatments"])


@router.post("/treatments", permission="treatment.record", status_code=201, refusals=(*BOOKING, *TREATING))
async def post_treatment(body: TreatmentIn, cmd: Cmd, request: Request) -> Answer[TreatmentOut]:
    """Record a treatment that had no appointment; stock consumes it once and the desk finds it in its queue."""
    selling, now = selling_of(request), datetime.now(UTC)
    service = await views.service_of(selling, body.site, body)
    await selling.members.check(body.member_id)
    at = now if body.happened_at is None else body.happened_at.astimezone(UTC)
    check_moment(at, now, may_backdate=cmd.who.allows("charge.backdate", body.site))
    drawn = await views.drawn_of(selling, body.site, body.lines)
    given = Given(body.site, None, service.product_id, body.member_id, body.practitioner, at, body.sessions, drawn)
    async with cmd.transaction() as tx:
        by = Recorder(cmd.who.actor, "desk", is_licensed=True, now=now)
        treatment = await treatments.record(tx, body.treatment_id or uuid7(), given, by)
        shown = views.treatment(selling, treatment)
        return await cmd.answer(
            tx, shown, 201, site=body.site, target=treatment.treatment_id, revision=treatment.revision
        )


@router.get("/treatments", permission="sales.read")
async def list_treatments(
    read: Read,
    request: Request,
    site: Slug | None = None,
    day: Annotated[Day | None, Query(description="A day at the site's clock; in UTC without a site.")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="From this instant on.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this instant.")] = None,
    practitioner: Annotated[str | None, Query(max_length=200)] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[TreatmentOut]:
    """Treatments by their time, at one site or at all that may be seen, of one practitioner or of all (N-22)."""
    selling = selling_of(request)
    sites = visible(read.who, "sales.read", site)
    begin, end = views.bounds(selling, site, day, since, until)
    async with read.connection() as tx:
        found = await rows.page(
            tx, sites, since=begin, until=end, practitioner=practitioner,
            after=cursor_decode(after, datetime, UUID), limit=limit,
        )  # fmt: skip
    last = cursor_encode(found[-1].happened_at, found[-1].treatment_id) if len(found) == limit else None
    return Page(rows=[views.treatment(selling, one) for one in found], next=last)


@router.get("/treatments/{treatment_id}", permission="sales.read", site="record", refusals=(refusals.UnknownTreatment,))
async def get_treatment(treatment_id: UUID, read: Read, request: Request) -> Answer[TreatmentOut]:
    """A treatment: what was expected and what was drawn."""
    async with read.connection() as tx:
        one = await treatments.found(tx, treatment_id, read.who, "sales.read")
    shown = views.treatment(selling_of(request), one)
    return Answer(shown.model_dump_json(), headers={"ETag": etag(one.revision)})


@router.put(
    "/treatments/{treatment_id}",
    permission="treatment.record",
    site="record",
    refusals=(*TREATING, refusals.UnknownMember, refusals.UnknownTreatment, Stale),
)
async def put_treatment(
    treatment_id: UUID, body: TreatmentEdit, cmd: Cmd, match: IfMatch, request: Request
) -> Answer[TreatmentOut]:
    """Correct what a treatment took: stock consumes the difference only."""
    selling, now = selling_of(request), datetime.now(UTC)
    await selling.members.check(body.member_id)
    async with cmd.transaction() as tx:
        kept = await treatments.found(tx, treatment_id, cmd.who, "treatment.record", lock=True)
        at = kept.happened_at if body.happened_at is None else body.happened_at.astimezone(UTC)
        if at != kept.happened_at:
            check_moment(at, now, may_backdate=cmd.who.allows("charge.backdate", kept.site))
        given = Given(
            kept.site, kept.appointment_id, kept.service_id, body.member_id, body.practitioner, at, body.sessions,
            await views.drawn_of(selling, kept.site, body.lines),
        )  # fmt: skip
        by = Recorder(cmd.who.actor, "desk", is_licensed=True, now=now)
        one = await treatments.correct(tx, kept, given, by, match)
        return await cmd.answer(tx, views.treatment(selling, one), site=kept.site, revision=one.revision)
