"""The supervisor: what ends comes back, ever later when it keeps failing; logs stay small."""

import ctypes
import errno
import json
import os
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path

import pytest

from lotwise.onebox.ends import End, journal
from lotwise.onebox.processes import ForkedProcess
from lotwise.onebox.supervisor import Supervisor, delay_seconds, rotate


class FakeProcess:
    """A process that lives until the test says otherwise."""

    def __init__(self, log: Path) -> None:
        self.name = "stock"
        self.log = log
        self.lives = True
        self.starts = 0
        self.fails_to_start = False
        self.pid: int | None = 4711
        self.exit_code: int | None = None

    def spawn(self) -> None:
        """Count the start."""
        self.starts += 1
        if self.fails_to_start:
            raise OSError("no memory")
        self.lives = True

    def is_running(self) -> bool:
        """Whether the test lets it live."""
        return self.lives

    def last_words(self, lines: int = 8) -> str:
        """The end of what it wrote."""
        return "\n".join(["first", "second", "third"][-lines:])

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
    process.lives, process.exit_code = False, 70
    clock.now += 100
    assert supervisor.look() is True
    assert (process.starts, process.lives) == (1, True)
    how = "stock (pid 4711) ended: exit status 70, after 100.0 s"
    assert told == [f"{how}; it is started again. Its log: {process.log}"]


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (-9, "killed by SIGKILL"),
        (-11, "killed by SIGSEGV"),
        (1, "exit status 1"),
        (0, "exit status 0 though nobody stopped it"),
        (-99, "killed by signal 99"),
        (None, "in a way nobody saw"),
    ],
)
def test_each_end_leaves_a_trace(
    clock: Clock, process: FakeProcess, tmp_path: Path, code: int | None, how: str
) -> None:
    """N-08: given ends that nobody asked for, when seen, then each is a line with pid, way, seconds and last words."""
    file = tmp_path / "supervisor.log"
    supervisor = Supervisor(lambda _: None, clock, journal(file))
    supervisor.watch(process)
    for _ in range(2):
        clock.now += 40
        supervisor.look()
        process.lives, process.exit_code = False, code
        supervisor.look()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["process"], line["pid"], line["exit_code"], line["how"]) for line in lines] == [
        ("stock", 4711, code, how)
    ] * 2
    assert [line["ran_seconds"] for line in lines] == [40, 40]
    assert lines[0]["last_lines"] == ["first", "second", "third"]
    assert supervisor.restarts_of("stock") == 2
    end = supervisor.watched["stock"].last_end
    assert end is not None
    assert end.as_note() == {"at": end.at.isoformat(timespec="seconds"), "how": how, "ran_seconds": 40}


def test_a_stop_that_was_asked_for_is_no_end(clock: Clock, process: FakeProcess, tmp_path: Path) -> None:
    """Given a process that is stopped for good, when it is gone, then nothing is written down."""
    file = tmp_path / "supervisor.log"
    supervisor = Supervisor(lambda _: None, clock, journal(file))
    supervisor.watch(process)
    supervisor.stop(["stock"], 1)
    supervisor.look()
    assert not file.exists()


def test_a_full_disk_takes_only_the_line(clock: Clock, process: FakeProcess, tmp_path: Path) -> None:
    """Given a log that cannot be written, when a process ends, then it is started again all the same."""
    supervisor = Supervisor(lambda _: None, clock, journal(tmp_path / "missing" / "supervisor.log"))
    supervisor.watch(process)
    process.lives = False
    assert supervisor.look() is True
    assert process.starts == 1


class Once(ForkedProcess):
    """A process that is started by the test alone."""

    starts = 0

    def spawn(self) -> None:
        """Start it the first time."""
        self.starts += 1
        if self.starts == 1:
            super().spawn()


def test_a_real_process_tells_how_it_ended(tmp_path: Path) -> None:
    """Given services of our own that end by themselves, when seen, then code, signal, pid and last words are true."""

    def crash() -> None:
        os.write(1, b"about to crash\n")
        os.kill(os.getpid(), signal.SIGSEGV)

    def leave() -> None:
        os.write(1, b"I just leave\n")

    ends: list[End] = []
    supervisor = Supervisor(lambda _: None, note_end=ends.append)
    for name, work in (("crash", crash), ("leave", leave)):
        process = Once(name, work, tmp_path / f"{name}.log")
        process.spawn()
        supervisor.watch(process)
        pid, deadline = process.pid, time.monotonic() + 20
        while process.is_running() and time.monotonic() < deadline:
            time.sleep(0.01)
        supervisor.look()
        assert (ends[-1].process, ends[-1].pid) == (name, pid)
        supervisor.stop([name], 1)
    assert [end.exit_code for end in ends] == [-signal.SIGSEGV, 0]
    assert ends[0].how == "killed by SIGSEGV"
    assert "Segmentation fault" in (tmp_path / "crash.log").read_text()
    assert ends[1].last_lines == ("I just leave",)


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


def test_a_browser_that_hangs_up_ends_no_service(tmp_path: Path) -> None:
    """N-08: given a service that writes to a connection whose other end is gone, then it lives and gets an error."""

    def answer_nobody() -> None:
        ours, theirs = socket.socketpair()
        theirs.close()
        library = ctypes.CDLL(None, use_errno=True)
        sent = library.write(ours.fileno(), b"late", 4)  # as libuv does: no flag that keeps the signal away
        os.write(1, f"sent {sent}, error {ctypes.get_errno()}\n".encode())

    process = ForkedProcess("office", answer_nobody, tmp_path / "office.log")
    process.spawn()
    deadline = time.monotonic() + 20
    while process.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (process.exit_code, process.last_words()) == (0, f"sent -1, error {errno.EPIPE}")


def test_figures_stand_back_when_the_processors_are_short(tmp_path: Path) -> None:
    """PERFORMANCE D: given a process with patience, when it runs, then it weighs less than the others."""

    def say() -> None:
        """Say how much it stands back."""
        os.write(1, str(os.getpriority(os.PRIO_PROCESS, 0)).encode())

    process = ForkedProcess("reports", say, tmp_path / "log", patience=10)
    process.spawn()
    deadline = time.monotonic() + 20
    while process.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.last_words() == str(min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10))
