"""The only home of moving stock between sites: shipped by FEFO, in transit, received or explained."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import LotTaken, StockAdjusted, TransferReceived, TransferShipped
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, places, transfers
from lotwise.stock.domain.allocations import is_usable
from lotwise.stock.domain.cells import Books, Cell, Taken
from lotwise.stock.domain.lots import Lot
from lotwise.stock.domain.movements import TRANSFER, Entry
from lotwise.stock.domain.places import Product, Site
from lotwise.stock.domain.refusals import (
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
from lotwise.stock.domain.transfers import Arrival, Shipped
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.receipts import positive
from lotwise.stock.operations.sales import lot_taken
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.stock.repository.transfers import (
    add_shipped,
    add_transfer,
    arrive,
    lock_transfer,
    set_state,
    transfer_lines,
    transfer_lots,
)
from lotwise.values import BadValue, format_quantity, parse_quantity


class Order(NamedTuple):
    """A transfer as it is asked for: lines of (product, quantity, lot or None)."""

    transfer_id: UUID
    from_site: str
    to_site: str
    note: str
    actor: str
    lines: Sequence[tuple[UUID, str, UUID | None]]


class Counted(NamedTuple):
    """How much arrived of a product, of one lot or of any."""

    product_id: UUID
    lot_id: UUID | None
    quantity: str


class Trip(NamedTuple):
    """A transfer under its lock, with the books of both its sites."""

    transfer_id: UUID
    from_site: Site
    to_site: Site
    books: Books
    products: dict[UUID, Product]
    lots: dict[UUID, Lot]

    def here(self, product_id: UUID) -> Cell:
        """The product's cell at the site it leaves."""
        return self.books.cells[self.from_site.slug, product_id]

    def there(self, product_id: UUID) -> Cell:
        """The product's cell at the site it goes to."""
        return self.books.cells[self.to_site.slug, product_id]


async def draft(tx: Tx, order: Order) -> bool:
    """Write a draft; False when it exists. Raises UnknownSite, UnknownProduct, UnknownLot, NotKept, BadQuantity."""
    sites = await sites_of(tx, {order.from_site, order.to_site})
    for field, slug in (("from_site", order.from_site), ("to_site", order.to_site)):
        if slug not in sites:
            raise UnknownSite("No site has this name", field=field, site=slug)
    if order.from_site == order.to_site:
        raise BadValue("A transfer goes to another site", field="to_site")
    products = await products_of(tx, {line[0] for line in order.lines})
    lots = await lots_of(tx, {line[2] for line in order.lines if line[2]})
    rows = []
    for number, (product_id, text, lot_id) in enumerate(order.lines, start=1):
        product = products.get(product_id)
        if product is None:
            raise UnknownProduct("No product has this id", field="product_id", product_id=str(product_id))
        if not product.is_kept:
            raise NotKept(f"{product.name} has no stock to move", field="product_id")
        if lot_id and (lot_id not in lots or lots[lot_id].product_id != product_id):
            raise UnknownLot("No lot of this product has this id", field="lot_id", lot_id=str(lot_id))
        rows.append((number, product_id, lot_id, positive(text, product)))
    now = datetime.now(UTC)
    return await add_transfer(tx, order.transfer_id, order.from_site, order.to_site, order.note, now, order.actor, rows)


async def _begin(tx: Tx, transfer_id: UUID, move: str, exponent: int) -> tuple[Trip, str, str]:
    """Lock the transfer, then its cells at both sites. Raises UnknownTransfer or TransferMove."""
    row = await lock_transfer(tx, transfer_id)
    if row is None:
        raise UnknownTransfer("No transfer has this id", transfer_id=str(transfer_id))
    after = transfers.next_state(row["state"], move)
    if after is None:
        raise TransferMove(f"It is {row['state']}", state=row["state"], move=move)
    lines = await transfer_lines(tx, transfer_id)
    shipped = await transfer_lots(tx, transfer_id)
    sites = await sites_of(tx, {row["from_site"], row["to_site"]})
    products = await products_of(tx, {line["product_id"] for line in lines})
    lots = await lots_of(tx, {one["lot_id"] for one in shipped})
    keys = {(site, product) for site in sites for product in products}
    books = await open_books(tx, keys, sites, products, datetime.now(UTC), exponent)
    trip = Trip(transfer_id, sites[row["from_site"]], sites[row["to_site"]], books, products, lots)
    return trip, row["state"], after


