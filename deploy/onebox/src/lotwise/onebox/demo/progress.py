"""The only home of how far the demo is: a small file in the data folder for pages and commands, and a bar on a screen.

The file also keeps the moment at which the load began, so that a load that was cut short goes on with the same chain.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from lotwise.onebox.home import Home, read_json, write_json

FILE_NAME = "demo-progress.json"


def progress_file(home: Home) -> Path:
    """Where the progress is kept: {"state", "percent", "step", "began_at"}."""
    return home.folder / FILE_NAME


class Telling:
    """Tells how far the demo is; `began_at` is when the first try of this data folder began."""

    def __init__(self, home: Home) -> None:
        self._file = progress_file(home)
        kept = read_json(self._file)
        self.began_at = datetime.fromisoformat(kept["began_at"]) if "began_at" in kept else datetime.now(UTC)
        self.days_done = int(kept.get("days_done", 0))
        columns = (
            TextColumn("demo chain: {task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(file=sys.stderr), refresh_per_second=2)
        self._task = self._bar.add_task("begins", total=100)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def say(self, percent: float, step: str, *, days_done: int | None = None) -> None:
        """So many percent are done; `step` says in words what is being done."""
        self.days_done = self.days_done if days_done is None else days_done
        self._write("loading", percent, step)

    def end(self) -> None:
        """All is loaded."""
        self._write("loaded", 100, "loaded")

    def _write(self, state: str, percent: float, step: str) -> None:
        self._bar.update(self._task, completed=percent, description=step)
        note: dict[str, Any] = {
            "state": state,
            "percent": round(percent, 1),
            "step": step,
            "began_at": self.began_at.isoformat(),
            "days_done": self.days_done,
        }
        write_json(self._file, note)
