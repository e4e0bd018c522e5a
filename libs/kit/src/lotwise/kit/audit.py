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

CONTENT = (
    "jsonb_build_array({0}id, extract(epoch from {0}at), {0}actor, {0}subject, {0}action, {0}site, {0}target,"
    " {0}details, {0}reason)::text"
)
"""What the hash of a row is taken of, as SQL; `{0}` is the row's alias with its dot, or nothing."""
BLOCKS_MAX = 1000


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


class Proof(BaseModel):
    """What the last blocks of the trail prove: how many blocks and rows, and what does not agree."""

    blocks: int
    rows: int
    is_intact: bool
    altered: list[UUID]
    broken_blocks: list[int]


_HEAD = """
    sha256(coalesce({before}, ''::bytea)
           || coalesce(string_agg(a.content_hash, ''::bytea order by a.at, a.id), ''::bytea))
"""
_SEAL = f"""
    with last as (select block, head, sealed_at from audit_seal order by block desc limit 1),
    settled as (
        select least(now() - interval '5 seconds', min(xact_start)) as until
          from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())
    insert into audit_seal (block, seq_from, seq_to, rows, head, sealed_at)
    select coalesce((select block from last), 0) + 1, min(a.seq), max(a.seq), count(*),
           {_HEAD.format(before="(select head from last)")}, s.until
      from settled s join audit a
        on a.at < s.until and a.at >= coalesce((select sealed_at from last), '-infinity')
     group by s.until
    returning rows
"""
_PROVE = f"""
    with part as (
        select block, head, rows, sealed_at, lag(head) over w as before, lag(sealed_at) over w as since
          from (select * from audit_seal order by block desc limit $1) recent window w as (order by block))
    select p.block, p.rows, count(a.id) as found,
           p.head = {_HEAD.format(before="p.before")} as agrees,
           coalesce(array_agg(a.id) filter (
               where a.content_hash <> sha256(convert_to({CONTENT.format("a.")}, 'UTF8'))), '{{}}') as altered
      from part p left join audit a on a.at < p.sealed_at and a.at >= coalesce(p.since, '-infinity')
     where p.block = 1 or p.before is not null
     group by p.block, p.rows, p.head, p.before order by p.block
"""


async def seal(tx: Tx) -> int:
    """Chain the hashes of all settled rows into a new block; how many rows went into it.

    A row belongs to the block by the start of its transaction, and a block ends before the oldest one still running:
    no row can come into a sealed block later.
    """
    await tx.execute("select pg_advisory_xact_lock(hashtext('audit_seal'))")
    return int(await tx.fetchval(_SEAL) or 0)


async def prove(tx: Tx, blocks: int = 100) -> Proof:
    """Check the last blocks: an altered row is named; an altered row with its hash, or a missing one, by its block."""
    rows = await tx.fetch(_PROVE, min(blocks, BLOCKS_MAX) + 1)
    altered = [one for row in rows for one in row["altered"]]
    broken = [row["block"] for row in rows if not row["agrees"] or row["found"] != row["rows"]]
    return Proof(
        blocks=len(rows),
        rows=sum(row["rows"] for row in rows),
        is_intact=not altered and not broken,
        altered=altered,
        broken_blocks=broken,
    )
