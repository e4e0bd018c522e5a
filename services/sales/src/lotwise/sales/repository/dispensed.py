"""The only home of SQL on what charged lines confirmed of their lots and prescriptions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from lotwise.kit.database import Tx
from lotwise.sales.domain.dispensing import Dispensed

_COLUMNS = ", ".join(Dispensed._fields)


async def add(tx: Tx, rows: Sequence[tuple[UUID, Dispensed]]) -> None:
    """Keep what the lines of charges confirmed."""
    await tx.execute(
        f"insert into dispensed (charge_id, {_COLUMNS}) select * from unnest($1::uuid[], $2::smallint[], $3::uuid[],"
        " $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[])",
        *zip(*[(charge_id, *one) for charge_id, one in rows], strict=True),
    )


async def of_charge(tx: Tx, charge_id: UUID) -> dict[int, dict[str, Any]]:
    """What the lines of a charge confirmed, by line."""
    rows = await tx.fetch(f"select {_COLUMNS} from dispensed where charge_id = $1", charge_id)
    return {row["line"]: dict(row) for row in rows}
