"""The only home of starting everything in order, keeping it alive, and stopping it in the opposite order."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from lotwise.onebox.chain import SERVICES, Chain, settle_ports
from lotwise.onebox.home import Refused, read_json, write_json
from lotwise.onebox.monitor import streams_kept
from lotwise.onebox.ports import answers, is_free
from lotwise.onebox.prepare import is_prepared, prepare
from lotwise.onebox.processes import ForkedProcess, load_libraries, run_module
from lotwise.onebox.servers import NatsServer, PostgresServer, Server, ServerFailed
from lotwise.onebox.supervisor import Supervisor

DISK_BYTES_MIN = 512 << 20
READY_SECONDS_MAX = 90.0
TICK_SECONDS = 0.1
SERVICES_STOP_SECONDS = 20.0

Say = Callable[[str], None]


@dataclass
class Running:
    """One running system: its servers, its services and what is told about them."""

    chain: Chain
    say: Say
    supervisor: Supervisor
    postgres: PostgresServer | None = None
    nats: NatsServer | None = None
    demo: "subprocess.Popen[bytes] | None" = None
    phase: str = "starting"
    started: float = field(default_factory=time.time)
    is_stopping: bool = False
    has_warned_of_disk: bool = False

    @property
    def admin_url(self) -> str:
        """The superuser's address of PostgreSQL."""
        if self.postgres is not None:
            return self.postgres.url()
        if self.chain.postgres_url is None:
            raise ServerFailed("There is no PostgreSQL.")
        return self.chain.postgres_url

    def note(self) -> None:
        """Write down what runs, for `status`, `down` and everybody who asks."""
        processes = {
            name: {"pid": pid_of(watched.process), "restarts": watched.restarts, "port": self.chain.ports.get(name)}
            for name, watched in self.supervisor.watched.items()
        }
        write_json(
            self.chain.home.note_file,
            {
                "pid": os.getpid(),
                "phase": self.phase,
                "address": self.chain.address,
                "started": self.started,
                "ports": self.chain.ports,
                "own_postgres": self.chain.postgres_url is not None,
                "own_nats": self.chain.nats_url is not None,
                "processes": processes,
            },
        )


def pid_of(process: object) -> int | None:
    """The process id of a server or a service."""
    inner = getattr(process, "process", None)
    found = inner.pid if inner is not None else getattr(process, "pid", None)
    return int(found) if found is not None else None


def up(chain: Chain, *, with_demo: bool, say: Say, when_ready: Callable[[Chain], None]) -> None:
    """Start everything and stay until told to stop. Raises Refused or ServerFailed with a sentence for a person."""
    os.umask(0o077)
    chain.home.make()
    with chain.home.lock():
        chain = settle_ports(chain)
        refuse_bad_ground(chain)
        chain.make_secrets()
        running = Running(chain, say, Supervisor(say))
        _listen_for_signals(running)
        try:
            _start(running)
            if not running.is_stopping:
                when_ready(chain)
                _start_demo(running, with_demo=with_demo)
                _stay(running)
        finally:
            _stop(running)


def refuse_bad_ground(chain: Chain) -> None:
    """Raise Refused when the port is taken or the disk is full: each with what to do."""
    port = chain.ports["backoffice"]
    if not is_free(port):
        raise Refused(
            f"Port {port} is taken{_holder(port)}. Stop that program, or give Lotwise another port: "
            f"LOTWISE_PORT={port + 1} make up"
        )
    free = shutil.disk_usage(chain.home.folder).free
    if free < DISK_BYTES_MIN:
        raise Refused(
            f"The disk of {chain.home.folder} has only {free >> 20} MB free and Lotwise wants "
            f"{DISK_BYTES_MIN >> 20} MB: make room, or choose a folder on another disk with LOTWISE_HOME."
        )


