"""SQL of imports of products: the files on their way, their rows, and what becomes of each."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from asyncpg import Record

from lotwise.catalog.domain.imports import OUTCOMES, Import, ImportRow
from lotwise.kit.database import Tx

_COLUMNS = "id, name, state, who, created_at, rows, done, columns, unused, problem, applied_by, applied_at, finished_at"
_ROW = ", ".join(f"r.{field.name}" for field in fields(ImportRow))
_WRITTEN = (
    "line integer, part smallint, code text, name text, body jsonb, outcome text, changes jsonb, warnings jsonb,"
    " field text, problem text, advice text, product_id uuid"
)


def _import(row: Record) -> Import:
    told = dict(row)
    return Import(**told | {"unused": tuple(told["unused"])})


async def add(tx: Tx, import_id: UUID, name: str, who: str, content: bytes) -> None:
    """Keep a new import with its file, to be read."""
    await tx.execute(
        """
        INSERT INTO product_import (id, name, state, who, content, rows, done, columns, unused)
        VALUES ($1, $2, 'reading', $3, $4, 0, 0, '{}', '{}')
        """,
        import_id,
        name,
        who,
        content,
    )


async def find(tx: Tx, import_id: UUID, *, is_locked: bool = False) -> Import | None:
    """The import, or None."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM product_import WHERE id = $1 {'FOR UPDATE' if is_locked else ''}", import_id
    )
    return None if row is None else _import(row)


async def listing(tx: Tx, before: UUID | None, limit: int) -> list[Import]:
    """Imports, newest first, older than the import `before`."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM product_import WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        before,
        limit,
    )
    return [_import(row) for row in rows]


async def waiting(tx: Tx) -> Import | None:
    """The oldest import that has work to be done, or None."""
    row = await tx.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM product_import WHERE state IN ('reading', 'judging', 'applying')
         ORDER BY created_at, id LIMIT 1
        """
    )
    return None if row is None else _import(row)


async def content_of(tx: Tx, import_id: UUID) -> bytes:
    """The file's bytes, while they are not read yet."""
    return bytes(await tx.fetchval("SELECT content FROM product_import WHERE id = $1", import_id) or b"")


async def begin_reading(tx: Tx, import_id: UUID, columns: Mapping[str, str], unused: Sequence[str]) -> None:
    """Forget rows of a reading that was cut off, and keep which columns the file has."""
    await tx.execute("DELETE FROM product_import_row WHERE import_id = $1", import_id)
    await tx.execute(
        "UPDATE product_import SET columns = $2, unused = $3, rows = 0 WHERE id = $1",
        import_id,
        dict(columns),
        list(unused),
    )


async def move(tx: Tx, import_id: UUID, state: str, *, problem: str | None = None) -> None:
    """Bring the import to its next state; the file's bytes go once it is read."""
    await tx.execute(
        """
        UPDATE product_import SET state = $2, problem = $3, done = 0,
               content = CASE WHEN $2 = 'reading' THEN content END,
               finished_at = CASE WHEN $2 IN ('done', 'failed') THEN now() END
         WHERE id = $1
        """,
        import_id,
        state,
        problem,
    )


async def begin_judging(tx: Tx, import_id: UUID) -> None:
    """Count from the first row again."""
    await tx.execute("UPDATE product_import SET done = 0 WHERE id = $1", import_id)


async def begin_applying(tx: Tx, import_id: UUID, who: str) -> None:
    """Note who wants the import done."""
    await move(tx, import_id, "applying")
    await tx.execute("UPDATE product_import SET applied_by = $2, applied_at = now() WHERE id = $1", import_id, who)


async def add_rows(tx: Tx, import_id: UUID, rows: Sequence[ImportRow]) -> None:
    """Keep rows as they were read."""
    await tx.execute(
        f"""
        INSERT INTO product_import_row (import_id, line, part, code, name, body, outcome, changes, warnings, field,
                                        problem, advice, product_id)
        SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r({_WRITTEN})
        """,
        import_id,
        list(rows),
    )
    await tx.execute("UPDATE product_import SET rows = rows + $2 WHERE id = $1", import_id, len(rows))


