"""The only home of starting and stopping the embedded PostgreSQL and NATS servers.

Both listen on 127.0.0.1 only, keep their data in a folder of their own (0700, owned by an unprivileged account when we
are root), and end with the process that started them.
"""

import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psutil

from lotwise.onebox.account import Account, give, open_home, server_account
from lotwise.onebox.binaries import nats_program, postgres_bin
from lotwise.onebox.ports import HOST, free_port, is_free

POSTGRES_SETTINGS: dict[str, str] = {
    "listen_addresses": f"'{HOST}'",
    "unix_socket_directories": "''",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "synchronous_commit": "on",
    "fsync": "on",
    "wal_buffers": "16MB",
    "wal_compression": "off",
    "update_process_title": "off",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "idle_in_transaction_session_timeout": "5min",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "log_min_duration_statement": "2s",
}
SUPERUSER = "lotwise_admin"
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class ServerFailed(Exception):  # noqa: N818 - it is told to a person
    """A server did not start; the text is what to do and the last lines that it wrote."""


class Server(ABC):
    """A server process that can be started, asked whether it is ready, stopped and killed."""

    name: str
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        self.home = home.absolute()
        self.account: Account = server_account()
        self.folder = self.home / self.name
        self.log = self.folder / f"{self.name}.log"
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def prepare(self) -> None:
        """Make the data folder and the configuration; safe to repeat. Raises Unreachable, OSError."""
        open_home(self.home, self.account)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        give(self.folder, self.account, 0o700)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server takes connections."""

    def spawn(self) -> None:
        """Start the process without waiting for it to be ready. Raises ServerFailed when its port is taken."""
        self.end_leftover()
        if not is_free(self.port):
            raise ServerFailed(f"Port {self.port}, which {self.name} uses here, is taken by another program.")
        with self.log.open("ab") as out:
            self._log_start = out.tell()
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,
                preexec_fn=self._before_exec(),  # noqa: PLW1509 - one system call, and only from the main thread
                **self.account.popen(),
            )

    def start(self) -> None:
        """Prepare, start, and wait until it is ready. Raises ServerFailed with what the server said."""
        self.prepare()
        self.spawn()
        self.wait_ready()

    def wait_ready(self, seconds_max: float = START_SECONDS_MAX) -> None:
        """Wait until it is ready. Raises ServerFailed when it ends or does not come up in time."""
        deadline = time.monotonic() + seconds_max
        while not self.is_ready():
            if not self.is_running():
                raise ServerFailed(
                    f"{self.name} ended while starting; its folder is {self.folder}. If its data are damaged, restore "
                    f"a backup into an empty data folder with `lotwise restore FILE`. It said:\n{self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not come up in {seconds_max:.0f} s. It said:\n{self.last_words()}")
            time.sleep(0.01)

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id, also after its end; None before its first start."""
        return self.process.pid if self.process is not None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0 in good order, below zero by that signal; None while it lives or was never started."""
        return self.process.poll() if self.process is not None else None

    def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> None:
        """Stop in good order and wait; killed after `seconds_max`."""
        self._end(self.stop_signal, seconds_max)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would, and wait until it is gone."""
        self._end(signal.SIGKILL, STOP_SECONDS_MAX)

    def last_words(self, lines: int = 8) -> str:
        """The last lines that it wrote since it was started."""
        try:
            said = self.log.read_bytes()[self._log_start :]
            return "\n".join(said.decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"

    def environment(self) -> dict[str, str]:
        """The environment of the process: nothing of ours that could steer it."""
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.folder),
        }

    @abstractmethod
    def end_leftover(self) -> None:
        """End a process of an earlier run that still uses our folder."""

    def ask_to_stop(self) -> None:
        """Ask it to end in good order, without waiting."""
        self.send(self.stop_signal)

    def send(self, how: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.process is not None and self.is_running():
            self.process.send_signal(how)

    def _end(self, how: signal.Signals, seconds_max: float) -> None:
        if self.process is None:
            return
        self.send(how)
        try:
            self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_SECONDS_MAX)

    def _before_exec(self) -> Callable[[], None] | None:
        if threading.current_thread() is not threading.main_thread():
            return None  # the signal would come when this thread ends, not when the process does
        number = int(self.stop_signal)
        return lambda: _LIBC.prctl(_PR_SET_PDEATHSIG, number)


