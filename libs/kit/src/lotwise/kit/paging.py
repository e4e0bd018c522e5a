"""The only home of keyset paging: a page of rows and an opaque cursor to the next one; nothing ever skips rows."""

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from lotwise.values import BadValue

T = TypeVar("T")
LIMIT_MAX = 500

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="At most this many rows.")]
After = Annotated[str | None, Query(max_length=1024, description="The `next` of the page before.")]


class Page(BaseModel, Generic[T]):
    """Some rows, and the cursor with which to ask for those after them; `next` is null on the last page."""

    rows: list[T]
    next: str | None = None


class BadCursor(BadValue):
    """A cursor that this server did not hand out."""

    code = "bad-cursor"
    title = "This page cannot be found"


def cursor_encode(*keys: object) -> str:
    """An opaque cursor holding the sort keys of a page's last row (text, numbers, instants, UUIDs, days)."""
    return base64.urlsafe_b64encode(orjson.dumps(keys, default=str)).rstrip(b"=").decode()


def cursor_decode(cursor: str | None, *shapes: type) -> tuple[Any, ...] | None:
    """The keys of a cursor, or None for the first page.

    `shapes` converts each key back: UUID, datetime and date from their ISO text, str and int as they are.
    Raises BadCursor for anything that `cursor_encode` did not make.
    """
    if cursor is None:
        return None
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(keys, list) or (shapes and len(keys) != len(shapes)):
            raise _bad()
        return tuple(_shaped(key, shape) for key, shape in zip(keys, shapes, strict=True)) if shapes else tuple(keys)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise _bad() from error


def _bad() -> BadCursor:
    return BadCursor("The cursor is not one of ours; begin at the first page.", field="after")


def _shaped(key: Any, shape: type) -> Any:
    if key is None:
        return None
    if isinstance(key, str) and "\x00" in key:
        raise _bad()
    if shape is str and isinstance(key, str):
        return key
    if shape is int and type(key) is int and -(2**63) <= key < 2**63:
        return key
    if shape in {str, int}:
        raise _bad()
    read = getattr(shape, "fromisoformat", shape)
    return read(key)
