"""Parcels: many events travel as one message, and each still counts, waits, dies and is traced by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from tests.kit.conftest import Heard, Shop, counted, sale, until
from tests.kit.test_consumers import SUBJECT, applied, body, hearing, publish, settled
from tests.kit.test_relay import held, is_drained, relaying, stored

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.kit import context, wire
from lotwise.kit.database import Tx
from lotwise.kit.dead_letters import dead_letters, retry
from lotwise.kit.inbox import Message, NotYetKnown, waiting_messages
from lotwise.kit.outbox import Told, tell
from lotwise.kit.parcels import CONTENT_TYPE, Parcel, batch_id, pack, parcels, unpack
from lotwise.kit.publisher import headers_of
from lotwise.onebox.servers import NatsServer

UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PARCEL = {"content-type": CONTENT_TYPE}


def row(**fields: Any) -> Any:
    """A row of an outbox."""
    return {
        "id": uuid7(),
        "subject": SUBJECT,
        "traceparent": None,
        "correlation_id": None,
        "actor": None,
        "cause_id": None,
        "body": b"{}",
        "created_at": datetime(2026, 5, 4, 12, tzinfo=UTC),
    } | fields


def packed(*bodies: bytes) -> tuple[list[UUID], bytes]:
    """A parcel of events with these bodies, and their ids."""
    rows = [row(body=one) for one in bodies]
    return [one["id"] for one in rows], pack(rows, [None] * len(rows))


def sent(ops: Client, parcel: bytes) -> Any:
    """Put a parcel on the bus."""
    return ops.jetstream().publish(SUBJECT, parcel, headers=PARCEL)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
texts = st.none() | st.text(min_size=1, max_size=20)


@given(st.lists(st.tuples(st.dictionaries(st.text(), json_values, max_size=4), texts, texts), min_size=1, max_size=6))
def test_events_come_out_as_they_went_in(events: list[tuple[dict[str, Any], str | None, str | None]]) -> None:
    """Whatever the bodies and texts: each event comes out with its very bytes and the headers it would have alone."""
    rows = [
        row(body=orjson.dumps(data), actor=actor, correlation_id=story, cause_id=uuid7(), traceparent=UNSAMPLED)
        for data, actor, story in events
    ]
    parcel = pack(rows, [one["traceparent"] for one in rows])
    out = list(unpack(parcel))
    assert [data for _, data in out] == [one["body"] for one in rows]
    assert [headers for headers, _ in out] == [
        {name: value for name, value in wire.header_lines(headers_of(one).encode()).items() if name} | _exact(one)
        for one in rows
    ]
    assert [one["id"] for one in orjson.loads(parcel)] == [str(one["id"]) for one in rows]
    assert orjson.loads(parcel)[0]["data"] == events[0][0]


def _exact(one: Any) -> dict[str, str]:
    """Texts as they are: the header of a message loses spaces at its ends, a parcel does not."""
    return {
        name: one[name] for name in ("actor", "correlation_id") if one[name] is not None and one[name].isprintable()
    }


def test_rows_are_packed_by_subject_in_their_order() -> None:
    """A parcel has one subject, keeps the order of its rows, and ends at its limits; an odd body travels alone."""
    here, there = SUBJECT, SUBJECT.replace("harley", "soho")
    rows = [row(subject=here if number % 2 else there, body=b'{"n":%d}' % number) for number in range(7)]
    odd = row(body=b'{\n"n":7}')
    heavy = row(body=b'"%s"' % (b"x" * 127_990))
    made = parcels([*rows, odd, heavy], 3)
    assert [(one.subject, [each["body"] for each in one.rows]) for one in made] == [
        (there, [b'{"n":0}', b'{"n":2}', b'{"n":4}']),
        (here, [b'{"n":1}', b'{"n":3}', b'{"n":5}']),
        (there, [b'{"n":6}']),
        (here, [odd["body"]]),
        (here, [heavy["body"]]),
    ]
    assert [one.is_batch for one in made] == [True, True, False, False, False]
    assert all(not one.is_batch for one in parcels(rows, 1))


def test_a_parcel_with_other_contents_has_another_id() -> None:
    """The bus stores a parcel once by its id: one that gained or lost a row must never be taken for it."""
    rows = [row() for _ in range(4)]
    ids = {batch_id(part) for part in (rows, rows[:3], rows[1:], [rows[1], rows[0], *rows[2:]])}
    assert len(ids) == 4
    assert batch_id(rows) == batch_id(list(rows))


@pytest.mark.parametrize(
    "broken", [b"", b"[]", b"{}", b"[{}]", b'[{"id":"x"}]', b'[{"specversion":"1.0","data":1}]', b'[1,"data":2}]']
)
def test_what_nobody_packed_is_no_parcel(broken: bytes) -> None:
    """A parcel that cannot be opened says so instead of losing an event."""
    with pytest.raises((ValueError, KeyError, AttributeError)):
        list(unpack(broken))


async def test_what_is_told_together_travels_together(
    shop: Shop, other_shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Thirty sales of one site are one message; the hearer gets thirty with their own envelopes."""
    causes = [Message[Any](id=uuid7(), subject=SUBJECT, body=b"", headers=_envelope(number)) for number in range(30)]
    events = [Told(sale(), cause, uuid7()) for cause in causes]
    async with shop.db.transaction() as tx:
        await tell(tx, *events)
    heard = Heard()
    async with relaying(shop, guarded_nats) as relay, hearing(other_shop, guarded_nats, heard):
        await until(applied(other_shop, 30))
        await until(lambda: is_drained(shop))
        assert relay.status().published == 30
    assert (await ops.jetstream().stream_info("SALES")).state.messages == 1
    assert [one.id for one in heard.messages] == [one.id for one in events]
    assert [one.event for one in heard.messages] == [one.event for one in events]
    assert [(one.traceparent, one.correlation_id, one.actor, one.cause_id) for one in heard.messages] == [
        (cause.traceparent, cause.correlation_id, cause.actor, str(cause.id)) for cause in causes
    ]
    places = [(one.sequence, one.published_at) for one in heard.messages]
    assert len(set(places)) == 30
    assert {place for place, _ in places} == {1}


