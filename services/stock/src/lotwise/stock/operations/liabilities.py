"""The only home of telling what is owed for consigned goods: beside the movements that made it so (STK-43)."""

from lotwise.contracts.envelope import Event
from lotwise.contracts.stock import ConsignmentIssued
from lotwise.kit.database import Tx
from lotwise.kit.outbox import Told
from lotwise.stock.domain.cells import Books
from lotwise.stock.repository.liabilities import add_liabilities
from lotwise.values import format_quantity


async def owe(tx: Tx, books: Books) -> list[Event | Told]:
    """Keep what the books' movements made us owe; returns the events, one per movement of a known supplier's goods."""
    await add_liabilities(tx, books.owed)
    events: list[Event | Told] = []
    for one in books.owed:
        supplier_id = one.supplier_id
        if supplier_id is not None:
            decimals = books.cells[one.site, one.product_id].product.decimals
            events.append(
                ConsignmentIssued(
                    site=one.site, product_id=one.product_id, lot_id=one.lot.id, lot_number=one.lot.number,
                    supplier_id=supplier_id, quantity=format_quantity(one.quantity, decimals),
                    liability_minor=one.cost, reason=one.reason, cause_id=one.cause_id, happened_at=one.happened_at,
                )
            )  # fmt: skip
    return events
