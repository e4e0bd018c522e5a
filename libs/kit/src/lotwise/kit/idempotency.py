"""The only home of "same key, same answer": the answer is stored in the transaction that made it true.

A second request with the key waits on the first one's row, then gets its answer; a failed one leaves nothing behind.
"""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from lotwise.kit.database import Tx
from lotwise.values import Refusal


class KeyReused(Refusal):
    """The Idempotency-Key was used for something else."""

    code = "idempotency-key-reused"
    title = "This key belongs to another request"
    status = 422


class KeyMissing(Refusal):
    """Every POST names itself, so that it may be sent twice."""

    code = "idempotency-key-missing"
    title = "The Idempotency-Key is missing"
    status = 422


class Claim(NamedTuple):
    """A request by its sender, its key and the hash of method, path and body."""

    owner: str
    key: str
    request_hash: bytes


class Kept(NamedTuple):
    """An answer as it was given the first time."""

    status: int
    answer: bytes


class Replay(Exception):  # noqa: N818 - it carries an answer
    """The request was answered before; whoever catches it gives `kept` again."""

    def __init__(self, kept: Kept) -> None:
        super().__init__("answered before")
        self.kept = kept


_FIND = "select request_hash, status, answer from idempotency where owner = $1 and key = $2"
_KEEP_MANY = """
    insert into idempotency (owner, key, request_hash, status, answer, created_at)
    select *, now() from unnest($1::text[], $2::text[], $3::bytea[], $4::smallint[], $5::bytea[]) order by 1, 2
"""


async def find(tx: Tx, claim: Claim) -> Kept | None:
    """The answer given to this request before, if any. Raises KeyReused when the key came with another body."""
    row = await tx.fetchrow(_FIND, claim.owner, claim.key)
    return None if row is None else _same(claim, row)


async def keep_many(tx: Tx, answers: Sequence[tuple[Claim, Kept]]) -> None:
    """Store answers with the writes they speak of; a key stored meanwhile raises UniqueViolationError."""
    await tx.execute(
        _KEEP_MANY,
        [claim.owner for claim, _ in answers],
        [claim.key for claim, _ in answers],
        [claim.request_hash for claim, _ in answers],
        [kept.status for _, kept in answers],
        [kept.answer for _, kept in answers],
    )


def _same(claim: Claim, row: asyncpg.Record) -> Kept:
    if row["request_hash"] != claim.request_hash:
        raise KeyReused("The key was used for another request; make a new one.", field="Idempotency-Key")
    return Kept(row["status"], row["answer"])
