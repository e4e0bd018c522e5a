"""The only home of the progress bar of an import: how many of how many, how fast, and how long still."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class RateColumn(ProgressColumn):
    """Rows per second so far."""

    def render(self, task: Task) -> Text:
        """The rate of a task."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Bar:
    """One step of an import on the screen."""

    def __init__(self, progress: Progress, title: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total)

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        self._progress.advance(self._task, rows)

    def remark(self, title: str) -> None:
        """Say something else beside the bar."""
        self._progress.update(self._task, description=title)

    def end(self) -> None:
        """All is done."""
        task = self._progress.tasks[self._progress.task_ids.index(self._task)]
        self._progress.update(self._task, completed=task.total)


class Screen:
    """The bars of an import, on the error output so that the output stays machine-readable."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def bar(self, title: str, total: int) -> Bar:
        """A new bar below the others."""
        return Bar(self._progress, title, total)


@contextmanager
def screen() -> Iterator[Screen]:
    """Show bars while the block lasts."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as progress:
        yield Screen(progress)
