"""The only home of SQL on bills set aside at the desk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx


class Parked(NamedTuple):
    """A bill set aside; `bill` is the desk's own words, `total_minor` what it came to when it was parked."""

    parked_id: UUID
    site: str
    label: str
    member_id: UUID | None
    bill: Mapping[str, Any]
    total_minor: int
    actor: str
    parked_at: datetime


_COLUMNS = ", ".join(Parked._fields)


async def add(tx: Tx, row: Parked) -> bool:
    """Set a bill aside; False when its id stands aside already."""
    kept = await tx.fetchval(
        f"insert into parked ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)"
        " on conflict do nothing returning parked_id",
        *row,
    )
    return kept is not None


async def page(tx: Tx, site: str, cursor: tuple[datetime, UUID] | None, limit: int) -> list[Parked]:
    """The bills that wait at a site, the longest waiting first."""
    rows = await tx.fetch(
        f"select {_COLUMNS} from parked where site = $1"
        " and ($2::timestamptz is null or (parked_at, parked_id) > ($2, $3)) order by parked_at, parked_id limit $4",
        site,
        *(cursor or (None, None)),
        limit,
    )
    return [Parked(*row) for row in rows]


async def get(tx: Tx, parked_id: UUID, *, lock: bool = False) -> Parked | None:
    """A bill that waits."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from parked where parked_id = $1{' for update' if lock else ''}", parked_id
    )
    return None if row is None else Parked(*row)


async def take(tx: Tx, parked_id: UUID) -> None:
    """Let a bill wait no longer."""
    await tx.execute("delete from parked where parked_id = $1", parked_id)
