"""The only home of counted units in SQL: which serials passes named, and which units should lie there."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx

_COMPARED = """
select c.line, u.serials, array(
    select s.number from serial s cross join lateral (
        select t.state, t.site from serial_step t where t.serial_id = s.id and t.recorded_at <= p.counted_at
        order by t.recorded_at desc, t.id desc limit 1) was
    where s.product_id = c.product_id and s.lot_id = c.lot_id and not s.is_recalled and was.site = k.site
      and was.state = case g.kind when 'back_bar' then 'in_use' else 'in_stock' end
      and not exists (select from serial_step l where l.serial_id = s.id and l.recorded_at > p.counted_at
                         and l.recorded_at <= coalesce(k.closed_at, 'infinity') and l.cause_id <> k.id)
    order by s.number) as expected
from count_line c join stock_count k on k.id = c.count_id
join count_units u on u.count_id = c.count_id and u.line = c.line and u.number = c.passes
join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes
join location g on g.id = c.location_id and g.kind in ('shelf', 'back_bar')
where c.count_id = $1 and c.line = any($2::int[]) and c.lot_id is not null
"""
"""What lay there when it was counted, less what moved between the count and its posting: the count cannot know."""


class Compared(NamedTuple):
    """The units that the last pass over a line named, those it lacks, and those that should not lie there."""

    serials: list[str]
    missing: list[str]
    unexpected: list[str]


async def compared(tx: Tx, count_id: UUID, lines: Collection[int]) -> dict[int, Compared]:
    """What the last pass over these lines named against the named units of the lot; lines counted otherwise lack."""
    if not lines:
        return {}
    found = {}
    for row in await tx.fetch(_COMPARED, count_id, list(lines)):
        named, expected = set(row["serials"]), set(row["expected"])
        found[row["line"]] = Compared(
            list(row["serials"]), [one for one in row["expected"] if one not in named],
            [one for one in row["serials"] if one not in expected],
        )  # fmt: skip
    return found


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
