"""Live pages: who hears what, how little is rendered, and that a browser which comes back misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from tests.backoffice.office import OpenDoor, browser, person

from lotwise.backoffice.live import KEPT_FLUSHES, Live

LEVEL = {"product_id": "p1", "on_hand": "4", "available": "3", "minimum": "5", "revision": 7}


async def _nobody() -> Any:
    raise AssertionError("the bus is not asked here")


@pytest.fixture
def live() -> Live:
    """Streams without a bus: the test speaks."""
    made = Live(_nobody)
    made._begin = lambda: None  # type: ignore[method-assign]
    return made


def said(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The id and the data of a server-sent event."""
    head, data = raw.decode().strip().split("\ndata: ", 1)
    return head.removeprefix("id: "), orjson.loads(data)


async def start(live: Live, role: str, sites: tuple[str, ...] = ("*",), after: str = "") -> AsyncIterator[bytes]:
    """A browser that has connected."""
    stream = live.stream(person(role, sites), after)
    assert (await anext(stream)).startswith(b"retry")
    return stream


def level(live: Live, site: str, number: int, **more: Any) -> None:
    """Say that a level changed."""
    body = orjson.dumps({"levels": [LEVEL | more]})
    live.hear(f"lotwise.{site}.stock.stock-level-changed.v2", body, f"e{number}")


async def test_a_level_reaches_the_page_as_a_partial(live: Live) -> None:
    """UI: an event becomes the cells of its row, under the id of the event, and wakes what listens to stock."""
    stream = await start(live, "owner")

    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    level(live, "bath", 1)
    live.flush()

    event_id, told = said(await waiting)
    assert event_id == "e1"
    assert told["topics"] == ["stock"]
    assert 'hx-target="#onhand-bath-p1"' in told["html"]
    assert "below minimum" in told["html"]


async def test_what_is_open_stands_beside_what_is_available(live: Live) -> None:
    """N-07, UI: a vial that is opened elsewhere shows at once in the cell of its row; one used up no longer."""
    stream = await start(live, "owner")

    seen = []
    for number, left in enumerate(("30", "0")):
        level(live, "bath", number, opened=left, available="34" if left == "30" else "4")
        live.flush()
        seen.append(said(await anext(stream))[1]["html"])

    assert '<span class="fresh">34<span class="sub">30 opened</span></span>' in seen[0]
    assert '<span class="fresh">4</span>' in seen[1]


async def test_the_newest_of_each_thing_wins(live: Live) -> None:
    """N-08: a thousand changes of one level within a quarter of a second are rendered once, with the last figure."""
    stream = await start(live, "owner")

    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    for number in range(1000):
        level(live, "bath", number, on_hand=str(number))
    live.flush()

    event_id, told = said(await waiting)
    assert event_id == "e999"
    assert told["html"].count("#onhand-bath-p1") == 1
    assert ">999<" in told["html"]


async def test_nobody_hears_of_a_site_that_is_not_theirs(live: Live) -> None:
    """N-03: a person of Bath gets nothing of Austin, and nothing of orders without the permission."""
    stream = await start(live, "front_desk", ("bath",))

    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    level(live, "austin", 1)
    live.hear("lotwise.bath.purchasing.purchase-order-sent.v1", b"{}", "e2")
    live.flush()
    level(live, "bath", 3)
    live.flush()

    event_id, told = said(await waiting)
    assert (event_id, told["topics"]) == ("e3", ["stock"])
    assert "austin" not in told["html"]


async def test_a_browser_that_comes_back_gets_what_it_missed(live: Live) -> None:
    """UI: after a broken line the stream goes on behind the last event seen; nothing is lost, nothing comes twice."""
    for number in (1, 2, 3):
        level(live, "bath", number, on_hand=str(number))
        live.flush()

    stream = await start(live, "owner", after="e1")

    assert [said(await anext(stream))[0] for _ in range(2)] == ["e2", "e3"]


