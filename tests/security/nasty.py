"""What unkind callers send: the values that hurt naive systems, put in the place of any leaf of a right body."""

import json
import random
from collections.abc import Iterator
from typing import Any

NASTY: tuple[bytes, ...] = (
    b'"a\\u0000b"', b'"\\ud800"', b'"x y"', b'"*"', b'">"', b'"."', b'""', b'" "', b"null", b"true", b"[]", b"{}", b"0",
    b"-1", b"1e400", b"-1e400", b"NaN", b"Infinity", b"1e-400", b"9223372036854775808", b"-9223372036854775809",
    b"1" * 400, b'"' + b"9" * 400 + b'"', b'"1e400"', b'"0.0000001"', b'"-0"', b'"NaN"', b'"0001-01-01T00:00:00Z"',
    b'"9999-12-31T23:59:59Z"', b'"0001-01-01"', b'"9999-12-31"', b'"2026-02-30"', b'"2026-01-01T00:00:00"',
    b'"00000000-0000-0000-0000-000000000000"', b'"' + b"x" * 10_000 + b'"', b'"\xff\xfe"', b"[" * 50 + b"]" * 50,
    '"\u202e\u0000\ufeff"'.encode(), b"'; drop table x; --", b'"\\"; drop table x; --"', b'"$1"', b'"%00"', b'"{0}"',
)  # fmt: skip
QUERIES = (
    "%00", "%ff%fe", "x y", "*", ">", "-1", "0", "1e400", "9" * 30, "'", "%ed%a0%80", "", "null", "0001-01-01",
    "a" * 3000,
)  # fmt: skip
MARK = "the nasty value stands here"


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a body, itself included."""
    yield path
    if isinstance(body, dict):
        for name, value in body.items():
            yield from places(value, (*path, name))
    elif isinstance(body, list):
        for number, value in enumerate(body[:3]):
            yield from places(value, (*path, number))


def spoiled(body: Any, chance: random.Random, most: int) -> Iterator[bytes]:
    """Up to `most` copies of a body, each with one nasty value somewhere."""
    everywhere = list(places(body))
    for _ in range(most):
        marked = json.dumps(_with(body, chance.choice(everywhere), MARK)).encode()
        yield marked.replace(json.dumps(MARK).encode(), chance.choice(NASTY))


def _with(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(body, dict):
        return body | {path[0]: _with(body[path[0]], path[1:], value)}
    copy = list(body)
    copy[path[0]] = _with(copy[path[0]], path[1:], value)
    return copy
