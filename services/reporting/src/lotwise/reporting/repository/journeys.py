"""The only home of the reads that follow a journey: entries by id they name, by their cause and by their effect."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    import asyncpg

    from lotwise.kit.database import Tx

_COLUMNS = "j.id, j.at, j.subject, j.cause_id, j.correlation_id, j.traceparent, j.actor, j.body"


class Sought(NamedTuple):
    """What to look for: ids that entries name, ids of entries, and ids of causes whose effects are wanted."""

    names: Iterable[str]
    entries: Iterable[UUID]
    causes: Iterable[UUID]


async def find(tx: "Tx", sought: Sought, rows_max: int) -> "Sequence[asyncpg.Record]":
    """The newest entries that fit, at most `rows_max`; levels that only follow from a movement are left out."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"""select {_COLUMNS} from (
              (select id, at from (select event_id id, at from journal_ref where ref = any($1::uuid[])
                                   order by at desc limit $4) named)
              union (select id, at from journal where id = any($2::uuid[]))
              union (select id, at from journal where cause_id = any($3::uuid[])
                     and split_part(subject, '.', 4) <> 'stock-level-changed' order by at desc limit $4)) f
            join journal j on j.id = f.id and j.at = f.at where split_part(j.subject, '.', 4) <> 'stock-level-changed'
            order by j.id desc limit $4""",
        list(sought.names),
        list(sought.entries),
        list(sought.causes),
        rows_max,
    )
    return rows
