"""The only home of SQL on kept proofs of what is owed to members: each night's, the newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.sales.repository.moves import Wrong

LAST = UUID(int=2**128 - 1)


class Kept(NamedTuple):
    """One run of the proof as it was kept."""

    proof_id: UUID
    started_at: datetime
    finished_at: datetime
    entries: int
    wrong: Sequence[Wrong]


async def keep(tx: Tx, started_at: datetime, finished_at: datetime, entries: int, wrong: Sequence[Wrong]) -> None:
    """Keep what a run found."""
    await tx.execute(
        "insert into balance_proof (proof_id, started_at, finished_at, entries, wrong) values ($1, $2, $3, $4, $5)",
        uuid7(),
        started_at,
        finished_at,
        entries,
        [[one.kind, str(one.owner_id), one.row_minor, one.entries_minor] for one in wrong],
    )


async def page(tx: Tx, before: UUID, limit: int) -> list[Kept]:
    """A page of kept proofs before an id, the newest first."""
    rows = await tx.fetch(
        "select proof_id, started_at, finished_at, entries, wrong from balance_proof where proof_id < $1"
        " order by proof_id desc limit $2",
        before,
        limit,
    )
    return [_kept(*row) for row in rows]


def _kept(proof_id: UUID, started_at: datetime, finished_at: datetime, entries: int, wrong: Sequence[Any]) -> Kept:
    named = [Wrong(kind, UUID(owner), row, told) for kind, owner, row, told in wrong]
    return Kept(proof_id, started_at, finished_at, entries, named)


async def last_at(tx: Tx) -> datetime | None:
    """When the newest kept proof began."""
    found: datetime | None = await tx.fetchval("select max(started_at) from balance_proof")
    return found


async def first_entry_at(tx: Tx) -> datetime | None:
    """When the first entry was recorded; None while there is none."""
    found: datetime | None = await tx.fetchval("select recorded_at from balance_move order by seq limit 1")
    return found
