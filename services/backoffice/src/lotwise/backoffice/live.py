"""The only home of live pages: events of the bus, rendered once, sent to every browser that may see them.

The bus is heard only while somebody looks. Events are gathered for a quarter of a second, the newest of each thing
wins, and the message carries the id of its last event: a browser that comes back is given what it missed, or told to
read its page anew when that is no longer at hand. Every page carries the mark of the moment before it was read, and its
stream begins there: nothing that happens between reading a page and its stream's first word is missed.
"""

import asyncio
import contextlib
import secrets
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from jinja2 import TemplateError
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from lotwise.backoffice.pages import environment
from lotwise.contracts.envelope import SUBJECT
from lotwise.kit.arrival import arrived
from lotwise.kit.principal import Principal

if TYPE_CHECKING:
    from lotwise.kit.service import Runtime

GATHER_SECONDS = 0.25
KEPT_FLUSHES = 240
PIECES_MAX = 120
LINGER_SECONDS = 30.0
BEAT_SECONDS = 20.0
TOPICS = {"stock": "stock", "sales": "sales", "alerts": "alerts", "purchasing": "orders", "catalog": "catalog"}
NEEDS = {
    "stock": "stock.read",
    "sales": "sales.read",
    "alerts": "alerts.read",
    "orders": "purchasing.read",
    "catalog": "catalog.read",
}
Thing = dict[str, Any]
RENDERED = {"stock-level-changed": "live/level.html", "alert-raised": "live/alert.html"}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message: whom it is for, what it wakes, and what it swaps in."""

    site: str
    topic: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Flush:
    """The pieces of a quarter of a second, under the id of the last event."""

    id: str
    pieces: tuple[Piece, ...]


@dataclass(eq=False)
class Listener:
    """One browser: what its person may see, and what is on its way to it."""

    who: Principal
    queue: "asyncio.Queue[bytes | None]" = field(default_factory=lambda: asyncio.Queue(maxsize=200))

    def sees(self, piece: Piece) -> bool:
        """Whether the piece may be shown to this person."""
        site = None if piece.site == "chain" else piece.site
        return self.who.allows(NEEDS[piece.topic], site)


class Live:
    """All streams of this process."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._listeners: set[Listener] = set()
        self._pending: dict[tuple[str, ...], tuple[str, str, Thing]] = {}
        self._kept: deque[Flush] = deque(maxlen=KEPT_FLUSHES)
        self._last = ""
        self._subscriptions: list[Subscription] = []
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def mark(self) -> str:
        """Where the stream stands now: what a page read from here on is to follow from; "-" while nobody listens."""
        return self._last or "-"

    async def stream(self, who: Principal, after: str) -> AsyncIterator[bytes]:
        """Server-sent events for one browser, beginning after the event it saw last."""
        listener = Listener(who)
        self._listeners.add(listener)
        try:
            self._begin()
            yield b"retry: 2000\n\n"
            for missed in self._missed(listener, after):
                yield missed
            while not self._is_over:
                try:
                    message = await asyncio.wait_for(listener.queue.get(), BEAT_SECONDS)
                except TimeoutError:
                    yield b": beat\n\n"
                    continue
                if message is None:
                    return
                yield message
        finally:
            self._listeners.discard(listener)

    def hear(self, subject: str, body: bytes, event_id: str) -> None:
        """Take an event; the newest of each thing is shown at the next flush."""
        match = SUBJECT.match(subject)
        topic = TOPICS.get(match["speaker"]) if match else None
        if match is None or topic is None:
            return
        self._last = event_id
        site, event = match["site"], match["event"]
        things = _things(event, body) if event in RENDERED else {}
        if not things or len(self._pending) + len(things) > PIECES_MAX:
            self._pending[site, topic] = (site, "", {})
            return
        for name, thing in things.items():
            self._pending[site, topic, event, name] = (site, event, thing)

    def flush(self) -> None:
        """Render what was gathered once and hand it to every browser that may see it."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        pieces = tuple(
            Piece(key[0], key[1], _render(event, site, thing) if event else "")
            for key, (site, event, thing) in pending.items()
        )
        flush = Flush(self._last, pieces)
        self._kept.append(flush)
        made: dict[tuple[bool, ...], bytes] = {}
        for listener in self._listeners:
            seen = tuple(listener.sees(piece) for piece in pieces)
            if any(seen):
                if seen not in made:
                    made[seen] = message(
                        flush.id, [piece for piece, is_seen in zip(pieces, seen, strict=True) if is_seen]
                    )
                _put(listener, made[seen])

    def begin_anew(self) -> None:
        """The bus is heard from now on, and was not just before: whoever looks reads anew, nothing older is kept."""
        self._last = f"since-{secrets.token_hex(6)}"
        self._kept.clear()
        self._kept.append(Flush(self._last, ()))
        for listener in self._listeners:
            _put(listener, message(self._last, [], topics=["all"]))

    def close(self) -> None:
        """End every stream, so that the server need not wait for browsers; they come back by themselves."""
        self._is_over = True
        for listener in self._listeners:
            _put(listener, None)

    async def stop(self) -> None:
        """Leave the bus."""
        self.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _missed(self, listener: Listener, after: str) -> list[bytes]:
        if not after or not self._last:
            return []
        kept = list(self._kept)
        at = next((i for i, flush in enumerate(kept) if flush.id == after), None)
        if at is None:
            return [message(self._last, [], topics=["all"])] if after != self._last else []
        flushes = kept[at + 1 :]
        return [message(flush.id, [piece for piece in flush.pieces if listener.sees(piece)]) for flush in flushes]

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="live")

    async def _run(self) -> None:
        """Hear the bus while somebody looks, and half a minute longer; a bus that fails meanwhile is tried again."""
        while True:
            try:
                return await self._listen()
            except (NatsError, OSError, TimeoutError) as problem:
                log.warning("live pages cannot hear the bus", error=str(problem) or type(problem).__name__)
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection: Client = await self._connect()
        idle = 0.0
        try:
            for speaker in TOPICS:
                self._subscriptions.append(await connection.subscribe(f"lotwise.*.{speaker}.>", cb=self._take))
            await connection.flush()
            self.begin_anew()
            breaks = connection.stats["reconnects"]
            while idle < LINGER_SECONDS:
                await asyncio.sleep(GATHER_SECONDS)
                self.flush()
                if connection.stats["reconnects"] != breaks:
                    breaks = connection.stats["reconnects"]
                    self.begin_anew()
                idle = 0.0 if self._listeners else idle + GATHER_SECONDS
        finally:
            self._last = ""
            for subscription in self._subscriptions:
                with contextlib.suppress(Exception):
                    await subscription.unsubscribe()
            self._subscriptions.clear()

    async def _take(self, msg: Msg) -> None:
        for event in arrived(msg, "live"):
            self.hear(event.subject, event.body, str(event.id))


def message(event_id: str, pieces: list[Piece], topics: list[str] | None = None) -> bytes:
    """One server-sent event: {html, topics} under its id."""
    told = {
        "html": "".join(piece.html for piece in pieces),
        "topics": topics or sorted({piece.topic for piece in pieces}),
    }
    return b"id: " + event_id.encode() + b"\ndata: " + orjson.dumps(told) + b"\n\n"


def live_of(runtime: "Runtime") -> Live:
    """The streams of this process, made at first use; a signal to stop ends them before the server waits for them."""
    live: Live | None = runtime.state.get("live")
    if live is None:
        live = runtime.state["live"] = Live(lambda: _bus(runtime))
        _end_at_signals(live)
    return live


async def stop_live(runtime: "Runtime") -> None:
    """End the streams of this process, if there were any."""
    live: Live | None = runtime.state.get("live")
    if live is not None:
        await live.stop()


async def _bus(runtime: "Runtime") -> Client:
    while runtime.machinery is None:  # noqa: ASYNC110 - only while the process starts
        await asyncio.sleep(0.1)
    return await runtime.machinery.bus.connect()


def _end_at_signals(live: Live) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for kind in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(kind)
        if callable(before):
            signal.signal(kind, _first(live.close, before))


def _first(close: Callable[[], None], before: Callable[..., Any]) -> Callable[[int, Any], None]:
    def handle(number: int, frame: Any) -> None:
        close()
        before(number, frame)

    return handle


def _put(listener: Listener, told: bytes | None) -> None:
    try:
        listener.queue.put_nowait(told)
    except asyncio.QueueFull:
        while not listener.queue.empty():
            listener.queue.get_nowait()
        listener.queue.put_nowait(message("", [], topics=["all"]) if told else None)


def _things(event: str, body: bytes) -> dict[str, Thing]:
    """What an event shows, by id: each level of a batch, or the alert; nothing when it cannot be read."""
    try:
        told = orjson.loads(body)
        if event == "stock-level-changed":
            return {one["product_id"]: one for one in told["levels"]}
        return {told["alert_id"]: told}
    except (ValueError, KeyError, TypeError):
        log.warning("an event cannot be shown", kind=event)
        return {}


def _render(event: str, site: str, thing: Thing) -> str:
    try:
        return environment().get_template(RENDERED[event]).render(site=site, event=thing)
    except (ValueError, KeyError, TypeError, AttributeError, TemplateError):
        log.warning("an event cannot be shown", kind=event)
        return ""
