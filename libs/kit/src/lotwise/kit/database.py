"""The only home of connections to a service's PostgreSQL: one pool, short transactions, a wake-up after commit.

A pooled connection keeps no session state (no advisory locks, no LISTEN), so that returning it needs no reset query.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:
    Tx: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    _Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Tx = PoolConnectionProxy
    Pool = asyncpg.Pool
    _Connection = asyncpg.Connection

SESSION = {"plan_cache_mode": "force_generic_plan", "jit": "off", "timezone": "UTC"}


class Connection(_Connection):
    """A pooled connection that knows its database and whether the running transaction told something."""

    __slots__ = ("home", "told")
    home: "Database | None"
    told: list[int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home = None
        self.told = []

    def get_reset_query(self) -> str:
        """Nothing to reset: see the promise of this module. Saves a round trip per use."""
        return ""


def _json_text(value: object) -> str:
    return orjson.dumps(value, default=str).decode()


async def codecs(connection: _Connection) -> None:
    """Teach a connection to read and write json and jsonb as Python values."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_json_text, decoder=orjson.loads)


async def _patiently(make: Callable[[], Awaitable[Pool]], seconds: float) -> Pool:
    """Try again while the server does not answer or is still starting."""
    end = monotonic() + seconds
    while True:
        try:
            return await make()
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
            if monotonic() > end:
                raise
        await asyncio.sleep(0.2)


class Database:
    """A service's own database. Opens once at start, lends connections, closes at the end."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.url = url
        self.pool = pool
        self.told = asyncio.Event()
        """Set after a commit that wrote to the outbox: the relay of this process waits for it."""
        self.relay_is_here = False
        """Whether the leading relay runs in this process; if not, `tell` also sends a NOTIFY."""
        self.redriver: Any = None
        """The consumers of this process: what `redrive` calls parked messages back with."""

    @classmethod
    async def open(
        cls, url: str, *, connections_max: int = 8, application_name: str = "lotwise", patience_seconds: float = 20
    ) -> Self:
        """Open a pool of up to `connections_max` connections; a server that is starting is waited for.

        Raises OSError or asyncpg errors when it is not there after `patience_seconds`, or refuses us.
        """
        self = cls.__new__(cls)

        async def prepare(connection: _Connection) -> None:
            await codecs(connection)
            if isinstance(connection, Connection):
                connection.home = self

        async def make() -> Pool:
            return await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=connections_max,
                connection_class=Connection,
                init=prepare,
                server_settings={**SESSION, "application_name": application_name},
                statement_cache_size=400,
                max_cached_statement_lifetime=0,
                max_cacheable_statement_size=64 * 1024,
                command_timeout=60,
            )

        Database.__init__(self, url, await _patiently(make, patience_seconds))
        return self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A transaction that commits at the end of the block, or leaves no trace when the block raises."""
        async with self.pool.acquire() as connection:
            told: list[int] = connection.told  # type: ignore[attr-defined]
            told.clear()
            async with connection.transaction():
                yield connection
            if told:
                told.clear()
                self.told.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """A read-only view of one moment; writing in it is refused by the database."""
        async with self.pool.acquire() as connection, connection.transaction(readonly=True):
            yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        """A connection for a single statement that reads: one moment by itself, without a transaction's round trips."""
        async with self.pool.acquire() as connection:
            yield connection

    async def close(self) -> None:
        """Wait for borrowed connections (5 s at most), then close them all."""
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except TimeoutError:
            self.pool.terminate()
