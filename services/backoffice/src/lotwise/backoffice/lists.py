"""The only home of lists: columns, sort links, addresses with filters in them, chunks of fifty, CSV of the whole."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, how CSV reads it, if it holds figures, the service's sort word, if it needs room."""

    label: str
    read: Callable[[Any], Any]
    is_number: bool = False
    sort: str = ""
    is_roomy: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The address of a list as it was asked for, from which its other addresses are made."""

    path: str
    query: dict[str, str]
    columns: Sequence[Column] = ()

    @property
    def sort(self) -> str:
        """The word of the sorted column, without its direction."""
        return self.query.get("sort", "").removeprefix("-")

    def url(self, **changes: object) -> str:
        """This list with other filters; a filter set to None or "" leaves the address; the cursor starts anew."""
        query = {name: value for name, value in self.query.items() if name not in {"after", "format"}}
        query |= {name: "" if value is None else str(value) for name, value in changes.items()}
        asked = urlencode({name: value for name, value in query.items() if value})
        return f"{self.path}?{asked}" if asked else self.path

    def sorted(self, column: Column) -> str:
        """This list sorted by the column; a second press turns it round."""
        return self.url(sort=f"-{column.sort}" if self.query.get("sort") == column.sort else column.sort)

    def direction(self, column: Column) -> str:
        """What `aria-sort` says of the column, or nothing."""
        if not column.sort or self.sort != column.sort:
            return ""
        return "descending" if self.query.get("sort", "").startswith("-") else "ascending"

    @property
    def is_filtered(self) -> bool:
        """Whether anything but site and sort narrows the list."""
        return any(value and name not in {"sort", "after", "site", "format"} for name, value in self.query.items())


def listing(request: Request, columns: Sequence[Column] = ()) -> Listing:
    """The list that this request asks for."""
    return Listing(request.url.path, dict(request.query_params), columns)


def csv_answer(name: str, columns: Iterable[Column], rows: AsyncIterator[Any]) -> StreamingResponse:
    """The whole list as CSV, streamed; text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    shown = [column for column in columns if column.label]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}

    async def lines() -> AsyncIterator[str]:
        yield _line([column.label for column in shown])
        async for row in rows:
            yield _line([safe(column.read(row)) for column in shown])

    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def csv_asked(request: Request, **tables: tuple[type[BaseModel], Iterable[BaseModel]]) -> Response | None:
    """The CSV of one of a page's tables, when its address asks for it by name (`?csv=lines`); None otherwise.

    Each table is given as the shape of its rows and the rows: its columns are the shape's own fields.
    """
    name = request.query_params.get("csv", "")
    if name not in tables:
        return None
    shape, rows = tables[name]
    columns = [Column(_label(field), partial(_field, field)) for field in shape.model_fields]

    async def each() -> AsyncIterator[BaseModel]:
        for row in rows:
            yield row

    return csv_answer(name.replace("_", "-"), columns, each())


def _label(field: str) -> str:
    return field.rstrip("_").replace("_", " ").capitalize()


def _field(name: str, row: BaseModel) -> object:
    """A field's value for a cell: what is a list or holds more fields is written as JSON."""
    value = getattr(row, name)
    if isinstance(value, list | tuple | dict | BaseModel):
        return orjson.dumps(value, default=lambda one: one.model_dump(mode="json")).decode() if value else ""
    return value


def safe(value: object) -> str:
    """A cell's text: numbers as they are, and no text that starts a formula."""
    text = "" if value is None else str(value)
    is_figure = text.replace(".", "", 1).removeprefix("-").isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not is_figure else text


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
