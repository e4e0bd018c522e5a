"""Quantities are integers in a product's smallest unit; the edge speaks decimal strings in its unit."""

import re
from decimal import Decimal

BIGINT_MAX = 2**63 - 1
DECIMALS_MAX = 6
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,6})?")


def parse_quantity(text: str, decimals: int) -> int:
    """Read a decimal string ("2.5") as an integer number of smallest units (25 at one decimal).

    Raises ValueError with a sentence for a person: not a plain number, too many decimals, out of range.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain decimal number with at most {DECIMALS_MAX} decimals")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if len(fraction) > decimals:
        raise ValueError(f"{text} has more decimals than the {decimals} this product is kept in")
    value = int(whole + fraction.ljust(decimals, "0"))
    if abs(value) > BIGINT_MAX:
        raise ValueError(f"{text} is larger than any stock")
    return value


def format_quantity(value: int, decimals: int) -> str:
    """Write smallest units as the shortest decimal string in the unit: (25, 1) → "2.5", (20, 1) → "2"."""
    if not decimals:
        return str(value)
    text = f"{Decimal(value).scaleb(-decimals):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
