"""The only home of sealing: a block of the ledger's hashes is chained to those before, and its head told."""

from lotwise.contracts.stock import LedgerSealed
from lotwise.kit.database import Tx
from lotwise.kit.outbox import tell
from lotwise.stock.domain.seals import GENESIS, chained
from lotwise.stock.repository.seals import add_block, catch_up, next_block

__all__ = ["catch_up", "seal"]


async def seal(tx: Tx) -> int:
    """Seal the rows of all finished transactions; returns how many, 0 when there is nothing new.

    Nothing waits for it: rows of transactions that are still running are left to the next block.
    """
    row = await next_block(tx)
    if row is None or not row["movements"]:
        return 0
    head = chained(row["previous"] or GENESIS, row["content"], row["movements"])
    await add_block(tx, row["block"], row["xid_from"], row["xid_to"], row["movements"], row["content"], head)
    await tell(tx, LedgerSealed(block=row["block"], head=head.hex(), movements=row["movements"]))
    return int(row["movements"])
