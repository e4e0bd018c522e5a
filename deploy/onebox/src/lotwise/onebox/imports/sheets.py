"""The only home of reading a table from a file: CSV, plain or gzipped, or XLSX, its columns found by name."""

import csv
import gzip
import io
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from lotwise.catalog.domain.columns import Column, Row, dialect_of, encoding_of, missing_in, places_of
from lotwise.onebox.home import Refused
from lotwise.onebox.imports.workbooks import is_workbook, workbook_lines

__all__ = ["Column", "FileMapping", "Row", "Sheet"]

_GZIP = b"\x1f\x8b"
_SNIFF_BYTES = 64 * 1024


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
        self._text = io.TextIOWrapper(self._raw, encoding_of(start), errors="replace", newline="")
        return self._text, dialect_of(start)

    def __exit__(self, *_error: object) -> None:
        self._text.close()


def _find(headers: Sequence[str], columns: Sequence[Column], given: Mapping[str, str], file: Path) -> dict[str, int]:
    places = places_of(headers, columns, given)
    for name in (column.name for column in columns if column.name in given and column.name not in places):
        raise Refused(f"{file} has no column {given[name]!r}; it has {', '.join(headers)}.")
    if missing := missing_in(places, columns):
        raise Refused(
            f"{file} has no column for {', '.join(missing)}; it has {', '.join(headers)}. Name them in a mapping file: "
            '{"columns": {"' + missing[0] + '": "<header>"}}.'
        )
    return places
