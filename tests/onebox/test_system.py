"""The whole system on one machine: it starts, refuses politely, survives kills, and comes back from a backup."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import nats
import psutil
import pytest
from nats.aio.client import Client
from tests.onebox.conftest import Machine

from lotwise.kit.topology import topology
from lotwise.onebox.audit import MATCHING, OWED
from lotwise.onebox.chain import SERVICES, Chain
from lotwise.onebox.databases import same_server
from lotwise.onebox.home import Home
from lotwise.onebox.ports import answers, free_port
from lotwise.onebox.servers import PostgresServer

pytestmark = pytest.mark.timeout(300)
MEMORY_BYTES_MAX = 1_200_000_000
LOST = topology()[0]
WRITTEN_BY_RUNNING = ("outbox", "inbox", "relay_state", "audit_seal", "seal", "ledger_era", "day_opening", "day_cells")
"""Tables that a running system writes by itself: what it tells and hears of its seals, how transactions count, and what
sites began their days with.
"""


def wait_until(holds: Callable[[], bool], seconds_max: float = 60) -> None:
    """Wait until it holds; the test fails when it does not in time."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.05)


def all_ready(machine: Machine) -> bool:
    """Whether every service answers that it is ready."""
    ports = machine.note()["ports"]
    return all(answers(ports[service], "/readyz") for service in SERVICES)


def parts(machine: Machine, service: str) -> dict[str, bool]:
    """What a service says about its parts."""
    connection = http.client.HTTPConnection("127.0.0.1", machine.note()["ports"][service], timeout=2)
    try:
        connection.request("GET", "/readyz")
        return dict(json.loads(connection.getresponse().read())["parts"])
    except OSError:
        return {}
    finally:
        connection.close()


def test_one_command_starts_everything(machine: Machine) -> None:
    """Given an empty folder, when started, then each service answers, memory is below 1.2 GB, sign-in is offered."""
    assert all_ready(machine)
    status = json.loads(machine.lotwise("status", "--json").stdout)
    assert status["phase"] == "ready"
    assert {row["name"] for row in status["processes"]} == {"supervisor", "postgres", "nats", *SERVICES}
    assert all(row["healthy"] for row in status["processes"])
    assert {row["name"] for row in status["processes"] if row["port"] is None} == {"supervisor"}
    assert status["memory_bytes"] < MEMORY_BYTES_MAX
    print(f"\nmemory: {status['memory_bytes'] / 1e6:.0f} MB")
    again = machine.lotwise("up", "--detach")
    assert (again.returncode, "already runs on" in again.stderr) == (1, True)


@pytest.mark.parametrize("role", ["owner", "front_desk"])
def test_the_sign_ins_that_are_told_open_the_door(machine: Machine, role: str) -> None:
    """WEB-01: given the sign-in told for a role, when used on the page, then a session begins; a wrong one, none."""
    login, password = Chain.of(Home(machine.home)).sign_ins()[role]
    assert sign_in(machine, login, password) == (303, True)
    assert sign_in(machine, login, f"{password}x") == (401, False)


