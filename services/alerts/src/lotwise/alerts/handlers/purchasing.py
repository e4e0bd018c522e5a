"""What alerts hear from purchasing: which order answers a shortage, whether or not its alert was heard of before."""

from collections.abc import Sequence
from typing import Any

from lotwise.alerts.repository import answers
from lotwise.contracts.purchasing import PurchaseOrderCancelled, PurchaseOrderDrafted, PurchaseOrderSent
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message


async def on_drafted(tx: Tx, messages: Sequence[Message[PurchaseOrderDrafted]]) -> None:
    """A draft answers shortages."""
    await _link(tx, messages, "drafted")


async def on_sent(tx: Tx, messages: Sequence[Message[PurchaseOrderSent]]) -> None:
    """The order that answers shortages went to its supplier."""
    await _link(tx, messages, "sent")


async def on_cancelled(tx: Tx, messages: Sequence[Message[PurchaseOrderCancelled]]) -> None:
    """The order that answered shortages will not come."""
    await _link(tx, messages, "cancelled")


async def _link(tx: Tx, messages: Sequence[Message[Any]], state: str) -> None:
    orders = {
        shortage: (message.event.order_id, message.event.number)
        for message in messages
        for shortage in message.event.shortage_ids
    }
    if orders:
        await answers.link(tx, orders, state)