async def test_what_is_no_longer_kept_is_read_anew(live: Live) -> None:
    """UI: a browser that was away for long, or comes from another replica, is told to read its page anew."""
    for number in range(KEPT_FLUSHES + 5):
        level(live, "bath", number)
        live.flush()

    stream = await start(live, "owner", after="e0")

    assert said(await anext(stream))[1] == {"html": "", "topics": ["all"]}


async def test_nothing_is_missed_between_reading_a_page_and_its_stream(live: Live) -> None:
    """UI: a page carries the mark of the moment before it was read; what happened since is told to its stream first."""
    level(live, "bath", 1)
    live.flush()
    mark = live.mark
    level(live, "bath", 2, on_hand="7")
    live.flush()

    stream = await start(live, "owner", after=mark)

    event_id, told = said(await anext(stream))
    assert (mark, event_id) == ("e1", "e2")
    assert ">7<" in told["html"]


async def test_a_page_read_within_a_gathering_is_read_anew(live: Live) -> None:
    """UI: a mark between two messages cannot be followed from exactly: the page reads anew, nothing is lost."""
    level(live, "bath", 1)
    mark = live.mark
    level(live, "bath", 2)
    live.flush()

    stream = await start(live, "owner", after=mark)

    assert said(await anext(stream)) == ("e2", {"html": "", "topics": ["all"]})


class FakeBus:
    """A bus that nobody speaks on; it counts its breaks."""

    def __init__(self) -> None:
        self.stats = {"reconnects": 0}
        self.failures = 1

    async def subscribe(self, *_: Any, **__: Any) -> "FakeBus":
        """Listen."""
        return self

    async def unsubscribe(self) -> None:
        """Listen no more."""

    async def flush(self) -> None:
        """Fail the first time: the bus went away just then."""
        self.failures -= 1
        if self.failures >= 0:
            raise TimeoutError


async def test_whoever_looked_before_the_bus_was_heard_reads_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """UI: until the bus is heard a page may be old, and after a break of the bus too: each time all is read anew."""
    monkeypatch.setattr("lotwise.backoffice.live.GATHER_SECONDS", 0.01)
    bus = FakeBus()
    live = Live(lambda: _this(bus))
    assert live.mark == "-"

    stream = await start(live, "owner", after="-")
    first, told = said(await asyncio.wait_for(anext(stream), 5))
    assert told == {"html": "", "topics": ["all"]}
    assert live.mark == first
    bus.stats["reconnects"] = 1
    second, told = said(await asyncio.wait_for(anext(stream), 5))
    assert told == {"html": "", "topics": ["all"]}
    assert second != first

    await live.stop()
    assert live.mark == "-"


async def _this(bus: FakeBus) -> Any:
    return bus


async def test_an_event_that_cannot_be_shown_only_wakes(live: Live) -> None:
    """Bad input: an event without its fields renders nothing and stops nobody."""
    stream = await start(live, "owner")

    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    live.hear("lotwise.bath.stock.stock-level-changed.v2", b'{"levels": [{"product_id": "p1"}]}', "e1")
    live.hear("nonsense", b"", "e2")
    live.flush()

    assert said(await waiting)[1] == {"html": "", "topics": ["stock"]}


async def test_closing_ends_every_stream(live: Live) -> None:
    """N-08: a service that stops does not wait for the browsers that look at it."""
    stream = await start(live, "owner")
    waiting = asyncio.ensure_future(anext(stream, b"over"))
    await asyncio.sleep(0)

    live.close()

    assert await waiting == b"over"


async def test_the_stream_needs_a_session(app: FastAPI, door: OpenDoor) -> None:
    """G: without a session there is no stream."""
    door.who = None
    async with browser(app) as client:
        answer = await client.get("/live", headers={"accept": "text/event-stream"})

    assert answer.status_code == 401


async def test_assets_let_the_worker_open_the_stream(page: httpx.AsyncClient) -> None:
    """UI: the shared worker's own answer carries the policy under which it may connect."""
    from lotwise.backoffice.assets import assets

    answer = await page.get(assets().url("live.js"))

    assert answer.headers["content-security-policy"] == "default-src 'self'"
