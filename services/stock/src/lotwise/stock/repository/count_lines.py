"""The only home of a count's lines in SQL: stamped under the level's lock, netted with what came to light later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.counts import Line, Stamp
from lotwise.stock.domain.movements import EXPIRY
from lotwise.stock.repository.counts import UNNUMBERED

SLACK = timedelta(hours=1)
"""How far the clocks of processes that write movements may lie apart."""

_OF_LINE = (
    f"""(l.id = {{lot}} or ({{lot}} is null and {UNNUMBERED} and l.expires_on is not distinct from {{expiry}}))"""
)
_STAMP = f"""
select coalesce((
           select sum(b.on_hand) from balance b join lot l on l.id = b.lot_id
           where b.product_id = $1 and b.location_id = $2 and {_OF_LINE.format(lot="$3::uuid", expiry="$4::date")}
       ), 0)::bigint
     - coalesce((
           select sum(case when m.to_location = $2 then m.quantity else -m.quantity end)
           from movement m join lot l on l.id = m.lot_id
           where m.site = $5 and m.product_id = $1 and m.id >= $6 and m.recorded_at > $7 and m.happened_at > $7
             and $2 in (m.from_location, m.to_location) and {_OF_LINE.format(lot="$3::uuid", expiry="$4::date")}
       ), 0)::bigint as recorded,
       coalesce((select v.unattributed from level v where v.site = $5 and v.product_id = $1), 0) as unattributed,
       pg_current_snapshot()::text as snapshot, coalesce((select base from ledger_era), 0)::bigint as base
"""
LATE = f"""
select sum(case when m.to_location = c.location_id then m.quantity else -m.quantity end)::bigint
from movement m join lot l on l.id = m.lot_id
where m.site = {{site}} and m.product_id = c.product_id and m.id >= {{since_id}} and m.recorded_at >= {{since}}
  and m.happened_at <= p.counted_at and m.reason <> '{EXPIRY}' and c.location_id in (m.from_location, m.to_location)
  and {_OF_LINE.format(lot="c.lot_id", expiry="c.expires_on")}
  and not pg_visible_in_snapshot(greatest(m.xid - p.base, 3)::text::xid8, p.snapshot::pg_snapshot)
"""
"""What happened at the line's place until it was counted and was written into the ledger only afterwards.

The sweep of expired lots is left out: it is dated back to midnight, and moves no goods from the shelf.
"""

_LINES = """
select c.line, c.id, c.product_id, c.location_id, c.lot_id, c.expires_on, c.listed, c.is_pending, c.is_confirmed,
       c.passes, c.needs_recount, c.cause, c.cause_note, coalesce(p.counted, 0), coalesce(p.recorded, 0),
       coalesce(p.unattributed, 0), p.counted_at, coalesce(p.counted_by, '')
from count_line c left join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes
where c.count_id = $1
"""
_ALL_LATE = f"""
select c.line, ({LATE.format(site="$2", since_id="$3", since="$4")}) as late
from count_line c join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes
where c.count_id = $1
"""
_SUPERSEDED = """
select c.line from count_line c
join count_pass p on p.count_id = c.count_id and p.line = c.line and p.number = c.passes
join count_line o on o.product_id = c.product_id and o.location_id = c.location_id and o.count_id <> c.count_id
     and o.lot_id is not distinct from c.lot_id and o.expires_on is not distinct from c.expires_on and o.passes > 0
join count_pass q on q.count_id = o.count_id and q.line = o.line and q.number = o.passes
join stock_count s on s.id = o.count_id and s.state = 'posted'
where c.count_id = $1 and q.counted_at >= p.counted_at
"""
_ADD = """
insert into count_line (count_id, line, id, product_id, location_id, lot_id, expires_on, listed, is_extra, is_pending,
    is_confirmed, passes, needs_recount, cause_note, is_superseded)
select $1, coalesce(max(line), 0) + 1, $2, $3, $4, $5, $6, $7, true, $8, false, 0, false, '', false
from count_line where count_id = $1
on conflict (count_id, product_id, location_id, lot_id, expires_on) do nothing
returning line
"""
_COUNTED = """
insert into count_pass (count_id, line, number, counted, recorded, unattributed, counted_at, entered_at, counted_by,
    note, snapshot, base) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_POSTED = """
update count_line c set expected = n.expected, difference = n.difference, cost_minor = n.cost_minor, cause = n.cause,
       is_superseded = n.is_superseded, needs_recount = false
from unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bool[])
     as n(line, expected, difference, cost_minor, cause, is_superseded)
where c.count_id = $1 and c.line = n.line
"""


class Pass(NamedTuple):
    """One pass over a line, as it is written."""

    line: int
    number: int
    counted: int
    stamp: Stamp
    counted_at: datetime
    entered_at: datetime
    counted_by: str
    note: str


class PostedLine(NamedTuple):
    """What posting made of a line."""

    line: int
    expected: int
    difference: int
    cost_minor: int
    cause: str | None
    is_superseded: bool


def first_id_of(instant: datetime) -> UUID:
    """The smallest id that a movement of that instant or later can have, with slack for clocks that differ."""
    milliseconds = max(0, int((instant - SLACK).timestamp() * 1000))
    return UUID(int=milliseconds << 80)


