"""The only home of the lock order: whoever changes definitions takes one lock first, so that checks see the truth."""

from lotwise.kit.database import Tx

_DEFINITIONS = 0x10CA7A10


async def definitions(tx: Tx) -> None:
    """Wait for the right to change definitions; it ends with the transaction. Definitions change rarely."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _DEFINITIONS)
