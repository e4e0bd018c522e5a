"""The only home of transfers on paper: drafted, asked for, changed, approved, declined, called off (STK-27)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import LotTaken, TransferCancelled
from lotwise.kit.database import Tx
from lotwise.stock.domain import transfers
from lotwise.stock.domain.movements import TRANSFER, Entry
from lotwise.stock.domain.places import Product
from lotwise.stock.domain.refusals import (
    BadQuantity,
    NotKept,
    ReturnTooMuch,
    UnknownLot,
    UnknownProduct,
    UnknownSite,
)
from lotwise.stock.domain.transfers import LotChange, Part
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.notes import undo_shipment
from lotwise.stock.operations.recalls import refuse_recalled
from lotwise.stock.operations.receipts import positive
from lotwise.stock.operations.requests import count_requests
from lotwise.stock.operations.trips import Trip, asked_lines, begin, landing_place, locked, out_of_transit, step_lines
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.transfers import (
    Head,
    Line,
    Step,
    add_step,
    add_transfer,
    approve_lines,
    change_lots,
    change_transfer,
    returns_of,
    set_state,
    transfer_lines,
    transfer_lots,
)
from lotwise.values import BadValue, format_quantity, parse_quantity

Wanted = Sequence[tuple[UUID, str, UUID | None]]
"""Lines as entered: product, quantity, lot or None."""


class Order(NamedTuple):
    """A transfer as it is asked for; `is_request` when the receiving site asks the sending one."""

    transfer_id: UUID
    from_site: str
    to_site: str
    note: str
    actor: str
    lines: Wanted
    is_request: bool = False
    origin: str = transfers.PERSON


async def draft(tx: Tx, order: Order) -> bool:
    """Write a draft or a request; False when it exists.

    Raises UnknownSite, UnknownProduct, UnknownLot, NotKept, BadQuantity, BadValue for a transfer to itself.
    """
    sites = await sites_of(tx, {order.from_site, order.to_site})
    for field, slug in (("from_site", order.from_site), ("to_site", order.to_site)):
        if slug not in sites:
            raise UnknownSite("No site has this name", field=field, site=slug)
    if order.from_site == order.to_site:
        raise BadValue("A transfer goes to another site", field="to_site")
    rows, products = await _understand(tx, order.lines)
    now = datetime.now(UTC)
    state = transfers.REQUESTED if order.is_request else transfers.DRAFT
    head = Head(order.transfer_id, order.from_site, order.to_site, state, order.note, order.actor, order.origin)
    added = await add_transfer(tx, head, rows, now)
    if added:
        word = "request" if order.is_request else "draft"
        step = Step(word, now, order.actor, order.note, asked_lines(_as_lines(rows), products))
        await add_step(tx, order.transfer_id, step, now)
    return added


def _as_lines(rows: Sequence[Line]) -> list[dict[str, Any]]:
    return [dict(zip(("line", "product_id", "lot_id", "quantity"), row, strict=True)) for row in rows]


async def _understand(tx: Tx, lines: Wanted) -> tuple[list[Line], dict[UUID, Product]]:
    products = await products_of(tx, {line[0] for line in lines})
    lots = await lots_of(tx, {line[2] for line in lines if line[2]})
    rows: list[Line] = []
    for number, (product_id, text, lot_id) in enumerate(lines, start=1):
        product = products.get(product_id)
        if product is None:
            raise UnknownProduct("No product has this id", field="product_id", product_id=str(product_id))
        if not product.is_kept:
            raise NotKept(f"{product.name} has no stock to move", field="product_id")
        if lot_id and (lot_id not in lots or lots[lot_id].product_id != product_id):
            raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(lot_id))
        rows.append((number, product_id, lot_id, positive(text, product)))
    await refuse_recalled(tx, lots)
    return rows, products


async def edit(tx: Tx, transfer_id: UUID, note: str, lines: Wanted, actor: str, expected: Callable[[int], None]) -> int:
    """Give a draft or a request other lines; returns the new revision.

    `expected` is called with the locked revision and may raise. Raises what `draft` raises, UnknownTransfer and
    TransferMove.
    """
    row, _ = await locked(tx, transfer_id, "edit")
    expected(row["revision"])
    rows, products = await _understand(tx, lines)
    now = datetime.now(UTC)
    await change_transfer(tx, transfer_id, note, rows)
    await add_step(tx, transfer_id, Step("edit", now, actor, note, asked_lines(_as_lines(rows), products)), now)
    revision: int = row["revision"] + 1
    return revision


async def approve(
    tx: Tx, transfer_id: UUID, quantities: Sequence[tuple[int, str]], note: str, actor: str, exponent: int
) -> None:
    """Agree to send what was asked, or (line, quantity) of it; the sender's need counts it from now on (STK-39).

    Raises UnknownTransfer, TransferMove, BadQuantity for a line that is not there or nothing at all.
    """
    _, after = await locked(tx, transfer_id, "approve")
    lines = {line["line"]: line for line in await transfer_lines(tx, transfer_id)}
    products = await products_of(tx, {line["product_id"] for line in lines.values()})
    approved = {number: line["quantity"] for number, line in lines.items()}
    for number, text in quantities:
        if number not in lines:
            raise BadQuantity(f"The transfer has no line {number}", field="lines")
        approved[number] = _none_or_more(text, products[lines[number]["product_id"]])
    if not any(approved.values()):
        raise BadQuantity("Nothing would be sent: decline it instead", field="lines", ways_out=("decline it",))
    now = datetime.now(UTC)
    await approve_lines(tx, transfer_id, sorted(approved.items()))
    await set_state(tx, transfer_id, after, now, actor)
    shown = [{**dict(line), "quantity": approved[number]} for number, line in lines.items()]
    await add_step(tx, transfer_id, Step("approve", now, actor, note, asked_lines(shown, products)), now)
    await count_requests(tx, [transfer_id], exponent)


def _none_or_more(text: str, product: Product) -> int:
    try:
        quantity = parse_quantity(text, product.decimals)
    except ValueError as error:
        raise BadQuantity(str(error), field="quantity", unit=product.unit) from error
    if quantity < 0:
        raise BadQuantity("A quantity is not below zero", field="quantity")
    return quantity


async def decline(tx: Tx, transfer_id: UUID, reason: str, actor: str, exponent: int) -> None:
    """Refuse a request, saying why. Raises UnknownTransfer or TransferMove."""
    _, after = await locked(tx, transfer_id, "decline")
    now = datetime.now(UTC)
    await set_state(tx, transfer_id, after, now, actor)
    await add_step(tx, transfer_id, Step("decline", now, actor, reason), now)
    await count_requests(tx, [transfer_id], exponent)


async def cancel(tx: Tx, transfer_id: UUID, at: datetime, actor: str, exponent: int, note: str = "") -> str:
    """Call a transfer off; what is on its way goes back to the site it left. Returns the state it was in.

    Raises UnknownTransfer or TransferMove.
    """
    trip = await begin(tx, transfer_id, "cancel", exponent)
    parts = [Part(lot, lot.in_transit, lot.left_minor) for lot in trip.on_its_way() if lot.in_transit]
    taken = [_bring_back(trip, part, Entry(at, actor, TRANSFER, transfer_id, part.lot.line)) for part in parts]
    changes = [
        LotChange(part.lot.line, part.lot.lot_id, returned=part.quantity, left_minor=-part.cost) for part in parts
    ]
    await change_lots(tx, transfer_id, changes)
    await set_state(tx, transfer_id, trip.after, trip.books.now, actor)
    await add_step(tx, transfer_id, Step("cancel", at, actor, note, step_lines(taken)), trip.books.now)
    events: list[Event] = [_cancelled(trip, taken, at)] if trip.state == transfers.SHIPPED else []
    await close_books(tx, trip.books, events)
    back = [(part.lot.line, part.lot.lot_id, part.quantity) for part in parts]
    await undo_shipment(tx, transfer_id, back, at, actor)
    if trip.state in {transfers.REQUESTED, transfers.APPROVED}:
        await count_requests(tx, [transfer_id], exponent)
    return trip.state


def _bring_back(trip: Trip, part: Part, entry: Entry) -> LotTaken:
    into = trip.here(part.lot.product_id)
    return out_of_transit(trip, part, landing_place(trip, into, trip.lots[part.lot.lot_id]), entry, into=into)


def _cancelled(trip: Trip, taken: Sequence[LotTaken], at: datetime) -> TransferCancelled:
    return TransferCancelled(
        site=trip.to_site.slug,
        transfer_id=trip.id,
        from_site=trip.from_site.slug,
        to_site=trip.to_site.slug,
        taken=tuple(taken),
        happened_at=at,
    )


async def send_back(tx: Tx, transfer_id: UUID, lines: Wanted, note: str, actor: str) -> UUID:
    """Draft the return of goods that were received: a transfer the other way round; returns its id.

    A line names the lot, or any of the product that arrived. Raises UnknownTransfer, TransferMove, UnknownProduct,
    BadQuantity, and ReturnTooMuch for more than arrived and was not sent back before.
    """
    row, _ = await locked(tx, transfer_id, "return")
    carried = await transfer_lots(tx, transfer_id)
    products = await products_of(tx, {one["product_id"] for one in carried})
    free: dict[tuple[UUID, UUID], int] = {}
    gone = await returns_of(tx, transfer_id)
    for one in carried:
        key = (one["product_id"], one["lot_id"])
        free[key] = free.get(key, 0) + one["received"] + one["returned"]
    free = {key: quantity - gone.get(key, 0) for key, quantity in free.items()}
    rows: list[Line] = []
    for product_id, text, lot_id in lines:
        product = products.get(product_id)
        if product is None:
            raise UnknownProduct("This transfer did not carry that product", field="product_id")
        rows += _taken_back(product, positive(text, product), lot_id, free, len(rows))
    now, back_id = datetime.now(UTC), uuid7()
    head = Head(
        back_id, row["to_site"], row["from_site"], transfers.DRAFT, note, actor, transfers.RETURN, None, transfer_id
    )
    await add_transfer(tx, head, rows, now)
    shown = asked_lines(_as_lines(rows), products)
    await add_step(tx, back_id, Step("draft", now, actor, note, shown), now)
    await add_step(tx, transfer_id, Step("return", now, actor, note, shown), now)
    return back_id


def _taken_back(
    product: Product, wanted: int, lot_id: UUID | None, free: dict[tuple[UUID, UUID], int], so_far: int
) -> list[Line]:
    rows: list[Line] = []
    rest = wanted
    for key in [one for one in free if one[0] == product.id and lot_id in {None, one[1]}]:
        part = min(free[key], rest)
        if part > 0:
            free[key] -= part
            rest -= part
            rows.append((so_far + len(rows) + 1, product.id, key[1], part))
    if rest:
        raise ReturnTooMuch(
            f"{product.name}: {format_quantity(wanted - rest, product.decimals)} can go back",
            field="quantity",
            wanted=format_quantity(wanted, product.decimals),
            received=format_quantity(wanted - rest, product.decimals),
            ways_out=("send back what arrived", "make a transfer of its own"),
        )
    return rows
