"""What operations show of processes that ended though nobody asked: read from the supervisor's own journal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.backoffice.fakes import Chain
from tests.backoffice.office import OpenDoor, browser, find, office
from tests.backoffice.test_pages import parsed

from lotwise.backoffice.restarts import Journal
from lotwise.onebox.ends import End, journal

NOW = datetime.now(UTC)


def ended(
    file: Path,
    process: str,
    hours_ago: float,
    exit_code: int | None = 70,
    *,
    said: tuple[str, ...] = (),
    now: datetime | None = None,
) -> None:
    """The supervisor writes down an end, that many hours before `now` (by default this file's NOW)."""
    seen = (now or NOW) - timedelta(hours=hours_ago)
    journal(file)(End(process, 4711, exit_code, 12.0, seen, said))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the supervisor writes."""
    return tmp_path / "supervisor.log"


def test_restarts_of_the_last_day_are_counted_by_process(file: Path) -> None:
    """DESIGN 6: given ends of two processes, one of them older than a day; then each counts what fell in the last day,
    with when, how and after how long the last was; the most restless comes first.
    """
    ended(file, "stock", 30, -9)
    ended(file, "sales", 20, 1)
    ended(file, "stock", 5, 70)
    ended(file, "stock", 1, -9)

    found = Journal(file).read(NOW)

    assert [(one.process, one.restarts, one.how, one.ran_seconds) for one in found.processes] == [
        ("stock", 2, "killed by SIGKILL", 12.0),
        ("sales", 1, "exit status 1", 12.0),
    ]
    assert found.processes[0].last_at == NOW - timedelta(hours=1)
    assert (found.count, found.is_whole) == (3, True)


def test_what_is_no_end_is_passed_over_and_new_ends_are_seen(file: Path) -> None:
    """DESIGN 6: a line cut short or of another kind hides nothing; an end written later is there at the next look."""
    ended(file, "alerts", 2)
    with file.open("a") as log:
        log.write('{"event": "something else"}\nno json at all\n{"timestamp": "2026-\n')
    kept = Journal(file)
    assert kept.read(NOW).count == 1

    ended(file, "alerts", 1)

    assert kept.read(NOW).count == 2


def test_a_journal_that_was_moved_aside_still_counts(file: Path) -> None:
    """DESIGN 6: given a journal that grew and was moved to a numbered file; then its ends count with those after it."""
    ended(file, "stock", 3)
    file.rename(file.with_suffix(".1.log"))
    ended(file, "stock", 2)

    assert Journal(file).read(NOW).processes[0].restarts == 2


def test_of_a_journal_too_long_the_latest_are_counted_and_it_says_so(file: Path) -> None:
    """DESIGN 6: given more ends in a day than are read; then what is counted is a minimum, and told to be one."""
    for minutes in range(100, 0, -1):
        ended(file, "stock", minutes / 60, said=("x" * 100,))

    found = Journal(file, bytes_max=10_000).read(NOW)

    assert not found.is_whole
    assert 20 < found.count < 100
    assert found.newest is not None
    assert found.newest.timestamp == NOW - timedelta(minutes=1)


async def told(door: OpenDoor, file: Path | None) -> str:
    """What the section on the page says."""
    async with browser(office(Chain(), door, supervisor_journal=file)) as page:
        shown = find(parsed(await page.get("/ops")), "section[aria-labelledby=h-restarts]").text(separator=" ")
    return " ".join(shown.split())


async def test_operations_show_each_restart_with_its_cause(door: OpenDoor, file: Path) -> None:
    """DESIGN 6: given a killed and a failed process; when operations are opened; then both are told, with their CSV."""
    now = datetime.now(UTC)
    ended(file, "stock", 0.5, -9, now=now)
    ended(file, "sales", 2, 70, now=now)

    shown = await told(door, file)
    async with browser(office(Chain(), door, supervisor_journal=file)) as page:
        sheet = (await page.get("/ops?csv=restarts")).text.splitlines()

    assert "Stock 1 30 minutes ago Killed by SIGKILL 12 seconds" in shown
    assert "Sales 1 2 hours ago Exit status 70 12 seconds" in shown
    assert sheet[0].lstrip("\ufeff") == "Process,Restarts,Last at,How,Ran seconds"
    assert len(sheet) == 3


async def test_operations_say_when_nothing_ended_or_nobody_keeps_count(door: OpenDoor, file: Path) -> None:
    """DESIGN 6: no journal yet, only an old end, and an installation of containers: each says what it means."""
    assert "None in the last 24 hours No process has ended by itself here." in await told(door, file)
    ended(file, "stock", 49, -11)
    assert "The last one: stock, killed by SIGSEGV, 2 days ago." in await told(door, file)
    assert "Not kept here" in await told(door, None)