def sign_in(machine: Machine, login: str, password: str) -> tuple[int, bool]:
    """The status of the answer, and whether it brought a session."""
    form = urlencode({"login": login, "password": password})
    here = f"http://127.0.0.1:{machine.port}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": here}
    connection = http.client.HTTPConnection("127.0.0.1", machine.port, timeout=30)
    try:
        connection.request("POST", "/sign-in", form, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("set-cookie") is not None
    finally:
        connection.close()


def test_the_doctor_finds_a_new_system_well(machine: Machine) -> None:
    """Given a running system, when examined, then nothing is bad, and tables and streams are among what was seen."""
    done = machine.lotwise("doctor", "--json")
    findings = {row["about"]: row["verdict"] for row in json.loads(done.stdout)}
    assert [about for about, verdict in findings.items() if verdict == "bad"] == []
    assert done.returncode == 0
    assert findings["bus"] == findings["streams"] == "good"
    assert findings["sales tables"] == "good"


def test_a_drifted_stream_is_found_and_mended(machine: Machine) -> None:
    """Given a deleted durable, when examined, then it is bad and named; `bus apply` brings it back."""
    asyncio.run(_delete_durable(machine))
    found = machine.lotwise("doctor", "--json")
    [streams] = [row for row in json.loads(found.stdout) if row["about"] == "streams"]
    assert (found.returncode, streams["verdict"]) == (1, "bad")
    assert f"{LOST.stream}.{LOST.name} is missing" in streams["detail"]
    assert f"durable {LOST.name}: made" in machine.lotwise("bus", "apply").stdout
    assert machine.lotwise("doctor").returncode == 0


async def _operator(machine: Machine) -> Client:
    secrets = json.loads((machine.home / "secrets.json").read_text())
    port = machine.note()["ports"]["nats"]
    return await nats.connect(f"nats://127.0.0.1:{port}", user="ops", password=secrets["nats.ops"])


async def _delete_durable(machine: Machine) -> None:
    client = await _operator(machine)
    await client.jetstream().delete_consumer(LOST.stream, LOST.name)
    await client.close()


def test_a_message_that_cannot_be_read_is_listed_explained_and_retried(machine: Machine) -> None:
    """RELIABILITY F7: given bytes that are no event, when heard, then parked; commands show, retry, dismiss."""
    asyncio.run(_say_nonsense(machine))
    wait_until(lambda: "sale-recorded" in machine.lotwise("dead-letters", "list", "stock").stdout)
    listed = machine.lotwise("dead-letters", "list", "stock").stdout
    letter = next(line.split()[1] for line in listed.splitlines() if "sale-recorded" in line)
    assert json.loads(machine.lotwise("dead-letters", "show", "stock", letter).stdout)["body"].startswith(
        "not an event"
    )
    assert f"{letter}: not applied" in machine.lotwise("dead-letters", "retry", "stock", letter).stdout
    assert letter in machine.lotwise("dead-letters", "list", "stock").stdout
    assert machine.lotwise("dead-letters", "dismiss", "stock", letter, "--reason", "a test's own").returncode == 0
    assert machine.lotwise("dead-letters", "list", "stock").stdout == "No messages are parked.\n"


def test_the_books_of_a_new_system_are_clean(machine: Machine) -> None:
    """N-01: given a running system, when audited: ledger, what is owed and seven audit trails hold; exit code 0."""
    done = machine.lotwise("audit", "--json")
    assert done.returncode == 0, done.stdout
    proofs = json.loads(done.stdout)
    assert set(proofs) == {"stock ledger", OWED, MATCHING, *(f"{service} audit trail" for service in SERVICES)}
    assert all(proof.get("is_clean", proof.get("is_intact")) is True for proof in proofs.values())


async def _say_nonsense(machine: Machine) -> None:
    client = await _operator(machine)
    await client.jetstream().publish("lotwise.chain.sales.sale-recorded.v1", b"not an event")
    await client.close()


def test_a_taken_port_says_what_to_do(machine: Machine, new_machine: Machine) -> None:
    """Given a port that another program holds, when started, then one sentence names it and another port."""
    new_machine.port = machine.port
    done = new_machine.lotwise("up", "--no-demo")
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {machine.port} is taken by ")
    assert f"LOTWISE_PORT={machine.port + 1}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_killed_service_is_started_again(machine: Machine) -> None:
    """Given a service killed with SIGKILL, when a moment passes, then another process of it answers."""
    before = machine.pid("sales")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: machine.pid("sales") != before and all_ready(machine))


def test_what_was_started_again_is_on_the_page_of_services(machine: Machine) -> None:
    """DESIGN 6: given a service that was killed, when the owner opens operations, then the restart and its cause are
    told there.
    """
    before = machine.pid("alerts")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: machine.pid("alerts") != before and all_ready(machine))
    login, password = Chain.of(Home(machine.home)).sign_ins()["owner"]
    connection = http.client.HTTPConnection("127.0.0.1", machine.port, timeout=30)
    try:
        cookie = _session(connection, machine, login, password)
        connection.request("GET", "/ops", headers={"Cookie": cookie, "Accept": "text/html"})
        shown = connection.getresponse().read().decode()
    finally:
        connection.close()
    row = shown.partition('id="restarts-alerts"')[2].partition("</tr>")[0]
    assert "Killed by SIGKILL" in row, shown[:2000]


