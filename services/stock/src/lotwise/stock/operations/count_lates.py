"""The only home of facts that come after a count was posted and happened before it: the count stands, they are netted.

The goods were gone (or there) when they were counted, so the ledger had found them missing (or more) already. What
such a fact moves is moved back at the instant of counting, and told as an adjustment of that count (N-15, N-05).
"""

from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.contracts.stock import StockAdjusted
from lotwise.kit.database import Tx
from lotwise.stock.domain import costs, counts, places
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.counts import Count
from lotwise.stock.domain.lots import FOUND, Lot
from lotwise.stock.domain.movements import Entry
from lotwise.stock.operations.closing import close_books
from lotwise.stock.operations.sales import Known, own_lots
from lotwise.stock.repository.books import open_books
from lotwise.stock.repository.count_lates import (
    LateDebt,
    LateGoods,
    late_debts,
    late_goods,
    note_late,
)
from lotwise.stock.repository.counts import lock_count
from lotwise.stock.repository.definitions import products_of, sites_of
from lotwise.stock.repository.lots import lots_of
from lotwise.values import format_quantity

ACTOR = "stock"
REASON = "correction"


async def net_late(tx: Tx, count_id: UUID, exponent: int) -> int:
    """Net what a posted count did not know when it was posted; returns how many lots or debts that were.

    Only the cells of such facts are locked; one that arrives meanwhile for another cell is left to the next run, and so
    is a debt whose lot is not there yet.
    """
    count = await lock_count(tx, count_id)
    if count is None or count.state != counts.POSTED or count.closed_at is None:
        return 0
    foreseen = await late_debts(tx, count_id, count.closed_at)
    touched = {one.product_id for one in await late_goods(tx, count_id, count.closed_at)}
    touched |= {one.product_id for one in foreseen}
    if not touched:
        return 0
    products = await products_of(tx, touched)
    sites = await sites_of(tx, [count.site])
    now = datetime.now(UTC)
    own = await own_lots(tx, {(one.product_id, FOUND) for one in foreseen}, Known(sites, products), now)
    books = await open_books(tx, {(count.site, key) for key in products}, sites, products, now, exponent)
    goods = [one for one in await late_goods(tx, count_id, count.closed_at) if one.product_id in products]
    debts = [one for one in await late_debts(tx, count_id, count.closed_at) if one.product_id in products]
    if any((one.product_id, FOUND) not in own for one in debts):
        return 0
    lots = await lots_of(tx, {one.lot_id for one in goods})
    events: list[Event] = []
    noted: dict[int, int] = defaultdict(int)
    for late in goods:
        cell = books.cells[count.site, late.product_id]
        events += _move_back(books, count, cell, lots[late.lot_id], late)
        noted[late.line] += late.quantity
    for debt in debts:
        cell = books.cells[count.site, debt.product_id]
        events += _settle(books, count, cell, own[debt.product_id, FOUND], debt)
        noted[debt.line] -= debt.quantity
    await note_late(tx, count_id, products, sorted(noted.items()))
    await close_books(tx, books, events, broken_by="count")
    return len(goods) + len(debts)


def _move_back(books: Books, count: Count, cell: Cell, lot: Lot, late: LateGoods) -> list[Event]:
    """Undo at the shelf what a late fact moved there; at most what lies there, when it brought goods."""
    place = next(one for one in cell.site.places.values() if one.id == late.location_id)
    account = cell.site.place(places.LOST_AND_FOUND)
    entry = Entry(late.counted_at, ACTOR, REASON, count.id, late.line)
    balance = cell.at(place, lot)
    if late.quantity < 0:
        quantity = -late.quantity
        cost = costs.value_of(lot.unit_cost or cell.last_cost(), quantity, cell.product.decimals, books.exponent)
        books.move(cell, account, place, lot, quantity, cost, entry)
        return [_adjusted(count, cell, lot, quantity, cost, late.counted_at)]
    quantity = min(late.quantity, balance.on_hand)
    if quantity <= 0:
        return []
    cost = costs.share(balance.cost, quantity, balance.on_hand)
    books.move(cell, place, account, lot, quantity, cost, entry)
    return [_adjusted(count, cell, lot, -quantity, -cost, late.counted_at)]


def _settle(books: Books, count: Count, cell: Cell, lot: Lot, debt: LateDebt) -> list[Event]:
    """Goods sold without a lot before the count: found for the ledger, and sold, so that nothing is owed for them."""
    quantity = min(debt.quantity, -cell.level.unattributed)
    if quantity <= 0:
        return []
    shelf = cell.site.place(places.SHELF)
    entry = Entry(debt.counted_at, ACTOR, REASON, count.id, debt.line)
    cost = costs.value_of(cell.last_cost(), quantity, cell.product.decimals, books.exponent)
    books.move(cell, cell.site.place(places.LOST_AND_FOUND), shelf, lot, quantity, cost, entry)
    books.settle(cell, lot, shelf, entry, most=quantity)
    return [_adjusted(count, cell, lot, quantity, cost, debt.counted_at)]


def _adjusted(count: Count, cell: Cell, lot: Lot, quantity: int, cost: int, at: datetime) -> StockAdjusted:
    return StockAdjusted(
        site=count.site,
        adjustment_id=uuid7(),
        product_id=cell.product.id,
        lot_id=lot.id,
        quantity=format_quantity(quantity, cell.product.decimals),
        cost_minor=cost,
        reason=REASON,
        note=f"{count.name}: told after it was posted",
        happened_at=at,
        actor=ACTOR,
    )
