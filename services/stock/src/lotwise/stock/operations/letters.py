"""The only home of understanding a recall letter: what it names, held against our lots and products (N-06)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from lotwise.kit.database import Tx
from lotwise.stock.domain.letters import RANGE, Found, Letter, read_letter
from lotwise.stock.domain.lots import look_alike, squeezed
from lotwise.stock.domain.recalls import within
from lotwise.stock.repository.letters import lots_numbered, lots_of_products, products_named

PRODUCTS_MAX = 20
CERTAIN = 100
SHARE_MIN = 60
_STRANGER, _OUTDATED, _BLURRED = 35, 40, 15
_WORD = re.compile(r"[a-z]{3,}")


class Likely(NamedTuple):
    """A product that the letter may be about: how sure (0-100), and whether its code or its words say so."""

    row: asyncpg.Record
    confidence: int
    why: str


class Hit(NamedTuple):
    """A lot of ours that a number of the letter may mean, and how sure (0-100)."""

    row: asyncpg.Record
    confidence: int
    is_exact: bool


class Understood(NamedTuple):
    """A letter, the products it may be about, and for each of its numbers the lots of ours that it may mean."""

    letter: Letter
    products: Sequence[Likely]
    hits: Sequence[Sequence[Hit]]


async def understand_letter(tx: Tx, text: str, this_year: int) -> Understood:
    """Read a letter and hold it against what we keep. It decides nothing: a person chooses from the answer."""
    letter = read_letter(text, this_year)
    products = await _products(tx, text, letter)
    sure = {one.row["id"]: one.confidence for one in products}
    singles = {look_alike(one.first) for one in letter.numbers if one.kind != RANGE}
    numbered = list(await lots_numbered(tx, singles - {""})) if singles else []
    ranged = await lots_of_products(tx, sure) if any(one.kind == RANGE for one in letter.numbers) else []
    hits = [_hits(one, numbered, ranged, sure) for one in letter.numbers]
    return Understood(letter, products, hits)


async def _products(tx: Tx, text: str, letter: Letter) -> list[Likely]:
    codes = {*letter.codes, *(one.zfill(14) for one in letter.codes)}
    words = set(_WORD.findall(text.lower()))
    found = []
    for row in await products_named(tx, codes):
        if row["has_code"]:
            found.append(Likely(row, CERTAIN, "code"))
            continue
        share = _share(row["name"], words)
        maker = row["manufacturer"] and _share(row["manufacturer"], words) == CERTAIN
        if share >= SHARE_MIN:
            found.append(Likely(row, min(CERTAIN - 5, share * 4 // 5 + (15 if maker else 0)), "words"))
    return sorted(found, key=lambda one: (-one.confidence, one.row["name"]))[:PRODUCTS_MAX]


def _share(name: str, words: set[str]) -> int:
    """How much of a name's words the letter has, in percent."""
    own = _WORD.findall(name.lower())
    return CERTAIN * sum(word in words for word in own) // len(own) if own else 0


def _hits(found: Found, numbered: Sequence[Any], ranged: Sequence[Any], sure: Mapping[UUID, int]) -> list[Hit]:
    if found.kind == RANGE:
        rows = [row for row in ranged if within(row["number"], found.first, found.last)]
    else:
        key = look_alike(found.first)
        rows = [row for row in numbered if look_alike(row["number"]) == key]
    hits = [Hit(row, _confidence(found, row, sure), _is_exact(found, row)) for row in rows]
    return sorted(hits, key=lambda one: (-one.confidence, one.row["number"]))


def _is_exact(found: Found, row: Any) -> bool:
    return found.kind == RANGE or row["number"] == found.first


def _confidence(found: Found, row: Any, sure: Mapping[UUID, int]) -> int:
    value = found.confidence
    if found.kind != RANGE and squeezed(row["number"]) != squeezed(found.first):
        value -= _BLURRED
    about = sure.get(row["product_id"])
    value += (about // 10) if about else -_STRANGER
    if found.expires_on and row["expires_on"] and found.expires_on != row["expires_on"]:
        value -= _OUTDATED
    return max(1, min(99, value))
