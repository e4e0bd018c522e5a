"""The relay: everything told reaches the bus, in order, once, whatever happens to the bus or to the database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from nats.aio.client import Client
from tests.kit.conftest import PASSWORDS, Shop, sale, until

from lotwise.contracts.envelope import CHAIN
from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.contracts.stock import LedgerSealed
from lotwise.kit import context
from lotwise.kit.bus import Bus
from lotwise.kit.outbox import Told, failed_rows, outbox_status, tell
from lotwise.kit.parcels import is_parcel, unpack
from lotwise.kit.provision import apply
from lotwise.kit.relay import Relay
from lotwise.onebox.servers import NatsServer


@asynccontextmanager
async def relaying(shop: Shop, server: NatsServer, **options: Any) -> AsyncIterator[Relay]:
    """A running relay of sales."""
    bus = Bus("sales", server.url, user="sales", password=PASSWORDS["sales"])
    relay = Relay(shop.db, bus, "sales", **options)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        await relay.stop()
        async with asyncio.timeout(15):
            await task
        await bus.close()


async def is_drained(shop: Shop) -> bool:
    """Whether nothing waits in the outbox."""
    async with shop.db.reading() as tx:
        return (await outbox_status(tx)).unpublished == 0


async def held(ops: Client) -> list[tuple[int, dict[str, str], bytes]]:
    """The events that SALES holds, alone or in parcels: place of the message, headers, body."""
    state = (await ops.jetstream().stream_info("SALES")).state
    found: list[tuple[int, dict[str, str], bytes]] = []
    for place in range(max(1, state.first_seq), state.last_seq + 1):
        raw = await ops.jetstream().get_msg("SALES", place)
        headers, data = raw.headers or {}, raw.data or b""
        inside = unpack(data) if is_parcel(headers) else [(headers, data)]
        found += [(place, own, content) for own, content in inside]
    return found


async def stored(ops: Client) -> int:
    """How many events SALES holds."""
    return len(await held(ops))


async def told(shop: Shop, count: int) -> list[Any]:
    """Tell that many sales, at most 500 a transaction."""
    events = [sale() for _ in range(count)]
    for start in range(0, count, 500):
        async with shop.db.transaction() as tx:
            await tell(tx, *events[start : start + 500])
    return events


async def test_told_reaches_the_bus_in_order_with_its_envelope(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Events arrive once, in the order told, with CloudEvents headers, trace, story and actor (DESIGN 4)."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    with context.work(by="person:ann", correlation="story-1", trace_parent=trace):
        events = await told(shop, 1200)
    async with relaying(shop, guarded_nats) as relay:
        await until(lambda: is_drained(shop))
        assert relay.status().published == 1200
    got = await held(ops)
    assert [SaleRecorded.model_validate_json(content) for _, _, content in got] == events
    headers = got[0][1]
    assert (await ops.jetstream().get_msg("SALES", 1)).subject == "lotwise.harley.sales.sale-recorded.v1"
    assert headers["Nats-Msg-Id"] == headers["ce-id"]
    assert headers["ce-type"] == "sales.sale-recorded.v1"
    assert headers["ce-source"] == "lotwise/sales"
    assert headers["ce-specversion"] == "1.0"
    assert (headers["traceparent"], headers["correlation_id"], headers["actor"]) == (trace, "story-1", "person:ann")
    async with shop.db.reading() as tx:
        rows = await tx.fetch("select stream_seq from outbox order by seq")
    assert [row[0] for row in rows] == [place for place, _, _ in got]


async def test_what_rolls_back_is_never_said(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A transaction that fails tells nothing (habit 5)."""

    async def tell_and_fail() -> None:
        """Tell, and fail before the commit."""
        async with shop.db.transaction() as tx:
            await tell(tx, sale())
            await tx.execute("select 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await tell_and_fail()
    async with relaying(shop, guarded_nats):
        await told(shop, 1)
        await until(lambda: is_drained(shop))
    assert await stored(ops) == 1


async def test_ids_the_bus_knows_are_said_one_by_one(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A batch that holds an id which the stream has already (error 10201) is still stored whole, each once."""
    first = uuid7()
    await ops.jetstream().publish("lotwise.harley.sales.sale-recorded.v1", b"{}", headers={"Nats-Msg-Id": str(first)})
    async with shop.db.transaction() as tx:
        await tell(tx, sale(), Told(sale(), id=first), sale())
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    assert await stored(ops) == 3


async def test_a_row_that_cannot_be_said_is_set_aside_alone(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """An event of another speaker cannot be said here: it is set aside with its reason, the others go on."""
    async with shop.db.transaction() as tx:
        await tell(tx, sale(), LedgerSealed(site=CHAIN, block=1, head="00", movements=1), sale())
    async with relaying(shop, guarded_nats) as relay:
        await until(lambda: is_drained(shop))
        assert relay.status().refused == 1
    assert await stored(ops) == 2
    async with shop.db.reading() as tx:
        (failed,) = await failed_rows(tx)
        assert failed.error == "sales cannot speak for stock"
        assert (await outbox_status(tx)).failed == 1


async def test_a_message_larger_than_the_stream_takes_is_set_aside(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """What JetStream refuses for its size is found in its batch and set aside; its neighbours are stored (bisect)."""
    config = (await ops.jetstream().stream_info("SALES")).config
    config.max_msg_size = 2000
    await ops.jetstream().update_stream(config)
    async with shop.db.transaction() as tx:
        await tell(tx, sale(), sale().model_copy(update={"source": "x" * 3000}), sale())
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    assert await stored(ops) == 2
    async with shop.db.reading() as tx:
        assert [row.error for row in await failed_rows(tx)] == ["message size exceeds maximum allowed"]


async def test_a_full_stream_makes_the_outbox_wait(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """With no room on the bus what is told waits; when there is room again all of it is said, each once (F9)."""
    config = (await ops.jetstream().stream_info("SALES")).config
    room, config.max_bytes = config.max_bytes, 20_000
    await ops.jetstream().update_stream(config)
    async with relaying(shop, guarded_nats) as relay:
        await told(shop, 60)

        async def is_full() -> bool:
            """Whether the bus said that it is full."""
            return "maximum bytes" in (relay.status().fault or "")

        await until(is_full)
        assert 0 < await stored(ops) < 60
        config.max_bytes = room
        await ops.jetstream().update_stream(config)
        await until(lambda: is_drained(shop))
    assert await stored(ops) == 60


async def test_a_wiped_bus_is_told_everything_again(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Streams deleted and made anew: the outbox says all of it again, with the same ids (F3)."""
    async with relaying(shop, guarded_nats) as relay:
        await told(shop, 700)
        await until(lambda: is_drained(shop))
        await ops.jetstream().delete_stream("SALES")
        await apply(guarded_nats.url, user="ops", password=PASSWORDS["ops"])
        await told(shop, 1)

        async def whole() -> bool:
            """Whether the bus holds all of it."""
            return await stored(ops) == 701

        await until(whole)
        assert relay.status().healed == 701
    async with shop.db.reading() as tx:
        assert await tx.fetchval("select count(*) from outbox where published_at is null") == 0


async def test_a_lost_tail_is_told_again(shop: Shop, servers_home: Path) -> None:
    """A bus restored from an older copy lacks what it had acknowledged: it is told exactly that again (F3)."""
    server = NatsServer(servers_home / "restored")
    server.start()
    await apply(server.url)
    bus = Bus("sales", server.url)
    relay = Relay(shop.db, bus, "sales")
    task = asyncio.create_task(relay.run())
    await told(shop, 40)
    await until(lambda: is_drained(shop))
    server.stop()
    copy = servers_home / "copy"
    copied = await asyncio.create_subprocess_exec("cp", "-a", server.store, copy)
    assert await copied.wait() == 0
    server.spawn()
    server.wait_ready()
    await told(shop, 30)
    await until(lambda: is_drained(shop))
    server.kill()
    shutil.rmtree(server.store)
    copy.rename(server.store)
    server.spawn()
    server.wait_ready()

    async def healed() -> bool:
        """Whether what was lost was said again."""
        return relay.status().healed == 30 and await is_drained(shop)

    await until(healed, 20)
    assert await stored(await bus.connect()) == 70
    await relay.stop()
    await task
    await bus.close()
    server.stop()


async def marked(shop: Shop) -> list[bool]:
    """Of each row, in the order told, whether it is marked as said."""
    async with shop.db.reading() as tx:
        return [row[0] for row in await tx.fetch("select published_at is not null from outbox order by seq")]


async def test_marks_come_with_the_next_look(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """What was said is marked in the round trip that looks for more, and at the end; nothing is said twice."""
    async with relaying(shop, guarded_nats, poll_ms=5000):
        await asyncio.sleep(0.3)
        for count in (1, 2, 3):
            await told(shop, 1)

            async def arrived(count: int = count) -> bool:
                """Whether the bus holds so many."""
                return await stored(ops) == count

            await until(arrived)
            assert await marked(shop) == [True] * (count - 1) + [False]
        await told(shop, 20)
        await until(lambda: all_but(shop, 20))
    assert await marked(shop) == [True] * 23
    assert await stored(ops) == 23


async def all_but(shop: Shop, count: int) -> bool:
    """Whether all rows are marked but so many."""
    return (await marked(shop)).count(False) == count


async def test_what_was_said_and_not_marked_is_said_again(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A leader that dies before its marks: the next one says the rows anew, the bus knows them by their ids (F3)."""
    bus = Bus("sales", guarded_nats.url, user="sales", password=PASSWORDS["sales"])
    task = asyncio.create_task(Relay(shop.db, bus, "sales", poll_ms=5000).run())
    await asyncio.sleep(0.3)
    await told(shop, 3)

    async def arrived() -> bool:
        """Whether the bus holds all."""
        return await stored(ops) == 3

    await until(arrived)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await bus.close()
    assert await marked(shop) == [False] * 3
    async with relaying(shop, guarded_nats) as relay:
        await told(shop, 1)
        await until(lambda: is_drained(shop))
        assert relay.status().published == 4
    assert await stored(ops) == 4
    async with shop.db.reading() as tx:
        assert [row[0] for row in await tx.fetch("select stream_seq from outbox order by seq")] == [1, 2, 3, 4]


async def test_the_bus_may_be_away(shop: Shop, servers_home: Path) -> None:
    """With the bus down telling goes on; when it is back everything is said, without a restart (F2)."""
    server = NatsServer(servers_home / "sometimes")
    server.start()
    await apply(server.url)
    bus = Bus("sales", server.url)
    relay = Relay(shop.db, bus, "sales")
    task = asyncio.create_task(relay.run())
    await told(shop, 10)
    await until(lambda: is_drained(shop))
    server.kill()
    await told(shop, 25)
    await asyncio.sleep(0.3)
    assert not await is_drained(shop)
    server.spawn()
    server.wait_ready()
    await until(lambda: is_drained(shop), 20)
    await relay.stop()
    await task
    assert await stored(await bus.connect()) == 35
    await bus.close()
    server.stop()


async def test_one_leads_and_the_other_takes_over(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Of two relays of one database one speaks; when it leaves, the other goes on (DESIGN 4)."""
    async with relaying(shop, guarded_nats) as first:
        await told(shop, 5)
        await until(lambda: is_drained(shop))
        async with relaying(shop, guarded_nats) as second:
            await asyncio.sleep(0.2)
            assert (first.status().is_leader, second.status().is_leader) == (True, False)
            await first.stop()

            async def took_over() -> bool:
                """Whether the second one leads."""
                return second.status().is_leader

            await until(took_over)
            await told(shop, 5)
            await until(lambda: is_drained(shop))
    assert await stored(ops) == 10


async def test_a_lost_database_connection_is_made_anew(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """The relay's own connection is cut: it leads again and goes on (F2)."""
    async with relaying(shop, guarded_nats) as relay:
        await told(shop, 1)
        await until(lambda: is_drained(shop))
        async with shop.db.transaction() as tx:
            assert await tx.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where application_name = 'relay-sales' and datname = current_database()"
            )
        await told(shop, 1)
        await until(lambda: is_drained(shop))
        assert relay.status().is_leader
    assert await stored(ops) == 2


async def test_the_relay_wakes_at_once(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A commit wakes the relay of its process by an event, of another by NOTIFY; neither waits for a poll."""
    arrived = asyncio.Event()

    async def mark(_: Any) -> None:
        """A message came."""
        arrived.set()

    await ops.subscribe("lotwise.*.sales.>", cb=mark)
    await ops.flush()
    async with relaying(shop, guarded_nats, poll_ms=5000):
        await told(shop, 1)
        async with asyncio.timeout(5):
            await arrived.wait()
        for is_here in (True, False):
            await asyncio.sleep(0.2)
            arrived.clear()
            shop.db.relay_is_here = is_here
            async with asyncio.timeout(0.5):
                await told(shop, 1)
                await arrived.wait()
