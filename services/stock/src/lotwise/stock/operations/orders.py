"""The only home of knowing what is on order: the numbers that a refusal and an explanation show (SAL-12)."""

from collections import Counter
from collections.abc import Sequence

from lotwise.contracts.purchasing import PurchaseOrderCancelled, PurchaseOrderReceived, PurchaseOrderSent
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.stock.repository.definitions import products_of
from lotwise.stock.repository.orders import add_order, drop_order, lower_order
from lotwise.values import parse_quantity


async def order_sent(tx: Tx, messages: Sequence[Message[PurchaseOrderSent]]) -> None:
    """Keep what was ordered of the products we know."""
    products = await products_of(tx, {line.product_id for one in messages for line in one.event.lines})
    for one in messages:
        event = one.event
        lines = [
            (line.line, line.product_id, parse_quantity(line.quantity, products[line.product_id].decimals))
            for line in event.lines
            if line.product_id in products
        ]
        if lines:
            await add_order(tx, event.order_id, event.site, event.number, event.due_on, lines)


async def order_received(tx: Tx, messages: Sequence[Message[PurchaseOrderReceived]]) -> None:
    """Count what arrived against what is open; several lots of one line of the order count together."""
    products = await products_of(tx, {line.product_id for one in messages for line in one.event.lines})
    for one in messages:
        arrived: Counter[int] = Counter()
        for line in one.event.lines:
            if line.product_id in products:
                quantity = parse_quantity(line.quantity, products[line.product_id].decimals)
                arrived[line.order_line or line.line] += quantity
        await lower_order(tx, one.event.order_id, list(arrived.items()), is_complete=one.event.is_complete)


async def order_cancelled(tx: Tx, messages: Sequence[Message[PurchaseOrderCancelled]]) -> None:
    """What will not come is not on order."""
    for one in messages:
        await drop_order(tx, one.event.order_id)
