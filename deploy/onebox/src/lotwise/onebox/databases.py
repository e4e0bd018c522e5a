"""The only home of making a service's database and its two roles: the owner migrates, the app has rows."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg


@dataclass(frozen=True)
class DatabaseLogin:
    """A database and the passwords of its roles: `<name>_owner` owns it, `<name>` may only touch rows."""

    name: str
    owner_password: str
    app_password: str

    @property
    def owner(self) -> str:
        """The role that owns the database and migrates it."""
        return f"{self.name}_owner"

    @property
    def app(self) -> str:
        """The role of the running service."""
        return self.name

    def owner_url(self, admin_url: str) -> str:
        """The owner's address on the server of `admin_url`."""
        return login_url(admin_url, self.owner, self.owner_password, self.name)

    def app_url(self, admin_url: str) -> str:
        """The service's address on the server of `admin_url`."""
        return login_url(admin_url, self.app, self.app_password, self.name)


def login_url(admin_url: str, role: str, password: str, database: str) -> str:
    """The address of a database for a role, on the same server and with the same options as `admin_url`."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{host}", path=f"/{database}"))


def same_server(url: str, database: str) -> str:
    """The address of another database for the same role on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def ensure_database(admin: asyncpg.Connection, login: DatabaseLogin) -> bool:
    """Make the roles and the database, or set their passwords anew; True when the database was made just now.

    Nobody else may connect to it; the app role may use the schema but create nothing in it.
    """
    for role, password in ((login.owner, login.owner_password), (login.app, login.app_password)):
        known = await admin.fetchval("select true from pg_roles where rolname = $1", role)
        verb = "alter" if known else "create"
        text = await admin.fetchval(
            f"select format('{verb} role %I login password %L nosuperuser nocreatedb', $1::text, $2::text)",
            role,
            password,
        )
        await admin.execute(text)
    if await admin.fetchval("select true from pg_database where datname = $1", login.name):
        return False
    if not await admin.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        await admin.execute(f'grant "{login.owner}" to current_user')
    await admin.execute(f'create database "{login.name}" owner "{login.owner}" encoding UTF8 template template0')
    await admin.execute(f'revoke all on database "{login.name}" from public')
    await admin.execute(f'grant connect on database "{login.name}" to "{login.app}"')
    return True


async def ensure_databases(admin_url: str, logins: list[DatabaseLogin]) -> list[str]:
    """`ensure_database` for each; the names of those that were made just now."""
    admin = await asyncpg.connect(admin_url)
    try:
        return [login.name for login in logins if await ensure_database(admin, login)]
    finally:
        await admin.close()


async def drop_database(admin_url: str, login: DatabaseLogin) -> None:
    """Drop the database (ending its connections) and both roles."""
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f'drop database if exists "{login.name}" with (force)')
        await admin.execute(f'drop role if exists "{login.app}"')
        await admin.execute(f'drop role if exists "{login.owner}"')
    finally:
        await admin.close()


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end from synchronous code, in a thread of its own (a loop may be running already)."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
