"""The only home of the account that the embedded servers run as, and of who may reach which folder.

PostgreSQL refuses to run as root. As an ordinary user the servers run as that user; as root they run as an unprivileged
account, folders of ours are opened for that account alone (group, search only), and parents are never touched.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

ACCOUNTS = ("lotwise", "nobody")
FALLBACK = Path("/var/lib")


class Unreachable(Exception):  # noqa: N818 - it is told to a person, with what to do
    """A folder lies where the servers' account cannot reach it; the text says which and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom the servers run as. `name` is None when that is simply the user who started us."""

    name: str | None
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """True when the servers run as somebody else than we do."""
        return self.name is not None

    def popen(self) -> dict[str, object]:
        """The arguments with which subprocess starts a program as this account."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account:
    """The account for the servers: ours, or as root the first that exists of `lotwise` and `nobody`."""
    if os.geteuid() != 0:
        return Account(None, os.geteuid(), os.getegid())
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Unreachable("PostgreSQL does not run as root and there is no account `nobody`: create an account `lotwise`.")


def can_search(folder: Path, account: Account) -> bool:
    """Whether the account may pass through this folder and all its parents."""
    return all(_searchable(place, account) for place in (folder, *folder.parents) if place.exists())


def _searchable(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if not account.is_other and os.geteuid() == 0:
        return True
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def reachable_home(wanted: Path) -> tuple[Path, str | None]:
    """The data folder to use, and a sentence when it is another than the wanted one.

    As root with the wanted folder under one that others cannot pass (such as a home folder), the servers' account
    could not reach its data, so a folder of its own below the system's state folder is used.
    """
    wanted = wanted.absolute()
    account = server_account()
    if not account.is_other or can_search(wanted.parent, account):
        return wanted, None
    mark = hashlib.sha256(str(wanted).encode()).hexdigest()[:8]
    other = FALLBACK / f"lotwise-{mark}"
    return other, (
        f"{wanted} lies in a folder that the account {account.name} cannot enter, and PostgreSQL does not run as root: "
        f"the data is kept in {other} instead. Set LOTWISE_HOME to choose another folder."
    )


def open_home(folder: Path, account: Account) -> None:
    """Make our data folder: 0700 for us; when the servers run as another account, its group may pass (not list)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not account.is_other:
        folder.chmod(0o700)
        return
    os.chown(folder, os.geteuid(), account.gid)
    folder.chmod(0o710)
    if not can_search(folder, account):
        raise Unreachable(
            f"The account {account.name}, which PostgreSQL runs as, cannot enter {folder}: "
            "choose a folder that others may pass, with LOTWISE_HOME."
        )


def give(path: Path, account: Account, mode: int) -> None:
    """Hand a folder or file to the servers' account with this mode."""
    if account.is_other:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)
