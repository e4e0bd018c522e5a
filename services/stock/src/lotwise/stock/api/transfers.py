"""HTTP of transfers: draft, ship, receive (in full, in part, with what is missing explained), cancel."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, Instant, Note, PositiveQuantity, Slug
from lotwise.contracts.ids import uuid7
from lotwise.kit.commands import Answer, Cmd, Command, Read, visible
from lotwise.kit.database import Tx
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Quantity, Strict, exponent
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    NotEnoughStock,
    NotKept,
    TransferMove,
    TransferUnexplained,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
    UnknownTransfer,
)
from lotwise.stock.operations import transfers as deeds
from lotwise.stock.operations.dates import happened
from lotwise.stock.operations.transfers import Counted, Order
from lotwise.stock.repository.transfers import transfer_row, transfers_page
from lotwise.values import format_quantity

router = Router(tags=["transfers"])
LAST = UUID(int=2**128 - 1)
MOVES = (UnknownTransfer, TransferMove, BadDate)


class TransferLineIn(Strict):
    """What is to be carried; without a lot FEFO decides."""

    product_id: Id
    quantity: PositiveQuantity
    lot_id: Id | None = None


class TransferIn(Strict):
    """A transfer between two sites."""

    transfer_id: Id | None = None
    from_site: Slug
    to_site: Slug
    note: Note = ""
    lines: Annotated[tuple[TransferLineIn, ...], Field(min_length=1, max_length=500)]


class MoveIn(Strict):
    """When it was done; now when empty."""

    happened_at: Instant | None = None


class CountedIn(Strict):
    """How much arrived of a product, of one lot or of any."""

    product_id: Id
    lot_id: Id | None = None
    quantity: Quantity


class ReceiveIn(MoveIn):
    """What arrived: everything when `lines` is empty. What is missing stays in transit until a reason explains it."""

    lines: Annotated[tuple[CountedIn, ...], Field(max_length=500)] = ()
    missing_reason: Literal["loss", "theft", "damage", "waste"] | None = None


class TransferLine(BaseModel):
    """What the transfer is to carry."""

    line: int
    product_id: UUID
    code: str
    name: str
    unit: str
    lot_id: UUID | None
    quantity: str


class TransferLot(BaseModel):
    """A lot that left: how much shipped, arrived, was lost, and is still on its way."""

    line: int
    product_id: UUID
    lot_id: UUID
    lot_number: str
    expires_on: date | None
    shipped: str
    received: str
    lost: str
    in_transit: str
    cost_minor: int


class TransferOut(BaseModel):
    """A transfer as it stands."""

    transfer_id: UUID
    from_site: str
    to_site: str
    state: str
    note: str
    created_at: datetime
    created_by: str
    shipped_at: datetime | None
    received_at: datetime | None
    revision: int
    lines: list[TransferLine]
    lots: list[TransferLot]


def _out(row: Any) -> TransferOut:
    lines = [
        TransferLine(**{**line, "quantity": format_quantity(line["quantity"], line["decimals"])})
        for line in row["lines"]
    ]
    lots = [_lot(lot) for lot in row["lots"]]
    return TransferOut(
        transfer_id=row["id"], from_site=row["from_site"], to_site=row["to_site"], state=row["state"], note=row["note"],
        created_at=row["created_at"], created_by=row["created_by"], shipped_at=row["shipped_at"],
        received_at=row["received_at"], revision=row["revision"], lines=lines, lots=lots,
    )  # fmt: skip


def _lot(lot: dict[str, Any]) -> TransferLot:
    decimals = lot["decimals"]
    left = 0 if lot["shipped"] is None else lot["shipped"] - lot["received"] - lot["lost"]
    texts = {name: format_quantity(lot[name], decimals) for name in ("shipped", "received", "lost")}
    return TransferLot(**{**lot, **texts, "in_transit": format_quantity(left, decimals)})


async def _loaded(tx: Tx, transfer_id: UUID) -> TransferOut:
    row = await transfer_row(tx, transfer_id)
    if row is None:
        raise UnknownTransfer("No transfer has this id", transfer_id=str(transfer_id))
    return _out(row)


async def _at(
    cmd: Command, tx: Tx, transfer_id: UUID, given: datetime | None, *, end: Literal["from", "to"]
) -> datetime:
    """When it was done; the person must be of the site that does it."""
    transfer = await _loaded(tx, transfer_id)
    site = transfer.from_site if end == "from" else transfer.to_site
    cmd.who.at("stock.transfer", site)
    return happened(given, cmd.who, site)


@router.post(
    "/transfers",
    permission="stock.transfer",
    status_code=201,
    refusals=(UnknownSite, UnknownProduct, UnknownLot, NotKept, BadQuantity),
)
async def create_transfer(cmd: Cmd, body: TransferIn) -> Answer[TransferOut]:
    """Draft a transfer: nothing moves until it ships."""
    transfer_id = body.transfer_id or uuid7()
    lines = [(line.product_id, line.quantity, line.lot_id) for line in body.lines]
    async with cmd.transaction() as tx:
        await deeds.draft(tx, Order(transfer_id, body.from_site, body.to_site, body.note, cmd.who.actor, lines))
        return await cmd.answer(tx, await _loaded(tx, transfer_id), 201, site=body.from_site, target=transfer_id)


@router.post("/transfers/{transfer_id}:ship", permission="stock.transfer", refusals=(*MOVES, NotEnoughStock))
async def ship_transfer(cmd: Cmd, transfer_id: UUID, body: MoveIn) -> Answer[TransferOut]:
    """Let it leave: its goods are in transit to the other site, on neither shelf (STK-28)."""
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, transfer_id, body.happened_at, end="from")
        await deeds.ship(tx, transfer_id, at, cmd.who.actor, exponent(cmd.runtime))
        shown = await _loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, site=shown.from_site)


@router.post(
    "/transfers/{transfer_id}:receive", permission="stock.transfer", refusals=(*MOVES, TransferUnexplained, BadQuantity)
)
async def receive_transfer(cmd: Cmd, transfer_id: UUID, body: ReceiveIn) -> Answer[TransferOut]:
    """Take it in; a difference stays in transit or is explained, never silent (STK-29)."""
    counted = [Counted(line.product_id, line.lot_id, line.quantity) for line in body.lines]
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, transfer_id, body.happened_at, end="to")
        await deeds.receive(tx, transfer_id, counted, body.missing_reason, at, cmd.who.actor, exponent(cmd.runtime))
        shown = await _loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, site=shown.to_site, reason=body.missing_reason)


@router.post("/transfers/{transfer_id}:cancel", permission="stock.transfer", refusals=MOVES)
async def cancel_transfer(cmd: Cmd, transfer_id: UUID, body: MoveIn) -> Answer[TransferOut]:
    """Call it off; what is on its way goes back to the shelf it left."""
    async with cmd.transaction() as tx:
        at = await _at(cmd, tx, transfer_id, body.happened_at, end="from")
        await deeds.cancel(tx, transfer_id, at, cmd.who.actor, exponent(cmd.runtime))
        shown = await _loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, site=shown.from_site)


@router.get("/transfers", permission="stock.read")
async def transfers(
    read: Read,
    site: str | None = None,
    state: Literal["draft", "shipped", "received", "cancelled"] | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[TransferOut]:
    """Transfers that begin or end at a site, newest first."""
    keys = cursor_decode(after, UUID)
    async with read.connection() as tx:
        sites = visible(read.who, "stock.read", site)
        rows = await transfers_page(tx, sites, state, keys[0] if keys else LAST, limit)
    shown = [_out(row) for row in rows]
    return Page(rows=shown, next=cursor_encode(shown[-1].transfer_id) if len(shown) == limit else None)


@router.get("/transfers/{transfer_id}", permission="stock.read", refusals=(UnknownTransfer,))
async def transfer(read: Read, transfer_id: UUID) -> TransferOut:
    """One transfer, for those who may see one of its sites."""
    async with read.connection() as tx:
        shown = await _loaded(tx, transfer_id)
    if not read.who.allows("stock.read", shown.from_site):
        read.who.at("stock.read", shown.to_site)
    return shown
