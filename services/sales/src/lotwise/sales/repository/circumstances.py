"""The only home of SQL on what pricing must know beside the price book: memberships, and how long treatments took."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lotwise.kit.database import Tx


async def is_member(tx: Tx, member_id: UUID) -> bool:
    """Whether somebody holds a membership that gives what it promises now."""
    found: bool = await tx.fetchval(
        "select exists (select from membership where member_id = $1 and state in ('active', 'past_due'))", member_id
    )
    return found


async def was_member(tx: Tx, member_id: UUID, at: datetime) -> bool:
    """Whether somebody held a membership that gave what it promised at an instant."""
    found: bool = await tx.fetchval(
        "select exists (select from membership m where m.member_id = $1 and (select s.gives from membership_moment s"
        " where s.membership_id = m.membership_id and s.since <= $2 order by s.since desc limit 1))",
        member_id,
        at,
    )
    return found


async def minutes_of(tx: Tx, treatment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How long the appointments of treatments were; treatments without one are left out."""
    rows = await tx.fetch(
        "select t.treatment_id, a.minutes from treatment t join appointment a using (appointment_id)"
        " where t.treatment_id = any($1)",
        treatment_ids,
    )
    return {row["treatment_id"]: row["minutes"] for row in rows}