class PostgresServer(Server):
    """PostgreSQL 18 from the wheel: scram-sha-256 for everyone, a random superuser password, data in `<home>/postgres`.

    `url(database)` is the superuser's address. The password is kept in a 0600 file beside the data.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": running transactions are rolled back, everything is flushed

    def __init__(self, home: Path, *, port: int | None = None, settings: dict[str, str] | None = None) -> None:
        super().__init__(home, port=port)
        self.data = self.folder / "data"
        self.settings = POSTGRES_SETTINGS | (settings or {})
        self.password_file = self.folder / "superuser-password"

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self.password_file.read_text().strip()

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of a database."""
        return f"postgresql://{SUPERUSER}:{quote(self.password)}@{HOST}:{self.port}/{database}"

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs (pg_dump, psql …)."""
        return str(postgres_bin(self.home, self.account) / name)

    def prepare(self) -> None:
        """Make the cluster on the first call; write the configuration on each."""
        super().prepare()
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        conf = self.data / "lotwise.conf"
        conf.write_text(
            "".join(f"{key} = {value}\n" for key, value in ({"port": str(self.port)} | self.settings).items())
        )
        give(conf, self.account, 0o600)

    def _initdb(self) -> None:
        if self.data.exists() and any(self.data.iterdir()):
            raise ServerFailed(
                f"{self.data} is not empty and holds no PostgreSQL cluster: move it away, or restore a backup into an "
                "empty folder with `lotwise restore`."
            )
        if not self.password_file.exists():
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_urlsafe(32))
        give(self.password_file, self.account, 0o600)
        done = subprocess.run(  # type: ignore[call-overload]
            [
                self.program("initdb"),
                f"--pgdata={self.data}",
                f"--username={SUPERUSER}",
                f"--pwfile={self.password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(),
            **self.account.popen(),
        )
        if done.returncode:
            raise ServerFailed(f"PostgreSQL could not make its data folder {self.data}:\n{done.stderr.strip()}")
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("include 'lotwise.conf'\n")

    def command(self) -> list[str]:
        """The server itself, in the foreground."""
        return [self.program("postgres"), "-D", str(self.data)]

    def is_ready(self) -> bool:
        """Whether the server wrote that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = self.process is None or lines[:1] == [str(self.process.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"

    def end_leftover(self) -> None:
        """Stop a postmaster that an earlier, killed run left behind; drop the note of one that is gone."""
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        if _runs_in(pid, "postgres", self.data):
            _stop_pid(pid, signal.SIGINT)
        note.unlink(missing_ok=True)


class NatsServer(Server):
    """NATS with JetStream on disk, every acknowledgement after an fsync (`sync_interval: always`), in `<home>/nats`.

    `authorization` is a configuration text that is included (users and permissions); without it anybody on this
    machine may connect, which only tests want.
    """

    name = "nats"
    stop_signal = signal.SIGTERM

    def __init__(
        self, home: Path, *, port: int | None = None, monitor_port: int | None = None, authorization: str | None = None,
        store_bytes_max: int = 16 << 30,
    ) -> None:  # fmt: skip
        super().__init__(home, port=port)
        self.monitor_port = monitor_port or free_port()
        self.authorization = authorization
        self.store_bytes_max = store_bytes_max
        self.store = self.folder / "store"

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"nats://{HOST}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """The address of the monitoring pages (/healthz, /jsz …)."""
        return f"http://{HOST}:{self.monitor_port}"

    def prepare(self) -> None:
        """Make the store and write the configuration."""
        super().prepare()
        self.store.mkdir(exist_ok=True, mode=0o700)
        give(self.store, self.account, 0o700)
        conf = self.folder / "nats.conf"
        conf.write_text(self._configuration())
        give(conf, self.account, 0o600)
        if self.authorization is not None:
            users = self.folder / "users.conf"
            users.write_text(self.authorization)
            give(users, self.account, 0o600)

    def _configuration(self) -> str:
        include = 'include "users.conf"\n' if self.authorization is not None else ""
        return (
            f'server_name: lotwise\nlisten: "{HOST}:{self.port}"\nhttp: "{HOST}:{self.monitor_port}"\n'
            f"max_payload: 8MB\nwrite_deadline: 10s\n"
            f'jetstream {{\n  store_dir: "{self.store}"\n  max_memory_store: 16MB\n'
            f"  max_file_store: {self.store_bytes_max}\n  sync_interval: always\n}}\n{include}"
        )

    def command(self) -> list[str]:
        """The server itself, in the foreground."""
        return [str(nats_program(self.home, self.account)), "-c", str(self.folder / "nats.conf")]

    def environment(self) -> dict[str, str]:
        """The server's memory is kept small: it collects garbage early."""
        return super().environment() | {"GOGC": "50", "GOMEMLIMIT": "256MiB"}

    def is_ready(self) -> bool:
        """Whether the server answers that it and JetStream are healthy."""
        import http.client

        connection = http.client.HTTPConnection(HOST, self.monitor_port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def end_leftover(self) -> None:
        """Stop a nats-server that an earlier, killed run left behind on our folder."""
        conf = str(self.folder / "nats.conf")
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if words[-2:] == ["-c", conf] and "nats-server" in words[0]:
                _stop_pid(process.pid, signal.SIGTERM)


def _runs_in(pid: int, program: str, folder: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == program and str(folder) in process.cmdline()
    except psutil.Error:
        return False


def _stop_pid(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        except psutil.TimeoutExpired:
            process.kill()
