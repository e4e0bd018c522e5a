"""The only home of the doors to the checkout queue: what waits for the desk, one draft, why one is not charged."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request

from lotwise.contracts.fields import Slug
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api import visit_views as views
from lotwise.sales.api.charges import selling_of
from lotwise.sales.api.treatment_shapes import DismissIn, DismissOut, DraftOut
from lotwise.sales.domain import refusals
from lotwise.sales.operations import checkout

router = Router(prefix="/v1", tags=["checkout"])


@router.get("/checkout", permission="charge.create", refusals=(refusals.UnknownSite,))
async def list_checkout(
    site: Slug, read: Read, request: Request, after: After = None, limit: Limit = 50
) -> Page[DraftOut]:
    """Completed treatments of a site that nobody charged yet, the longest waiting first, as drafts of their charges."""
    selling = selling_of(request)
    views.check_site(selling, site)
    async with read.connection() as tx:
        cursor = cursor_decode(after, datetime, UUID)
        found = await checkout.waiting(tx, selling.prices.book, site, cursor, limit)
        names = await views.names_of(tx, read, [one.treatment.member_id for one in found])
        held = [await views.balances_for(tx, selling, one, datetime.now(UTC)) for one in found]
    await views.log_names(read, "/v1/checkout", names)
    last = found[-1].queued if len(found) == limit else None
    return Page(
        rows=[views.draft(selling, one, names, of) for one, of in zip(found, held, strict=True)],
        next=None if last is None else cursor_encode(last.happened_at, last.treatment_id),
    )


@router.get(
    "/checkout/{treatment_id}", permission="charge.create", site="record", refusals=(refusals.UnknownTreatment,)
)
async def get_checkout(treatment_id: UUID, read: Read, request: Request) -> DraftOut:
    """A treatment as the draft of its charge, whatever became of it."""
    selling = selling_of(request)
    async with read.connection() as tx:
        found = await checkout.one(tx, selling.prices.book, treatment_id, read.who, "charge.create")
        names = await views.names_of(tx, read, [found.treatment.member_id])
        held = await views.balances_for(tx, selling, found, datetime.now(UTC))
    await views.log_names(read, "/v1/checkout", names)
    return views.draft(selling, found, names, held)


@router.post(
    "/checkout/{treatment_id}:dismiss",
    permission="charge.create",
    site="record",
    refusals=(refusals.UnknownTreatment, refusals.CheckoutClosed),
)
async def post_dismiss(treatment_id: UUID, body: DismissIn, cmd: Cmd) -> Answer[DismissOut]:
    """Say why a treatment is not charged: it leaves the queue."""
    async with cmd.transaction() as tx:
        done = await checkout.dismiss(tx, treatment_id, cmd.who, body.reason, datetime.now(UTC))
        answer = DismissOut(treatment_id=treatment_id, site=done.site, reason=body.reason)
        return await cmd.answer(tx, answer, site=done.site, target=treatment_id, reason=body.reason)
