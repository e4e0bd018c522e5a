"""The supervisor: what ends comes back, ever later when it keeps failing; logs stay small."""

from itertools import pairwise
from pathlib import Path

import pytest

from lotwise.onebox.supervisor import Supervisor, delay_seconds, rotate


class FakeProcess:
    """A process that lives until the test says otherwise."""

    def __init__(self, log: Path) -> None:
        self.name = "stock"
        self.log = log
        self.lives = True
        self.starts = 0
        self.fails_to_start = False

    def spawn(self) -> None:
        """Count the start."""
        self.starts += 1
        if self.fails_to_start:
            raise OSError("no memory")
        self.lives = True

    def is_running(self) -> bool:
        """Whether the test lets it live."""
        return self.lives

    def ask_to_stop(self) -> None:
        """End."""
        self.lives = False

    def stop(self, seconds_max: float = 1.0) -> None:
        """End in time."""
        assert seconds_max > 0
        self.lives = False


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def process(tmp_path: Path) -> FakeProcess:
    """A process that lives."""
    return FakeProcess(tmp_path / "stock.log")


def test_what_ends_is_started_again_at_once(clock: Clock, process: FakeProcess) -> None:
    """Given a process that ended after a long life, when it is looked at, then it runs again, and that is told."""
    told: list[str] = []
    supervisor = Supervisor(told.append, clock)
    supervisor.watch(process)
    process.lives = False
    assert supervisor.look() is True
    assert (process.starts, process.lives) == (1, True)
    assert told == [f"stock ended; it is started again. Its log: {process.log}"]


def test_what_keeps_failing_is_started_later_each_time(clock: Clock, process: FakeProcess) -> None:
    """Given a process that ends each time at once, when a minute passes, then it was tried at 0, 0.5, 1.5, 3.5 … s."""
    supervisor = Supervisor(lambda _: None, clock)
    supervisor.watch(process)
    tries = []
    for step in range(600):
        clock.now = 1000 + step / 10
        process.lives = False
        before = process.starts
        supervisor.look()
        if process.starts > before:
            tries.append(step / 10)
    assert len(tries) <= 9
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert delay_seconds(0) == 0
    assert delay_seconds(1) == 0.5
    assert delay_seconds(50) == 15


def test_a_start_that_fails_is_tried_again(clock: Clock, process: FakeProcess) -> None:
    """Given a process that cannot be started, when it is looked at, then that is told, and later it is tried again."""
    told: list[str] = []
    supervisor = Supervisor(told.append, clock)
    supervisor.watch(process)
    process.lives, process.fails_to_start = False, True
    supervisor.look()
    assert told[-1] == "stock could not be started: no memory"
    process.fails_to_start = False
    clock.now += 20
    supervisor.look()
    clock.now += 20
    supervisor.look()
    assert process.lives


def test_what_is_stopped_stays_stopped(clock: Clock, process: FakeProcess) -> None:
    """Given a process stopped for good, when it is looked at, then it is not started again."""
    supervisor = Supervisor(lambda _: None, clock)
    supervisor.watch(process)
    supervisor.stop(["stock"], 1)
    assert supervisor.look() is False
    assert process.starts == 0


def test_a_log_that_grew_is_moved_aside(tmp_path: Path) -> None:
    """Given a log above its limit and its writer, when rotated, then old lines stand aside and the new one is first."""
    log = tmp_path / "stock.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 10)
        rotate(log, bytes_max=20)
        writer.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert (tmp_path / "stock.1.log").read_bytes() == b"old\n" * 10
