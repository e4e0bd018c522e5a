"""The only home of the journal's rows: appended as received, read by position, by id and by site."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from lotwise.reporting.domain.facts import Fact

if TYPE_CHECKING:
    from lotwise.kit.database import Tx

_COLUMNS = ("id", "at", "subject", "stream", "sequence", "cause_id", "correlation_id", "traceparent", "actor", "body")


class Entry(NamedTuple):
    """One event as received: what the envelope said, and the body's very bytes."""

    id: UUID
    at: datetime
    subject: str
    stream: str
    sequence: int
    cause_id: UUID | None
    correlation_id: str | None
    traceparent: str | None
    actor: str | None
    body: bytes


def fact_of(at: datetime, subject: str, body: bytes) -> Fact:
    """An entry as plain values."""
    words = subject.split(".")
    return Fact(words[3], words[1], at, orjson.loads(body))


async def append(tx: "Tx", entries: Iterable[Entry], references: "Sequence[tuple[str, datetime, UUID]]") -> None:
    """Append entries, and the ids they can be found by."""
    await tx.copy_records_to_table("journal", records=entries, columns=_COLUMNS)
    if references:
        await tx.copy_records_to_table("journal_ref", records=references, columns=("ref", "at", "event_id"))


async def make_months(tx: "Tx") -> None:
    """Make the partitions of the months around now, as far as they are missing."""
    await tx.execute("select journal_months()")


async def last_position(tx: "Tx") -> int:
    """The position of the newest entry, 0 when there is none."""
    return int(await tx.fetchval("select coalesce(max(position), 0) from journal"))


async def zones(tx: "Tx") -> dict[str, str]:
    """The newest time zone each site was ever told with."""
    rows = await tx.fetch(
        """select distinct on (body ->> 'slug') body ->> 'slug' slug, body ->> 'time_zone' zone
           from (select convert_from(body, 'UTF8')::jsonb body, position from journal
                 where subject like 'lotwise.%.catalog.site-defined.v1') sites
           order by 1, (body ->> 'revision')::bigint desc, position"""
    )
    return {row["slug"]: row["zone"] for row in rows}


async def read(tx: "Tx", after: int, until: int, rows_max: int) -> "tuple[list[Fact], int]":
    """Up to `rows_max` facts after a position, in order, and the position reached (`until` when there are no more)."""
    rows = await tx.fetch(
        """select position, at, subject, body from journal where position > $1 and position <= $2
           order by position limit $3""",
        after,
        until,
        rows_max,
    )
    facts = [fact_of(row["at"], row["subject"], row["body"]) for row in rows]
    return facts, rows[-1]["position"] if len(rows) == rows_max else until


async def facts_of_site(tx: "Tx", site: str, names: Sequence[str], rows_max: int) -> "AsyncIterator[list[Fact]]":
    """All facts of a site with these names, in portions."""
    cursor: Any = await tx.cursor(
        """select at, subject, body from journal where subject like 'lotwise.' || $1::text || '.%'
           and split_part(subject, '.', 4) = any($2::text[]) order by position""",
        site,
        names,
    )
    while rows := await cursor.fetch(rows_max):
        yield [fact_of(row["at"], row["subject"], row["body"]) for row in rows]
