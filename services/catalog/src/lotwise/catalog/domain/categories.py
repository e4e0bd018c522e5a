"""The only home of what a category is."""

from dataclasses import dataclass
from uuid import UUID

from lotwise.values import BadValue


@dataclass(frozen=True, slots=True)
class Category:
    """A category: a free name, and perhaps a code of three characters that splits reports."""

    id: UUID
    name: str
    code: str | None = None
    revision: int = 1


def code_of(typed: str | None) -> str | None:
    """The category's code; empty means none. Raises BadValue for any other length than 3 (CAT-04)."""
    code = (typed or "").strip()
    if not code:
        return None
    if len(code) != 3:
        raise BadValue(f"A category's code has exactly 3 characters; {code} has {len(code)}.", field="code")
    return code


def key(name: str) -> str:
    """What makes two names the same: case does not count, nor spaces around."""
    return name.strip().lower()
