"""Field types that every contract shares; both sides of the bus and of HTTP check them the same way."""

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, Strict, StringConstraints

SLUG = r"^[a-z0-9-]{1,40}$"
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")

_NUMBER = re.compile(r"\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*")


def _clean(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ValueError("contains a character that cannot be stored (NUL or a lone surrogate)")
    return text


def _written(value: object) -> object:
    """Refuse a number, or a text that is one: it would be taken for seconds since 1970."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("is no day or instant: write it like 2026-11-22, an instant like 2026-11-22T09:30:00Z")
    return value


def _instant(value: AwareDatetime) -> AwareDatetime:
    if value.year < 1970 or value.year > 2200:
        raise ValueError("lies outside the years 1970 to 2200")
    return value


def _day(value: date) -> date:
    if not 1970 <= value.year <= 2200:
        raise ValueError("lies outside the years 1970 to 2200")
    return value


def _positive(text: str) -> str:
    if not text.strip("0."):
        raise ValueError("must be above zero")
    return text


Slug = Annotated[str, StringConstraints(pattern=SLUG)]
"""A site's identity, or `chain`: lower-case letters, digits and dashes, at most 40."""

QuantityText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,19}(\.[0-9]{1,6})?$")]
"""A quantity as a decimal string in the product's unit, at most six decimals."""

PositiveQuantity = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}(\.[0-9]{1,6})?$"), AfterValidator(_positive)]
"""A quantity above zero as a decimal string in the product's unit."""

PriceText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$")]
"""A price or cost per unit as a decimal string, at most six decimals."""

Whole = Annotated[int, Strict()]
"""A whole number as JSON writes it: never a text, never true or false."""

Flag = Annotated[bool, Strict()]
"""Yes or no as JSON writes it: never a text, never a number."""

Minor = Annotated[Whole, Field(ge=-(2**63) + 1, le=2**63 - 1)]
"""Money in minor units of the chain's currency."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_clean)]
Note = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_clean)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_clean)]
AsWritten = BeforeValidator(_written)
"""In front of a day or an instant: never a number."""

Day = Annotated[date, AsWritten, AfterValidator(_day)]
"""A calendar day between 1970 and 2200."""

Instant = Annotated[AwareDatetime, AsWritten, AfterValidator(_instant)]
Id = UUID
