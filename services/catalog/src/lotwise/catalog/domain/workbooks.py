"""The only home of reading XLSX: the first sheet of a workbook as lines of texts, row by row."""

import zipfile
from collections.abc import Generator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from lotwise.catalog.domain.refusals import BadFile

ZIP = b"PK\x03\x04"
UNPACKED_BYTES_MAX = 400_000_000


def workbook_lines(file: IO[bytes]) -> Generator[tuple[int, list[str]]]:
    """The rows of the first sheet with their numbers, cells as texts. Raises BadFile for what is no workbook."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES_MAX:
                raise BadFile("The workbook is too large once it is unpacked. Save it as CSV, or in parts.")
        book = load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as problem:
        raise BadFile(f"This is no workbook that can be read ({problem}). Save it anew as XLSX or CSV.") from None
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
