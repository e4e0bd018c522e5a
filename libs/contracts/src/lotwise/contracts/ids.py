"""Ids made by the writer: UUIDv7 (time-ordered), and name-based ids for imports that may run again."""

import os
import time
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1c2a52-6f5e-7c3a-9b0d-3b2f0d6c1a77")
_last = 0


def uuid7() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then a counter within this process, then random bits."""
    global _last  # noqa: PLW0603 - the counter is what keeps ids of one process in order
    stamp = time.time_ns() * 4096 // 1_000_000
    _last = stamp if stamp > _last else _last + 1
    high = (_last >> 12) << 16 | 0x7000 | (_last & 0xFFF)
    low = int.from_bytes(os.urandom(8), "big") & (2**62 - 1) | 2**63
    return UUID(int=high << 64 | low)


def named_id(*parts: object) -> UUID:
    """The same id for the same words, for ever: what makes an import safe to run again."""
    return uuid5(_NAMESPACE, "\x1f".join(map(str, parts)))
