"""The only home of the lock order: suppliers and offers, then shortages, then orders by id."""

from collections.abc import Sequence
from uuid import UUID

from lotwise.kit.database import Tx

_SUPPLIERS = 0x10CA7B10
_SHORTAGES = 0x10CA7B20


async def suppliers(tx: Tx) -> None:
    """Wait for the right to change suppliers and their offers; it ends with the transaction."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _SUPPLIERS)


async def shortages(tx: Tx) -> None:
    """Wait for the right to answer shortages: netting sees every draft line that came before."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _SHORTAGES)


async def orders(tx: Tx, ids: Sequence[UUID]) -> None:
    """Lock orders in the order of their ids."""
    await tx.execute("SELECT 1 FROM purchase_order WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(ids))
