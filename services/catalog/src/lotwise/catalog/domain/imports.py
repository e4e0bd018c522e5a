"""The only home of what an import of products is: a file on its way into the catalog, looked at before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

READING, JUDGING, READY, APPLYING, DONE, FAILED = "reading", "judging", "ready", "applying", "done", "failed"
ROWS_MAX = 100_000
FILE_BYTES_MAX = 20_000_000
KEPT_DAYS = 30
OUTCOMES = ("created", "updated", "unchanged", "refused")
_ADVICE = "Correct the row in your file and import it again; rows that are in already are left as they are."


@dataclass(frozen=True, slots=True)
class Import:
    """An import: its state, how many rows were read and how many are done in this state, and who asked.

    `columns` says which header was taken for which column, `unused` which were not; `problem` why it failed.
    """

    id: UUID
    name: str
    state: str
    who: str
    created_at: datetime
    rows: int = 0
    done: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    problem: str | None = None
    applied_by: str | None = None
    applied_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def has_prices(self) -> bool:
        """Whether the file sets prices."""
        return bool({"price", "member_price"} & self.columns.keys())


@dataclass(slots=True)
class ImportRow:
    """A row of the file: what was asked, what would become of it (then what became), and what is wrong with it."""

    line: int
    part: int
    code: str
    name: str
    body: Mapping[str, Any]
    outcome: str | None = None
    changes: list[list[str]] = field(default_factory=list)
    warnings: list[list[str]] = field(default_factory=list)
    field: str | None = None
    problem: str | None = None
    advice: str | None = None
    product_id: UUID | None = None
    is_applied: bool = False


def refused(row: ImportRow, problem: str, column: str | None = None, ways_out: tuple[str, ...] = ()) -> ImportRow:
    """The row as one that will not come in, with what is wrong, where, and what to do."""
    row.outcome, row.problem, row.field = "refused", problem, column
    row.advice = " ".join(_sentence(way) for way in ways_out) or _ADVICE
    row.changes, row.product_id = [], None
    return row


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