async def keep_outcomes(tx: Tx, import_id: UUID, rows: Sequence[ImportRow], *, is_applied: bool) -> None:
    """Keep what would become of rows or, once applied, what became of them."""
    await tx.execute(
        f"""
        UPDATE product_import_row k
           SET code = r.code, outcome = r.outcome, changes = r.changes, warnings = r.warnings, field = r.field,
               problem = r.problem, advice = r.advice, product_id = r.product_id, is_applied = $3
          FROM jsonb_to_recordset($2::jsonb) AS r({_WRITTEN})
         WHERE k.import_id = $1 AND k.line = r.line
        """,
        import_id,
        list(rows),
        is_applied,
    )
    await tx.execute("UPDATE product_import SET done = done + $2 WHERE id = $1", import_id, len(rows))


async def to_judge(tx: Tx, import_id: UUID, after: tuple[int, int], limit: int) -> list[ImportRow]:
    """The next rows whose outcome is to be found, in the order of their turns."""
    rows = await tx.fetch(
        f"""
        SELECT {_ROW} FROM product_import_row r WHERE import_id = $1 AND (part, line) > ($2, $3)
         ORDER BY part, line LIMIT $4
        """,
        import_id,
        *after,
        limit,
    )
    return [ImportRow(**dict(row)) for row in rows]


async def to_apply(tx: Tx, import_id: UUID, limit: int) -> list[ImportRow]:
    """The next rows that would change something and have not been applied, in the order of their turns."""
    rows = await tx.fetch(
        f"""
        SELECT {_ROW} FROM product_import_row r
         WHERE import_id = $1 AND NOT is_applied AND outcome IN ('created', 'updated') ORDER BY part, line LIMIT $2
        """,
        import_id,
        limit,
    )
    return [ImportRow(**dict(row)) for row in rows]


async def codes_named(tx: Tx, import_id: UUID) -> set[str]:
    """The codes of bases and add-ons that rows of the file name."""
    rows = await tx.fetch(
        """
        SELECT body->>'variant_of_code' AS code FROM product_import_row WHERE import_id = $1 AND part = 1
        UNION
        SELECT jsonb_array_elements_text(body->'add_on_codes') FROM product_import_row WHERE import_id = $1 AND part = 2
        UNION
        SELECT body->>'variant_of_code' FROM product_import_row WHERE import_id = $1 AND part = 2
        """,
        import_id,
    )
    return {row["code"] for row in rows if row["code"]}


async def counts(tx: Tx, import_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many rows of each outcome an import has, how many of them warn, and how many were applied."""
    rows = await tx.fetch(
        """
        SELECT import_id, outcome, count(*) AS rows, count(*) FILTER (WHERE warnings <> '[]') AS warned,
               count(*) FILTER (WHERE is_applied AND outcome <> 'refused') AS applied
          FROM product_import_row WHERE import_id = ANY($1) GROUP BY import_id, outcome
        """,
        list(import_ids),
    )
    found = {one: dict.fromkeys((*OUTCOMES, "warned", "applied"), 0) for one in import_ids}
    for row in rows:
        told = found[row["import_id"]]
        told["warned"] += row["warned"]
        told["applied"] += row["applied"]
        if row["outcome"]:
            told[row["outcome"]] += row["rows"]
    return found


async def rows_of(tx: Tx, import_id: UUID, show: str | None, after: int, limit: int) -> list[ImportRow]:
    """Rows of an outcome (or those that warn, or all) in the order of the file, after a line."""
    condition = {None: "true", "warned": "warnings <> '[]'"}.get(show, "outcome = $4")
    values: list[Any] = [import_id, after, limit] + ([show] if condition == "outcome = $4" else [])
    rows = await tx.fetch(
        f"""
        SELECT {_ROW} FROM product_import_row r WHERE import_id = $1 AND line > $2 AND {condition}
         ORDER BY line LIMIT $3
        """,
        *values,
    )
    return [ImportRow(**dict(row)) for row in rows]


async def forget_old(tx: Tx, days: int) -> None:
    """Forget imports that are that old: what they did stands in the history of each product."""
    await tx.execute("DELETE FROM product_import WHERE created_at < now() - make_interval(days => $1)", days)
