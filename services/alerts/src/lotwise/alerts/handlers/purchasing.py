"""What alerts hear from purchasing: which order answers a shortage, and contracts that end soon."""

from collections.abc import Sequence
from typing import Any

from lotwise.alerts.domain import signals as kinds
from lotwise.alerts.domain.signals import Signal, Thing
from lotwise.alerts.operations import signals
from lotwise.alerts.repository import answers
from lotwise.contracts.purchasing import (
    ContractChanged,
    ContractEnding,
    PurchaseOrderCancelled,
    PurchaseOrderDrafted,
    PurchaseOrderSent,
)
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


async def on_contracts_ending(tx: Tx, messages: Sequence[Message[ContractEnding]]) -> None:
    """The contract with a supplier ends within its notice: one alert of the chain (ALR-08)."""
    heard = []
    for message in messages:
        event = message.event
        facts = {"supplier": event.name, "reference": event.reference, "due_on": event.ends_on.isoformat()}
        facts |= {"supplier_id": str(event.supplier_id)}
        thing = Thing(kinds.CONTRACT_ENDING, event.site, event.supplier_id)
        heard.append((Signal(thing, message.id, event.happened_at, facts=facts), message))
    await signals.apply(tx, heard)


async def on_contracts_changed(tx: Tx, messages: Sequence[Message[ContractChanged]]) -> None:
    """The contract was extended, corrected or given up: its alert is over; should it end soon again, it is told."""
    heard = []
    for message in messages:
        thing = Thing(kinds.CONTRACT_ENDING, message.event.site, message.event.supplier_id)
        heard.append((Signal(thing, message.id, message.event.happened_at, is_over=True), message))
    await signals.apply(tx, heard)


async def _link(tx: Tx, messages: Sequence[Message[Any]], state: str) -> None:
    orders = {
        shortage: (message.event.order_id, message.event.number)
        for message in messages
        for shortage in message.event.shortage_ids
    }
    if orders:
        await answers.link(tx, orders, state)
