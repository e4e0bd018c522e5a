"""The only home of a file that a person sent: CSV, plain or gzipped, or XLSX, as lines of cells."""

import csv
import gzip
import io
import zlib
from collections.abc import Generator

from lotwise.catalog.domain.columns import dialect_of, encoding_of
from lotwise.catalog.domain.refusals import BadFile
from lotwise.catalog.domain.workbooks import ZIP, workbook_lines

_GZIP = b"\x1f\x8b"
_SNIFF_BYTES = 64 * 1024
TEXT_BYTES_MAX = 100_000_000


def lines_of(content: bytes) -> Generator[tuple[int, list[str]]]:
    """Every line with its number in the file. Raises BadFile when it cannot be read."""
    if content.startswith(ZIP):
        yield from ((line, _clean(cells)) for line, cells in workbook_lines(io.BytesIO(content)))
        return
    plain = _unpacked(content) if content.startswith(_GZIP) else content
    start = plain[:_SNIFF_BYTES]
    if b"\x00" in start:
        raise BadFile("This is neither CSV nor XLSX. Save the table as one of them.")
    text = io.TextIOWrapper(io.BytesIO(plain), encoding_of(start), errors="replace", newline="")
    reader = csv.reader(text, dialect_of(start))
    try:
        for cells in reader:
            yield reader.line_num, _clean(cells)
    except csv.Error as problem:
        raise BadFile(
            f"Line {reader.line_num + 1} cannot be read ({problem}). Often a quotation mark is missing."
        ) from None


def _clean(cells: list[str]) -> list[str]:
    return [cell.replace("\x00", "") for cell in cells]


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            plain = packed.read(TEXT_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise BadFile(f"The packed file cannot be read ({problem}). Send it unpacked.") from None
    if len(plain) > TEXT_BYTES_MAX:
        raise BadFile("The file is too large once it is unpacked. Send it in parts.")
    return plain
