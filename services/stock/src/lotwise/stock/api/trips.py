"""HTTP of goods between sites: shipped, on their way, received, explained, found again (STK-28, STK-29, N-25)."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from lotwise.contracts.fields import Id, Note, PositiveQuantity, Whole
from lotwise.kit.commands import Answer, Cmd, Read, visible
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.stock.api.shapes import Quantity, Short, Strict, exponent
from lotwise.stock.api.transfer_shapes import MoveIn, TransferOut, instant, loaded, transfer_out
from lotwise.stock.domain.refusals import (
    BadDate,
    BadQuantity,
    LotIsApart,
    LotIsExpired,
    LotIsRecalled,
    NotEnoughStock,
    NothingToMove,
    NotOnItsWay,
    SerialMove,
    SerialsDiffer,
    TransferMove,
    TransferUnexplained,
    UnknownLot,
    UnknownProduct,
    UnknownSerial,
    UnknownTransfer,
)
from lotwise.stock.operations import arrivals, journeys
from lotwise.stock.operations.arrivals import Arrived, Counted
from lotwise.stock.operations.journeys import Stop
from lotwise.stock.operations.recalled_units import gather_units
from lotwise.stock.operations.shipping import Chosen, Departure, ship
from lotwise.stock.repository.transfers import transit_page, transit_sums

router = Router(tags=["transfers"])
MOVES = (UnknownTransfer, TransferMove, BadDate, BadQuantity)
Reason = Literal["loss", "theft", "damage", "waste", "returned"]
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class ChosenLot(Strict):
    """A lot chosen by hand or by a scan."""

    lot_id: Id
    quantity: PositiveQuantity


class ShipLine(Strict):
    """What really leaves of a line; with `lots` exactly those, else the line's lot or FEFO."""

    line: Whole
    quantity: Quantity
    lots: Annotated[tuple[ChosenLot, ...], Field(max_length=200)] = ()


class ShipIn(MoveIn):
    """Lines that are left out leave as asked."""

    lines: Annotated[tuple[ShipLine, ...], Field(max_length=500)] = ()
    carrier: Short = ""
    note: Note = ""
    serials: Annotated[tuple[Id, ...], Field(max_length=500)] = ()


class CountedIn(Strict):
    """How much arrived of a product, of one lot or of any, and why the rest of it did not."""

    product_id: Id
    lot_id: Id | None = None
    quantity: Quantity
    missing_reason: Reason | None = None


class ReceiveIn(MoveIn):
    """What arrived: everything when `lines` is empty. What is missing stays in transit until a reason explains it."""

    lines: Annotated[tuple[CountedIn, ...], Field(max_length=500)] = ()
    missing_reason: Reason | None = None
    note: Note = ""
    serials: Annotated[tuple[Id, ...], Field(max_length=500)] = ()


class DifferenceIn(Strict):
    """What became of goods that did not arrive."""

    product_id: Id
    lot_id: Id | None = None
    quantity: PositiveQuantity
    reason: Reason
    note: Note = ""


class ExplainIn(MoveIn):
    """What is explained now; the rest stays on its way."""

    differences: Annotated[tuple[DifferenceIn, ...], Field(min_length=1, max_length=500)]


class FoundLine(Strict):
    """Goods called lost that turned up."""

    product_id: Id
    lot_id: Id | None = None
    quantity: PositiveQuantity


class FoundIn(MoveIn):
    """What turned up at the receiving site."""

    lines: Annotated[tuple[FoundLine, ...], Field(min_length=1, max_length=500)]


class TransitSums(BaseModel):
    """What is on its way in all, of those that may be seen; money in minor units."""

    transfers: int
    overdue: int
    value_minor: int


@router.post(
    "/transfers/{transfer_id}:ship",
    permission="stock.transfer",
    refusals=(
        *MOVES, NotEnoughStock, LotIsExpired, LotIsApart, LotIsRecalled, UnknownLot, NothingToMove, UnknownSerial,
        SerialMove, SerialsDiffer,
    ),
)  # fmt: skip
async def ship_transfer(cmd: Cmd, transfer_id: UUID, body: ShipIn) -> Answer[TransferOut]:
    """Let it leave: its goods are in transit to the other site, on neither shelf (STK-28)."""
    chosen = [Chosen(one.line, one.quantity, [(lot.lot_id, lot.quantity) for lot in one.lots]) for one in body.lines]
    async with cmd.transaction() as tx:
        at = await instant(cmd, tx, transfer_id, body.happened_at, "from")
        leaving = Departure(at, cmd.who.actor, chosen, body.carrier, body.note)
        units = await journeys.chosen(tx, body.serials)
        leaving = leaving._replace(chosen=await journeys.by_units(tx, transfer_id, chosen, units))
        taken = await ship(tx, transfer_id, leaving, exponent(cmd.runtime))
        shown = await loaded(tx, transfer_id)
        stop = Stop(transfer_id, shown.from_site, cmd.who.actor, at, taken)
        await journeys.get_on(tx, units, stop, shown.to_site)
        return await cmd.answer(tx, shown, site=shown.from_site)