async def ship(tx: Tx, transfer_id: UUID, at: datetime, actor: str, exponent: int) -> Sequence[LotTaken]:
    """Let a draft leave: its lots by FEFO, usable at the destination's date, into transit there.

    Raises NotEnoughStock when the shelf does not cover a line (what is held counts), UnknownTransfer, TransferMove.
    """
    trip, _, after = await _begin(tx, transfer_id, "ship", exponent)
    transit = trip.to_site.place(places.TRANSIT)
    day = trip.books.day(at, trip.to_site)
    taken: list[LotTaken] = []
    rows: list[tuple[int, UUID, UUID, int, int]] = []
    for line in await transfer_lines(tx, transfer_id):
        cell, into = trip.here(line["product_id"]), trip.there(line["product_id"])
        entry = Entry(at, actor, TRANSFER, transfer_id, line["line"])
        parts = _ship_line(trip, cell, into, line, transit, entry, day)
        rows += [(line["line"], one.lot.id, cell.product.id, one.quantity, one.cost) for one in parts if one.lot]
        taken += [lot_taken(cell.product, line["line"], one) for one in parts]
    await add_shipped(tx, transfer_id, rows)
    await set_state(tx, transfer_id, after, trip.books.now)
    await close_books(tx, trip.books, [_shipped(trip, taken, at)], broken_by="transfer")
    return taken


def _ship_line(
    trip: Trip, cell: Cell, into: Cell, line: Any, transit: places.Place, entry: Entry, day: Any
) -> list[Taken]:
    wanted: int = line["quantity"]
    lot_id: UUID | None = line["lot_id"]
    usable = sum(
        one.on_hand
        for one in cell.balances.values()
        if one.place.kind == places.SHELF and is_usable(one.expires_on, day) and lot_id in {None, one.lot_key}
    )
    free = min(usable, cell.level.available)
    if wanted > free:
        raise _too_little(cell, wanted, max(0, free))
    if lot_id is None:
        taken, _ = trip.books.take(cell, wanted, transit, entry, into=into, usable_on=day)
        return taken
    parts = []
    for balance in cell.of_lot(lot_id, places.SHELF):
        part = min(balance.on_hand, wanted)
        if part > 0:
            cost = costs.share(balance.cost, part, balance.on_hand)
            moved = trip.books.move(cell, balance.place, transit, balance.lot, part, cost, entry, into=into)
            parts.append(Taken(balance.lot, part, cost, moved))
            wanted -= part
    return parts


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
        transfer_id=trip.transfer_id,
        from_site=trip.from_site.slug,
        to_site=trip.to_site.slug,
        taken=tuple(taken),
        happened_at=at,
    )


async def receive(
    tx: Tx,
    transfer_id: UUID,
    counted: Sequence[Counted],
    missing_reason: str | None,
    at: datetime,
    actor: str,
    exponent: int,
) -> tuple[Sequence[LotTaken], Sequence[LotTaken]]:
    """Take a transfer in: in full when nothing is counted, else as counted; returns what arrived and what did not.

    What did not arrive stays in transit, and the transfer open, until a reason writes it off: loss, theft, damage or
    waste. More than shipped is refused. Raises TransferUnexplained, UnknownTransfer, TransferMove, BadQuantity.
    """
    trip, _, after = await _begin(tx, transfer_id, "receive", exponent)
    shipped = [
        Shipped(row["line"], row["product_id"], row["lot_id"], row["shipped"] - row["received"] - row["lost"])
        for row in await transfer_lots(tx, transfer_id)
    ]
    found, too_much = transfers.arrivals(shipped, _counts(trip, counted))
    if too_much:
        raise TransferUnexplained(
            "More was counted than was shipped", ways_out=("count again", "adjust the surplus as found")
        )
    if missing_reason is not None and missing_reason not in transfers.EXPLANATIONS:
        raise BadValue("Say loss, theft, damage or waste", field="missing_reason")
    taken, missing, rows = _take_in(trip, found, missing_reason, at, actor)
    await arrive(tx, transfer_id, rows)
    if not missing or missing_reason:
        await set_state(tx, transfer_id, after, trip.books.now)
    events: list[Event] = [_received(trip, taken, missing, at)]
    if missing_reason:
        events += _losses(trip, found, missing, missing_reason, at, actor)
    await close_books(tx, trip.books, events)
    return taken, missing


def _counts(trip: Trip, counted: Sequence[Counted]) -> dict[tuple[UUID, UUID | None], int]:
    counts: dict[tuple[UUID, UUID | None], int] = {}
    for one in counted:
        product = trip.products.get(one.product_id)
        if product is None:
            raise UnknownProduct("This transfer does not carry that product", field="product_id")
        try:
            quantity = parse_quantity(one.quantity, product.decimals)
        except ValueError as error:
            raise BadQuantity(str(error), field="quantity") from error
        if quantity < 0:
            raise BadQuantity("A count is not below zero", field="quantity")
        key = (one.product_id, one.lot_id)
        counts[key] = counts.get(key, 0) + quantity
    return counts


