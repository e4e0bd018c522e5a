"""Use case of the night: what is owed to members is proven once, and the proof is kept (N-01, SAL-20)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from lotwise.kit.database import Database
from lotwise.sales.operations import liabilities
from lotwise.sales.repository import balance_proofs
from lotwise.sales.repository.moves import Wrong

WRONG_MAX = 200


class Proof(NamedTuple):
    """How many entries were gone over, and the owners whose rows disagree with them."""

    entries: int
    wrong: Sequence[Wrong]


def is_due(now: datetime, hour: int, last: datetime | None, first_entry: datetime | None) -> bool:
    """Whether tonight's proof is still to be made: none began since the last time it struck `hour` (UTC).

    Books that began later than that wait for their first night.
    """
    struck = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if struck > now:
        struck -= timedelta(days=1)
    if first_entry is None or first_entry > struck:
        return False
    return last is None or last < struck


async def prove(db: Database, now: datetime, hour: int) -> Proof | None:
    """Prove what is owed and keep the proof, once a night; None when it is not due."""
    async with db.reading() as tx:
        last, first = await balance_proofs.last_at(tx), await balance_proofs.first_entry_at(tx)
    if not is_due(now, hour, last, first):
        return None
    async with db.reading() as tx:
        found = Proof(*await liabilities.proof(tx, WRONG_MAX))
    async with db.transaction() as tx:
        await balance_proofs.keep(tx, now, datetime.now(UTC), found.entries, found.wrong)
    return found
