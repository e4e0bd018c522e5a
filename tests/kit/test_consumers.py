"""Hearing: each message takes effect exactly once, whatever the bus, the database or the message does."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from nats.aio.client import Client
from tests.kit.conftest import PASSWORDS, Heard, Shop, counted, sale, until

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit.bus import Bus
from lotwise.kit.database import Tx
from lotwise.kit.dead_letters import StillFails, dead_letters, explain, retry
from lotwise.kit.inbox import Consumers, Message, NotYetKnown, Subscription, park, redrive, waiting_messages
from lotwise.kit.provision import replay
from lotwise.onebox.servers import NatsServer
from lotwise.values import Unknown

SUBJECT = "lotwise.harley.sales.sale-recorded.v1"


@asynccontextmanager
async def hearing(shop: Shop, server: NatsServer, handler: Any, **options: Any) -> AsyncIterator[Consumers]:
    """The stock service hears sales."""
    bus = Bus("stock", server.url, user="stock", password=PASSWORDS["stock"])
    consumers = Consumers("stock", shop.db, bus, [Subscription("sales", {SaleRecorded: handler})], **options)
    task = asyncio.create_task(consumers.run())
    try:
        yield consumers
    finally:
        await consumers.stop()
        async with asyncio.timeout(15):
            await task
        await bus.close()


async def publish(ops: Client, *messages: tuple[UUID | None, bytes], subject: str = SUBJECT) -> None:
    """Put messages on the bus as a foreign hand would: any id, any body, past the window of duplicates."""
    for number, body in messages:
        headers = {"ce-id": str(number)} if number else None
        await ops.jetstream().publish(subject, body, headers=headers)


def body(event: SaleRecorded) -> bytes:
    """The event as it stands on the bus."""
    return event.model_dump_json().encode()


def sales(count: int) -> list[tuple[UUID, bytes]]:
    """Sales with ids of their own."""
    return [(uuid7(), body(sale())) for _ in range(count)]


def applied(shop: Shop, count: int) -> Callable[[], Awaitable[bool]]:
    """Whether the handler took effect that often."""

    async def check() -> bool:
        """Whether the handler took effect that often."""
        return await counted(shop.db) == count

    return check


async def settled(ops: Client) -> bool:
    """Whether the durable has delivered everything and everything was acknowledged."""
    info = await ops.jetstream().consumer_info("SALES", "stock-sales")
    return bool(info.num_pending == 0 and info.num_ack_pending == 0)


async def test_duplicates_shuffled_late_and_future_take_effect_once(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """F6, N-02: each of 200 messages comes three times, shuffled; some a week old, some of next month: 200 effects."""
    odd = [datetime.now(UTC) - timedelta(days=7), datetime.now(UTC) + timedelta(days=40)] * 20
    dated = [UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 1 << 63 | i) for i, at in enumerate(odd)]
    messages = [*sales(160), *((number, body(sale())) for number in dated)]
    thrice = messages * 3
    random.Random(7).shuffle(thrice)
    heard = Heard()
    async with hearing(shop, guarded_nats, heard, batch_max=64) as consumers:
        await publish(ops, *thrice)
        await until(lambda: settled(ops))
        (status,) = consumers.status()
        assert (status.applied, status.duplicates, status.dead) == (200, 400, 0)
    assert await counted(shop.db) == 200
    assert len(heard.messages) == 200


async def test_a_replay_of_the_whole_stream_changes_nothing(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """N-02: the durable is deleted and made anew, so that everything comes again: no second effect."""
    await publish(ops, *sales(50))
    async with hearing(shop, guarded_nats, Heard()):
        await until(applied(shop, 50))
    await replay(guarded_nats.url, "stock-sales", user="ops", password=PASSWORDS["ops"])
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        await until(lambda: settled(ops))
        assert consumers.status()[0].duplicates == 50
    assert await counted(shop.db) == 50


async def test_a_database_restored_from_an_older_copy_catches_up(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """F11: effects that a restore took back come again by a replay; those that were kept do not count twice."""
    await publish(ops, *sales(30))
    async with hearing(shop, guarded_nats, Heard()):
        await until(applied(shop, 30))
        await until(lambda: settled(ops))
    async with shop.db.transaction() as tx:  # the copy knew 20 of them
        await tx.execute("delete from inbox where msg_id in (select msg_id from inbox order by msg_id desc limit 10)")
        await tx.execute("update counter set amount = 20")
    await replay(guarded_nats.url, "stock-sales", user="ops", password=PASSWORDS["ops"])
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        await until(lambda: settled(ops))
        assert consumers.status()[0].duplicates == 20
    assert await counted(shop.db) == 30
    with pytest.raises(ValueError, match="no durable of this system"):
        await replay(guarded_nats.url, "stock-tills")


async def test_poison_is_buried_and_delays_nobody(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """F7: undecodable, schema-invalid, unknown version, 1 MB, NUL and a bad id die alone; 100 good ones take effect."""

    async def strict(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """Write a row per message."""
        await tx.executemany("insert into counter values ($1, 1)", [[one.event.number] for one in messages])

    good = [(uuid7(), body(sale().model_copy(update={"number": f"n{place}"}))) for place in range(100)]
    nul = body(sale()).replace(b'"number":"1"', b'"number":"a\\u0000b"')
    bad: list[tuple[UUID | None, bytes]] = [
        (uuid7(), b"\xff\xfe not json"),
        (uuid7(), b'{"charge_id": 1}'),
        (uuid7(), b"[" * 1_000_000),
        (uuid7(), nul),
        (UUID(int=5), body(sale())),
    ]
    async with hearing(shop, guarded_nats, strict):
        await publish(ops, *good[:50], *bad, *good[50:])
        await publish(ops, (uuid7(), body(sale())), subject="lotwise.harley.sales.sale-recorded.v9")
        await until(lambda: settled(ops), 20)
    async with shop.db.reading() as tx:
        assert await tx.fetchval("select count(*) from counter") == 100
        letters = await dead_letters(tx)
        assert sorted(letter.reason for letter in letters) == [
            "CharacterNotInRepertoireError", "bad-id", "undecodable", "undecodable", "undecodable", "unknown-event",
        ]  # fmt: skip
        nul_letter = next(one for one in letters if one.reason.startswith("Character"))
        explained = await explain(tx, nul_letter.id)
        assert "invalid byte sequence" in explained.error
        assert "asyncpg" in explained.stack
        assert "a\\u0000b" in explained.body


async def test_a_dead_letter_is_tried_again_and_settled(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A handler that was wrong buries; once it is right a retry applies the letter once; an unknown one is refused."""
    heard, is_wrong = Heard(), True

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        await heard(tx, messages)
        if is_wrong:
            raise ValueError("no such lot")

    async with hearing(shop, guarded_nats, handler):
        await publish(ops, *sales(1))
        await until(lambda: settled(ops))
        assert await counted(shop.db) == 0
        async with shop.db.reading() as tx:
            (letter,) = await dead_letters(tx)
        assert (letter.reason, letter.error) == ("ValueError", "no such lot")
        with pytest.raises(StillFails):
            async with shop.db.transaction() as tx:
                await retry(tx, letter.id, "person:ann")
        is_wrong = False
        async with shop.db.transaction() as tx:
            await retry(tx, letter.id, "person:ann")
        assert await counted(shop.db) == 1
        with pytest.raises(Unknown):
            async with shop.db.transaction() as tx:
                await retry(tx, letter.id, "person:ann")
    async with shop.db.reading() as tx:
        assert await dead_letters(tx) == []
        (settled_letter,) = await dead_letters(tx, is_open=False)
        assert settled_letter.settled_by == "person:ann"
    assert await counted(shop.db) == 1


