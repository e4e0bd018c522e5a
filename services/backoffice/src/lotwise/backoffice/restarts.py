"""The only home of reading the supervisor's journal: which process ended though nobody asked, when, and how.

The journal is written where one command runs everything; elsewhere (containers) something else starts processes again,
and there is nothing to read here.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from lotwise.backoffice.gateway import Shape

DAY = timedelta(hours=24)
JOURNAL_BYTES_MAX = 4 << 20


class Restart(Shape):
    """One end that nobody asked for, after which the process was started again."""

    timestamp: datetime
    process: str
    how: str
    ran_seconds: float = 0
    pid: int | None = None


class Restarted(Shape):
    """A process that ended within the last 24 hours: how often, and when, how and after how long the last time."""

    process: str
    restarts: int
    last_at: datetime
    how: str
    ran_seconds: float


@dataclass(frozen=True, slots=True)
class Restarts:
    """What the journal tells: the processes of the last 24 hours, the most restless first, and the newest end ever.

    `is_whole` is False when so much was written that the older part of the day was not read: counts are then a
    minimum.
    """

    processes: tuple[Restarted, ...] = ()
    newest: Restart | None = None
    is_whole: bool = True

    @property
    def count(self) -> int:
        """How many restarts there were in the last 24 hours."""
        return sum(one.restarts for one in self.processes)


@dataclass(slots=True)
class Journal:
    """The supervisor's journal in a file; read anew only when it was written to."""

    file: Path
    bytes_max: int = JOURNAL_BYTES_MAX
    _seen: tuple[tuple[int, int], ...] = ()
    _ends: tuple[Restart, ...] = ()
    _is_cut: bool = field(default=False)

    def read(self, now: datetime | None = None) -> Restarts:
        """The restarts as of `now`; none when there is no journal yet. A line that is no end is passed over."""
        since = (now or datetime.now(UTC)) - DAY
        self._refresh()
        found: dict[str, list[Restart]] = {}
        for end in self._ends:
            if end.timestamp >= since:
                found.setdefault(end.process, []).append(end)
        rows = sorted((_summed(ends) for ends in found.values()), key=lambda row: (-row.restarts, row.process))
        is_whole = not self._is_cut or (bool(self._ends) and self._ends[0].timestamp < since)
        return Restarts(tuple(rows), self._ends[-1] if self._ends else None, is_whole)

    def _refresh(self) -> None:
        files = [one for one in (self.file.with_suffix(".1.log"), self.file) if one.is_file()]
        seen = tuple((one.stat().st_mtime_ns, one.stat().st_size) for one in files)
        if seen == self._seen:
            return
        text = b"".join(one.read_bytes() for one in files)
        self._is_cut = len(text) > self.bytes_max
        lines = text[-self.bytes_max :].splitlines()
        ends = [end for line in lines if (end := _end(line))]
        self._ends = tuple(sorted(ends, key=lambda end: end.timestamp))
        self._seen = seen


def _end(line: bytes) -> Restart | None:
    try:
        return Restart.model_validate(json.loads(line))
    except (ValueError, ValidationError):
        return None


def _summed(ends: list[Restart]) -> Restarted:
    last = ends[-1]
    return Restarted(
        process=last.process, restarts=len(ends), last_at=last.timestamp, how=last.how, ran_seconds=last.ran_seconds
    )
