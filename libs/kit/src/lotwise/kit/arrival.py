"""The only home of reading a message off the wire: ids, place in the stream, headers; nothing here raises."""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any
from uuid import UUID

from nats.aio.msg import Msg

from lotwise.contracts.ids import is_v7
from lotwise.kit.message import Message
from lotwise.kit.parcels import is_parcel, unpack

OUTSIDE = "TILLS"
"""The one stream that others write: its events come one by one, with ids that need not be ours."""
_TOKENS = 9
_TOKENS_WITH_DOMAIN = 11


def arrived(raw: Msg, consumer: str) -> Sequence[Message[Any]]:
    """The events that came as one message, each with its envelope. Without an id of its own (an outside till) an event
    gets one made of its place. Of a parcel each event counts a microsecond later than the one before, so that place
    and instant still name one of them; a parcel that cannot be opened is one message which nobody can read.
    """
    headers = raw.headers or {}
    stream, tries, sequence, published_ns = place_of(raw.reply)
    events: Sequence[tuple[dict[str, str], bytes]] = [(headers, raw.data)]
    if is_parcel(headers) and stream != OUTSIDE:
        with suppress(ValueError, KeyError, AttributeError):
            events = list(unpack(raw.data))
    return [
        Message(
            id=_id(own, stream, sequence, published_ns + 1000 * number),
            subject=raw.subject,
            body=body,
            headers=own,
            stream=stream,
            sequence=sequence,
            published_ns=published_ns + 1000 * number,
            tries=tries,
            consumer=consumer,
        )
        for number, (own, body) in enumerate(events)
    ]


def place_of(reply: str) -> tuple[str, int, int, int]:
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
        if given is not None and (stream != OUTSIDE or is_v7(given)):
            return given
    return place_id(stream, sequence, published_ns)


def place_id(stream: str, sequence: int, published_ns: int) -> UUID:
    """The UUIDv7 of a place in a stream: the same for every delivery of what stands there."""
    digest = int.from_bytes(sha256(f"{stream}\x1f{sequence}\x1f{published_ns}".encode()).digest()[:10], "big")
    high = (published_ns // 1_000_000 & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | digest >> 68 & 0xFFF
    return UUID(int=high << 64 | 1 << 63 | digest & (1 << 62) - 1)
