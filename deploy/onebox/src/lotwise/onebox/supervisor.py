"""The only home of keeping processes alive: what ends is started again, later each time it fails soon after."""

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from lotwise.onebox.ends import LAST_LINES, End

CALM_SECONDS = 30.0
DELAY_SECONDS_MAX = 15.0
LOG_BYTES_MAX = 16 << 20
LOGS_KEPT = 3
TOLD_FAILURES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}


class Process(Protocol):
    """What the supervisor needs of a process, embedded server or service alike."""

    name: str
    log: Path

    @property
    def pid(self) -> int | None:
        """Its process id, also after its end; None before its first start."""
        ...

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0 in good order, below zero by that signal; None while it lives."""
        ...

    def last_words(self, lines: int = ...) -> str:
        """The last lines that it wrote."""
        ...

    def spawn(self) -> None:
        """Start it."""

    def is_running(self) -> bool:
        """Whether it lives."""
        ...

    def ask_to_stop(self) -> None:
        """Ask it to end in good order, without waiting."""

    def stop(self, seconds_max: float = ...) -> None:
        """Ask it, and wait until it is gone; killed when it takes longer."""


@dataclass
class Watched:
    """A process under supervision, how often it was started again, when it may be next, and how it ended last."""

    process: Process
    started: float = 0.0
    restarts: int = 0
    failures: int = 0
    not_before: float = 0.0
    was_running: bool = False
    last_end: End | None = None


@dataclass
class Supervisor:
    """Watches processes; `tell` gets a sentence for the person at the screen when something ended or came back.

    `note_end` gets each end that nobody asked for, however often: nothing that ended leaves without a trace.
    """

    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    note_end: Callable[[End], None] = field(default=lambda _: None)
    watched: dict[str, Watched] = field(default_factory=dict)

    def watch(self, process: Process) -> None:
        """Take a process that was started just now under supervision."""
        self.watched[process.name] = Watched(process, started=self.clock(), was_running=True)

    def look(self) -> bool:
        """Start again what ended and is due; True when anything changed."""
        changes = [self._look_at(watched) for watched in self.watched.values()]
        return any(changes)

    def _look_at(self, watched: Watched) -> bool:
        now = self.clock()
        if watched.process.is_running():
            if now - watched.started > CALM_SECONDS:
                watched.failures = 0
            return False
        if watched.was_running:
            watched.was_running = False
            watched.not_before = now + delay_seconds(watched.failures)
            watched.failures += 1
            watched.last_end = end = _end_of(watched, now)
            self.note_end(end)
            if watched.failures in TOLD_FAILURES:
                self.tell(f"{end.sentence()}; it is started again. Its log: {watched.process.log}")
        if now < watched.not_before:
            return False
        return self._start_again(watched)

    def _start_again(self, watched: Watched) -> bool:
        watched.started = self.clock()
        watched.was_running = True
        watched.restarts += 1
        try:
            watched.process.spawn()
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is told and tried again
            self.tell(f"{watched.process.name} could not be started: {problem}")
        return True

    def restarts_of(self, name: str) -> int:
        """How often a process was started again; 0 when it is not watched."""
        return self.watched[name].restarts if name in self.watched else 0

    def stop(self, names: Iterable[str], seconds_max: float) -> None:
        """Stop these for good, all at once, and wait for each; what does not end in time is killed."""
        gone = [self.watched.pop(name).process for name in names if name in self.watched]
        for process in gone:
            process.ask_to_stop()
        for process in gone:
            process.stop(seconds_max)

    def rotate_logs(self) -> None:
        """Keep each log below its limit: older lines move to numbered files."""
        for watched in self.watched.values():
            rotate(watched.process.log)


def _end_of(watched: Watched, now: float) -> End:
    process = watched.process
    lines = tuple(process.last_words(LAST_LINES).splitlines())
    return End(process.name, process.pid, process.exit_code, now - watched.started, datetime.now(UTC), lines)


def delay_seconds(failures: int) -> float:
    """How long to wait before the next start: at once after a long life, then doubling up to 15 seconds."""
    return 0.0 if failures == 0 else float(min(DELAY_SECONDS_MAX, 0.25 * 2**failures))


def rotate(log: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Copy a log that grew over `bytes_max` aside and empty it; its writer appends, so it goes on undisturbed."""
    with contextlib.suppress(OSError):
        if log.stat().st_size <= bytes_max:
            return
        for number in range(LOGS_KEPT - 1, 0, -1):
            older = log.with_suffix(f".{number}.log")
            if older.exists():
                older.rename(log.with_suffix(f".{number + 1}.log"))
        newest = log.with_suffix(".1.log")
        newest.write_bytes(log.read_bytes())
        newest.chmod(0o600)
        with log.open("r+b") as file:
            file.truncate(0)
