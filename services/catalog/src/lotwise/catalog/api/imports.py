"""HTTP of importing products from a file: send it, see what it would do row by row, have exactly that done."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints

from lotwise.catalog.api.shapes import Shape, Warning_
from lotwise.catalog.domain.imports import FILE_BYTES_MAX, Import, ImportRow
from lotwise.catalog.domain.refusals import BadFile, ImportChanged, ImportNotReady
from lotwise.catalog.operations import imports
from lotwise.catalog.repository import imports as rows
from lotwise.contracts.fields import Note, Whole
from lotwise.kit.commands import Answer, Cmd, Read
from lotwise.kit.paging import After, Limit, Page, cursor_decode, cursor_encode
from lotwise.kit.web import Router
from lotwise.values import Unknown

router = Router(tags=["imports"])
State = Literal["reading", "judging", "ready", "applying", "done", "failed"]
RowOutcome = Literal["created", "updated", "unchanged", "refused"]
Show = Annotated[Literal["created", "updated", "unchanged", "refused", "warned"] | None, Query()]
FileName = Annotated[Note, StringConstraints(max_length=200)]
Content = Annotated[str, StringConstraints(min_length=1, max_length=FILE_BYTES_MAX * 4 // 3 + 1_000_000)]


class FileIn(Shape):
    """A table of products: CSV, plain or gzipped, or XLSX, in base64. Its first row names the columns."""

    name: FileName = ""
    content: Content


class ApplyIn(Shape):
    """What was seen: how many products would be new and how many would change."""

    created: Annotated[Whole, Field(ge=0)]
    updated: Annotated[Whole, Field(ge=0)]


class ImportOut(BaseModel):
    """An import: first it is read and judged, then `ready` to be applied, then `done`; `failed` tells its `problem`.

    `done_rows` of `rows` are through in this state. `columns` says which header was taken for which column, `unused`
    which headers were not. After it was applied, the counts say what became of the rows.
    """

    import_id: UUID
    name: str
    state: State
    rows: int
    done_rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    warned: int
    applied: int
    columns: dict[str, str]
    unused: list[str]
    has_prices: bool
    problem: str | None
    who: str
    created_at: datetime
    applied_by: str | None
    applied_at: datetime | None
    finished_at: datetime | None


class ChangeOut(BaseModel):
    """A column that changes, before and after."""

    field: str
    was: str
    now: str


class ImportRowOut(BaseModel):
    """A row: its line in the file, what would become of it, and for a refused one the column, why, and what to do."""

    line: int
    code: str
    name: str
    outcome: RowOutcome | None
    is_applied: bool
    product_id: UUID | None
    changes: list[ChangeOut]
    warnings: list[Warning_]
    field: str | None
    problem: str | None
    advice: str | None


@router.post("/product-imports:upload", permission="catalog.write", status_code=201, site="chain", refusals=(BadFile,))
async def upload_products(cmd: Cmd, body: FileIn) -> Answer[ImportOut]:
    """Send a file. Nothing of it is in the catalog until it is applied."""
    try:
        content = base64.b64decode(body.content, validate=True)
    except (binascii.Error, ValueError):
        raise BadFile("The content is not base64.", field="content") from None
    async with cmd.transaction() as tx:
        one = await imports.take(tx, body.name, content, cmd.who.actor)
        answer = _out(one, (await rows.counts(tx, [one.id]))[one.id])
        return await cmd.answer(tx, answer, 201, target=one.id, details={"bytes": len(content)})


@router.get("/product-imports", permission="catalog.write", site="chain")
async def list_imports(read: Read, after: After = None, limit: Limit = 50) -> Page[ImportOut]:
    """Imports of the last 30 days, newest first."""
    key = cursor_decode(after, UUID)
    async with read.connection() as tx:
        found = await rows.listing(tx, key[0] if key else None, limit + 1)
        page = await imports.counted(tx, found[:limit])
    return Page(rows=[_out(*one) for one in page], next=cursor_encode(page[-1][0].id) if len(found) > limit else None)


@router.get("/product-imports/{import_id}", permission="catalog.write", refusals=(Unknown,), site="chain")
async def get_import(read: Read, import_id: UUID) -> ImportOut:
    """One import and how far it is."""
    async with read.connection() as tx:
        ((one, counts),) = await imports.counted(tx, [await imports.load(tx, import_id)])
    return _out(one, counts)


@router.get("/product-imports/{import_id}/rows", permission="catalog.write", refusals=(Unknown,), site="chain")
async def list_import_rows(
    read: Read, import_id: UUID, show: Show = None, after: After = None, limit: Limit = 50
) -> Page[ImportRowOut]:
    """What would become of each row (once applied: what became), in the order of the file."""
    key = cursor_decode(after, int)
    async with read.connection() as tx:
        await imports.load(tx, import_id)
        found = await rows.rows_of(tx, import_id, show, key[0] if key else 0, limit + 1)
    page = [_row(row) for row in found[:limit]]
    return Page(rows=page, next=cursor_encode(page[-1].line) if len(found) > limit else None)


@router.post(
    "/product-imports/{import_id}:apply",
    permission="catalog.write",
    refusals=(Unknown, ImportNotReady, ImportChanged),
    site="chain",
)
async def apply_import(cmd: Cmd, import_id: UUID, body: ApplyIn) -> Answer[ImportOut]:
    """Have done what was shown; a row whose product somebody changed since is refused, and told."""
    async with cmd.transaction() as tx:
        if (await imports.load(tx, import_id)).has_prices:
            cmd.who.at("catalog.price")
        one = await imports.apply(tx, import_id, body.model_dump(), cmd.who.actor)
        answer = _out(one, (await rows.counts(tx, [one.id]))[one.id])
        return await cmd.answer(tx, answer, target=import_id, details=body.model_dump())


def _out(one: Import, counts: Mapping[str, int]) -> ImportOut:
    plain: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
    return ImportOut(**plain, **counts, import_id=one.id, done_rows=one.done, unused=list(one.unused))


_PLAIN = (
    "name", "state", "rows", "columns", "has_prices", "problem", "who", "created_at", "applied_by", "applied_at",
    "finished_at",
)  # fmt: skip


def _row(row: ImportRow) -> ImportRowOut:
    return ImportRowOut(
        line=row.line,
        code=row.code,
        name=row.name,
        outcome=row.outcome,
        is_applied=row.is_applied,
        product_id=row.product_id,
        changes=[ChangeOut(field=name, was=was, now=now) for name, was, now in row.changes],
        warnings=[Warning_(code=code, text=text) for code, text in row.warnings],
        field=row.field,
        problem=row.problem,
        advice=row.advice,
    )
