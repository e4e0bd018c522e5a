"""The only home of load: a raw keep-alive HTTP client, cheap enough that it measures the server and not itself."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lotwise.contracts.ids import uuid7

Body = Callable[[], tuple[str, bytes]]
"""Makes the next request: its idempotency key and its JSON body."""


@dataclass
class Answers:
    """What came back: seconds per answer in order of arrival, statuses counted, and when the last one came."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    first: float = 0.0
    last: float = 0.0

    def note(self, status: int, started: float) -> None:
        """Add one answer."""
        now = time.perf_counter()
        self.seconds.append(now - started)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.last = now

    def quantile(self, share: float) -> float:
        """The latency in milliseconds under which `share` of the answers came."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def rate(self) -> float:
        """Answers a second over the whole run."""
        return len(self.seconds) / max(1e-9, self.last - self.first)


class Connection:
    """One keep-alive connection that posts JSON and reads the status and body of the answer."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.host, self.port = host, port
        self.head = (
            f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n".encode()
        )

    async def open(self) -> "Connection":
        """Connect; returns itself."""
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        return self

    async def send(self, method: str, path: str, key: str, body: bytes) -> tuple[int, bytes]:
        """Send one request and wait for its answer."""
        self.writer.write(
            b"%b %b HTTP/1.1\r\n%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b"
            % (method.encode(), path.encode(), self.head, key.encode(), len(body), body)
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        answer = await self.reader.readexactly(int(length)) if length else b""
        return status, answer

    def close(self) -> None:
        """Let the connection go."""
        self.writer.close()


async def flood(port: int, path: str, token: str, body: Body, *, connections: int, seconds: float) -> Answers:
    """Closed-loop load: every connection sends its next request as soon as it has its answer."""
    answers = Answers(first=time.perf_counter())
    end = answers.first + seconds

    async def one() -> None:
        """One connection."""
        link = await Connection("127.0.0.1", port, token).open()
        while time.perf_counter() < end:
            key, payload = body()
            started = time.perf_counter()
            status, _ = await link.send("POST", path, key, payload)
            answers.note(status, started)
        link.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return answers


async def paced(
    port: int, path: str, token: str, body: Body, *, rate: float, seconds: float, connections: int = 32
) -> Answers:
    """Open-loop load at a fixed rate; a latency counts from the moment the request was due."""
    answers = Answers(first=time.perf_counter())
    start = answers.first + 0.05

    def due_times(n: int) -> Iterator[float]:
        """When the requests of a connection are due."""
        due = start + n / rate
        while due < start + seconds:
            yield due
            due += connections / rate

    async def one(n: int) -> None:
        """One connection."""
        link = await Connection("127.0.0.1", port, token).open()
        for due in due_times(n):
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            key, payload = body()
            status, _ = await link.send("POST", path, key, payload)
            answers.note(status, due)
        link.close()

    await asyncio.gather(*(one(n) for n in range(connections)))
    return answers


def key() -> str:
    """A new idempotency key."""
    return str(uuid7())