def _holder(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return " by another program"


def _listen_for_signals(running: Running) -> None:
    def stop(*_: object) -> None:
        if running.is_stopping:
            running.say("Still stopping …")
        running.is_stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _start(running: Running) -> None:
    running.note()
    began = time.monotonic()
    _start_servers(running)
    running.say(f"PostgreSQL and NATS run ({time.monotonic() - began:.1f} s).")
    running.note()
    if not _is_prepared(running):
        _prepare(running)
        running.say(f"Databases and streams are up to date ({time.monotonic() - began:.1f} s).")
    for service in SERVICES:
        process = _service(running, service)
        process.spawn()
        running.supervisor.watch(process)
    _wait_ready(running)
    running.phase = "ready"
    running.note()
    running.say(f"All services answer ({time.monotonic() - began:.1f} s).")


def _start_servers(running: Running) -> None:
    """PostgreSQL comes up while the libraries are read, and NATS after them: its users stand in one of them."""
    chain, home = running.chain, running.chain.home.folder
    if chain.postgres_url is None:
        running.postgres = PostgresServer(home, port=chain.ports["postgres"])
        _begin(running, running.postgres)
    load_libraries()
    if chain.nats_url is None:
        running.nats = NatsServer(
            home, port=chain.ports["nats"], monitor_port=chain.ports["nats-monitor"], authorization=bus_users(chain)
        )
        _begin(running, running.nats)
    for server in (running.postgres, running.nats):
        if server is not None:
            server.wait_ready()


def _begin(running: Running, server: Server) -> None:
    server.prepare()
    server.spawn()
    running.supervisor.watch(server)


def bus_users(chain: Chain) -> str:
    """The users of the embedded bus with what each may say and hear."""
    from lotwise.kit.nats_config import USERS, users_configuration

    return users_configuration({user: chain.secrets.once(f"nats.{user}") for user in USERS})


def _service(running: Running, service: str) -> ForkedProcess:
    chain = running.chain
    return ForkedProcess(
        service,
        run_module(f"lotwise.{service}"),
        chain.home.logs / f"{service}.log",
        lambda: chain.environment(service, running.admin_url),
    )


def _is_prepared(running: Running) -> bool:
    """Servers of one's own are looked at on each start; the embedded ones when code changed or the bus is empty."""
    if running.postgres is None or running.nats is None:
        return False
    return is_prepared(running.chain.home) and streams_kept(running.nats.monitor_port) > 0


def _prepare(running: Running) -> None:
    chain = running.chain
    admin_url = running.admin_url
    (chain.home.logs / "prepare.log").unlink(missing_ok=True)
    work = ForkedProcess("prepare", lambda: asyncio.run(prepare(chain, admin_url)), chain.home.logs / "prepare.log")
    work.spawn()
    while work.is_running():
        time.sleep(0.02)
        if running.is_stopping:
            work.stop()
    if work.exit_code and not running.is_stopping:
        raise ServerFailed(f"The databases could not be brought up to date. {work.log} ends with:\n{work.last_words()}")


def _wait_ready(running: Running) -> None:
    waiting = set(SERVICES)
    deadline = time.monotonic() + READY_SECONDS_MAX
    while waiting and not running.is_stopping:
        running.supervisor.look()
        waiting = {service for service in waiting if not answers(running.chain.ports[service], "/readyz")}
        if time.monotonic() > deadline:
            worst = min(waiting)
            log = running.chain.home.logs / f"{worst}.log"
            raise ServerFailed(f"{', '.join(sorted(waiting))} did not get ready. {log} ends with:\n{last_lines(log)}")
        time.sleep(0.05)


def last_lines(log: Path, lines: int = 8) -> str:
    """The last lines of a log."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return "(no log)"


def _start_demo(running: Running, *, with_demo: bool) -> None:
    home = running.chain.home
    if home.demo_file.exists():
        return
    if not with_demo:
        write_json(home.demo_file, {"state": "not wanted"})
        return
    environment = os.environ | {"LOTWISE_HOME": str(home.folder)}
    running.demo = subprocess.Popen(
        [sys.executable, "-m", "lotwise.onebox.demo"], env=environment, start_new_session=True
    )


def _stay(running: Running) -> None:
    next_chores = 0.0
    while not running.is_stopping:
        if running.supervisor.look():
            running.note()
        if time.monotonic() > next_chores:
            next_chores = time.monotonic() + 10
            _do_chores(running)
        _look_after_demo(running)
        time.sleep(TICK_SECONDS)


def _do_chores(running: Running) -> None:
    running.supervisor.rotate_logs()
    free = shutil.disk_usage(running.chain.home.folder).free
    if free < DISK_BYTES_MIN and not running.has_warned_of_disk:
        running.say(f"The disk has only {free >> 20} MB left: make room, or soon nothing more can be recorded.")
    running.has_warned_of_disk = free < DISK_BYTES_MIN


def _look_after_demo(running: Running) -> None:
    if running.demo is None or running.demo.poll() is None:
        return
    if running.demo.returncode == 0:
        write_json(running.chain.home.demo_file, {"state": "loaded"})
    elif not running.is_stopping:
        running.say("The demo chain could not be loaded whole; it goes on with the next start.")
    running.demo = None


def _stop(running: Running) -> None:
    running.phase = "stopping"
    with suppress(OSError):
        running.note()
    if running.demo is not None and running.demo.poll() is None:
        running.demo.terminate()
        with suppress(subprocess.TimeoutExpired):
            running.demo.wait(5)
    running.say("Stopping: services, then NATS, then PostgreSQL …")
    running.supervisor.stop(SERVICES, SERVICES_STOP_SECONDS)
    running.supervisor.stop(["nats"], SERVICES_STOP_SECONDS)
    running.supervisor.stop(["postgres"], 60)
    running.chain.home.note_file.unlink(missing_ok=True)
    running.say("Stopped.")


def run_detached(chain: Chain, arguments: list[str]) -> None:
    """Start everything in the background; returns when it is ready. Raises ServerFailed with what it said otherwise."""
    chain.home.make()
    if chain.home.is_locked():
        with chain.home.lock():
            pass
    log = chain.home.logs / "lotwise.log"
    with log.open("ab") as out:
        start = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "lotwise.onebox", "up", *arguments],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    while True:
        if process.poll() is not None:
            with log.open("rb") as file:
                file.seek(start)
                raise ServerFailed(file.read().decode(errors="replace").strip())
        note = read_json(chain.home.note_file)
        if note.get("phase") == "ready" and note.get("pid") == process.pid:
            return
        time.sleep(0.1)
