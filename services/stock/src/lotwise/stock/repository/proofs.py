"""The only home of kept proofs in SQL: each run of the audit, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx


class KeptProof(NamedTuple):
    """One run of the audit as it was kept."""

    proof_id: UUID
    started_at: datetime
    finished_at: datetime
    is_clean: bool
    sizes: dict[str, int]
    rows_a_second: float
    findings: Sequence[dict[str, Any]]


async def keep_proof(tx: Tx, began: datetime, ended: datetime, proof: Any) -> None:
    """Keep what a run of the audit found."""
    await tx.execute(
        "insert into proof (id, started_at, finished_at, is_clean, sizes, rows_a_second, findings)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        uuid7(), began, ended, not proof.findings, proof.sizes, proof.rows_a_second,
        [one._asdict() for one in proof.findings],
    )  # fmt: skip


async def proofs_page(tx: Tx, before: UUID, limit: int) -> list[KeptProof]:
    """A page of kept proofs before an id, newest first."""
    rows = await tx.fetch(
        "select id, started_at, finished_at, is_clean, sizes, rows_a_second, findings from proof"
        " where id < $1 order by id desc limit $2",
        before, limit,
    )  # fmt: skip
    return [KeptProof(*row) for row in rows]


async def last_proof_at(tx: Tx) -> datetime | None:
    """When the newest kept proof began."""
    found: datetime | None = await tx.fetchval("select max(started_at) from proof")
    return found


async def first_recorded_at(tx: Tx) -> datetime | None:
    """When the first movement was recorded; None while there is none."""
    found: datetime | None = await tx.fetchval("select recorded_at from movement order by id limit 1")
    return found
