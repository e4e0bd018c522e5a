"""The use case of receiving: what was really delivered, in full or in part, with its lots and its cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.purchasing.domain import orders
from lotwise.purchasing.domain.orders import RECEIVED, Delivered, Line, Order
from lotwise.purchasing.domain.products import Product
from lotwise.purchasing.operations import telling
from lotwise.purchasing.operations.orders import Seen, cost_of, load, quantity_of, see
from lotwise.purchasing.repository import definitions, offers, receipts
from lotwise.purchasing.repository import orders as rows
from lotwise.values import Unknown


@dataclass(frozen=True, slots=True)
class WantedDelivery:
    """A lot of a line that came, as decimal strings; without a cost the ordered one is confirmed."""

    line: int
    quantity: str
    unit_cost: str | None = None
    lot_number: str = ""
    expires_on: date | None = None
    area: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery: when it came, who confirms it, and whether more than ordered is taken knowingly."""

    lines: Sequence[WantedDelivery]
    happened_at: datetime
    actor: str
    note: str = ""
    confirm_over: bool = False


async def receive(tx: Tx, order_id: UUID, arrival: Arrival, exponent: int) -> tuple[Seen, UUID]:
    """Confirm a delivery: lots go to stock by PurchaseOrderReceived, costs to the catalog by CostUpdated.

    A short one leaves the rest pending. Raises Unknown, MoveRefused, BadValue, OverDelivery.
    """
    was = await load(tx, order_id)
    orders.check_move(was, RECEIVED)
    products = await definitions.products(tx, [line.product_id for line in was.lines])
    delivered = _delivered(was, arrival.lines, products)
    now = orders.deliver(was, delivered, confirm_over=arrival.confirm_over)
    now = replace(now, revision=was.revision + 1, closed_at=arrival.happened_at if now.status == RECEIVED else None)
    receipt_id = uuid7()
    by_line = {line.line: line.product_id for line in was.lines}
    lots = [(number, by_line[one.line], one) for number, one in orders.numbered(was, delivered)]
    await receipts.insert(tx, receipt_id, order_id, arrival.happened_at, arrival.actor, arrival.note)
    await receipts.insert_lines(tx, receipt_id, lots)
    await rows.store(tx, now)
    await rows.store_lines(tx, order_id, now.lines)
    await tell(tx, telling.received(now, receipt_id, lots, products, arrival.happened_at, arrival.actor))
    await _learn(tx, now, lots, arrival.happened_at)
    return (await see(tx, [now], exponent))[0], receipt_id


def _delivered(order: Order, wanted: Sequence[WantedDelivery], products: Mapping[UUID, Product]) -> list[Delivered]:
    lines = {line.line: line for line in order.lines}
    return [_one(order, one, lines.get(one.line), products) for one in wanted]


def _one(order: Order, wanted: WantedDelivery, line: Line | None, products: Mapping[UUID, Product]) -> Delivered:
    if line is None:
        raise Unknown(f"{order.number} has no line {wanted.line}.", field="lines", line=wanted.line)
    cost = line.unit_cost if wanted.unit_cost is None else cost_of(wanted.unit_cost)
    quantity = quantity_of(wanted.quantity, products[line.product_id])
    return Delivered(line.line, quantity, cost, wanted.lot_number.strip(), wanted.expires_on, wanted.area)


async def _learn(tx: Tx, order: Order, lots: Sequence[tuple[int, UUID, Delivered]], at: datetime) -> None:
    """Tell the confirmed cost of each product; free goods teach nothing (PUR-23)."""
    costs = {product_id: one.unit_cost for _, product_id, one in lots if one.unit_cost > 0}
    if not costs:
        return
    await offers.learn_costs(tx, order.supplier_id, costs.items())
    revisions = await definitions.next_cost_revisions(tx, list(costs))
    events = [
        telling.cost_updated(product_id, cost, order.supplier_id, at, revisions[product_id])
        for product_id, cost in costs.items()
    ]
    await tell(tx, *events)
