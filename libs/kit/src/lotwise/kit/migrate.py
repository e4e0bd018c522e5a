"""The only home of migrations: runs a service's alembic folder as the owner role, and gives the app role its rights."""

import asyncio
import os
import re
import sys
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from alembic import command, context, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from lotwise.kit.tables import kit_tables

_ROLE = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")
_LOCK = 7_020_251_121
_APPEND_ONLY = ("audit", "audit_seal")
_PARTITION = re.compile(r"_(p[0-9]{6,8}|rest)(_.*)?$")


_KEEP_APPEND_ONLY = """
do $$ declare t regclass; begin
  for t in
    select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and obj_description(c.oid, 'pg_class') like 'append-only%'
  loop execute format('revoke update, delete, truncate on %s from {role}', t); end loop;
end $$
"""
# tables marked by append_only() carry a comment: the one place that remembers the promise across upgrades


def _async_url(url: str) -> str:
    return re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url)


async def upgrade(package: str, owner_url: str, app_role: str) -> None:
    """Bring the database of `package` ("lotwise.stock") to its newest revision and grant `app_role` DML only.

    Safe to run twice and from several processes at once (an advisory lock makes them take turns).
    Raises ValueError for a role name that is no plain identifier; database errors pass through.
    """
    if not _ROLE.fullmatch(app_role):
        raise ValueError(f"{app_role!r} is not a plain role name")
    engine = create_async_engine(_async_url(owner_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"select pg_advisory_lock({_LOCK})"))
            await connection.commit()
            await connection.run_sync(_upgrade, package, app_role)
            await connection.execute(text(f"select pg_advisory_unlock({_LOCK})"))
            await connection.commit()
    finally:
        await engine.dispose()


def _config(package: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files(package) / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection, package: str, app_role: str) -> None:
    config = _config(package)
    config.attributes["connection"] = connection
    config.attributes["app_role"] = app_role
    command.upgrade(config, "head")
    for statement in _grants(app_role):
        connection.execute(text(statement))
    connection.execute(text("select kit_partitions(30)"))
    connection.commit()


def _grants(role: str) -> list[str]:
    return [
        f"grant usage on schema public to {role}",
        f"grant select, insert, update, delete on all tables in schema public to {role}",
        f"grant usage, select on all sequences in schema public to {role}",
        f"grant execute on all functions in schema public to {role}",
        f"alter default privileges in schema public grant select, insert, update, delete on tables to {role}",
        f"revoke insert, update, delete on alembic_version from {role}",
        _KEEP_APPEND_ONLY.format(role=role),
    ]


def run_migrations(metadata: MetaData) -> None:
    """The body of every service's `migrations/env.py`: run the revisions on the connection that `upgrade` opened."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def run_script(script: str) -> None:
    """Run a script of many SQL statements inside a revision (asyncpg's prepared statements take only one at a time)."""
    driver: Any = op.get_bind().connection.driver_connection
    op.execute("select 1")  # makes SQLAlchemy open the transaction that the script then runs in
    await_only(driver.execute(script))


def kit_upgrade() -> None:
    """Create the kit's tables and functions: what the first revision of every service calls first."""
    run_script((resources.files("lotwise.kit") / "schema.sql").read_text())
    append_only(*_APPEND_ONLY)


def append_only(*tables: str) -> None:
    """Let the app role insert into and read these tables, and never change or delete a row (partitions: name each)."""
    for table in tables:
        op.execute(f"comment on table {table} is 'append-only: the app role may insert and select'")


def _is_ours(obj: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    if kind == "table":
        return not _PARTITION.search(name or "") and name != "alembic_version"
    return kind != "index" or not _PARTITION.search(getattr(obj.table, "name", ""))


async def drift(owner_url: str, metadata: MetaData) -> list[Any]:
    """What differs between a migrated database and a service's tables, as alembic directives; empty when they agree.

    Tables and columns are compared; indexes, checks and partitions live in SQL only.
    """
    if "outbox" not in metadata.tables:
        kit_tables(metadata)
    engine = create_async_engine(_async_url(owner_url), poolclass=NullPool)

    def compare(connection: Connection) -> list[Any]:
        migration = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        found = compare_metadata(migration, metadata)
        return [one for one in found if not _is_index(one)]

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


def _is_index(directive: Any) -> bool:
    name = directive[0] if isinstance(directive, tuple) else ""
    return isinstance(name, str) and ("index" in name or "constraint" in name or "fk" in name or "comment" in name)


def main(package: str) -> int:
    """Migrate a package's database as its environment says (STOCK_OWNER_DATABASE_URL, STOCK_DATABASE_URL)."""
    prefix = package.rpartition(".")[2].upper()
    app_role = urlsplit(os.environ[f"{prefix}_DATABASE_URL"]).username or ""
    asyncio.run(upgrade(package, os.environ[f"{prefix}_OWNER_DATABASE_URL"], app_role))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