@router.post(
    "/transfers/{transfer_id}:receive",
    permission="stock.transfer",
    refusals=(*MOVES, TransferUnexplained, UnknownProduct, UnknownSerial, SerialsDiffer),
)
async def receive_transfer(cmd: Cmd, transfer_id: UUID, body: ReceiveIn) -> Answer[TransferOut]:
    """Take it in, at once or in parts; a difference stays in transit or is explained, never silent (STK-29)."""
    counted = [Counted(one.product_id, one.lot_id, one.quantity, one.missing_reason) for one in body.lines]
    async with cmd.transaction() as tx:
        at = await instant(cmd, tx, transfer_id, body.happened_at, "to")
        arrived = Arrived(at, cmd.who.actor, counted, body.missing_reason, body.note)
        units = await journeys.carried(tx, transfer_id)
        taken, _ = await arrivals.receive(tx, transfer_id, arrived, exponent(cmd.runtime))
        shown = await loaded(tx, transfer_id)
        stop = Stop(transfer_id, shown.to_site, cmd.who.actor, at, taken)
        await journeys.get_off(tx, units, body.serials, stop, is_closed=_is_over(shown, body.missing_reason))
        await gather_units(tx, [row["id"] for row in units if row["is_recalled"]], exponent(cmd.runtime))
        return await cmd.answer(tx, shown, site=shown.to_site, reason=body.missing_reason)


@router.post(
    "/transfers/{transfer_id}:explain", permission="stock.transfer", refusals=(*MOVES, NotOnItsWay, UnknownProduct)
)
async def explain_transfer(cmd: Cmd, transfer_id: UUID, body: ExplainIn) -> Answer[TransferOut]:
    """Say what became of what did not arrive: lost, stolen, damaged, wasted, or sent back; the last word closes it."""
    counted = [Counted(one.product_id, one.lot_id, one.quantity, one.reason, one.note) for one in body.differences]
    async with cmd.transaction() as tx:
        at = await instant(cmd, tx, transfer_id, body.happened_at, "to")
        units = await journeys.carried(tx, transfer_id)
        await arrivals.explain(tx, transfer_id, counted, at, cmd.who.actor, exponent(cmd.runtime))
        shown = await loaded(tx, transfer_id)
        stop = Stop(transfer_id, shown.to_site, cmd.who.actor, at)
        if _is_over(shown, *(one.reason for one in body.differences)):
            await journeys.get_off(tx, units, (), stop, is_closed=True)
        reasons = ", ".join(sorted({one.reason for one in body.differences}))
        return await cmd.answer(tx, shown, site=shown.to_site, reason=reasons)


def _is_over(shown: TransferOut, *reasons: str | None) -> bool:
    """Whether nothing is on its way any more and nothing of it went back: what is missing is lost."""
    return shown.state == "received" and "returned" not in reasons


@router.post(
    "/transfers/{transfer_id}:found", permission="stock.transfer", refusals=(*MOVES, NotOnItsWay, UnknownProduct)
)
async def find_transfer(cmd: Cmd, transfer_id: UUID, body: FoundIn) -> Answer[TransferOut]:
    """Goods that were called lost turned up: they come back to the shelf at the cost they were lost with."""
    found = [Counted(one.product_id, one.lot_id, one.quantity) for one in body.lines]
    async with cmd.transaction() as tx:
        at = await instant(cmd, tx, transfer_id, body.happened_at, "to")
        await arrivals.find(tx, transfer_id, found, at, cmd.who.actor, exponent(cmd.runtime))
        shown = await loaded(tx, transfer_id)
        return await cmd.answer(tx, shown, site=shown.to_site)


@router.get("/transit", permission="stock.read")
async def transit(read: Read, site: str | None = None, after: After = None, limit: Limit = 50) -> Page[TransferOut]:
    """What is on its way from or to a site, the oldest first, with its age, owner and value (N-25)."""
    since, since_id = cursor_decode(after, datetime, UUID) or (FIRST, UUID(int=0))
    async with read.connection() as tx:
        rows = await transit_page(tx, visible(read.who, "stock.read", site), since, since_id, limit)
    shown = [transfer_out(row) for row in rows]
    last = cursor_encode(shown[-1].shipped_at, shown[-1].transfer_id) if len(shown) == limit else None
    return Page(rows=shown, next=last)


@router.get("/transit/summary", permission="stock.read")
async def transit_summary(read: Read, site: str | None = None) -> TransitSums:
    """How many transfers are on their way from or to a site, how many too long, and what the goods cost."""
    async with read.connection() as tx:
        row = await transit_sums(tx, visible(read.who, "stock.read", site))
    return TransitSums(**dict(row))
