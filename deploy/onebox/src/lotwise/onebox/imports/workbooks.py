"""XLSX files of the command line: the first sheet of a workbook, read and written row by row."""

from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

from lotwise.catalog.domain import workbooks
from lotwise.catalog.domain.refusals import BadFile
from lotwise.onebox.home import Refused


def is_workbook(file: Path) -> bool:
    """Whether the file is a zip, as workbooks are. Raises Refused when it cannot be read."""
    try:
        with file.open("rb") as raw:
            return raw.read(4) == workbooks.ZIP
    except OSError as problem:
        raise Refused(f"{file} cannot be read: {problem.strerror or problem}.") from None


def workbook_lines(file: Path) -> Generator[tuple[int, list[str]]]:
    """The rows of the first sheet with their numbers, cells as texts. Raises Refused for what is no workbook."""
    try:
        with file.open("rb") as raw:
            yield from workbooks.workbook_lines(raw)
    except BadFile as problem:
        raise Refused(f"{file}: {problem.detail}") from None


def write_workbook(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows of texts into the first sheet, row by row; every cell stays a text, so that no code loses a zero."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("products")
    for row in rows:
        sheet.append([cell or None for cell in row])
    book.save(file)
