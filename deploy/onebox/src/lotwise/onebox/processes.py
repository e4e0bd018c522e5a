"""The only home of a service's own process: forked from this one, so that all of them share the libraries in memory."""

import contextlib
import ctypes
import faulthandler
import gc
import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_OUR_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def load_libraries() -> None:
    """Import once what every service imports, and keep the collector from touching (and so copying) it after a fork."""
    import lotwise.kit.service  # noqa: F401

    gc.collect()
    gc.freeze()


def run_module(module: str) -> Callable[[], object]:
    """The work of `python -m <module>`."""
    return lambda: runpy.run_module(module, run_name="__main__", alter_sys=True)


class ForkedProcess:
    """A process of its own session that does `work` and ends with us.

    The forking process must have one thread only; `environment` replaces ours entirely. `patience` (0 to 19) is how
    far it stands back when the processors are short: figures may come later than the shelf they are of.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        log: Path,
        environment: Callable[[], Mapping[str, str]] = lambda: os.environ,
        *,
        patience: int = 0,
    ) -> None:
        self.name = name
        self.patience = patience
        self.work = work
        self.environment = environment
        self.log = log
        self.pid: int | None = None
        self._status: int | None = None

    def spawn(self) -> None:
        """Start it; the caller sees by `is_running` whether it lives."""
        environment = dict(self.environment())
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self._status = None
        self.pid = os.fork()
        if self.pid == 0:
            self._be_the_service(environment, parent)

    def is_running(self) -> bool:
        """Whether the process lives; takes note of its end."""
        if self.pid is None or self._status is not None:
            return False
        try:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            ended, status = self.pid, 1 << 8
        if ended:
            self._status = status
        return not ended

    @property
    def exit_code(self) -> int | None:
        """How it ended: 0 in good order, below zero by that signal; None while it lives."""
        return None if self._status is None else os.waitstatus_to_exitcode(self._status)

    def send(self, how: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.is_running() and self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, how)

    def ask_to_stop(self) -> None:
        """Ask it to end in good order, without waiting."""
        self.send(signal.SIGTERM)

    def stop(self, seconds_max: float = 15.0) -> None:
        """Ask it to finish and wait; killed after `seconds_max`."""
        self.ask_to_stop()
        deadline = time.monotonic() + seconds_max
        while self.is_running():
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
            time.sleep(0.02)

    def last_words(self, lines: int = 8) -> str:
        """The last lines of the log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"

    def _be_the_service(self, environment: dict[str, str], parent: int) -> None:
        code = 1
        try:
            self._leave_home(parent)
            self._stand_back()
            os.environ.clear()
            os.environ.update(environment)
            self.work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                print(end.code)
        except BaseException:  # noqa: BLE001 - the process ends here, and says why in its log
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stand_back(self) -> None:
        """Within its session, and as a session where the kernel weighs sessions."""
        if self.patience:
            os.nice(self.patience)
            with contextlib.suppress(OSError):
                Path("/proc/self/autogroup").write_text(str(self.patience))

    def _leave_home(self, parent: int) -> None:
        os.setsid()
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:
            os._exit(1)
        for number in _OUR_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a browser that hung up is an error of that write, no end of us
        out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.closerange(3, 4096)
        faulthandler.enable(2)  # a crash in a library leaves its stack in the log
