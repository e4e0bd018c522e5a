"""The only home of bringing products in from a file: send it, see what it would do, have exactly that done (WEB-08)."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from lotwise.backoffice.gateway import CHUNK, Refused, Rows, Shape, or_else
from lotwise.backoffice.lists import Column, csv_answer, listing
from lotwise.backoffice.pages import done, form_of, new_key, page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Visitor, Who

screen = Screen()
FILE_BYTES_MAX = 20_000_000
WORKING = {"reading": "Reading the file", "judging": "Looking at every row", "applying": "Bringing products in"}
SHOWS = ("created", "updated", "unchanged", "warned", "refused")
WORDS = {"created": "New", "updated": "Changed", "unchanged": "Unchanged", "refused": "Refused"}


class Import(Shape):
    """An import as the catalog tells it."""

    import_id: UUID
    name: str = ""
    state: str
    rows: int = 0
    done_rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    warned: int = 0
    applied: int = 0
    columns: dict[str, str] = Field(default_factory=dict)
    unused: tuple[str, ...] = ()
    has_prices: bool = False
    problem: str | None = None
    who: str = ""
    created_at: datetime
    applied_by: str | None = None
    finished_at: datetime | None = None

    @property
    def changing(self) -> int:
        """How many rows would change something."""
        return self.created + self.updated

    @property
    def whole(self) -> int:
        """How many rows the work of this state goes over."""
        return max(self.changing, self.done_rows) if self.state == "applying" else self.rows


class Change(Shape):
    """A column before and after."""

    field: str
    was: str = ""
    now: str = ""


class Warned(Shape):
    """What to look at twice."""

    text: str


class Row(Shape):
    """A row of the file and what becomes of it."""

    line: int
    code: str = ""
    name: str = ""
    outcome: str | None = None
    is_applied: bool = False
    product_id: UUID | None = None
    changes: tuple[Change, ...] = ()
    warnings: tuple[Warned, ...] = ()
    field: str | None = None
    problem: str | None = None
    advice: str | None = None

    @property
    def word(self) -> str:
        """What becomes of it, in a word."""
        return WORDS.get(self.outcome or "", "")

    @property
    def told(self) -> str:
        """What changes, or what is wrong, in a sentence."""
        changes = [f"{one.field} {one.was or 'empty'} → {one.now or 'empty'}" for one in self.changes]
        return "; ".join([*([self.problem] if self.problem else []), *changes, *(one.text for one in self.warnings)])


class Filter(BaseModel):
    """Which rows are shown."""

    show: str = ""
    after: str = ""
    format: str = ""


COLUMNS = (
    Column("Row", lambda row: row.line, is_number=True),
    Column("Code", lambda row: row.code),
    Column("Name", lambda row: row.name),
    Column("Outcome", lambda row: row.word),
    Column("Column", lambda row: row.field),
    Column("What changes or is wrong", lambda row: row.told),
    Column("What to do", lambda row: row.advice),
)
HEADS = (*COLUMNS[:4], COLUMNS[5])


@screen.get("/products/import", permission="catalog.write")
async def import_form(request: Request, who: Who) -> Response:
    """Ask for the file; below it the imports of the last days."""
    return await _form(request, who, {})


@screen.post("/products/import:upload", permission="catalog.write")
async def send(request: Request, who: Who) -> Response:
    """Take the file and go to what it would do. An empty, missing or too large one is refused in a sentence."""
    sent = (await request.form()).get("file")
    if sent is None or isinstance(sent, str) or not sent.filename:
        return await _form(request, who, {"file": "Choose a file first."})
    content = await sent.read()
    if len(content) > FILE_BYTES_MAX:
        size = f"{len(content) / 1e6:.1f}"
        return await _form(request, who, {"file": f"The file has {size} MB; at most 20 MB come in at once. Split it."})
    body = {"name": sent.filename[:200], "content": base64.b64encode(content).decode()}
    key = (await form_of(request)).get("key") or new_key()
    try:
        made = await who.gateway.post("catalog", "/v1/product-imports:upload", body, key)
    except Refused as no:
        return await _form(request, who, {"file": " ".join([no.detail, *no.ways_out])})
    return done(
        request, "The file is being looked at. Nothing has changed yet.", f"/products/import/{made['import_id']}"
    )


async def _form(request: Request, who: Visitor, errors: dict[str, str]) -> Response:
    none: Rows[Import] = Rows([])
    recent = (await or_else(who.gateway.rows(Import, "catalog", "/v1/product-imports", limit=10), none)).rows
    return page(
        request,
        who,
        "screens/product_import.html",
        status=422 if errors else 200,
        title="Import products",
        fixed_site=True,
        errors=errors,
        recent=recent,
        bytes_max=FILE_BYTES_MAX,
        working=WORKING,
    )


@screen.get("/products/export", permission="catalog.read")
async def export(who: Who) -> Response:
    """The whole catalog as CSV, in the columns that an import reads; a no comes before the first byte."""
    pieces = who.gateway.stream("catalog", "/v1/products:export")
    first = await anext(pieces, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    headers = {"Content-Disposition": 'attachment; filename="products.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(whole(), media_type="text/csv; charset=utf-8", headers=headers)


@screen.get("/products/import/{import_id}", permission="catalog.write")
async def shown(request: Request, who: Who, import_id: UUID, asked: Annotated[Filter, Query()]) -> Response:
    """What the file would do (or did), row by row; how far the work is while it goes on; or the rows as CSV."""
    path = f"/v1/product-imports/{import_id}"
    show = asked.show if asked.show in SHOWS else ""
    if asked.format == "csv":
        return csv_answer(f"import-{show or 'rows'}", COLUMNS, _every(who, path, show))
    one = await who.gateway.one(Import, "catalog", path)
    found: Rows[Row] = Rows([])
    if one.state in {"ready", "done"}:
        show = show if asked.show else _first(one)
        params = {"show": "" if show == "all" else show, "after": asked.after, "limit": CHUNK}
        found = await who.gateway.rows(Row, "catalog", f"{path}/rows", **params)
    context: dict[str, Any] = {
        "one": one, "found": found, "show": show, "list": listing(request, HEADS), "working": WORKING, "words": WORDS,
        "may": who.can("catalog.price") or not one.has_prices,
    }  # fmt: skip
    context |= {"fragment": "rows" if asked.after else "state", "title": one.name or "A file", "fixed_site": True}
    return page(request, who, "screens/product_import_shown.html", **context)


def _first(one: Import) -> str:
    """What a person wants to see first: what is wrong, else what warns, else everything."""
    return "refused" if one.refused else "warned" if one.warned else "all"


async def _every(who: Visitor, path: str, show: str) -> AsyncIterator[Row]:
    """All rows, however many: a file to mend is downloaded whole."""
    after: str | None = None
    while True:
        chunk = await who.gateway.rows(Row, "catalog", f"{path}/rows", show=show, after=after, limit=500)
        for row in chunk.rows:
            yield row
        after = chunk.next
        if not after:
            return


@screen.post("/products/import/{import_id}/apply", permission="catalog.write")
async def apply(request: Request, who: Who, import_id: UUID) -> Response:
    """Have done what was shown; the counts go along, so that nothing else can be."""
    form = await form_of(request)
    counts = {name: int(form[name]) if form.get(name, "").isdecimal() else 0 for name in ("created", "updated")}
    try:
        await who.gateway.post("catalog", f"/v1/product-imports/{import_id}:apply", counts, form.get("key", ""))
    except Refused as no:
        return done(request, " ".join([no.detail, *no.ways_out]), f"/products/import/{import_id}")
    return done(request, "The products are coming in.", f"/products/import/{import_id}")
