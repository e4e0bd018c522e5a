"""The only home of XLSX: the first sheet of a workbook as lines of texts, read and written row by row."""

import zipfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lotwise.onebox.home import Refused

_ZIP = b"PK\x03\x04"


def is_workbook(file: Path) -> bool:
    """Whether the file is a zip, as workbooks are. Raises Refused when it cannot be read."""
    try:
        with file.open("rb") as raw:
            return raw.read(4) == _ZIP
    except OSError as problem:
        raise Refused(f"{file} cannot be read: {problem.strerror or problem}.") from None


def workbook_lines(file: Path) -> Generator[tuple[int, list[str]]]:
    """The rows of the first sheet with their numbers, cells as texts. Raises Refused for what is no workbook."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as problem:
        raise Refused(f"{file} is no workbook that can be read ({problem}).") from None
    with closing(book):
        for line, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            yield line, [_text(cell) for cell in cells]


def _text(cell: Any) -> str:
    """A cell as a person would type it: 12.0 is 12, a day is 2026-03-01, yes and no are words."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        number = Decimal(repr(cell))
        return f"{number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize():f}"
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def write_workbook(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows of texts into the first sheet, row by row; every cell stays a text, so that no code loses a zero."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("products")
    for row in rows:
        sheet.append([cell or None for cell in row])
    book.save(file)
