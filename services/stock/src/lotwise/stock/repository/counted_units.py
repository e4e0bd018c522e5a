"""The only home of counted units in SQL: which serials passes named, and which units should lie there."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx


async def name_pass(tx: Tx, count_id: UUID, line: int, number: int, serials: Collection[str]) -> None:
    """Keep which units a pass found."""
    await tx.execute(
        "insert into count_units (count_id, line, number, serials) values ($1, $2, $3, $4)",
        count_id, line, number, list(serials),
    )  # fmt: skip


async def named_in(tx: Tx, count_id: UUID) -> Sequence[asyncpg.Record]:
    """The units that the last pass over each line named, of the lines where one did."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select c.line, u.serials, p.counted_at, p.counted_by, g.kind from count_line c"
        " join count_units u on u.count_id = c.count_id and u.line = c.line and u.number = c.passes"
        " join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes"
        " join location g on g.id = c.location_id where c.count_id = $1 order by c.line",
        count_id,
    )
    return rows


async def lock_of_lots(tx: Tx, site: str, lots: Collection[UUID]) -> Sequence[asyncpg.Record]:
    """The units of these lots that are here, locked in the one order, with when each was last moved."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select s.*, (select max(t.recorded_at) from serial_step t where t.serial_id = s.id) as moved_at"
        " from serial s where s.site = $1 and s.lot_id = any($2::uuid[]) and s.state in ('in_stock', 'in_use')"
        " order by s.product_id, s.number for update of s",
        site, list(lots),
    )  # fmt: skip
    return rows
