"""The only home of SQL on receipts given: printed or mailed, the first an original, the others copies."""

from datetime import datetime
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx


async def given(tx: Tx, charge_id: UUID) -> int:
    """How many receipts of a charge were given."""
    found: int = await tx.fetchval("select count(*) from receipt where charge_id = $1", charge_id)
    return found


async def add(tx: Tx, charge_id: UUID, way: str, actor: str, at: datetime) -> int:
    """Write down a receipt that is given; its number, 1 for the original. The charge's row keeps two apart."""
    await tx.execute("select 1 from charge where charge_id = $1 for update", charge_id)
    position = await given(tx, charge_id) + 1
    await tx.execute(
        "insert into receipt (receipt_id, charge_id, position, way, actor, happened_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        uuid7(),
        charge_id,
        position,
        way,
        actor,
        at,
    )
    return position
