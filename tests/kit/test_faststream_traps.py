"""Each trap of FastStream 0.7.8 (RELIABILITY 2), under real acknowledgements: these tests fail if one opens again."""

import asyncio
import signal
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from faststream import AckPolicy
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber
from nats.aio.client import Client
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.kit.conftest import PASSWORDS, Heard, Shop, counted, sale, until
from tests.kit.test_consumers import applied, body, hearing, publish, sales, settled
from tests.kit.test_relay import stored

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit import bus as bus_module
from lotwise.kit import consumers as consumers_module
from lotwise.kit import publisher as publisher_module
from lotwise.kit import tracing
from lotwise.kit.apply import Applier
from lotwise.kit.bus import Bus
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Consumers, Message, Subscription
from lotwise.kit.outbox import Told, outbox_status, tell
from lotwise.kit.provision import apply
from lotwise.kit.relay import Relay
from lotwise.onebox.servers import NatsServer

TRACE = "00-{:032x}-b7ad6b7169203331-01"


async def test_trap_1_what_we_raise_is_never_terminated(
    shop: Shop, ops: Client, guarded_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 1: FastStream's default rejects (TERM) on an exception. Ours refuses for now: all 3 of 3 come again."""
    real, failures = Applier.apply, [RuntimeError("a fault of our own")]

    async def once_broken(self: Applier, messages: Sequence[Message[Any]]) -> None:
        """Break once, then work."""
        if failures:
            raise failures.pop()
        await real(self, messages)

    monkeypatch.setattr(Applier, "apply", once_broken)
    await publish(ops, *sales(3))
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        await until(applied(shop, 3))
        await until(lambda: settled(ops))
        assert consumers.bus.broker.subscribers
        for subscriber in consumers.bus.broker.subscribers:
            assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR


async def test_trap_2_one_undecodable_costs_no_other(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Trap 2: one bad message of 10 poisons FastStream's batch. Ours: 9 applied, each delivered once."""
    nine = sales(9)
    await publish(ops, *nine[:4], (uuid7(), b"\xff"), *nine[4:])
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        await until(lambda: settled(ops))
        (status,) = await consumers.lag()
    assert (status.applied, status.dead, status.redelivered, status.duplicates) == (9, 1, 0, 0)
    assert await counted(shop.db) == 9


async def test_trap_3_and_4_nobody_waits_for_a_time_limit(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Traps 3 and 4: fetch loses or holds messages up to ack_wait. Ours: 150 at a trickle, each soon and once."""
    clock = asyncio.get_running_loop().time
    waits: list[float] = []
    sent: dict[str, float] = {}

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        waits.extend(clock() - sent[str(one.id)] for one in messages)

    async with hearing(shop, guarded_nats, handler) as consumers:
        for place, one in enumerate(sales(150)):
            sent[str(one[0])] = clock()
            await publish(ops, one)
            await asyncio.sleep((place % 7) * 0.003)
        await until(lambda: settled(ops))
        (status,) = await consumers.lag()
    assert (len(waits), status.redelivered, status.duplicates) == (150, 0, 0)
    assert max(waits) < 1.0


async def test_trap_5_a_bus_that_is_away_does_not_freeze_us(shop: Shop, servers_home: Path) -> None:
    """Trap 5: with the bus gone FastStream's loop spins. Ours: the loop ticks, the processor idles, it comes back."""
    server = NatsServer(servers_home / "frozen")
    server.start()
    await apply(server.url)
    bus = Bus("stock", server.url)
    consumers = Consumers("stock", shop.db, bus, [Subscription("sales", {SaleRecorded: Heard()})])
    task = asyncio.create_task(consumers.run())
    await asyncio.sleep(0.3)
    assert (await bus.connect()).options["max_reconnect_attempts"] == -1
    server.kill()
    before, ticks = psutil.Process().cpu_times(), 0
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        await asyncio.sleep(0.01)
        ticks += 1
    after = psutil.Process().cpu_times()
    assert ticks > 75
    assert after.user + after.system - before.user - before.system < 0.75
    server.spawn()
    server.wait_ready()
    sender = Bus("sales", server.url)
    await (
        (await sender.connect())
        .jetstream()
        .publish("lotwise.harley.sales.sale-recorded.v1", body(sale()), headers={"Nats-Msg-Id": str(uuid7())})
    )
    await until(applied(shop, 1), 20)
    await consumers.stop()
    await task
    await bus.close()
    await sender.close()
    server.stop()


async def test_trap_6_and_7_starting_a_service_changes_nothing_on_the_bus(
    shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Traps 6 and 7: `declare` overwrites streams, consumer settings in code are ignored. Ours declares nothing."""
    jetstream = ops.jetstream()
    stream, durable = await jetstream.stream_info("SALES"), await jetstream.consumer_info("SALES", "stock-sales")
    async with hearing(shop, guarded_nats, Heard()):
        await publish(ops, *sales(1))
        await until(applied(shop, 1))
    assert (await jetstream.stream_info("SALES")).config == stream.config
    assert (await jetstream.consumer_info("SALES", "stock-sales")).config == durable.config
    assert await apply(guarded_nats.url, user="ops", password=PASSWORDS["ops"]) == []


async def test_trap_8_a_refused_batch_comes_back_later_and_later(
    shop: Shop, ops: Client, guarded_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 8: `backoff` does not apply to NAK. Ours sends the delay itself: about 0.3, 0.6, 1.2 s between tries."""
    times: list[float] = []
    real = Applier.apply

    async def broken(self: Applier, messages: Sequence[Message[Any]]) -> None:
        """Break three times, then work."""
        times.append(time.monotonic())
        if len(times) < 4:
            raise RuntimeError
        await real(self, messages)

    monkeypatch.setattr(Applier, "apply", broken)
    await publish(ops, *sales(1))
    async with hearing(shop, guarded_nats, Heard()):
        await until(applied(shop, 1))
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert [wanted <= gap < wanted + 0.8 for wanted, gap in zip((0.3, 0.6, 1.2), gaps, strict=True)] == [True] * 3
    assert [consumers_module.retry_delay(tries) for tries in (1, 2, 3, 20)] == [0.3, 0.6, 1.2, 60.0]


async def test_trap_9_batches_are_never_worked_on_by_several(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Trap 9: `max_workers` over-fetches. Ours has batch subscribers only, and one batch at a time."""
    at_once = most = 0

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1

    await publish(ops, *sales(60))
    async with hearing(shop, guarded_nats, handler, batch_max=10) as consumers:
        assert all(isinstance(one, BatchPullStreamSubscriber) for one in consumers.bus.broker.subscribers)
        await until(lambda: settled(ops))
    assert most == 1


async def test_trap_10_what_has_no_answer_is_not_said(
    shop: Shop, servers_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 10: a publish that timed out may land later. Ours marks nothing unanswered and doubles nothing (F4)."""
    monkeypatch.setattr(publisher_module, "ACK_SECONDS", 0.4)
    server = NatsServer(servers_home / "paused")
    server.start()
    await apply(server.url)
    bus = Bus("sales", server.url)
    relay = Relay(shop.db, bus, "sales")
    task = asyncio.create_task(relay.run())
    await until(lambda: _is_leader(relay))
    assert server.process
    await asyncio.sleep(0.1)
    server.process.send_signal(signal.SIGSTOP)
    async with shop.db.transaction() as tx:
        await tell(tx, *(sale() for _ in range(30)))
    await asyncio.sleep(1.2)
    async with shop.db.reading() as tx:
        assert (await outbox_status(tx)).unpublished == 30
    server.process.send_signal(signal.SIGCONT)

    async def drained() -> bool:
        """Whether nothing waits."""
        async with shop.db.reading() as tx:
            return (await outbox_status(tx)).unpublished == 0

    await until(drained, 20)
    assert await stored(await bus.connect()) == 30
    await relay.stop()
    await task
    await bus.close()
    server.stop()


async def _is_leader(relay: Relay) -> bool:
    return relay.status().is_leader


async def test_trap_11_the_inbox_is_our_own(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Trap 11: pull subscribers ignore the broker's inbox. Ours listens below `_INBOX_stock` only, as permitted."""
    faults: list[str] = []
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        connection = await consumers.bus.connect()

        async def remember(error: Exception) -> None:
            """Keep what the server said."""
            faults.append(str(error))

        connection._error_cb = remember
        await publish(ops, *sales(2))
        await until(applied(shop, 2))
        subjects = {subscription.subject for subscription in connection._subs.values()}
    assert subjects
    assert all(subject.startswith("_INBOX_stock.") for subject in subjects)
    assert faults == []


async def test_trap_12_each_message_of_a_batch_keeps_its_trace(
    shop: Shop, ops: Client, guarded_nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 12: links need more than FastStream reads. Ours: a span per sampled message in its own trace.

    It is linked with the span of the batch, and what a message leads to goes on in the message's trace (N-18).
    """
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))

    async def handler(tx: Tx, messages: Sequence[Message[Any]]) -> None:
        """The handler under test."""
        await Heard()(tx, messages)
        await tell(tx, *(Told(sale(), cause=one) for one in messages))

    for place in range(1, 5):
        headers = {"Nats-Msg-Id": str(uuid7()), "traceparent": TRACE.format(place), "correlation_id": f"story-{place}"}
        await ops.jetstream().publish("lotwise.harley.sales.sale-recorded.v1", body(sale()), headers=headers)
    async with hearing(shop, guarded_nats, handler):
        await until(applied(shop, 4))
    spans = exporter.get_finished_spans()
    batches = [span for span in spans if span.name == "apply stock-sales"]
    processed = [span for span in spans if span.name == "process sale-recorded"]
    linked = {link.context.trace_id for span in batches for link in span.links}
    alone = 4 - len(linked)
    assert len(processed) == 4
    assert linked <= {1, 2, 3, 4}
    assert {span.context.trace_id for span in processed if span.context} == {1, 2, 3, 4}
    assert sum(bool(span.links) for span in processed) == 4 - alone
    async with shop.db.reading() as tx:
        rows = await tx.fetch("select traceparent, correlation_id, cause_id from outbox")
    ids = {(f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") for span in processed if span.context}
    assert {tuple(row["traceparent"].split("-")[1:3]) for row in rows} == ids
    assert {row["correlation_id"] for row in rows} == {f"story-{place}" for place in range(1, 5)}
    assert isinstance(trace.get_current_span(), trace.NonRecordingSpan)


async def test_trap_13_nothing_is_counted_by_subject(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Trap 13: FastStream's metrics are labelled by subject. Ours are by durable, whose names are a closed list."""
    async with hearing(shop, guarded_nats, Heard()) as consumers:
        assert [status.name for status in consumers.status()] == ["stock-sales"]
        assert not consumers.bus.broker.middlewares


def test_another_faststream_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standing pull replaces an inside of FastStream: with a version it was not proven with, nothing starts."""
    monkeypatch.setattr(bus_module, "FASTSTREAM_KNOWN", "0.0.1")
    with pytest.raises(RuntimeError, match=r"proven with FastStream 0\.0\.1 only"):
        bus_module.mend(object(), object())  # type: ignore[arg-type]
