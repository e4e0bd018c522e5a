"""The only home of the parcel: events of one subject that leave together travel as one message.

A parcel is a JSON batch of CloudEvents, an event a line, its attributes before its data: both ends cut it into the very
bytes that were told, without reading them. Each event keeps its own id, trace, story, cause and actor, so a hearer
counts, parks, buries and traces events, never parcels.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg
import orjson

CONTENT_TYPE = "application/cloudevents-batch+json"
BYTES_MAX = 128_000
_DATA = b',"data":'
_ATTRIBUTES = {
    "id": "ce-id", "source": "ce-source", "type": "ce-type", "time": "ce-time", "specversion": "ce-specversion",
    "traceparent": "traceparent", "correlationid": "correlation_id", "causationid": "causation_id", "actor": "actor",
}  # fmt: skip
"""What an attribute of an event in a parcel is called among the headers of an event that travels alone."""


class Parcel(NamedTuple):
    """Outbox rows of one subject in the order told: one row travels as it is, more than one as a batch."""

    subject: str
    rows: Sequence[asyncpg.Record]

    @property
    def is_batch(self) -> bool:
        """Whether there is anything to pack."""
        return len(self.rows) > 1


def parcels(rows: Sequence[asyncpg.Record], events_max: int) -> list[Parcel]:
    """Rows by subject, in the order of each subject's first; up to `events_max` and 128,000 bytes a parcel.

    A body that is not one line (nobody here writes one) travels alone.
    """
    open_ones: dict[str, tuple[list[asyncpg.Record], int]] = {}
    made: list[Parcel] = []
    for row in rows:
        subject, size = row["subject"], len(row["body"])
        packed, weight = open_ones.get(subject, ([], 0))
        if b"\n" in row["body"]:
            made.append(Parcel(subject, [row]))
            continue
        if not packed or len(packed) >= events_max or weight + size > BYTES_MAX:
            packed, weight = [], 0
            made.append(Parcel(subject, packed))
        packed.append(row)
        open_ones[subject] = (packed, weight + size)
    return made


def batch_id(rows: Sequence[asyncpg.Record]) -> str:
    """The id of a parcel: that of its contents, so that the same is stored once and another is never taken for it."""
    return sha256(b"".join(row["id"].bytes for row in rows)).hexdigest()[:32]


def pack(rows: Sequence[asyncpg.Record], traces: Sequence[str | None]) -> bytes:
    """The body of a parcel; `traces` are the traceparents that the events travel with."""
    return b"[" + b",\n".join(_event(row, trace) for row, trace in zip(rows, traces, strict=True)) + b"]"


def _event(row: asyncpg.Record, trace: str | None) -> bytes:
    _, _, speaker, event, version = row["subject"].split(".")
    head = (
        f'{{"specversion":"1.0","id":"{row["id"]}","source":"lotwise/{speaker}",'
        f'"type":"{speaker}.{event}.{version}","time":"{row["created_at"].isoformat()}"'
    )
    if trace:
        head += f',"traceparent":"{trace}"'
    if row["cause_id"]:
        head += f',"causationid":"{row["cause_id"]}"'
    for name, value in (("correlationid", row["correlation_id"]), ("actor", row["actor"])):
        if value and value.isprintable():
            head += f',"{name}":{orjson.dumps(value).decode()}'
    return b"%b%b%b}" % (head.encode(), _DATA, row["body"])


def is_parcel(headers: Mapping[str, str]) -> bool:
    """Whether a message with these headers is a parcel."""
    return headers.get("content-type") == CONTENT_TYPE


def unpack(body: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """The events of a parcel: each with the headers it would have alone, and its very bytes.

    Raises ValueError (or its kin) for anything that `pack` did not write.
    """
    if body[:1] != b"[" or body[-2:] != b"}]":
        raise ValueError("a parcel is a list of events, one a line")
    for line in body[1:-1].split(b",\n"):
        head, data, content = line.partition(_DATA)
        if not data:
            raise ValueError("an event in a parcel has no data")
        attributes: dict[str, Any] = orjson.loads(head + b"}")
        headers = {_ATTRIBUTES[name]: str(value) for name, value in attributes.items() if name in _ATTRIBUTES}
        headers["Nats-Msg-Id"] = headers["ce-id"]
        yield headers, content[:-1]
