"""The only home of the servers that tests share: a PostgreSQL 18 and a NATS 2.15, embedded or in containers."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lotwise.onebox.account import open_home, server_account
from lotwise.onebox.databases import DatabaseLogin, drop_database, ensure_databases, run_apart
from lotwise.onebox.servers import NatsServer, PostgresServer

FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "scram_iterations": "16",
    "max_connections": "200",
    "autovacuum": "off",
}
"""Tests kill processes, never the machine's power: what PostgreSQL handed to the system is safe without a flush.

Nor is anything counted between tests: a table that was counted when a test had just emptied it is taken for empty.
"""
IN_CONTAINERS = os.environ.get("LOTWISE_TEST_BACKEND") == "containers"
FRESH_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """The name of a case whose text holds a fresh id: "id" stands for it.

    Tests run in several processes, which must agree on every test's name.
    """
    return FRESH_ID.sub("id", val) if isinstance(val, str) and FRESH_ID.search(val) else None


SHARING = ("tests/onebox/", "tests/journeys/")
"""Folders whose tests share one running system: each runs in one process, before the many short files."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that several processes end at about the same time."""
    items.sort(key=lambda item: not item.nodeid.startswith(SHARING))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A whole file goes to one process, and so does a folder whose tests share a running system."""
    from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]

    class Lanes(LoadFileScheduling):  # type: ignore[misc]
        """Hands out files and sharing folders in the order of the collection."""

        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in SHARING if nodeid.startswith(folder)), nodeid.partition("::")[0])

    config.option.loadscopereorder = False
    return Lanes(config, log)


class Databases:
    """A PostgreSQL server for tests. `server` can be stopped and killed; `admin_url` is the superuser's address."""

    def __init__(self, server: Any, admin_url: str) -> None:
        self.server = server
        self.admin_url = admin_url
        self._made = 0

    def login(self, name: str) -> DatabaseLogin:
        """Make a fresh, empty database and its two roles; names are unique in the server."""
        self._made += 1
        login = DatabaseLogin(f"{name}_{self._made}", secrets.token_urlsafe(16), secrets.token_urlsafe(16))
        run_apart(ensure_databases(self.admin_url, [login]))
        return login

    def database(self, name: str) -> tuple[str, str]:
        """A fresh, empty database: the owner's address (for migrations) and the app role's (for the service)."""
        login = self.login(name)
        return login.owner_url(self.admin_url), login.app_url(self.admin_url)

    def drop(self, login: DatabaseLogin) -> None:
        """Drop a database that `login` made, and its roles."""
        run_apart(drop_database(self.admin_url, login))


@pytest.fixture(scope="session")
def servers_home() -> Iterator[Path]:
    """A folder for the servers' data that the servers' account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="lotwise-tests-"))
    open_home(folder, server_account())
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(servers_home: Path) -> Iterator[Databases]:
    """A running PostgreSQL 18 for the whole session."""
    if IN_CONTAINERS:
        from tests.containers import PostgresInContainer

        with PostgresInContainer() as container:
            yield Databases(container, container.url)
        return
    server = PostgresServer(servers_home, settings=FAST)
    server.start()
    yield Databases(server, server.url())
    server.stop()


@pytest.fixture(scope="session")
def nats_server(servers_home: Path) -> Iterator[Any]:
    """A running NATS with JetStream, fsync on every acknowledgement, for the whole session; `.url` is its address."""
    if IN_CONTAINERS:
        from tests.containers import NatsInContainer

        with NatsInContainer() as container:
            yield container
        return
    server = NatsServer(servers_home)
    server.start()
    yield server
    server.stop()
