"""The only home of goods that arrive from another site: received, missing and explained, found later (STK-29, N-25)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotTaken, StockAdjusted, TransferReceived, TransferShipped
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places, transfers
from lotwise.stock.domain.cells import Taken
from lotwise.stock.domain.movements import TRANSFER, Entry
from lotwise.stock.domain.refusals import BadQuantity, NotOnItsWay, TransferUnexplained, UnknownProduct
from lotwise.stock.domain.transfers import LotChange, Part, Shipped, left_of, pick
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.notes import credit
from lotwise.stock.operations.sales import lot_taken
from lotwise.stock.operations.trips import Trip, begin, landing_place, out_of_transit, step_lines
from lotwise.stock.operations.waiting import Waiting, judge_of, wait_for_witness
from lotwise.stock.repository.adjustments import pending_lots
from lotwise.stock.repository.transfers import (
    Head,
    Step,
    add_shipped,
    add_step,
    add_transfer,
    change_lots,
    set_state,
)
from lotwise.values import BadValue, format_quantity, parse_quantity

FOUND = "found"
BACK_NOTE = "Sent back on arrival"
WHY = "did not arrive"


class Counted(NamedTuple):
    """How much arrived (or is missing, or was found) of a product, of one lot or of any; why the rest is missing."""

    product_id: UUID
    lot_id: UUID | None
    quantity: str
    reason: str | None = None
    note: str = ""


class Arrived(NamedTuple):
    """Who takes it in when; `missing_reason` explains all that did not come and has no reason of its own."""

    at: datetime
    actor: str
    counted: Sequence[Counted] = ()
    missing_reason: str | None = None
    note: str = ""


Missing = list[tuple[Part, str, str]]
"""What is explained: a part, its reason, a note."""


async def receive(
    tx: Tx, transfer_id: UUID, arrived: Arrived, exponent: int
) -> tuple[Sequence[LotTaken], Sequence[LotTaken]]:
    """Take a transfer in: in full when nothing is counted, else as counted; returns what arrived and what did not.

    What did not arrive stays in transit, and the transfer open, until it is explained: loss, theft, damage, waste,
    or returned (then it is on its way back). What needs a second person waits for a witness (N-22). More than shipped
    is refused.
    Raises TransferUnexplained, UnknownTransfer, TransferMove, BadQuantity, UnknownProduct, BadValue.
    """
    trip = await begin(tx, transfer_id, "receive", exponent)
    shipped = trip.on_its_way()
    counts = _counts(trip, arrived.counted)
    found, too_much = transfers.arrivals(shipped, counts)
    if too_much:
        raise TransferUnexplained(
            "More was counted than was shipped", ways_out=("count again", "adjust the surplus as found")
        )
    came = [_part(one.lot, one.arrived) for one in found if one.arrived]
    rest = left_of(shipped, came)
    reasons = _reasons(arrived)
    missing: Missing = [
        (Part(lot, lot.in_transit, lot.left_minor), reason, note)
        for lot in rest
        if lot.in_transit and (why := _why(lot, reasons, arrived.missing_reason))
        for reason, note in [why]
    ]
    missing = await _alone(tx, trip, missing, arrived)
    taken = [_take_in(trip, part, arrived) for part in came]
    lost = await _explain(tx, trip, missing, arrived)
    still = [lot for lot in left_of(rest, [part for part, _, _ in missing]) if lot.in_transit]
    changes = [LotChange(p.lot.line, p.lot.lot_id, received=p.quantity, left_minor=-p.cost) for p in came]
    await change_lots(tx, transfer_id, changes)
    told = [lot_taken(trip.products[one.product_id], one.line, _lying(trip, one)) for one in still]
    step = Step("receive", arrived.at, arrived.actor, arrived.note, step_lines(taken))
    await _end(tx, trip, step, arrived, taken, [*lost, *told], is_closed=not still, missing=missing)
    return taken, [*lost, *told]


def _part(lot: Shipped, quantity: int) -> Part:
    return Part(lot, quantity, costs.share(lot.left_minor, quantity, lot.in_transit))


def _lying(trip: Trip, lot: Shipped) -> Taken:
    return Taken(trip.lots[lot.lot_id], lot.in_transit, lot.left_minor, trip.id)


def _counts(trip: Trip, counted: Sequence[Counted]) -> dict[tuple[UUID, UUID | None], int]:
    counts: dict[tuple[UUID, UUID | None], int] = {}
    for one in counted:
        key = (one.product_id, one.lot_id)
        counts[key] = counts.get(key, 0) + _quantity(trip, one)
    return counts


def _quantity(trip: Trip, one: Counted) -> int:
    product = trip.products.get(one.product_id)
    if product is None:
        raise UnknownProduct("This transfer does not carry that product", field="product_id")
    try:
        quantity = parse_quantity(one.quantity, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity") from error
    if quantity < 0:
        raise BadQuantity("A count is not below zero", field="quantity")
    return quantity


def _reasons(arrived: Arrived) -> dict[tuple[UUID, UUID | None], tuple[str, str]]:
    found = {}
    for one in arrived.counted:
        if one.reason is not None:
            found[one.product_id, one.lot_id] = (_known(one.reason), one.note)
    if arrived.missing_reason is not None:
        _known(arrived.missing_reason)
    return found


def _known(reason: str) -> str:
    if reason not in transfers.REASONS:
        raise BadValue("Say loss, theft, damage, waste or returned", field="missing_reason")
    return reason


def _why(
    lot: Shipped, reasons: dict[tuple[UUID, UUID | None], tuple[str, str]], default: str | None
) -> tuple[str, str] | None:
    own = reasons.get((lot.product_id, lot.lot_id)) or reasons.get((lot.product_id, None))
    return own or ((default, "") if default else None)


def _take_in(trip: Trip, part: Part, arrived: Arrived) -> LotTaken:
    """Move what arrived to the shelf (expired goods to quarantine); it first settles what is owed."""
    cell, lot = trip.there(part.lot.product_id), trip.lots[part.lot.lot_id]
    entry = Entry(arrived.at, arrived.actor, TRANSFER, trip.id, part.lot.line)
    target = landing_place(trip, cell, lot)
    taken = out_of_transit(trip, part, target, entry)
    if target.kind == places.SHELF and cell.level.unattributed < 0:
        trip.books.settle(cell, lot, target, entry)
    return taken


async def explain(
    tx: Tx,
    transfer_id: UUID,
    differences: Sequence[Counted],
    at: datetime,
    actor: str,
    exponent: int,
    *,
    is_witnessed: bool = False,
) -> Sequence[LotTaken]:
    """Say what became of goods that did not arrive, some or all of them; the last word closes the transfer.

    What needs a second person stays on its way and waits for a witness, unless `is_witnessed`.

    Raises NotOnItsWay for more than is missing, UnknownTransfer, TransferMove, UnknownProduct, BadQuantity, BadValue.
    """
    trip = await begin(tx, transfer_id, "explain", exponent)
    rest = trip.on_its_way()
    missing: Missing = []
    for one in differences:
        quantity = _quantity(trip, one)
        parts, short = pick(rest, one.product_id, one.lot_id, quantity)
        if short:
            raise _not_missing(trip, one, quantity - short)
        rest = left_of(rest, parts)
        missing += [(part, _known(one.reason or ""), one.note) for part in parts]
    arrived = Arrived(at, actor)
    missing = missing if is_witnessed else await _alone(tx, trip, missing, arrived)
    if not missing:
        return []
    rest = left_of(trip.on_its_way(), [part for part, _, _ in missing])
    lost = await _explain(tx, trip, missing, arrived)
    note = "; ".join(dict.fromkeys(f"{reason}: {note}" if note else reason for _, reason, note in missing))
    step = Step("explain", at, actor, note, step_lines(lost))
    still = [lot for lot in rest if lot.in_transit]
    await _end(tx, trip, step, arrived, [], lost, is_closed=not still, missing=missing)
    return lost


def _not_missing(trip: Trip, one: Counted, there: int) -> NotOnItsWay:
    product = trip.products[one.product_id]
    return NotOnItsWay(
        f"{product.name}: only {format_quantity(there, product.decimals)} are missing",
        field="quantity",
        wanted=one.quantity,
        missing=format_quantity(there, product.decimals),
        ways_out=("explain what is missing",),
    )


async def _alone(tx: Tx, trip: Trip, missing: Missing, arrived: Arrived) -> Missing:
    """What one person may explain; the rest is written down and waits for a witness, each lot once (N-22)."""
    if not any(reason != transfers.RETURNED for _, reason, _ in missing):
        return missing
    site = trip.to_site.slug
    judge, before = await judge_of(tx, [site]), await pending_lots(tx, trip.id)
    alone: Missing = []
    waiting = []
    for part, reason, note in missing:
        product = trip.products[part.lot.product_id]
        needed = "" if reason == transfers.RETURNED else judge.why(site, reason, product.drug_class, part.cost)
        if not needed:
            alone.append((part, reason, note))
        elif part.lot.lot_id not in before:
            waiting.append(
                Waiting(
                    site, product.id, part.lot.lot_id, "", part.quantity, part.cost, reason, note or WHY, needed,
                    arrived.at, arrived.actor, transfer_id=trip.id,
                )
            )  # fmt: skip
    await wait_for_witness(tx, waiting, judge, trip.books.now)
    return alone


async def _explain(tx: Tx, trip: Trip, missing: Missing, arrived: Arrived) -> list[LotTaken]:
    """Move what is explained to its account, or onto the way back; write what became of each lot."""
    taken = []
    changes = []
    back: list[tuple[Part, LotTaken]] = []
    for part, reason, _ in missing:
        entry = Entry(arrived.at, arrived.actor, reason, trip.id, part.lot.line)
        if reason == transfers.RETURNED:
            into = trip.here(part.lot.product_id)
            target = into.site.place(places.TRANSIT)
            moved = out_of_transit(trip, part, target, entry._replace(reason=TRANSFER), into=into)
            back.append((part, moved))
            changes.append(LotChange(part.lot.line, part.lot.lot_id, returned=part.quantity, left_minor=-part.cost))
        else:
            target = trip.to_site.place(transfers.EXPLANATIONS[reason])
            moved = out_of_transit(trip, part, target, entry)
            changes.append(
                LotChange(
                    part.lot.line, part.lot.lot_id, lost=part.quantity, left_minor=-part.cost, lost_minor=part.cost
                )
            )
        taken.append(moved)
    await change_lots(tx, trip.id, changes)
    if back:
        await _send_back(tx, trip, back, arrived)
    return taken


async def _send_back(tx: Tx, trip: Trip, back: Sequence[tuple[Part, LotTaken]], arrived: Arrived) -> None:
    """Write the transfer that carries refused goods back: it is on its way already."""
    back_id = uuid7()
    head = Head(
        back_id, trip.to_site.slug, trip.from_site.slug, transfers.SHIPPED, BACK_NOTE, arrived.actor,
        transfers.RETURN, None, trip.id,
    )  # fmt: skip
    lines = [
        (number, part.lot.product_id, part.lot.lot_id, part.quantity) for number, (part, _) in enumerate(back, start=1)
    ]
    now = trip.books.now
    await add_transfer(tx, head, lines, now)
    rows = [
        (number, part.lot.lot_id, part.lot.product_id, part.quantity, part.cost)
        for number, (part, _) in enumerate(back, start=1)
    ]
    await add_shipped(tx, back_id, rows)
    await set_state(tx, back_id, transfers.SHIPPED, arrived.at, arrived.actor)
    await add_step(
        tx, back_id, Step("ship", arrived.at, arrived.actor, BACK_NOTE, step_lines(one for _, one in back)), now
    )
    gone = [(part.lot.line, part.lot.lot_id, part.quantity) for part, _ in back]
    await credit(tx, trip.id, back_id, gone, arrived.at, arrived.actor)


async def _end(
    tx: Tx,
    trip: Trip,
    step: Step,
    arrived: Arrived,
    taken: Sequence[LotTaken],
    gone: Sequence[LotTaken],
    *,
    is_closed: bool,
    missing: Missing,
) -> None:
    if is_closed:
        await set_state(tx, trip.id, trip.after, arrived.at, arrived.actor)
    else:
        await set_state(tx, trip.id, trip.state, arrived.at, arrived.actor)
    await add_step(tx, trip.id, step, trip.books.now)
    events: list[Event] = [
        TransferReceived(
            site=trip.to_site.slug,
            transfer_id=trip.id,
            from_site=trip.from_site.slug,
            to_site=trip.to_site.slug,
            taken=tuple(taken),
            missing=tuple(gone),
            is_closed=is_closed,
            happened_at=arrived.at,
        )
    ]
    events += _told(trip, missing, gone, arrived)
    await close_books(tx, trip.books, events)


def _told(trip: Trip, missing: Missing, gone: Sequence[LotTaken], arrived: Arrived) -> list[Event]:
    """An explained difference is an adjustment that waste reports see; what goes back is on its way."""
    events: list[Event] = []
    for (_, reason, note), one in zip(missing, gone, strict=False):
        if reason != transfers.RETURNED:
            events.append(_adjusted(trip, one, -1, reason, note or WHY, arrived))
    back = [one for (_, reason, _), one in zip(missing, gone, strict=False) if reason == transfers.RETURNED]
    if back:
        events.append(
            TransferShipped(
                site=trip.to_site.slug,
                transfer_id=trip.id,
                from_site=trip.to_site.slug,
                to_site=trip.from_site.slug,
                taken=tuple(back),
                happened_at=arrived.at,
            )
        )
    return events


def _adjusted(trip: Trip, one: LotTaken, sign: int, reason: str, note: str, arrived: Arrived) -> StockAdjusted:
    return StockAdjusted(
        site=trip.to_site.slug,
        adjustment_id=uuid7(),
        product_id=one.product_id,
        lot_id=one.lot_id,
        quantity=one.quantity if sign > 0 else f"-{one.quantity}",
        cost_minor=sign * one.cost_minor,
        reason=reason,
        note=note,
        happened_at=arrived.at,
        actor=arrived.actor,
    )


async def find(
    tx: Tx, transfer_id: UUID, found: Sequence[Counted], at: datetime, actor: str, exponent: int
) -> Sequence[LotTaken]:
    """Goods that were called lost turned up at the receiving site: they come back at the cost they were lost with.

    Raises NotOnItsWay for more than is lost, UnknownTransfer, TransferMove, UnknownProduct, BadQuantity.
    """
    trip = await begin(tx, transfer_id, "find", exponent)
    lost = [
        Shipped(row["line"], row["product_id"], row["lot_id"], row["lost"] - row["found"], row["lost_minor"])
        for row in trip.carried
    ]
    arrived = Arrived(at, actor)
    taken: list[LotTaken] = []
    changes: list[LotChange] = []
    for one in found:
        quantity = _quantity(trip, one)
        parts, short = pick(lost, one.product_id, one.lot_id, quantity)
        if short:
            raise _not_missing(trip, one, quantity - short)
        lost = left_of(lost, parts)
        taken += [_turn_up(trip, part, arrived) for part in parts]
        changes += [LotChange(p.lot.line, p.lot.lot_id, found=p.quantity, lost_minor=-p.cost) for p in parts]
    await change_lots(tx, transfer_id, changes)
    await set_state(tx, transfer_id, trip.after, trip.books.now, actor)
    await add_step(tx, transfer_id, Step("find", at, actor, "", step_lines(taken)), trip.books.now)
    events: list[Event] = [_adjusted(trip, one, 1, FOUND, "turned up after all", arrived) for one in taken]
    await close_books(tx, trip.books, events)
    return taken


def _turn_up(trip: Trip, part: Part, arrived: Arrived) -> LotTaken:
    cell, lot = trip.there(part.lot.product_id), trip.lots[part.lot.lot_id]
    entry = Entry(arrived.at, arrived.actor, FOUND, trip.id, part.lot.line)
    source = cell.site.place(places.LOST_AND_FOUND)
    target = landing_place(trip, cell, lot)
    moved = trip.books.receive(cell, lot, part.quantity, part.cost, entry, source=source, target=target)
    return lot_taken(cell.product, part.lot.line, Taken(lot, part.quantity, part.cost, moved))