def _session(connection: http.client.HTTPConnection, machine: Machine, login: str, password: str) -> str:
    """The cookie of somebody who has signed in."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://127.0.0.1:{machine.port}",
    }
    connection.request("POST", "/sign-in", urlencode({"login": login, "password": password}), headers)
    answer = connection.getresponse()
    answer.read()
    return str(answer.getheader("set-cookie")).partition(";")[0]


@pytest.mark.parametrize("server", ["nats", "postgres"])
def test_a_killed_server_comes_back_and_services_find_it(machine: Machine, server: str) -> None:
    """RELIABILITY F2: given NATS or PostgreSQL killed with SIGKILL, when a moment passes, then all is well."""
    before = machine.pid(server)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: machine.pid(server) != before and all_ready(machine))
    wait_until(lambda: all(parts(machine, service).get("bus") for service in SERVICES))


def test_a_bus_that_lost_everything_is_made_anew(machine: Machine) -> None:
    """RELIABILITY F3: given NATS killed and its store deleted, when a moment passes, then all is back."""
    os.kill(machine.pid("nats"), signal.SIGKILL)
    shutil.rmtree(machine.home / "nats" / "store", ignore_errors=True)
    wait_until(lambda: _doctor_says(machine, "streams") == "good")


def _doctor_says(machine: Machine, about: str) -> str:
    rows = json.loads(machine.lotwise("doctor", "--json").stdout)
    return next((row["verdict"] for row in rows if row["about"] == about), "")


def test_a_backup_restores_to_the_same_rows(machine: Machine, new_machine: Machine) -> None:
    """RELIABILITY F11: given a backup, when restored into an empty folder, then each table holds the same."""
    file = new_machine.home.parent / "chain.tar"
    done = machine.lotwise("backup", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o077 == 0
    assert machine.lotwise("restore", str(file)).returncode == 1, "a restore never overwrites"
    assert new_machine.lotwise("restore", str(file)).returncode == 0
    seconds = new_machine.up()
    print(f"\nstart after restore: {seconds:.1f} s")
    assert asyncio.run(_contents(new_machine)) == asyncio.run(_contents(machine))
    assert new_machine.lotwise("doctor").returncode == 0


async def _contents(machine: Machine) -> dict[str, str]:
    url = PostgresServer(machine.home, port=machine.note()["ports"]["postgres"]).url()
    found = {}
    for service in SERVICES:
        connection = await asyncpg.connect(same_server(url, service))
        tables = await connection.fetch(
            "select oid::regclass::text as name from pg_class"
            " where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
        for table in tables:
            seals = "where subject not like '%.ledger-sealed.%'" if table["name"].startswith("journal_p") else ""
            rows = f"select coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from {table['name']} t {seals}"
            if not table["name"].startswith(WRITTEN_BY_RUNNING):
                found[f"{service}.{table['name']}"] = await connection.fetchval(rows)
        await connection.close()
    return found


def test_a_damaged_backup_is_refused_and_leaves_nothing(new_machine: Machine, tmp_path: Path) -> None:
    """Given a file that is no backup, when restored, then a sentence says so and no secret or database is made."""
    file = tmp_path / "not.tar"
    file.write_text("not a backup")
    done = new_machine.lotwise("restore", str(file))
    assert done.returncode == 1
    assert "is no backup of Lotwise" in done.stderr
    assert not (new_machine.home / "secrets.json").exists()
    assert not (new_machine.home / "postgres").exists()


def test_logs_are_shown_by_name(machine: Machine) -> None:
    """Given a running system, when a log is asked for, then its last lines come; an unknown name lists all."""
    assert len(machine.lotwise("logs", "sales", "-n", "1").stdout.splitlines()) == 1
    everything = machine.lotwise("logs", "-n", "1").stdout
    assert {line.split()[0] for line in everything.splitlines()} >= set(SERVICES)
    unknown = machine.lotwise("logs", "till")
    assert unknown.returncode == 1
    listed = unknown.stderr.partition("there are: ")[2].rstrip(".\n").split(", ")
    assert set(listed) >= set(SERVICES)


def test_down_leaves_no_process_and_a_later_start_is_fast(machine: Machine) -> None:
    """Given a system that ran, when stopped, then no process of it lives; the next start is timed."""
    pids = [entry["pid"] for entry in machine.note()["processes"].values()]
    machine.down()
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
    assert "Nothing runs" in machine.lotwise("down").stdout
    at_rest = machine.lotwise("backup")
    assert (at_rest.returncode, len(list((machine.home / "backups").glob("*.tar")))) == (0, 1), at_rest.stderr
    later = machine.up()
    print(f"\nlater start: {later:.1f} s")
    assert later < 60, "10 s on a quiet machine; this one may be busy"


def test_a_killed_supervisor_takes_everything_with_it_and_can_start_again(machine: Machine) -> None:
    """Given the supervisor killed with SIGKILL, when a moment passes, then nothing of it is left and it starts anew."""
    note = machine.note()
    os.kill(note["pid"], signal.SIGKILL)
    pids = [entry["pid"] for entry in note["processes"].values()]
    wait_until(lambda: not any(_lives(pid) for pid in pids), 30)
    assert "does not run" in machine.lotwise("status").stderr
    machine.up()
    assert all_ready(machine)


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user already")
def test_an_ordinary_user_can_run_it() -> None:
    """DESIGN 7: given an ordinary account, when it starts the system in its folder, then all runs as that account."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None or shutil.which("setpriv") is None or not _fits(python):
        pytest.skip("no Python of this version outside of our own folder, or no setpriv")
    folder = Path(tempfile.mkdtemp(prefix="lotwise-user-"))
    os.chown(folder, 65534, 65534)
    machine = Machine(folder / "var")
    start = (
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r}); from lotwise.onebox.cli import main; main()"
    )
    process = subprocess.Popen(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-c", start, "up", "--no-demo"],
        env=machine.environment() | {"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or _is_ready(machine), 60)
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert {psutil.Process(machine.pid(name)).uids().real for name in ("postgres", "nats", "sales")} == {65534}
        assert machine.home.stat().st_mode & 0o777 == 0o700
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        shutil.rmtree(folder, ignore_errors=True)


def _fits(python: str) -> bool:
    said = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True
    )
    return said.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _is_ready(machine: Machine) -> bool:
    return (machine.home / "running.json").exists() and machine.note()["phase"] == "ready"


def test_a_machine_where_nothing_ran_says_so(new_machine: Machine) -> None:
    """Given a machine that nobody started, when asked for its status or a backup, then a sentence says what is."""
    new_machine.port = free_port()
    assert "holds nothing yet" in new_machine.lotwise("backup").stderr
    done = new_machine.lotwise("status")
    assert done.returncode == 1
    assert "Start it with `lotwise up`" in done.stderr
