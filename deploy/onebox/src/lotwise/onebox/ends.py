"""The only home of how a process ended that nobody asked to end: in words, and in the supervisor's own log."""

import json
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

LAST_LINES = 20


@dataclass(frozen=True)
class End:
    """An end that nobody asked for: whose, its process id, its exit code (below zero: a signal), seconds it had run.

    `at` is the moment it was seen, in UTC; `last_lines` is what the process wrote last.
    """

    process: str
    pid: int | None
    exit_code: int | None
    ran_seconds: float
    at: datetime
    last_lines: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """How it ended, in words: "killed by SIGKILL", "exit status 70", "exit status 0 though nobody stopped it"."""
        if self.exit_code is None:
            return "in a way nobody saw"
        if self.exit_code < 0:
            return f"killed by {signal_name(-self.exit_code)}"
        return f"exit status {self.exit_code}" + ("" if self.exit_code else " though nobody stopped it")

    def sentence(self) -> str:
        """The end for a person: who, how, and after how long."""
        return f"{self.process} (pid {self.pid}) ended: {self.how}, after {self.ran_seconds:.1f} s"

    def as_note(self) -> dict[str, object]:
        """The end for `status`: what it says in short."""
        return {"at": self.at.isoformat(timespec="seconds"), "how": self.how, "ran_seconds": round(self.ran_seconds, 1)}


def signal_name(number: int) -> str:
    """The name of a signal by its number; "signal 99" for one that has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def journal(file: Path) -> Callable[[End], None]:
    """A way to write ends down: each as one JSON line after the others; a full disk loses the line, nothing else."""

    def write(end: End) -> None:
        line = {"timestamp": end.at.isoformat(), "level": "error", "event": "a process ended", "how": end.how}
        kept = {name: value for name, value in asdict(end).items() if name != "at"}
        try:
            with file.open("a", encoding="utf-8") as log:
                log.write(json.dumps(line | kept) + "\n")
        except OSError:
            return

    return write