def _envelope(number: int) -> dict[str, str]:
    return {"traceparent": UNSAMPLED, "correlation_id": f"story-{number}", "actor": f"person:{number}"}


async def test_few_events_travel_alone(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """At a quiet hour an event is a message of its own, readable by anybody who knows CloudEvents headers."""
    async with shop.db.transaction() as tx:
        await tell(tx, *(sale() for _ in range(12)))
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    assert (await ops.jetstream().stream_info("SALES")).state.messages == 12


async def test_parcels_can_be_turned_off(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """With one event a parcel every event is a message of its own, however many are told: an older hearer runs on."""
    async with shop.db.transaction() as tx:
        await tell(tx, *(sale() for _ in range(40)))
    async with relaying(shop, guarded_nats, parcel_events=1):
        await until(lambda: is_drained(shop))
    assert (await ops.jetstream().stream_info("SALES")).state.messages == 40


async def test_many_parcels_leave_as_one_atomic_batch(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Sixty sites with two sales each: sixty parcels, and every row knows the message that carries it."""
    async with shop.db.transaction() as tx:
        await tell(tx, *(sale(site=f"site-{number % 60}") for number in range(120)))
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    assert (await ops.jetstream().stream_info("SALES")).state.messages == 60
    async with shop.db.reading() as tx:
        rows = await tx.fetch("select id, stream_seq from outbox order by seq")
    assert [place["stream_seq"] for place in rows] == [*range(1, 61), *range(1, 61)]
    carried = {UUID(headers["ce-id"]): place for place, headers, _ in await held(ops)}
    assert carried == {place["id"]: place["stream_seq"] for place in rows}


async def test_a_sampled_event_gains_its_span_in_a_parcel(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A recorded trace goes on through a parcel: the same trace, below the span of publishing it (N-18)."""
    with context.work(by="person:ann", trace_parent=SAMPLED):
        async with shop.db.transaction() as tx:
            await tell(tx, *(sale() for _ in range(13)))
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    traces = [headers["traceparent"] for _, headers, _ in await held(ops)]
    assert len(traces) == 13
    assert {trace[:35] for trace in traces} == {SAMPLED[:35]}


async def test_lost_marks_lose_and_double_nothing(
    shop: Shop, other_shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Rows whose marks were lost are said again in other parcels, with rows never said: each takes effect once (F3)."""
    async with hearing(other_shop, guarded_nats, Heard()) as consumers:
        async with relaying(shop, guarded_nats):
            async with shop.db.transaction() as tx:
                await tell(tx, *(sale() for _ in range(40)))
            await until(applied(other_shop, 40))
            await until(lambda: is_drained(shop))
        async with shop.db.transaction() as tx:
            await tx.execute(
                "update outbox set published_at = null where seq in (select seq from outbox order by seq limit 20)"
            )
            await tell(tx, *(sale() for _ in range(9)))
        async with relaying(shop, guarded_nats):
            await until(lambda: is_drained(shop))
        await until(applied(other_shop, 49))
        await until(lambda: settled(ops))
        (status,) = consumers.status()
        assert (status.applied, status.duplicates, status.dead) == (49, 20, 0)
    assert await counted(other_shop.db) == 49


async def test_the_same_parcel_is_stored_once(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A parcel whose answer was lost is said again as it was: the bus knows it by its id."""
    async with relaying(shop, guarded_nats):
        async with shop.db.transaction() as tx:
            await tell(tx, *(sale() for _ in range(20)))
        await until(lambda: is_drained(shop))
    async with shop.db.transaction() as tx:
        await tx.execute("update outbox set published_at = null, stream_seq = null")
    async with relaying(shop, guarded_nats):
        await until(lambda: is_drained(shop))
    assert await stored(ops) == 20
    async with shop.db.reading() as tx:
        assert await tx.fetchval("select array_agg(distinct stream_seq) from outbox") == [1]


async def test_a_parcel_too_large_for_the_bus_goes_in_pieces(shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """A bus that takes less than a parcel gets rows one by one; only a row too large itself is set aside."""
    config = (await ops.jetstream().stream_info("SALES")).config
    config.max_msg_size = 2000
    await ops.jetstream().update_stream(config)
    big = sale().model_copy(update={"source": "x" * 3000})
    async with shop.db.transaction() as tx:
        await tell(tx, *(sale() for _ in range(10)), big, *(sale() for _ in range(10)))
    async with relaying(shop, guarded_nats) as relay:
        await until(lambda: is_drained(shop))
        assert relay.status().refused == 1
    assert await stored(ops) == 20


async def test_poison_in_a_parcel_dies_alone(other_shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Two bad events of a parcel are two dead letters under their own ids; the others take effect (F7)."""
    good = [body(sale()) for _ in range(20)]
    ids, parcel = packed(*good[:10], b'{"charge_id":1}', b'{"charge_id":2}', *good[10:])
    async with hearing(other_shop, guarded_nats, Heard()) as consumers:
        await sent(ops, parcel)
        await until(applied(other_shop, 20))
        await until(lambda: settled(ops))
        (status,) = consumers.status()
        assert (status.applied, status.dead) == (20, 2)
        async with other_shop.db.reading() as tx:
            letters = await dead_letters(tx)
            bodies = await tx.fetch("select msg_id, body from dead_letter")
    assert {letter.reason for letter in letters} == {"undecodable"}
    assert {one["msg_id"]: one["body"] for one in bodies} == {ids[10]: b'{"charge_id":1}', ids[11]: b'{"charge_id":2}'}


async def test_a_dead_letter_from_a_parcel_is_tried_again_alone(
    other_shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """What a wrong handler buried out of a parcel is applied by itself once the handler is right."""
    heard, is_wrong = Heard(), True
    events = [sale(quantity=str(number)) for number in (1, 2, 3)]

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """Refuses a quantity of two while it is wrong."""
        await heard(tx, messages)
        if is_wrong and any(one.event.lines[0].quantity == "2" for one in messages):
            raise ValueError("no such lot")

    async with hearing(other_shop, guarded_nats, handler):
        ids, parcel = packed(*map(body, events))
        await sent(ops, parcel)
        await until(applied(other_shop, 2))
        await until(lambda: settled(ops))
        is_wrong = False
        async with other_shop.db.transaction() as tx:
            (letter,) = await dead_letters(tx)
            await retry(tx, letter.id, "person:ann")
    assert await counted(other_shop.db) == 3
    assert (heard.messages[-1].id, heard.messages[-1].event) == (ids[1], events[1])


async def test_early_in_a_parcel_waits_alone(other_shop: Shop, ops: Client, guarded_nats: NatsServer) -> None:
    """Of a parcel only the event that is early waits, with its own id and body (DESIGN 4)."""

    async def handler(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
        """Does not know what is sold twice."""
        for one in messages:
            if one.event.lines[0].quantity == "2":
                raise NotYetKnown("product", "p", one)
        await Heard()(tx, messages)

    async with hearing(other_shop, guarded_nats, handler):
        ids, parcel = packed(*(body(sale(quantity=quantity)) for quantity in ("1", "2", "3")))
        await sent(ops, parcel)
        await until(applied(other_shop, 2))
        async with other_shop.db.reading() as tx:
            assert [one.msg_id for one in await waiting_messages(tx)] == [ids[1]]


async def test_a_parcel_nobody_can_open_is_one_dead_letter(
    other_shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Bytes that claim to be a parcel are buried whole; their neighbours take effect."""
    async with hearing(other_shop, guarded_nats, Heard()):
        await sent(ops, b'[{"id":"x"},\n{"data":1}]')
        await publish(ops, (uuid7(), body(sale())))
        await until(applied(other_shop, 1))
        await until(lambda: settled(ops))
        async with other_shop.db.reading() as tx:
            (letter,) = await dead_letters(tx)
    assert letter.reason == "undecodable"


async def test_a_backlog_of_parcels_is_applied_in_bounded_batches(
    other_shop: Shop, ops: Client, guarded_nats: NatsServer
) -> None:
    """Parcels that pile up do not make one huge transaction: batches of events stay near the limit of a batch."""
    for _ in range(12):
        await sent(ops, packed(*(body(sale()) for _ in range(10)))[1])
    heard = Heard()
    async with hearing(other_shop, guarded_nats, heard, batch_max=25):
        await until(applied(other_shop, 120))
        await until(lambda: settled(ops))
    assert max(heard.batches) <= 30
    assert len({one.id for one in heard.messages}) == 120


def test_a_row_alone_is_no_parcel() -> None:
    """A parcel of one is the event itself."""
    assert not Parcel(SUBJECT, [row()]).is_batch
