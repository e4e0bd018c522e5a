"""The only home of SQL on the checkout queue: what is charged is read from the charges themselves."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.kit.database import Tx

_CHARGES = (
    "(select count(distinct c.charge_id) from charge_line l join charge c using (charge_id)"
    " where l.treatment_id = q.treatment_id and c.state = "
)


class Queued(NamedTuple):
    """A treatment in the queue; `voids` is how many charges of it were taken back."""

    treatment_id: UUID
    site: str
    state: str
    reason: str
    actor: str
    happened_at: datetime
    voids: int


_COLUMNS = f"q.treatment_id, q.site, q.state, q.reason, q.actor, q.happened_at, {_CHARGES}'voided')::int as voids"


async def add(tx: Tx, treatment_id: UUID, site: str, actor: str, happened_at: datetime, now: datetime) -> None:
    """Let a completed treatment wait for the desk, once."""
    await tx.execute(
        "insert into checkout (treatment_id, site, state, reason, actor, happened_at, updated_at)"
        " values ($1, $2, 'open', '', $3, $4, $5) on conflict do nothing",
        treatment_id, site, actor, happened_at, now,
    )  # fmt: skip


async def settle(tx: Tx, ids: Iterable[UUID], now: datetime) -> None:
    """Let rows say what the charges say: charged while a charge names the treatment, open again once it was voided.

    Rows are locked before the charges are looked at, so that the last one to look sees what the others did.
    """
    wanted = sorted(set(ids))
    await tx.execute("select from checkout where treatment_id = any($1) order by treatment_id for update", wanted)
    await tx.execute(
        f"update checkout q set state = case when {_CHARGES}'recorded') > 0 then 'charged' else 'open' end,"
        " updated_at = $2 where treatment_id = any($1) and state <> 'dismissed'",
        wanted,
        now,
    )


async def unsettled(tx: Tx, limit: int) -> list[UUID]:
    """Open rows whose treatment is charged: a process ended between its charge and the queue."""
    rows = await tx.fetch(
        f"select treatment_id from checkout q where state = 'open' and {_CHARGES}'recorded') > 0 limit $1", limit
    )
    return [row["treatment_id"] for row in rows]


async def waiting(tx: Tx, site: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Queued]:
    """What waits for the desk of a site, the longest first."""
    at, last = after or (None, None)
    rows = await tx.fetch(
        f"select {_COLUMNS} from checkout q where site = $1 and state = 'open' and {_CHARGES}'recorded') = 0"
        " and ($2::timestamptz is null or (happened_at, treatment_id) > ($2, $3::uuid))"
        " order by happened_at, treatment_id limit $4",
        site, at, last, limit,
    )  # fmt: skip
    return [Queued(*row) for row in rows]


async def load(tx: Tx, treatment_id: UUID, *, lock: bool = False) -> Queued | None:
    """A row of the queue."""
    row = await tx.fetchrow(
        f"select {_COLUMNS} from checkout q where treatment_id = $1" + (" for update of q" if lock else ""),
        treatment_id,
    )
    return None if row is None else Queued(*row)


async def dismiss(tx: Tx, treatment_id: UUID, reason: str, actor: str, now: datetime) -> None:
    """Say why a treatment is not charged."""
    await tx.execute(
        "update checkout set state = 'dismissed', reason = $2, actor = $3, updated_at = $4 where treatment_id = $1",
        treatment_id, reason, actor, now,
    )  # fmt: skip
