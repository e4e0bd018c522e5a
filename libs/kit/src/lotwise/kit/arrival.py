"""The only home of reading a message off the wire: ids, place in the stream, headers; nothing here raises."""

from hashlib import sha256
from typing import Any
from uuid import UUID

from nats.aio.msg import Msg

from lotwise.kit.message import Message

_TOKENS = 9
_TOKENS_WITH_DOMAIN = 11


def arrived(raw: Msg, consumer: str) -> Message[Any]:
    """A message with its envelope. Without an id of its own (an outside till) it gets one made of its place."""
    headers = raw.headers or {}
    stream, tries, sequence, published_ns = _place(raw.reply)
    return Message(
        id=_id(headers, stream, sequence, published_ns),
        subject=raw.subject,
        body=raw.data,
        headers=headers,
        stream=stream,
        sequence=sequence,
        published_ns=published_ns,
        tries=tries,
        consumer=consumer,
    )


def _place(reply: str) -> tuple[str, int, int, int]:
    """Stream, deliveries, stream sequence and nanoseconds since 1970 out of the subject that acknowledges."""
    tokens = reply.split(".")
    if len(tokens) >= _TOKENS_WITH_DOMAIN:
        tokens = tokens[2:]
    if len(tokens) < _TOKENS:
        return "", 1, 0, 0
    return tokens[2], int(tokens[4]), int(tokens[5]), int(tokens[7])


def _id(headers: dict[str, str], stream: str, sequence: int, published_ns: int) -> UUID:
    text = headers.get("Nats-Msg-Id") or headers.get("ce-id")
    if text:
        try:
            given = UUID(text)
        except ValueError:
            given = None
        if given is not None and (given.version == 7 or stream != "TILLS"):
            return given
    return place_id(stream, sequence, published_ns)


def place_id(stream: str, sequence: int, published_ns: int) -> UUID:
    """The UUIDv7 of a place in a stream: the same for every delivery of what stands there."""
    digest = int.from_bytes(sha256(f"{stream}\x1f{sequence}\x1f{published_ns}".encode()).digest()[:10], "big")
    high = (published_ns // 1_000_000 & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | digest >> 68 & 0xFFF
    return UUID(int=high << 64 | 1 << 63 | digest & (1 << 62) - 1)
