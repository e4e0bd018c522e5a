"""What stock hears from purchasing: what is on order, and deliveries that become lots."""

from collections.abc import Sequence
from functools import partial

from lotwise.contracts.purchasing import PurchaseOrderCancelled, PurchaseOrderReceived, PurchaseOrderSent
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.stock.operations.deliveries import receive_orders
from lotwise.stock.operations.orders import order_cancelled, order_received, order_sent


async def on_received(tx: Tx, messages: Sequence[Message[PurchaseOrderReceived]], exponent: int) -> None:
    """Goods become lots, and the open order shrinks."""
    await receive_orders(tx, messages, exponent)
    await order_received(tx, messages)


def purchasing(exponent: int) -> Subscription:
    """Orders and their deliveries; `exponent` is the currency's decimals."""
    return Subscription(
        speaker="purchasing",
        handlers={
            PurchaseOrderSent: order_sent,
            PurchaseOrderReceived: partial(on_received, exponent=exponent),
            PurchaseOrderCancelled: order_cancelled,
        },
    )
