"""The slow disk of the measurements: it holds back each flush, and nothing else."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.speed.slow_flush import COUNT, DELAY_US, CannotSlow, compiled

FLUSHES = 20
WORK = f"""
import os, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
began = time.perf_counter()
for number in range({FLUSHES}):
    os.write(file, b"x")
    (os.fsync if number % 2 else os.fdatasync)(file)
print(time.perf_counter() - began)
"""


def test_each_flush_begins_late_and_is_counted(tmp_path: Path) -> None:
    """Given a program that flushes 20 times, when its disk is slow, then each begins 2 ms late and is counted; its
    words and its status are its own.
    """
    try:
        slow = [compiled(tmp_path), str(DELAY_US), str(tmp_path / COUNT)]
    except CannotSlow as no:
        pytest.skip(str(no))
    command = [sys.executable, "-c", WORK, str(tmp_path / "file")]

    done = subprocess.run([*slow, *command], capture_output=True, text=True, check=True)
    counted = _counted(tmp_path / COUNT)
    failed = subprocess.run([*slow, sys.executable, "-c", "raise SystemExit(7)"], check=False)

    assert float(done.stdout) >= FLUSHES * DELAY_US / 1e6
    assert counted == FLUSHES
    assert failed.returncode == 7


def _counted(file: Path) -> int:
    """What stands in the file once the watcher, which ends a moment after the program, has written the last."""
    end = time.monotonic() + 5
    while (count := int(file.read_text() or 0)) < FLUSHES and time.monotonic() < end:
        time.sleep(0.01)
    return count
