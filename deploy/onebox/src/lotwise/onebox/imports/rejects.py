"""The only home of rows that were not taken: each with its line and the reason, in a file beside the import's."""

import csv
from pathlib import Path
from typing import Any, Self, TextIO


class Rejects:
    """A file of rejects, made when the first one comes; it replaces the one of an earlier run."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.count = 0
        self._out: TextIO | None = None
        self._writer: Any = None

    def add(self, line: int | None, reason: str, row: str = "") -> None:
        """Note a row: its line in the file (None where many lines make one document), why, and what it said."""
        if self._writer is None:
            self._out = self.file.open("w", newline="")
            self._writer = csv.writer(self._out)
            self._writer.writerow(["line", "reason", "row"])
        self._writer.writerow(["" if line is None else line, reason, row])
        self.count += 1

    def __enter__(self) -> Self:
        self.file.unlink(missing_ok=True)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._out is not None:
            self._out.close()
