"""The only home of finding a table's columns by what their heads say, and of how a text file is written."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Column:
    """A column an import can use: its name, the headers it is known by, and whether it must be there."""

    name: str
    headers: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True)
class Row:
    """One row: its line in the file and its texts by column; a missing column is an empty text."""

    line: int
    texts: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a column, without the spaces around it."""
        return self.texts.get(column, "").strip()


def word(text: str) -> str:
    """A header as a bare word: "Unit Price" and "unit_price" are the same."""
    return _NOT_A_WORD.sub("", text.lower())


def places_of(headers: Sequence[str], columns: Sequence[Column], given: Mapping[str, str]) -> dict[str, int]:
    """Where each column stands; `given` names a column's header where it is none of those it is known by."""
    by_word = {word(header): place for place, header in reversed(list(enumerate(headers)))}
    places: dict[str, int] = {}
    for column in columns:
        names = (given[column.name],) if column.name in given else (column.name, *column.headers)
        place = next((by_word[word(name)] for name in names if word(name) in by_word), None)
        if place is not None:
            places[column.name] = place
    return places


def missing_in(places: Mapping[str, int], columns: Sequence[Column]) -> list[str]:
    """The columns that must be there and are not."""
    return [column.name for column in columns if column.is_required and column.name not in places]


def encoding_of(start: bytes) -> str:
    """How a file's bytes are letters, judged by its beginning: UTF-8, else Windows' western letters."""
    cut = start.rsplit(b"\n", 1)[0]
    try:
        cut.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def dialect_of(start: bytes) -> type[csv.Dialect]:
    """What separates the cells, judged by the first line."""
    first = start.split(b"\n", 1)[0].decode("utf-8", "replace")

    class Found(csv.excel):
        delimiter = max(_DELIMITERS, key=first.count)

    return Found
