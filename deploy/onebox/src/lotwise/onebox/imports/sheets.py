"""The only home of reading a table from a file: CSV, plain or gzipped, or XLSX, its columns found by name."""

import csv
import gzip
import io
import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from lotwise.onebox.home import Refused
from lotwise.onebox.imports.workbooks import is_workbook, workbook_lines

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t|"
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_SNIFF_BYTES = 64 * 1024


@dataclass(frozen=True)
class Column:
    """A column an import can use: its name, the headers it is known by, and whether it must be there."""

    name: str
    headers: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True)
class FileMapping:
    """A mapping file: which header holds which column, and what else an import wants to know about the file."""

    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path | None) -> "FileMapping":
        """Read a mapping file: {"columns": {"code": "StockCode"}, …}. Raises Refused when it is none."""
        if file is None:
            return cls()
        try:
            data = json.loads(file.read_text())
            columns = {str(name): str(header) for name, header in dict(data.get("columns", {})).items()}
        except (OSError, ValueError, AttributeError) as problem:
            raise Refused(f"{file} is no mapping file ({problem}).") from None
        return cls(columns, {name: value for name, value in data.items() if name != "columns"})


@dataclass(frozen=True)
class Row:
    """One row: its line in the file and its texts by column; a missing column is an empty text."""

    line: int
    texts: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a column, without the spaces around it."""
        return self.texts.get(column, "").strip()


class Sheet:
    """A table in a file: which of its headers was taken for which column, and its rows."""

    def __init__(self, file: Path, columns: Sequence[Column], mapping: FileMapping) -> None:
        self.file = file
        self._columns = columns
        with closing(self._lines()) as lines:
            self.headers = [header.strip() for header in next(lines, (1, []))[1]]
        self.places = _find(self.headers, columns, mapping.columns, file)

    def rows(self) -> Iterator[Row]:
        """Every row, with its line in the file; empty rows are skipped."""
        places = list(self.places.items())
        for line, cells in self.cells():
            yield Row(line, {name: cells[place] if place < len(cells) else "" for name, place in places})

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Every row as raw cells with its line: for files of many rows."""
        with closing(self._lines()) as lines:
            next(lines, None)
            for line, cells in lines:
                if any(cells):
                    yield line, cells

    def _lines(self) -> Generator[tuple[int, list[str]]]:
        """Every line of the file with its number. Raises Refused when it cannot be read."""
        if is_workbook(self.file):
            yield from workbook_lines(self.file)
            return
        with _Opened(self.file) as (text, dialect):
            reader = csv.reader(text, dialect)
            for cells in reader:
                yield reader.line_num, cells


class _Opened:
    """A file as text with its dialect, for the length of a block. Raises Refused when it cannot be read."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> "tuple[TextIO, type[csv.Dialect]]":
        try:
            self._raw: Any = self._file.open("rb")
            if self._raw.peek(2)[:2] == _GZIP:
                self._raw = gzip.open(self._raw)
            start = self._raw.peek(_SNIFF_BYTES)[:_SNIFF_BYTES]
        except OSError as problem:
            raise Refused(f"{self._file} cannot be read: {problem.strerror or problem}.") from None
        self._text = io.TextIOWrapper(self._raw, _encoding(start), errors="replace", newline="")
        return self._text, _dialect(start)

    def __exit__(self, *_error: object) -> None:
        self._text.close()


def _encoding(start: bytes) -> str:
    cut = start.rsplit(b"\n", 1)[0]
    try:
        cut.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _dialect(start: bytes) -> type[csv.Dialect]:
    first = start.split(b"\n", 1)[0].decode("utf-8", "replace")

    class Found(csv.excel):
        delimiter = max(_DELIMITERS, key=first.count)

    return Found


def word(text: str) -> str:
    """A header as a bare word: "Unit Price" and "unit_price" are the same."""
    return _NOT_A_WORD.sub("", text.lower())


def _find(headers: Sequence[str], columns: Sequence[Column], given: Mapping[str, str], file: Path) -> dict[str, int]:
    by_word = {word(header): place for place, header in reversed(list(enumerate(headers)))}
    places: dict[str, int] = {}
    for column in columns:
        names = (given[column.name],) if column.name in given else (column.name, *column.headers)
        place = next((by_word[word(name)] for name in names if word(name) in by_word), None)
        if place is not None:
            places[column.name] = place
        elif column.name in given:
            raise Refused(f"{file} has no column {given[column.name]!r}; it has {', '.join(headers)}.")
    missing = [column.name for column in columns if column.is_required and column.name not in places]
    if missing:
        raise Refused(
            f"{file} has no column for {', '.join(missing)}; it has {', '.join(headers)}. Name them in a mapping file: "
            '{"columns": {"' + missing[0] + '": "<header>"}}.'
        )
    return places
