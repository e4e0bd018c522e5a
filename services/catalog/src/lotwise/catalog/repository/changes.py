"""SQL of the change history: who, when, old and new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lotwise.kit.database import Tx


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one subject that changed, as JSON values."""

    subject: str
    field: str
    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change as it was kept."""

    id: int
    field: str
    was: Any
    now: Any
    who: str
    changed_at: datetime


async def keep(tx: Tx, changes: Sequence[Change], who: str) -> None:
    """Add to the history."""
    if changes:
        await tx.execute(
            """
            INSERT INTO change (subject, field, was, now, who)
            SELECT c.subject, c.field, c.was, c.now, $2
              FROM jsonb_to_recordset($1::jsonb) AS c(subject text, field text, was jsonb, now jsonb)
            """,
            list(changes),
            who,
        )


async def of(tx: Tx, subject: str, before: int | None, limit: int) -> list[KeptChange]:
    """The history of a subject, newest first, older than the change `before`."""
    rows = await tx.fetch(
        """
        SELECT id, field, was, now, who, changed_at FROM change
         WHERE subject = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
        """,
        subject,
        before,
        limit,
    )
    return [KeptChange(**row) for row in rows]
