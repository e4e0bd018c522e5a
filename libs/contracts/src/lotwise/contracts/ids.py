"""Ids made by the writer: UUIDv7 (time-ordered), and name-based ids for imports that may run again."""

import os
import time
from array import array
from collections.abc import Iterator
from uuid import UUID, SafeUUID, uuid5

_NAMESPACE = UUID("6f1c2a52-6f5e-7c3a-9b0d-3b2f0d6c1a77")
_put = object.__setattr__
_last = 0
_POOL_BYTES = 8 * 512
_pool: Iterator[int] = iter(())


def _random() -> int:
    """64 random bits, asked of the system for many ids at once."""
    global _pool
    for bits in _pool:
        return bits
    fresh = iter(array("Q", os.urandom(_POOL_BYTES)))
    bits, _pool = next(fresh), fresh
    return bits


def _forget() -> None:
    """A forked process draws bits of its own."""
    global _pool  # noqa: PLW0603 - what a parent drew is the parent's
    _pool = iter(())


os.register_at_fork(after_in_child=_forget)


def uuid7() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then a counter within this process, then random bits."""
    global _last  # noqa: PLW0603 - the counter is what keeps ids of one process in order
    stamp = time.time_ns() * 4096 // 1_000_000
    _last = stamp if stamp > _last else _last + 1
    high = (_last >> 12) << 16 | 0x7000 | (_last & 0xFFF)
    low = _random() & (2**62 - 1) | 2**63
    return _of(high << 64 | low)


def _of(number: int) -> UUID:
    """The UUID of a number known to fit: its own constructor looks at six ways to make one, at twice the cost."""
    made = object.__new__(UUID)
    _put(made, "int", number)
    _put(made, "is_safe", SafeUUID.unknown)
    return made


def is_v7(one: UUID) -> bool:
    """Whether an id is a UUIDv7 of the usual variant, asked of its bits at once."""
    return one.int >> 76 & 0xF == 7 and one.int >> 62 & 3 == 2


def named_id(*parts: object) -> UUID:
    """The same id for the same words, for ever: what makes an import safe to run again."""
    return uuid5(_NAMESPACE, "\x1f".join(map(str, parts)))