async def test_early_waits_for_its_definition(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Early is not poison (DESIGN 4): only the early one waits; the definition's transaction applies it once."""
    known: set[str] = {"b"}
    heard = Heard()

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """The handler under test."""
        for one in messages:
            if one.event.number not in known:
                raise NotYetKnown("product", one.event.number, one)
        await heard(tx, messages)

    early = [(uuid7(), body(sale().model_copy(update={"number": name}))) for name in ("a", "b", "a", "c")]
    async with hearing(shop, guarded_nats, handler):
        await publish(ops, *early)
        await until(lambda: settled(ops))
        assert await counted(shop.db) == 1
        async with shop.db.transaction() as tx:
            assert [(one.kind, one.key) for one in await waiting_messages(tx)] == [
                ("product", "a"), ("product", "a"), ("product", "c"),
            ]  # fmt: skip
            known.add("a")
            await redrive(tx, "product", "a")
        assert await counted(shop.db) == 3
        async with shop.db.reading() as tx:
            assert [one.key for one in await waiting_messages(tx)] == ["c"]
            assert await dead_letters(tx) == []


async def test_a_handler_parks_one_and_goes_on(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """`park` sets one message aside; a redrive whose transaction fails leaves it waiting; the sweep finds it later."""
    is_known = False
    heard = Heard()

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """The handler under test."""
        ready = []
        for one in messages:
            if one.event.number == "late" and not is_known:
                await park(tx, one, "product", "late")
            else:
                ready.append(one)
        if ready:
            await heard(tx, ready)

    late = sale().model_copy(update={"number": "late"})
    async with hearing(shop, guarded_nats, handler) as consumers:
        await publish(ops, *sales(3), (uuid7(), body(late)), *sales(3))
        await until(lambda: settled(ops))
        assert await counted(shop.db) == 6
        is_known = True

        async def define_and_fail() -> None:
            """A definition whose transaction fails."""
            async with shop.db.transaction() as tx:
                await redrive(tx, "product", "late")
                await tx.execute("select 1 / 0")

        with pytest.raises(asyncpg.DivisionByZeroError):
            await define_and_fail()
        assert await counted(shop.db) == 6
        async with shop.db.transaction() as tx:
            await tx.execute("update waiting set retry_at = now()")
        assert await consumers.sweep() == 1
    assert await counted(shop.db) == 7
    async with shop.db.reading() as tx:
        assert await waiting_messages(tx) == []


async def test_a_message_may_wait_for_one_thing_after_the_other(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Parked on a product, then on a site: it stays parked, its age and tries are kept, and it is applied once."""
    heard, missing = Heard(), ["site", "product"]

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """The handler under test."""
        if missing:
            for one in messages:
                await park(tx, one, missing[-1], "x")
        else:
            await heard(tx, messages)

    async with hearing(shop, guarded_nats, handler):
        await publish(ops, *sales(2))
        await until(lambda: settled(ops))
        async with shop.db.reading() as tx:
            first = await waiting_messages(tx)
        missing.pop()
        async with shop.db.transaction() as tx:
            await redrive(tx, "product", "x")
        async with shop.db.reading() as tx:
            second = await waiting_messages(tx)
        assert [(one.kind, one.tries) for one in second] == [("site", 2), ("site", 2)]
        assert [one.parked_at for one in second] == [one.parked_at for one in first]
        missing.pop()
        async with shop.db.transaction() as tx:
            await redrive(tx, "site", "x")
    assert await counted(shop.db) == 2
    async with shop.db.reading() as tx:
        assert await waiting_messages(tx) == []


async def test_a_redriven_message_that_fails_dies_alone(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """The definition's transaction commits though one of the messages that waited for it cannot be applied."""
    heard, is_known = Heard(), False

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """The handler under test."""
        if not is_known:
            raise NotYetKnown("product", "p")
        await heard(tx, messages)
        if any(one.event.number == "bad" for one in messages):
            await tx.execute("select 1 / 0")

    bad = sale().model_copy(update={"number": "bad"})
    async with hearing(shop, guarded_nats, handler):
        await publish(ops, *sales(2), (uuid7(), body(bad)), *sales(2))
        await until(lambda: settled(ops))
        is_known = True
        async with shop.db.transaction() as tx:
            await tx.execute("insert into counter values ('defined', 1)")
            await redrive(tx, "product", "p")
    assert await counted(shop.db) == 4
    assert await counted(shop.db, "defined") == 1
    async with shop.db.reading() as tx:
        assert [one.reason for one in await dead_letters(tx)] == ["DivisionByZeroError"]
        assert await waiting_messages(tx) == []


async def test_a_deadlock_is_nobodys_fault(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Faults of the place are waited out: a deadlock and a cut connection lead to a retry, never to a dead letter."""
    heard = Heard()
    faults: list[Exception] = [
        asyncpg.DeadlockDetectedError("d"),
        ConnectionResetError(),
        asyncpg.DiskFullError("full"),
    ]

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        await heard(tx, messages)
        if faults:
            raise faults.pop()

    async with hearing(shop, guarded_nats, handler) as consumers:
        await publish(ops, *sales(5))
        await until(applied(shop, 5))
        assert consumers.status()[0].retries == 3
        await until(lambda: settled(ops))
    async with shop.db.reading() as tx:
        assert await dead_letters(tx, is_open=False) == []


async def test_the_database_goes_away_mid_batch(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """F2: the connection is cut within a handler: the batch is applied afterwards, once, unacknowledged until then."""
    heard, is_first = Heard(), True

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        nonlocal is_first
        await heard(tx, messages)
        if is_first:
            is_first = False
            await tx.execute("select pg_terminate_backend(pg_backend_pid())")

    async with hearing(shop, guarded_nats, handler):
        await publish(ops, *sales(7))
        await until(applied(shop, 7))
        await until(lambda: settled(ops))
    assert await counted(shop.db) == 7


async def test_long_work_is_not_delivered_twice(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """While a batch waits for its database it says so: the bus does not deliver it again, no try is used up."""
    info = await ops.jetstream().consumer_info("SALES", "stock-sales")
    config = info.config
    config.ack_wait = 1
    await ops.jetstream().add_consumer("SALES", config)

    async def slow(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """A handler that takes its time."""
        await asyncio.sleep(2.5)
        await Heard()(tx, messages)

    async with hearing(shop, guarded_nats, slow, keep_seconds=0.3) as consumers:
        await publish(ops, *sales(3))
        await until(applied(shop, 3))
        await until(lambda: settled(ops))
        (status,) = await consumers.lag()
        assert (status.redelivered, status.duplicates) == (0, 0)


async def test_leaving_finishes_the_batch_and_gives_the_rest_back(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """A graceful stop loses nothing and keeps nothing: who comes next gets the rest at once, not after ack_wait."""
    began = asyncio.Event()
    heard = Heard()

    async def slow(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """A handler that takes its time."""
        await heard(tx, messages)
        began.set()
        await asyncio.sleep(0.3)

    await publish(ops, *sales(40))
    async with hearing(shop, guarded_nats, slow, batch_max=10):
        await began.wait()
    done = await counted(shop.db)
    assert 10 <= done <= 20
    started = asyncio.get_running_loop().time()
    async with hearing(shop, guarded_nats, Heard()):
        await until(applied(shop, 40))
        await until(lambda: settled(ops))
    assert asyncio.get_running_loop().time() - started < 5


async def test_light_load_arrives_at_once(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Trap 4 and the bar of RELIABILITY 0.5: a message alone is handled within milliseconds, never after a linger."""
    arrived: dict[UUID, float] = {}
    clock = asyncio.get_running_loop().time

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        arrived.update((one.id, clock()) for one in messages)

    sent: dict[UUID, float] = {}
    async with hearing(shop, guarded_nats, handler):
        await asyncio.sleep(0.3)
        for one in sales(40):
            sent[one[0]] = clock()
            await publish(ops, one)
            await asyncio.sleep(0.01)
        await until(lambda: settled(ops))
    waits = sorted(arrived[number] - sent[number] for number in sent)
    assert waits[20] < 0.05
    assert waits[-1] < 1.0
