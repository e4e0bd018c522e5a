"""What the catalog hears from purchasing: suppliers, and costs learnt by receiving."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.catalog.operations import products
from lotwise.catalog.operations.products import Learnt
from lotwise.catalog.repository import locking, suppliers
from lotwise.catalog.repository import products as product_rows
from lotwise.contracts.purchasing import CostUpdated, SupplierDefined
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, park
from lotwise.kit.outbox import Told
from lotwise.values import parse_price

_WHO = "service:purchasing"


async def on_costs(tx: Tx, messages: Sequence[Message[CostUpdated]]) -> None:
    """Keep the newest cost of each product; a cost of a product not yet known waits for it."""
    await locking.definitions(tx)
    known = await product_rows.known(tx, [message.event.product_id for message in messages])
    learnt: list[tuple[Learnt, Told]] = []
    for message in messages:
        event = message.event
        if event.product_id in known:
            one = Learnt(event.product_id, parse_price(event.cost), event.revision)
            learnt.append((one, Told(event, message)))
        else:
            await park(tx, message, "product", str(event.product_id))
    if learnt:
        await products.learn_costs(tx, learnt, _WHO)


async def on_suppliers(tx: Tx, messages: Sequence[Message[SupplierDefined]]) -> None:
    """Keep a copy of suppliers; the newest revision wins."""
    newest: dict[UUID, SupplierDefined] = {}
    for message in messages:
        event = message.event
        if event.supplier_id not in newest or newest[event.supplier_id].revision < event.revision:
            newest[event.supplier_id] = event
    rows = [(row.supplier_id, row.number, row.name, row.is_archived, row.revision) for row in newest.values()]
    await suppliers.store(tx, rows)
