"""The only home of what every import of a plain table does: read it, count what becomes of rows, keep the rejects."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lotwise.onebox.imports.progress import Screen, screen
from lotwise.onebox.imports.rejects import Rejects
from lotwise.onebox.imports.results import Outcome
from lotwise.onebox.imports.sheets import Column, FileMapping, Sheet


@dataclass(frozen=True)
class Asked:
    """What was asked for: the file, how to read it, where rejects go, whether to change anything."""

    file: Path
    mapping: FileMapping
    rejects_file: Path
    is_dry_run: bool = False


class Bringing(NamedTuple):
    """An import under way: its table, what becomes of it, where rejects go, where progress is shown."""

    sheet: Sheet
    outcome: Outcome
    rejects: Rejects
    screen: Screen


@contextmanager
def bringing(asked: Asked, noun: str, columns: Sequence[Column]) -> Iterator[Bringing]:
    """Bring a table in; afterwards the outcome knows its rejects and how long it took. Raises Refused of the file."""
    began = time.monotonic()
    outcome = Outcome(f"{noun} of {asked.file.name}", is_dry_run=asked.is_dry_run)
    sheet = Sheet(asked.file, columns, asked.mapping)
    with Rejects(asked.rejects_file) as rejects, screen() as shown:
        yield Bringing(sheet, outcome, rejects, shown)
        outcome.close(rejects)
    outcome.seconds = time.monotonic() - began