async def lines_of(tx: Tx, count_id: UUID, lines: Collection[int] | None = None) -> list[Line]:
    """The lines of a count (or these of it) with their last pass, in the order of the sheet."""
    if lines is None:
        rows = await tx.fetch(_LINES + " order by c.line", count_id)
    else:
        rows = await tx.fetch(_LINES + " and c.line = any($2::int[]) order by c.line", count_id, list(lines))
    return [Line(*row) for row in rows]


async def find_line(
    tx: Tx, count_id: UUID, product_id: UUID, location_id: int, lot_id: UUID | None, expires_on: date | None
) -> int | None:
    """The line that names exactly these goods, None without one."""
    line: int | None = await tx.fetchval(
        "select line from count_line where count_id = $1 and product_id = $2 and location_id = $3"
        " and lot_id is not distinct from $4 and expires_on is not distinct from $5",
        count_id, product_id, location_id, lot_id, expires_on,
    )  # fmt: skip
    return line


async def add_line(
    tx: Tx, count_id: UUID, line_id: UUID, key: tuple[UUID, int, UUID | None, date | None], listed: int, pending: bool
) -> int | None:
    """Add goods to the sheet: (product, location, lot, expiry); their line, None when they stand on it already."""
    line: int | None = await tx.fetchval(_ADD, count_id, line_id, *key, listed, pending)
    return line


async def stamp(tx: Tx, site: str, line: Line, counted_at: datetime) -> Stamp:
    """The ledger's position for a line at the instant it was counted; call it with the cell's level locked.

    What was written since that instant and happened after it is taken out again, for a count that was typed earlier.
    """
    row = await tx.fetchrow(
        _STAMP, line.product_id, line.location_id, line.lot_id, line.expires_on, site, first_id_of(counted_at),
        counted_at,
    )  # fmt: skip
    if row is None:
        raise LookupError("a select of sums always has one row")
    return Stamp(*row)


async def add_passes(tx: Tx, count_id: UUID, passes: Sequence[Pass]) -> None:
    """Keep passes: they are never edited."""
    await tx.executemany(
        _COUNTED,
        [
            (
                count_id, one.line, one.number, one.counted, one.stamp.recorded, one.stamp.unattributed,
                one.counted_at, one.entered_at, one.counted_by, one.note, one.stamp.snapshot, one.stamp.base,
            )
            for one in passes
        ],
    )  # fmt: skip


async def set_passes(tx: Tx, count_id: UUID, rows: Sequence[tuple[int, int, bool]]) -> None:
    """Note how often lines were counted and whether they must be once more: (line, passes, needs recount)."""
    await tx.execute(
        "update count_line c set passes = n.passes, needs_recount = n.needs_recount"
        " from unnest($2::int[], $3::int[], $4::bool[]) as n(line, passes, needs_recount)"
        " where c.count_id = $1 and c.line = n.line",
        count_id, *zip(*rows, strict=True),
    )  # fmt: skip


async def pass_figures(tx: Tx, count_id: UUID, lines: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    """Of each of these lines the (difference, recorded) of its passes, in their order."""
    rows = await tx.fetch(
        "select line, counted - recorded, recorded from count_pass"
        " where count_id = $1 and line = any($2::int[]) order by line, number",
        count_id, list(lines),
    )  # fmt: skip
    found: dict[int, list[tuple[int, int]]] = {line: [] for line in lines}
    for line, difference, recorded in rows:
        found[line].append((difference, recorded))
    return found


async def passes_of(tx: Tx, count_id: UUID, line: int) -> Sequence[asyncpg.Record]:
    """All passes over a line, first to last."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        "select number, counted, recorded, counted_at, entered_at, counted_by, note from count_pass"
        " where count_id = $1 and line = $2 order by number",
        count_id, line,
    )  # fmt: skip
    return rows


async def late_of(tx: Tx, count_id: UUID, site: str, since: datetime) -> Mapping[int, int]:
    """By line: what happened before it was counted and was told only afterwards. `since` is the first instant."""
    rows = await tx.fetch(_ALL_LATE, count_id, site, first_id_of(since), since - SLACK)
    return {row[0]: row[1] or 0 for row in rows}


async def superseded(tx: Tx, count_id: UUID) -> set[int]:
    """The lines whose goods were counted again since, in a count that is posted: that one says more."""
    return {row[0] for row in await tx.fetch(_SUPERSEDED, count_id)}


async def explain_line(tx: Tx, count_id: UUID, line: int, cause: str | None, note: str, actor: str) -> None:
    """Note why a line differs."""
    await tx.execute(
        "update count_line set cause = $3, cause_note = $4, explained_by = $5 where count_id = $1 and line = $2",
        count_id, line, cause, note, actor,
    )  # fmt: skip


async def confirm_line(tx: Tx, count_id: UUID, line: int) -> None:
    """Note that a person vouches for the line's unknown lot."""
    await tx.execute("update count_line set is_confirmed = true where count_id = $1 and line = $2", count_id, line)


async def post_lines(tx: Tx, count_id: UUID, rows: Sequence[PostedLine]) -> None:
    """Write what posting made of the lines."""
    if rows:
        await tx.execute(_POSTED, count_id, *zip(*rows, strict=True))
