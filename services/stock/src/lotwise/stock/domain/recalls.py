"""The only home of what a recall names and whether a lot is meant: by number, range, serial or all, and by expiry.

A line by serial means units and never the lot they lie in, unless the product has no serials: then its number is held
against the lots. A number that differs only by case, spaces or punctuation is meant too: a wrong block is released by
a person, a wrong release reaches a patient.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from lotwise.stock.domain.lots import squeezed

LOT = "lot"
RANGE = "range"
SERIAL = "serial"
ALL = "all"

EXACT = "exact"
ALIKE = "alike"
LINEAGE = "lineage"
NAMED = "named"

CONFIRMED = "confirmed"
ASSUMED = "assumed"
POSSIBLE = "possible"

TO_CONTACT = "to_contact"
CONTACTED = "contacted"
ACKNOWLEDGED = "acknowledged"
UNREACHABLE = "unreachable"

_SHAPE = re.compile(r"[0-9]+|[^0-9]+")


class Scope(NamedTuple):
    """One line of a recall: which product it is about, and which of its lots or serials; `last` ends a range."""

    product_id: UUID | None = None
    gtin: str = ""
    manufacturer: str = ""
    kind: str = ALL
    first: str = ""
    last: str = ""
    expires_from: date | None = None
    expires_until: date | None = None


class Identity(NamedTuple):
    """What of a lot a recall can name; `has_serials` when its units have numbers of their own.

    Of a unit, what a line by serial can name: its number is the serial then.
    """

    product_id: UUID
    gtins: frozenset[str]
    manufacturer: str
    number: str
    expires_on: date | None
    has_serials: bool = False


def names_nothing(scope: Scope) -> str | None:
    """Why a line cannot block anything, or None: the field that is missing or senseless."""
    if scope.product_id is None and not scope.gtin and not scope.manufacturer:
        return "product_id"
    if scope.kind != ALL and not squeezed(scope.first):
        return "first"
    is_range = scope.kind == RANGE or (scope.kind == SERIAL and scope.last != "")
    if is_range and (not squeezed(scope.last) or not within(scope.last, scope.first, scope.last)):
        return "last"
    if scope.expires_from and scope.expires_until and scope.expires_until < scope.expires_from:
        return "expires_until"
    return None


def matches(scope: Scope, lot: Identity) -> str | None:
    """Whether the line means the lot: `exact`, `alike` (another hand wrote the number) or None."""
    if not _is_about(scope, lot) or (scope.kind == SERIAL and lot.has_serials):
        return None
    return _in_time(scope, lot, _number(scope, lot.number))


def matching_unit(scopes: Iterable[Scope], unit: Identity) -> str | None:
    """The surest match of a unit among the lines by serial: `exact`, `alike` or None."""
    found = {
        _in_time(scope, unit, _number(scope, unit.number))
        for scope in scopes
        if scope.kind == SERIAL and _is_about(scope, unit)
    }
    return EXACT if EXACT in found else ALIKE if ALIKE in found else None


def _in_time(scope: Scope, lot: Identity, sure: str | None) -> str | None:
    """The match as far as the expiry agrees; one that nobody knows may be meant."""
    if sure is None or scope.expires_from is None is scope.expires_until:
        return sure
    if lot.expires_on is None:
        return ALIKE
    early = scope.expires_from is not None and lot.expires_on < scope.expires_from
    late = scope.expires_until is not None and lot.expires_on > scope.expires_until
    return None if early or late else sure


def best(scopes: Iterable[Scope], lot: Identity) -> str | None:
    """The surest match among the lines of a recall."""
    found = {matches(scope, lot) for scope in scopes}
    return EXACT if EXACT in found else ALIKE if ALIKE in found else None


def _is_about(scope: Scope, lot: Identity) -> bool:
    if scope.product_id is not None:
        return scope.product_id == lot.product_id
    if scope.gtin:
        return scope.gtin in lot.gtins
    return scope.manufacturer.casefold() == lot.manufacturer.casefold()


def _number(scope: Scope, number: str) -> str | None:
    if scope.kind == ALL:
        return EXACT
    if scope.kind == RANGE or (scope.kind == SERIAL and scope.last):
        return EXACT if squeezed(number) and within(number, scope.first, scope.last) else None
    if number == scope.first:
        return EXACT
    return ALIKE if number and squeezed(number) == squeezed(scope.first) else None


def within(number: str, first: str, last: str) -> bool:
    """Whether a number lies in a range of lot numbers, both ends included.

    The letters and their places must be those of both ends; the digits are compared as numbers, so that a range over
    07110002 to 07110009 takes in 07110005, and not 7110005A.
    """
    low, here, high = (_split(one) for one in (first, number, last))
    if not low[0] == here[0] == high[0]:
        return False
    return low[1] <= here[1] <= high[1]


def _split(number: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    parts: list[str] = _SHAPE.findall(squeezed(number))
    letters = tuple("" if one.isdigit() else one for one in parts)
    return letters, tuple(int(one) for one in parts if one.isdigit())
