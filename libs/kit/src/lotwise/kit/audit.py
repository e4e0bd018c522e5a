"""The only home of the audit trail's rows: who did what, where, to what, and why; never the name of a patient.

Rows are only ever added, in the transaction of the deed; each holds the hash of its own content.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel

from lotwise.contracts.ids import uuid7
from lotwise.kit import context
from lotwise.kit.database import Tx

CONTENT = "concat_ws(chr(31), {0}id, {0}actor, {0}subject, {0}action, {0}site, {0}target, {0}details::text, {0}reason)"


class Entry(NamedTuple):
    """One deed: the permission it used (`subject`), the action, the site and the thing it was done to."""

    actor: str
    subject: str
    action: str
    site: str | None = None
    target: str = ""
    details: Mapping[str, Any] = {}
    reason: str | None = None
    request_key: str | None = None


class Deed(BaseModel):
    """An entry of the audit trail as it is read."""

    id: UUID
    at: datetime
    actor: str
    subject: str
    action: str
    site: str | None
    target: str
    details: dict[str, Any]
    reason: str | None
    trace_id: str | None


_RECORD = f"""
    insert into audit
           (id, at, actor, subject, action, site, target, details, reason, request_key, traceparent, content_hash)
    select r.*, sha256(convert_to({CONTENT.format("r.")}, 'UTF8'))
      from (select id, now() as at, actor, subject, action, site, target, details::jsonb as details, reason, key, trace
              from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                          $8::text[], $9::text[], $10::text[])
                as u(id, actor, subject, action, site, target, details, reason, key, trace)) r
"""
_READ = """
    select id, at, actor, subject, action, site, target, details, reason, substr(traceparent, 4, 32) as trace_id
      from audit where true {filters} order by seq desc limit {limit}
"""


async def record(tx: Tx, *entries: Entry) -> None:
    """Add deeds to the trail with the trace of the context."""
    trace = context.current_traceparent()
    await tx.execute(
        _RECORD,
        [uuid7() for _ in entries],
        [entry.actor for entry in entries],
        [entry.subject for entry in entries],
        [entry.action for entry in entries],
        [entry.site for entry in entries],
        [entry.target for entry in entries],
        [orjson.dumps(entry.details, default=str).decode() for entry in entries],
        [entry.reason for entry in entries],
        [entry.request_key for entry in entries],
        [trace] * len(entries),
    )


async def read(
    tx: Tx,
    *,
    before: UUID | None = None,
    actor: str | None = None,
    sites: Sequence[str] | None = None,
    target: str | None = None,
    limit: int = 100,
) -> list[Deed]:
    """Deeds, newest first, before the deed `before`; `sites` None shows every site and the chain's own deeds."""
    wanted: dict[str, object] = {
        "and seq < (select seq from audit where id = {})": before,
        "and actor = {}": actor,
        "and site = any({})": None if sites is None else list(sites),
        "and target = {}": target,
    }
    given = [(clause, value) for clause, value in wanted.items() if value is not None]
    filters = " ".join(clause.format(f"${n}") for n, (clause, _) in enumerate(given, 1))
    rows = await tx.fetch(_READ.format(filters=filters, limit=limit), *(value for _, value in given))
    return [Deed.model_validate(dict(row)) for row in rows]
