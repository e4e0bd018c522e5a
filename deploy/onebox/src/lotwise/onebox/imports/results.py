"""The only home of what an import brought about: counts by outcome, printed or as JSON, and the exit code."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from lotwise.onebox.imports.rejects import Rejects


@dataclass
class Outcome:
    """What an import did: outcomes of its rows by what they were, and totals by site to compare with the old system."""

    title: str
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    totals: dict[str, dict[str, str]] = field(default_factory=dict)
    rejected: int = 0
    rejects_file: str | None = None
    is_dry_run: bool = False
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def count(self, what: str, outcome: str, rows: int = 1) -> None:
        """So many rows of a kind ended in an outcome."""
        self.counts.setdefault(what, Counter())[outcome] += rows

    def close(self, rejects: Rejects) -> None:
        """Note the rejects."""
        self.rejected = rejects.count
        self.rejects_file = str(rejects.file) if rejects.count else None

    def as_json(self) -> str:
        """All of it for machines."""
        plain: dict[str, Any] = dict(vars(self))
        return json.dumps(plain, indent=1, default=dict)


def show(outcome: Outcome, *, as_json: bool) -> None:
    """Print an outcome: tables for a person, or JSON."""
    if as_json:
        print(outcome.as_json())
        return
    console = Console()
    if outcome.totals:
        console.print(_table("Totals", outcome.totals))
    if outcome.counts:
        counted = {what: {name: f"{n:,}" for name, n in sorted(rows.items())} for what, rows in outcome.counts.items()}
        console.print(
            _table(outcome.title + (" (dry run: nothing was changed)" if outcome.is_dry_run else ""), counted)
        )
    for note in outcome.notes:
        console.print(note, markup=False)
    if outcome.rejected:
        console.print(f"{outcome.rejected:,} rows were not taken: {outcome.rejects_file} says why.", markup=False)
    console.print(f"{outcome.seconds:,.1f} s", markup=False)


def _table(title: str, rows: "dict[str, dict[str, str]]") -> Table:
    headers = _headers(list(rows.values()))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for header in headers:
        table.add_column(header, justify="right")
    for name, cells in rows.items():
        table.add_row(name, *(cells.get(header, "") for header in headers))
    return table


def _headers(rows: "Sequence[dict[str, str]]") -> list[str]:
    return list(dict.fromkeys(header for row in rows for header in row))
