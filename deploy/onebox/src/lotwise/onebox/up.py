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

from lotwise.contracts.envelope import SPEAKERS
from lotwise.onebox.chain import SERVICES, Chain, settle_ports
from lotwise.onebox.ends import journal
from lotwise.onebox.ground import DISK_BYTES_MIN, refuse_bad_ground, refuse_lost_data
from lotwise.onebox.home import write_json
from lotwise.onebox.monitor import streams_kept
from lotwise.onebox.ports import answers
from lotwise.onebox.prepare import is_prepared, prepare
from lotwise.onebox.processes import ForkedProcess, load_libraries, run_module
from lotwise.onebox.servers import NatsServer, PostgresServer, Server, ServerFailed
from lotwise.onebox.supervisor import Supervisor, rotate

READY_SECONDS_MAX = 90.0
TICK_SECONDS = 0.1
PATIENCE = {"reporting": 10}
"""Who stands back when the processors are short: the shelf comes before the figures of it."""
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
    bus_seen: int = 0
    mending: ForkedProcess | None = None

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
            name: {
                "pid": watched.process.pid,
                "restarts": watched.restarts,
                "port": self.chain.ports.get(name),
                "last_end": watched.last_end.as_note() if watched.last_end else None,
            }
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


def up(chain: Chain, *, with_demo: bool, say: Say, when_ready: Callable[[Chain], None]) -> None:
    """Start everything and stay until told to stop. Raises Refused or ServerFailed with a sentence for a person."""
    os.umask(0o077)
    chain.home.make()
    with chain.home.lock():
        chain = settle_ports(chain)
        refuse_bad_ground(chain)
        refuse_lost_data(chain)
        chain.make_secrets()
        supervisor = Supervisor(say, note_end=journal(chain.home.journal_file))
        running = Running(chain, say, supervisor)
        _listen_for_signals(running)
        try:
            _start(running)
            if not running.is_stopping:
                when_ready(chain)
                _start_demo(running, with_demo=with_demo)
                _stay(running)
        finally:
            _stop(running)


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
        patience=PATIENCE.get(service, 0),
    )


def _is_prepared(running: Running) -> bool:
    """Servers of one's own are looked at on each start; the embedded ones when code changed or the bus is empty."""
    if running.postgres is None or running.nats is None:
        return False
    return is_prepared(running.chain.home) and streams_kept(running.nats.monitor_port) == len(SPEAKERS)


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
        _look_after_bus(running)
        time.sleep(TICK_SECONDS)


def _do_chores(running: Running) -> None:
    running.supervisor.rotate_logs()
    rotate(running.chain.home.journal_file)
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


def _look_after_bus(running: Running) -> None:
    """A bus that came back without its streams gets them anew; the outboxes then fill them."""
    if running.mending is not None:
        if not running.mending.is_running():
            running.mending = None
        return
    restarts = running.supervisor.restarts_of("nats")
    if running.nats is None or restarts == running.bus_seen:
        return
    kept = streams_kept(running.nats.monitor_port)
    if kept == len(SPEAKERS):
        running.bus_seen = restarts
    elif kept >= 0:
        running.say("The bus came back without its streams: they are made anew.")
        running.bus_seen = restarts
        chain = running.chain
        running.mending = ForkedProcess("bus", lambda: asyncio.run(mend_bus(chain)), chain.home.logs / "bus.log")
        running.mending.spawn()


async def mend_bus(chain: Chain) -> None:
    """Streams and durables as the contracts want them; what was done goes into the log."""
    from lotwise.onebox.bus import apply

    print("\n".join(await apply(chain)))


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
