"""The only home of the doors to bills set aside: park one, see what waits, take one up again, once."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from lotwise.contracts.fields import Id, Minor, Slug, Text
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, dump
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.sales.api.line_shapes import Strict
from lotwise.sales.domain.refusals import AlreadyParked, UnknownMember, UnknownParked
from lotwise.sales.repository import members
from lotwise.sales.repository import parked as rows
from lotwise.sales.repository.parked import Parked

router = Router(prefix="/v1", tags=["parked"])
BILL_BYTES_MAX = 65_536


def _small(bill: dict[str, Any]) -> dict[str, Any]:
    text = dump(bill).decode()
    if len(text) > BILL_BYTES_MAX or "\\u0000" in text:
        raise ValueError("a bill is at most 64 KiB of JSON without NUL characters")
    return bill


class ParkedIn(Strict):
    """A bill to set aside, in the desk's own words; no goods are held while it waits."""

    parked_id: Id | None = None
    site: Slug
    label: Text
    member_id: Id | None = None
    total_minor: Minor = 0
    bill: Annotated[dict[str, Any], Field(max_length=50), AfterValidator(_small)]


class ParkedOut(BaseModel):
    """A bill that waits; money in minor units, as it was when it was parked."""

    parked_id: UUID
    site: str
    label: str
    member_id: UUID | None
    total_minor: int
    actor: str
    parked_at: datetime
    bill: dict[str, Any]


def _shown(row: Parked) -> ParkedOut:
    return ParkedOut.model_validate(row._asdict())


@router.post("/parked", permission="charge.create", status_code=201, refusals=(AlreadyParked, UnknownMember))
async def post_parked(body: ParkedIn, cmd: Cmd) -> Answer[ParkedOut]:
    """Set a bill aside: whoever works at the site may take it up again, once."""
    now = datetime.now(UTC)
    row = Parked(
        body.parked_id or uuid7(), body.site, body.label, body.member_id, body.bill, body.total_minor,
        cmd.who.actor, now,
    )  # fmt: skip
    async with cmd.transaction() as tx:
        if body.member_id is not None and await members.get(tx, body.member_id) is None:
            raise UnknownMember(f"no member has the id {body.member_id}", field="member_id")
        if not await rows.add(tx, row):
            raise AlreadyParked("a bill with this id waits already", field="parked_id", ways_out=("use a new id",))
        return await cmd.answer(tx, _shown(row), 201, site=row.site, target=row.parked_id)


@router.get("/parked", permission="charge.create")
async def list_parked(site: Slug, read: Read, after: After = None, limit: Limit = 50) -> Page[ParkedOut]:
    """What waits at a site, the longest waiting first."""
    async with read.connection() as tx:
        found = await rows.page(tx, site, cursor_decode(after, datetime, UUID), limit)
    last = found[-1] if len(found) == limit else None
    return Page(
        rows=[_shown(one) for one in found],
        next=None if last is None else cursor_encode(last.parked_at, last.parked_id),
    )


@router.post("/parked/{parked_id}:take", permission="charge.create", site="record", refusals=(UnknownParked,))
async def post_take(parked_id: UUID, cmd: Cmd) -> Answer[ParkedOut]:
    """Take a bill up again, or throw it away: it waits no longer. Of two tills that ask at once one gets it."""
    async with cmd.transaction() as tx:
        row = await rows.get(tx, parked_id, lock=True)
        if row is None or not cmd.who.allows("charge.create", row.site):
            raise UnknownParked(
                f"no bill waits under the id {parked_id}", ways_out=("look at what waits: another till may have it",)
            )
        await rows.take(tx, parked_id)
        return await cmd.answer(tx, _shown(row), site=row.site, target=parked_id)
