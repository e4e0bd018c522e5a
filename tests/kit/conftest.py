"""The only home of what the kit's tests stand on: a migrated database, a provisioned bus, a shop that sells."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleLine, SaleRecorded
from lotwise.kit.database import Database
from lotwise.kit.migrate import upgrade
from lotwise.kit.nats_config import USERS, users_configuration
from lotwise.kit.provision import apply
from lotwise.kit.topology import topology
from lotwise.onebox.databases import DatabaseLogin, login_url
from lotwise.onebox.servers import NatsServer

PASSWORDS = {user: f"secret of {user}" for user in USERS}


@dataclass
class Shop:
    """A database of the smallest service, as owner and as app role."""

    db: Database
    owner_url: str
    url: str
    role: str


_templates: dict[str, DatabaseLogin] = {}


async def open_shop(postgres: Any) -> Shop:
    """A fresh, migrated database: the first is migrated, the others are copies of it."""
    template = _templates.get(postgres.admin_url)
    if template is None:
        template = _templates[postgres.admin_url] = postgres.login("shop")
        await upgrade("tests.kit.shop", template.owner_url(postgres.admin_url), template.app)
    name = f"shop_{uuid7().hex}"
    admin = await asyncpg.connect(postgres.admin_url)
    await admin.execute(f'create database "{name}" owner "{template.owner}" template "{template.name}"')
    await admin.close()
    owner_url = login_url(postgres.admin_url, template.owner, template.owner_password, name)
    url = login_url(postgres.admin_url, template.app, template.app_password, name)
    return Shop(await Database.open(url, connections_max=6), owner_url, url, template.app)


@pytest.fixture
async def shop(postgres: Any) -> AsyncIterator[Shop]:
    """A fresh, migrated database with its pool."""
    shop = await open_shop(postgres)
    yield shop
    await shop.db.close()


@pytest.fixture
async def other_shop(postgres: Any) -> AsyncIterator[Shop]:
    """A second one: who hears."""
    shop = await open_shop(postgres)
    yield shop
    await shop.db.close()


@pytest.fixture(scope="session")
def guarded_nats(servers_home: Path) -> Iterator[NatsServer]:
    """A NATS with the permissions that we ship."""
    server = NatsServer(servers_home / "guarded", authorization=users_configuration(PASSWORDS))
    server.start()
    yield server
    server.stop()


async def connect(server: NatsServer, user: str = "ops", **options: Any) -> Client:
    """A connection as one of the users."""
    return await nats.connect(server.url, user=user, password=PASSWORDS[user], inbox_prefix=f"_INBOX_{user}", **options)


@pytest.fixture
async def ops(guarded_nats: NatsServer) -> AsyncIterator[Client]:
    """A connection that may do everything, to a bus with fresh streams."""
    connection = await connect(guarded_nats)
    jetstream = connection.jetstream()
    durables = Counter(durable.stream for durable in topology())
    for info in await jetstream.streams_info():
        name = str(info.config.name)
        if info.state.last_seq or info.state.consumer_count != durables[name]:
            await jetstream.delete_stream(name)
    await apply(guarded_nats.url, user="ops", password=PASSWORDS["ops"])
    yield connection
    await connection.close()


def sale(charge_id: UUID | None = None, *, site: str = "harley", quantity: str = "2") -> SaleRecorded:
    """A charge of one line."""
    return SaleRecorded(
        site=site,
        charge_id=charge_id or uuid7(),
        number="1",
        happened_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        lines=(SaleLine(line=1, product_id=UUID(int=7), quantity=quantity, unit_price="3.00", net_minor=600),),
        net_minor=600,
        tax_minor=0,
        total_minor=600,
    )


@dataclass
class Heard:
    """A handler that counts in the database what it hears, and keeps the messages."""

    messages: list[Any] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    async def __call__(self, tx: Any, messages: Any) -> None:
        """Add one to the counter for each message."""
        self.batches.append(len(messages))
        self.messages += messages
        await tx.execute(
            "insert into counter values ('sold', $1) on conflict (name) do update set amount = counter.amount + $1",
            len(messages),
        )


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until something holds, at most `seconds`."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - it looks at a server
            await asyncio.sleep(0.02)


async def counted(db: Database, name: str = "sold") -> int:
    """How often the handler took effect."""
    async with db.reading() as tx:
        return int(await tx.fetchval("select coalesce(sum(amount), 0) from counter where name = $1", name))