def _take_in(
    trip: Trip, found: Sequence[Arrival], missing_reason: str | None, at: datetime, actor: str
) -> tuple[list[LotTaken], list[LotTaken], list[tuple[int, UUID, int, int]]]:
    """Move what arrived to the shelf (expired goods to quarantine) and what is explained to its account."""
    taken: list[LotTaken] = []
    missing: list[LotTaken] = []
    rows = []
    for one in found:
        cell, lot = trip.there(one.lot.product_id), trip.lots[one.lot.lot_id]
        entry = Entry(at, actor, TRANSFER, trip.transfer_id, one.lot.line)
        if one.arrived:
            usable = is_usable(lot.expires_on, trip.books.day(trip.books.now, cell.site))
            shelf = cell.site.place(places.SHELF)
            target = shelf if usable else cell.site.place(places.QUARANTINE, places.EXPIRED)
            taken.append(
                lot_taken(cell.product, one.lot.line, _from_transit(trip, cell, lot, one.arrived, target, entry))
            )
            if usable and cell.level.unattributed < 0:
                trip.books.settle(cell, lot, shelf, entry)
        lost = one.missing if missing_reason else 0
        if lost:
            account = cell.site.place(transfers.EXPLANATIONS[missing_reason or "loss"])
            part = _from_transit(trip, cell, lot, lost, account, entry._replace(reason=missing_reason or "loss"))
            missing.append(lot_taken(cell.product, one.lot.line, part))
        elif one.missing:
            balance = cell.at(cell.site.place(places.TRANSIT), lot)
            cost = costs.share(balance.cost, one.missing, balance.on_hand)
            missing.append(lot_taken(cell.product, one.lot.line, Taken(lot, one.missing, cost, trip.transfer_id)))
        rows.append((one.lot.line, lot.id, one.arrived, lost))
    return taken, missing, rows


def _from_transit(trip: Trip, cell: Cell, lot: Lot, quantity: int, target: places.Place, entry: Entry) -> Taken:
    transit = cell.site.place(places.TRANSIT)
    balance = cell.at(transit, lot)
    cost = costs.share(balance.cost, quantity, balance.on_hand)
    return Taken(lot, quantity, cost, trip.books.move(cell, transit, target, lot, quantity, cost, entry))


def _received(trip: Trip, taken: Sequence[LotTaken], missing: Sequence[LotTaken], at: datetime) -> TransferReceived:
    return TransferReceived(
        site=trip.to_site.slug,
        transfer_id=trip.transfer_id,
        from_site=trip.from_site.slug,
        to_site=trip.to_site.slug,
        taken=tuple(taken),
        missing=tuple(missing),
        happened_at=at,
    )


def _losses(
    trip: Trip, found: Sequence[Arrival], missing: Sequence[LotTaken], reason: str, at: datetime, actor: str
) -> list[Event]:
    """An explained difference is an adjustment that waste reports see."""
    return [
        StockAdjusted(
            site=trip.to_site.slug,
            adjustment_id=trip.transfer_id,
            product_id=one.product_id,
            lot_id=one.lot_id,
            quantity=f"-{one.quantity}",
            cost_minor=-one.cost_minor,
            reason=reason,
            note=f"did not arrive ({len(found)} lots shipped)",
            happened_at=at,
            actor=actor,
        )
        for one in missing
    ]


async def cancel(tx: Tx, transfer_id: UUID, at: datetime, actor: str, exponent: int) -> str:
    """Call a transfer off; what is on its way goes back to the shelf it left. Returns the state it was in.

    Raises UnknownTransfer or TransferMove.
    """
    trip, was, after = await _begin(tx, transfer_id, "cancel", exponent)
    rows = []
    for row in await transfer_lots(tx, transfer_id):
        quantity = row["shipped"] - row["received"] - row["lost"]
        if quantity:
            _bring_back(trip, row, quantity, Entry(at, actor, TRANSFER, transfer_id, row["line"]))
            rows.append((row["line"], row["lot_id"], 0, quantity))
    await arrive(tx, transfer_id, rows)
    await set_state(tx, transfer_id, after, trip.books.now)
    await close_books(tx, trip.books)
    return was


def _bring_back(trip: Trip, row: Any, quantity: int, entry: Entry) -> None:
    cell, into = trip.there(row["product_id"]), trip.here(row["product_id"])
    lot = trip.lots[row["lot_id"]]
    transit = cell.site.place(places.TRANSIT)
    balance = cell.at(transit, lot)
    cost = costs.share(balance.cost, quantity, balance.on_hand)
    usable = is_usable(lot.expires_on, trip.books.day(trip.books.now, into.site))
    target = into.site.place(places.SHELF) if usable else into.site.place(places.QUARANTINE, places.EXPIRED)
    trip.books.move(cell, transit, target, lot, quantity, cost, entry, into=into)
