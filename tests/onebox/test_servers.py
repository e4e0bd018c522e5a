"""The embedded servers: what they promise to everything that stands on them."""

import asyncpg
import httpx
import nats
import pytest
from tests.conftest import Databases

from lotwise.onebox.servers import NatsServer


async def test_the_app_role_reads_and_writes_rows_only(postgres: Databases) -> None:
    """DESIGN 7: given a fresh database, when the app role makes a table, then PostgreSQL refuses; the owner may."""
    owner_url, app_url = postgres.database("stock")
    owner = await asyncpg.connect(owner_url)
    await owner.execute("create table lot (id int)")
    app = await asyncpg.connect(app_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("create table mine (id int)")
    assert await owner.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 1
    await app.close()
    await owner.close()


async def test_every_acknowledgement_of_the_bus_is_on_disk(nats_server: NatsServer) -> None:
    """N-08: given the embedded NATS, when asked, then it syncs on every acknowledgement; and it streams."""
    client = await nats.connect(nats_server.url)
    js = client.jetstream()
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{nats_server.monitor_url}/jsz")).json()["config"]["sync_always"] is True
    await js.add_stream(name="PROBE", subjects=["probe.>"])
    ack = await js.publish("probe.one", b"x")
    assert ack.seq == 1
    await js.delete_stream("PROBE")
    await client.close()
