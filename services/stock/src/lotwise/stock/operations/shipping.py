"""The only home of goods that leave for another site: by FEFO or as chosen by hand, into transit (STK-27, STK-28)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.stock import LotTaken, TransferShipped
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import TRANSFER, Entry
from lotwise.stock.domain.refusals import (
    BadQuantity,
    LotIsApart,
    LotIsExpired,
    NotEnoughStock,
    NothingToMove,
    UnknownLot,
)
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.notes import bill_shipment
from lotwise.stock.operations.requests import recount
from lotwise.stock.operations.sales import lot_taken
from lotwise.stock.operations.trips import Trip, begin, step_lines
from lotwise.stock.repository.transfers import Step, add_shipped, add_step, set_carrier, set_state
from lotwise.values import format_quantity, parse_quantity


class Chosen(NamedTuple):
    """What really leaves of a line: a quantity, and by hand which lots of it; no lots means FEFO decides."""

    line: int
    quantity: str
    lots: Sequence[tuple[UUID, str]] = ()


class Departure(NamedTuple):
    """Who lets it leave when, with whom, and which lots; lines that are not named leave as asked."""

    at: datetime
    actor: str
    chosen: Sequence[Chosen] = ()
    carrier: str = ""
    note: str = ""


async def ship(tx: Tx, transfer_id: UUID, leaving: Departure, exponent: int) -> Sequence[LotTaken]:
    """Let a draft or an approved request leave: its lots usable at the destination's date, into transit there.

    Raises NotEnoughStock when the shelf does not cover a line (what is held counts), LotIsExpired, LotIsApart,
    UnknownLot, BadQuantity, NothingToMove when nothing leaves, UnknownTransfer, TransferMove.
    """
    named = {lot_id for one in leaving.chosen for lot_id, _ in one.lots}
    trip = await begin(tx, transfer_id, "ship", exponent, named)
    wanted = _wanted(trip, leaving.chosen)
    day = trip.books.day(leaving.at, trip.to_site)
    taken: list[LotTaken] = []
    rows: list[tuple[int, UUID, UUID, int, int]] = []
    for line, parts in wanted:
        cell = trip.here(line["product_id"])
        entry = Entry(leaving.at, leaving.actor, TRANSFER, transfer_id, line["line"])
        moved = [one for quantity, lot_id in parts for one in leave(trip, cell, quantity, lot_id, entry, day)]
        rows += [(line["line"], one.lot.id, cell.product.id, one.quantity, one.cost) for one in moved if one.lot]
        taken += [lot_taken(cell.product, line["line"], one) for one in moved]
    if not taken:
        raise NothingToMove("Nothing of it leaves", ways_out=("choose what leaves", "call it off"))
    await depart(tx, trip, leaving, rows, taken)
    return taken


async def depart(
    tx: Tx,
    trip: Trip,
    leaving: Departure,
    rows: Sequence[tuple[int, UUID, UUID, int, int]],
    taken: Sequence[LotTaken],
) -> None:
    """Write a departure whose goods moved in the books: lots, state, step, the note between companies, events."""
    await add_shipped(tx, trip.id, rows)
    await set_state(tx, trip.id, trip.after, leaving.at, leaving.actor)
    if leaving.carrier:
        await set_carrier(tx, trip.id, leaving.carrier)
    step = Step("ship", leaving.at, leaving.actor, leaving.note, step_lines(taken))
    await add_step(tx, trip.id, step, trip.books.now)
    await recount(tx, [trip.here(product_id) for product_id in trip.products])
    await close_books(tx, trip.books, [_shipped(trip, taken, leaving.at)], broken_by="transfer")
    await bill_shipment(tx, trip.id, leaving.at, leaving.actor)


def _wanted(trip: Trip, chosen: Sequence[Chosen]) -> list[tuple[Any, list[tuple[int, UUID | None]]]]:
    """What leaves of each line: quantities with the lot chosen for them, or None for FEFO."""
    by_line = {one.line: one for one in chosen}
    unknown = set(by_line) - {line["line"] for line in trip.lines}
    if unknown:
        raise BadQuantity(f"The transfer has no line {min(unknown)}", field="lines")
    found = []
    for line in trip.lines:
        asked = line["quantity"] if line["approved"] is None else line["approved"]
        one = by_line.get(line["line"])
        if one is None:
            found.append((line, [(asked, line["lot_id"])] if asked else []))
        else:
            found.append((line, _parts(trip, line, one)))
    return found


def _parts(trip: Trip, line: Any, one: Chosen) -> list[tuple[int, UUID | None]]:
    product = trip.products[line["product_id"]]
    quantity = _quantity(one.quantity, product.decimals)
    if not one.lots:
        return [(quantity, line["lot_id"])] if quantity else []
    parts: list[tuple[int, UUID | None]] = []
    for lot_id, text in one.lots:
        lot = trip.lots.get(lot_id)
        if lot is None or lot.product_id != product.id:
            raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(lot_id))
        parts.append((_quantity(text, product.decimals), lot_id))
    total = sum(part for part, _ in parts)
    if total != quantity:
        raise BadQuantity(
            "The lots do not sum to what leaves",
            field="lots",
            quantity=format_quantity(quantity, product.decimals),
            lots=format_quantity(total, product.decimals),
        )
    return [part for part in parts if part[0]]


def _quantity(text: str, decimals: int) -> int:
    try:
        quantity = parse_quantity(text, decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity") from error
    if quantity < 0:
        raise BadQuantity("A quantity is not below zero", field="quantity")
    return quantity


def leave(trip: Trip, cell: Cell, wanted: int, lot_id: UUID | None, entry: Entry, day: date) -> list[Taken]:
    """Move a quantity from the shelf into transit; `day` is the destination's, by which a lot must be usable.

    Raises LotIsExpired, LotIsApart or NotEnoughStock; what is held for charges does not leave.
    """
    transit = trip.to_site.place(places.TRANSIT)
    into = trip.there(cell.product.id)
    if lot_id is not None:
        _must_be_usable(trip.lots[lot_id], cell, day)
    usable = [
        one
        for one in cell.balances.values()
        if one.place.kind == places.SHELF
        and is_usable(one.expires_on, day)
        and not (one.lot and one.lot.is_recalled)
        and lot_id in {None, one.lot_key}
    ]
    free = min(sum(one.on_hand for one in usable), cell.level.available)
    if wanted > free:
        raise _too_little(cell, wanted, max(0, free))
    if lot_id is None:
        taken, _ = trip.books.take(cell, wanted, transit, entry, into=into, usable_on=day)
        return taken
    parts = []
    for balance in usable:
        part = min(balance.on_hand, wanted)
        if part > 0:
            cost = costs.share(balance.cost, part, balance.on_hand)
            moved = trip.books.move(cell, balance.place, transit, balance.lot, part, cost, entry, into=into)
            parts.append(Taken(balance.lot, part, cost, moved))
            wanted -= part
    return parts


def _must_be_usable(lot: Lot, cell: Cell, day: date) -> None:
    name = f"Lot {lot.number}" if lot.number else "The lot"
    if not is_usable(lot.expires_on, day):
        raise LotIsExpired(
            f"{name} expired on {lot.expires_on}",
            field="lot_id",
            lot_id=str(lot.id),
            expires_on=str(lot.expires_on),
            ways_out=("choose another lot", "write it off"),
        )
    shelf, apart = cell.of_lot(lot.id, places.SHELF), cell.of_lot(lot.id, places.QUARANTINE)
    is_apart = any(one.on_hand for one in apart) and not any(one.on_hand for one in shelf)
    if lot.is_recalled or is_apart:
        raise LotIsApart(
            f"{name} is {'recalled' if lot.is_recalled else 'in quarantine'} at {cell.site.slug}",
            field="lot_id",
            lot_id=str(lot.id),
            ways_out=("choose another lot", "release it first"),
        )


def _too_little(cell: Cell, wanted: int, available: int) -> NotEnoughStock:
    decimals = cell.product.decimals
    return NotEnoughStock(
        f"{cell.product.name}: {format_quantity(available, decimals)} can leave {cell.site.slug}",
        ways_out=("ship less", "receive stock first", "void a hold"),
        product_id=str(cell.product.id),
        site=cell.site.slug,
        wanted=format_quantity(wanted, decimals),
        available=format_quantity(available, decimals),
        on_hand=format_quantity(cell.level.on_hand, decimals),
        held=format_quantity(cell.level.held, decimals),
    )


def _shipped(trip: Trip, taken: Sequence[LotTaken], at: datetime) -> TransferShipped:
    return TransferShipped(
        site=trip.from_site.slug,
        transfer_id=trip.id,
        from_site=trip.from_site.slug,
        to_site=trip.to_site.slug,
        taken=tuple(taken),
        happened_at=at,
    )
