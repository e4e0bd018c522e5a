"""The only home of bringing databases, streams and the door up to date before services start.

Runs in a process of its own, so that its libraries leave the memory afterwards.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from lotwise.onebox.chain import SERVICES, Chain
from lotwise.onebox.databases import ensure_databases
from lotwise.onebox.home import Home, Refused, read_json, write_json


def fingerprint() -> str:
    """A mark of all our code that decides on tables and streams: when it is unchanged there is nothing to prepare."""
    digest = hashlib.sha256()
    for package in ("lotwise.kit", "lotwise.contracts", *(f"lotwise.{service}" for service in SERVICES)):
        for file in sorted(_sources(package)):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(package: str) -> list[Path]:
    spec = find_spec(package)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    return [file for suffix in ("py", "sql") for file in folder.rglob(f"*.{suffix}")] if folder else []


def is_prepared(home: Home) -> bool:
    """Whether databases and streams were brought up to date by this very code."""
    return read_json(home.prepared_file).get("fingerprint") == fingerprint()


async def prepare(chain: Chain, admin_url: str) -> None:
    """Databases with their roles, every migration, streams and consumers, the door's first accounts. Safe to repeat."""
    try:
        made = await ensure_databases(admin_url, chain.logins())
    except (OSError, asyncpg.PostgresError) as problem:
        raise SystemExit(f"PostgreSQL does not let us in ({problem}): is LOTWISE_POSTGRES_URL right?") from None
    if made:
        print(f"databases made: {', '.join(made)}", flush=True)
    await _migrate(chain, admin_url)
    import nats.errors

    from lotwise.onebox.bus import apply, refuse_unsafe

    try:
        await refuse_unsafe(chain)
        for line in await apply(chain):
            print(line, flush=True)
    except Refused as problem:
        raise SystemExit(str(problem)) from None
    except (nats.errors.Error, OSError) as problem:
        raise SystemExit(f"NATS does not let us in ({problem}): is LOTWISE_NATS_URL right, and JetStream on?") from None
    await _open_the_door(chain, admin_url)
    write_json(chain.home.prepared_file, {"fingerprint": fingerprint()})


async def _migrate(chain: Chain, admin_url: str) -> None:
    from alembic.util import CommandError

    from lotwise.kit.migrate import upgrade

    for login in chain.logins():
        try:
            await upgrade(f"lotwise.{login.name}", login.owner_url(admin_url), login.app)
        except CommandError as problem:
            raise SystemExit(
                f"The database of {login.name} is of another version of Lotwise ({problem}): start that version, or "
                "restore a backup into an empty data folder."
            ) from None


async def _open_the_door(chain: Chain, admin_url: str) -> None:
    from lotwise.backoffice.door.bootstrap import bootstrap

    await bootstrap(chain.login("backoffice").app_url(admin_url), chain.sign_ins())
