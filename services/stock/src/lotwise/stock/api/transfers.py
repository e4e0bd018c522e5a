"""HTTP of transfers on paper: drafted, asked for, changed, approved, declined, called off; the list and one of them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field

from lotwise.contracts.fields import Id, Note, PositiveQuantity, Slug, Whole
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.etag import IfMatch, etag
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Quantity, ReasonText, Strict, exponent
from lotwise.stock.api.transfer_shapes import MoveIn, TransferOut, instant, loaded, site_of, transfer_out
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    NotKept,
    ReturnTooMuch,
    TransferMove,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
    UnknownTransfer,
)
from lotwise.stock.operations import transfers as deeds
from lotwise.stock.operations.journeys import Stop, call_back, carried
from lotwise.stock.operations.transfers import Order
from lotwise.stock.repository.transfers import transfers_page

router = Router(tags=["transfers"])
LAST = 2**63 - 1
MOVES = (UnknownTransfer, TransferMove, BadDate)
LINES = (UnknownProduct, UnknownLot, NotKept, BadQuantity)
State = Literal["requested", "declined", "approved", "draft", "shipped", "received", "cancelled"]


class TransferLineIn(Strict):
    """What is to be carried; without a lot FEFO decides."""

    product_id: Id
    quantity: PositiveQuantity
    lot_id: Id | None = None


Lines = Annotated[tuple[TransferLineIn, ...], Field(min_length=1, max_length=500)]


class TransferIn(Strict):
    """A transfer between two sites."""

    transfer_id: Id | None = None
    from_site: Slug
    to_site: Slug
    note: Note = ""
    lines: Lines


class TransferEdit(Strict):
    """Other lines and another note for a draft or a request."""

    note: Note = ""
    lines: Lines


class ApprovedIn(Strict):
    """How much of a line will be sent."""

    line: Whole
    quantity: Quantity


class ApproveIn(Strict):
    """All as asked when `lines` is empty."""

    lines: Annotated[tuple[ApprovedIn, ...], Field(max_length=500)] = ()
    note: Note = ""


class DeclineIn(Strict):
    """Why it is not sent."""

    reason: ReasonText


class ReturnIn(Strict):
    """What goes back of what arrived; nothing moves until the return ships."""

    lines: Lines
    note: Note = ""


def _wanted(lines: tuple[TransferLineIn, ...]) -> list[tuple[UUID, str, UUID | None]]:
    return [(line.product_id, line.quantity, line.lot_id) for line in lines]


@router.post("/transfers", permission="stock.transfer", status_code=201, refusals=(UnknownSite, *LINES))
async def create_transfer(cmd: Cmd, body: TransferIn) -> Answer[TransferOut]:
    """Draft a transfer: nothing moves until it ships."""
    transfer_id = body.transfer_id or uuid7()
    order = Order(transfer_id, body.from_site, body.to_site, body.note, cmd.who.actor, _wanted(body.lines))
    async with cmd.transaction() as tx:
        await deeds.draft(tx, order)
        shown = await loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, 201, site=body.from_site, target=transfer_id, revision=shown.revision)


@router.post(
    "/transfers:request",
    permission="stock.transfer",
    site="body:to_site",
    status_code=201,
    refusals=(UnknownSite, *LINES),
)
async def request_transfer(cmd: Cmd, body: TransferIn) -> Answer[TransferOut]:
    """Ask another site for goods: it approves or declines."""
    transfer_id = body.transfer_id or uuid7()
    order = Order(
        transfer_id, body.from_site, body.to_site, body.note, cmd.who.actor, _wanted(body.lines), is_request=True
    )
    async with cmd.transaction() as tx:
        await deeds.draft(tx, order)
        shown = await loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, 201, site=body.to_site, target=transfer_id, revision=shown.revision)


@router.put("/transfers/{transfer_id}", permission="stock.transfer", refusals=(UnknownTransfer, TransferMove, *LINES))
async def edit_transfer(cmd: Cmd, transfer_id: UUID, body: TransferEdit, expected: IfMatch) -> Answer[TransferOut]:
    """Change a draft (by the sender) or a request (by the receiver), at the revision that was read."""
    async with cmd.transaction() as tx:
        before = await loaded(tx, transfer_id)
        site = before.to_site if before.state == "requested" else before.from_site
        cmd.who.at("stock.transfer", site)
        revision = await deeds.edit(tx, transfer_id, body.note, _wanted(body.lines), cmd.who.actor, expected.check)
        return await cmd.answer(tx, await loaded(tx, transfer_id), site=site, revision=revision)


@router.post(
    "/transfers/{transfer_id}:approve",
    permission="transfer.approve",
    refusals=(UnknownTransfer, TransferMove, BadQuantity),
)
async def approve_transfer(cmd: Cmd, transfer_id: UUID, body: ApproveIn) -> Answer[TransferOut]:
    """Agree to send what was asked, or less or more of it: it may ship."""
    async with cmd.transaction() as tx:
        site = await site_of(cmd, tx, transfer_id, "from", "transfer.approve")
        lines = [(one.line, one.quantity) for one in body.lines]
        await deeds.approve(tx, transfer_id, lines, body.note, cmd.who.actor, exponent(cmd.runtime))
        return await cmd.answer(tx, await loaded(tx, transfer_id), site=site)


@router.post(
    "/transfers/{transfer_id}:decline", permission="transfer.approve", refusals=(UnknownTransfer, TransferMove)
)
async def decline_transfer(cmd: Cmd, transfer_id: UUID, body: DeclineIn) -> Answer[TransferOut]:
    """Refuse a request, saying why."""
    async with cmd.transaction() as tx:
        site = await site_of(cmd, tx, transfer_id, "from", "transfer.approve")
        await deeds.decline(tx, transfer_id, body.reason, cmd.who.actor, exponent(cmd.runtime))
        return await cmd.answer(tx, await loaded(tx, transfer_id), site=site, reason=body.reason)


@router.post("/transfers/{transfer_id}:cancel", permission="stock.transfer", refusals=MOVES)
async def cancel_transfer(cmd: Cmd, transfer_id: UUID, body: MoveIn) -> Answer[TransferOut]:
    """Call it off: a request by who asked or who was asked, the rest by the sender; goods go back where they left."""
    async with cmd.transaction() as tx:
        before = await loaded(tx, transfer_id)
        asked = before.state == "requested" and cmd.who.allows("stock.transfer", before.to_site)
        at = await instant(cmd, tx, transfer_id, body.happened_at, "to" if asked else "from")
        units = await carried(tx, transfer_id)
        await deeds.cancel(tx, transfer_id, at, cmd.who.actor, exponent(cmd.runtime))
        await call_back(tx, units, Stop(transfer_id, before.from_site, cmd.who.actor, at))
        return await cmd.answer(tx, await loaded(tx, transfer_id), site=before.from_site)


@router.post(
    "/transfers/{transfer_id}:return",
    permission="stock.transfer",
    status_code=201,
    refusals=(UnknownTransfer, TransferMove, UnknownProduct, BadQuantity, ReturnTooMuch),
)
async def return_transfer(cmd: Cmd, transfer_id: UUID, body: ReturnIn) -> Answer[TransferOut]:
    """Draft the return of goods that arrived: a transfer the other way round, which then ships."""
    async with cmd.transaction() as tx:
        site = await site_of(cmd, tx, transfer_id, "to")
        back_id = await deeds.send_back(tx, transfer_id, _wanted(body.lines), body.note, cmd.who.actor)
        return await cmd.answer(tx, await loaded(tx, back_id), 201, site=site, target=back_id)


@router.get("/transfers", permission="stock.read")
async def transfers(
    read: Read, site: str | None = None, state: State | None = None, after: After = None, limit: Limit = 50
) -> Page[TransferOut]:
    """Transfers that begin or end at a site, newest first; one of them also has its steps."""
    keys = cursor_decode(after, int)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await transfers_page(tx, sites, state, keys[0] if keys else LAST, limit)
    shown = [transfer_out(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(rows[-1]["seq"]) if len(shown) == limit else None)


@router.get("/transfers/{transfer_id}", permission="stock.read", refusals=(UnknownTransfer,))
async def transfer(read: Read, response: Response, transfer_id: UUID) -> TransferOut:
    """One transfer with its steps, for those who may see one of its sites; its ETag is what an edit starts from."""
    async with read.connection() as tx:
        shown = await loaded(tx, transfer_id)
    if not read.who.allows("stock.read", shown.from_site):
        read.who.at("stock.read", shown.to_site)
    response.headers["ETag"] = etag(shown.revision)
    return shown
