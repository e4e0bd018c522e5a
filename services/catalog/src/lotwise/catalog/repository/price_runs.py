"""SQL of the price tool: which products a run is about, what runs did, what undoing found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.price_rules import Rule
from lotwise.catalog.domain.price_runs import Candidate, Row, Run
from lotwise.catalog.repository.products import Filter, conditions_of
from lotwise.kit.database import Tx

_COLUMNS = (
    "id, kind, value, ending, at_site, audience, begins, chosen, who, created_at, prices, skipped, undone_at,"
    " undone_by, undone"
)


async def candidates(tx: Tx, wanted: Filter, ids: Sequence[UUID] | None, limit: int) -> list[Candidate]:
    """The products of a filter (and of these ids, if given) by code; those that only group variants are left out."""
    conditions, values = conditions_of(wanted)
    conditions.append("NOT EXISTS (SELECT FROM product v WHERE v.variant_of = p.id)")
    if ids is not None:
        values.append(list(ids))
        conditions.append(f"p.id = ANY(${len(values)})")
    values.append(limit)
    rows = await tx.fetch(
        f"""
        SELECT p.id, p.code, p.name, p.cost FROM product p WHERE {" AND ".join(conditions)}
         ORDER BY p.code LIMIT ${len(values)}
        """,
        *values,
    )
    return [Candidate(row["id"], row["code"], row["name"], row["cost"]) for row in rows]


def _run(row: Record) -> Run:
    fields = dict(row)
    rule = Rule(fields.pop("kind"), fields.pop("value"), fields.pop("ending"))
    return Run(rule=rule, **fields)


async def find(tx: Tx, run_id: UUID, *, is_locked: bool = False) -> Run | None:
    """The run, or None."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM price_run WHERE id = $1 {'FOR UPDATE' if is_locked else ''}", run_id
    )
    return None if row is None else _run(row)


async def listing(tx: Tx, before: UUID | None, limit: int) -> list[Run]:
    """Runs, newest first, older than the run `before`."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM price_run WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, limit
    )
    return [_run(row) for row in rows]


async def store(tx: Tx, run: Run, rows: Sequence[Row]) -> None:
    """Keep a new run with the prices it set."""
    await tx.execute(
        f"""
        INSERT INTO price_run ({_COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL, 0)
        """,
        run.id,
        run.rule.kind,
        run.rule.value,
        run.rule.ending,
        run.at_site,
        run.audience,
        run.begins,
        run.chosen,
        run.who,
        run.created_at,
        run.prices,
        run.skipped,
    )
    await tx.execute(
        """
        INSERT INTO price_run_price (run_id, product_id, code, price_id, was, was_own, now)
        SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[])
        """,
        run.id,
        [row.candidate.product_id for row in rows],
        [row.candidate.code for row in rows],
        [_price_id(row) for row in rows],
        [row.was for row in rows],
        [row.was_own for row in rows],
        [row.now for row in rows],
    )


def _price_id(row: Row) -> UUID:
    """The price that says what the run set: the new one, or the one it changed in place."""
    return next(price.id for price in (*row.plan.new, *row.plan.changed) if price.price == row.now)


async def prices_of(tx: Tx, run_id: UUID, after: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
    """What a run set, by code; with the product's name as it is now."""
    rows = await tx.fetch(
        """
        SELECT r.product_id, r.code, p.name, r.price_id, r.was, r.was_own, r.now, r.is_undone
          FROM price_run_price r LEFT JOIN product p ON p.id = r.product_id
         WHERE r.run_id = $1 AND ($2::text IS NULL OR r.code > $2) ORDER BY r.code LIMIT $3
        """,
        run_id,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def mark_undone(tx: Tx, run_id: UUID, who: str, when: datetime, product_ids: Sequence[UUID]) -> None:
    """Keep that a run was undone, and for which of its products."""
    await tx.execute(
        "UPDATE price_run SET undone_at = $2, undone_by = $3, undone = $4 WHERE id = $1",
        run_id,
        when,
        who,
        len(product_ids),
    )
    await tx.execute(
        "UPDATE price_run_price SET is_undone = product_id = ANY($2) WHERE run_id = $1", run_id, list(product_ids)
    )
