"""The only home of what lies where in the data folder, of its lock, its secrets and the note of the running system."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lotwise.onebox.account import open_home, reachable_home, server_account


class Refused(Exception):  # noqa: N818 - it is an answer to a person
    """The command cannot do this now; the text says why and what to do."""


@dataclass(frozen=True)
class Home:
    """The data folder: `LOTWISE_HOME`, by default ./var. `remark` tells when another one had to be taken."""

    folder: Path
    remark: str | None = None

    @classmethod
    def find(cls) -> "Home":
        """The data folder of this environment; nothing is made yet."""
        folder, remark = reachable_home(Path(os.environ.get("LOTWISE_HOME") or "var"))
        return cls(folder, remark)

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.folder / "logs"

    @property
    def journal_file(self) -> Path:
        """Where the supervisor writes down each end that nobody asked for."""
        return self.logs / "supervisor.log"

    @property
    def backups(self) -> Path:
        """Where `lotwise backup` writes when no file is named."""
        return self.folder / "backups"

    @property
    def caches(self) -> Path:
        """What services may keep and lose (the door's public keys)."""
        return self.folder / "caches"

    @property
    def secrets_file(self) -> Path:
        """Every password and client secret, 0600."""
        return self.folder / "secrets.json"

    @property
    def note_file(self) -> Path:
        """What the running system says about itself: address, ports, processes."""
        return self.folder / "running.json"

    @property
    def prepared_file(self) -> Path:
        """The mark of the migrations and streams that were last brought up to date."""
        return self.folder / "prepared.json"

    @property
    def demo_file(self) -> Path:
        """Stands when the demo chain was loaded, or was not wanted."""
        return self.folder / "demo.json"

    @property
    def is_new(self) -> bool:
        """True when nothing was ever kept here."""
        return not self.secrets_file.exists() and not (self.folder / "postgres").exists()

    def make(self) -> None:
        """Make the folder and its rooms. Raises Refused with what to do."""
        try:
            open_home(self.folder, server_account())
            for room in (self.logs, self.backups, self.caches):
                room.mkdir(mode=0o700, exist_ok=True)
            probe = self.folder / ".writable"
            probe.write_text("")
            probe.unlink()
        except FileExistsError:
            raise Refused(f"{self.folder} is a file: choose another data folder with LOTWISE_HOME.") from None
        except PermissionError:
            raise Refused(
                f"{self.folder} belongs to another account: start Lotwise as that account, or choose another data "
                "folder with LOTWISE_HOME."
            ) from None
        except NotADirectoryError:
            raise Refused(f"{self.folder} lies below a file: choose another data folder with LOTWISE_HOME.") from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the data folder for this process alone. Raises Refused when another one holds it."""
        with (self.folder / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(self._taken()) from None
            yield

    def is_locked(self) -> bool:
        """Whether a running Lotwise (or a backup, a restore) holds this data folder."""
        try:
            with self.lock():
                return False
        except Refused:
            return True
        except OSError:
            return False

    def _taken(self) -> str:
        note = read_json(self.note_file)
        where = f" at {note['address']}" if note.get("address") else ""
        return (
            f"Lotwise already runs on {self.folder}{where} (process {note.get('pid', 'unknown')}). Stop it with "
            "`lotwise down`, or choose another data folder with LOTWISE_HOME."
        )

    def note(self) -> dict[str, Any]:
        """What the running system says about itself. Raises Refused when none runs here."""
        note = read_json(self.note_file)
        if not note or not self.is_locked():
            raise Refused(f"Lotwise does not run on {self.folder}. Start it with `lotwise up` (or `make up`).")
        return note


class Secrets:
    """Every secret of one data folder: made when first asked for, kept in one 0600 file, never shown in logs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known: dict[str, str] = _read_secrets(file)

    def once(self, name: str, random_bytes: int = 24) -> str:
        """The secret of this name; a new random one is made and kept when there is none."""
        if name not in self._known:
            self._known[name] = secrets.token_urlsafe(random_bytes)
            write_json(self.file, self._known)
        return self._known[name]

    def keep(self, name: str, value: str) -> None:
        """Keep a secret that was made elsewhere."""
        self._known[name] = value
        write_json(self.file, self._known)


def _read_secrets(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        return dict(json.loads(file.read_text()))
    except ValueError:
        raise Refused(
            f"{file} is damaged, so the passwords of the databases are lost: restore a backup into an empty folder "
            "with `lotwise restore FILE`."
        ) from None


def read_json(file: Path) -> dict[str, Any]:
    """A small JSON file; empty when it is missing or damaged."""
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def write_json(file: Path, value: object) -> None:
    """Write a small JSON file that only we may read, whole or not at all."""
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(value, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)
