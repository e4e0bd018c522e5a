"""Money is an integer in minor units of a currency; a price per unit keeps six decimals (micros)."""

import re
from decimal import Decimal

from lotwise.values.quantity import BIGINT_MAX
from lotwise.values.rounding import half_up

MICROS = 1_000_000
_EXPONENTS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}
_NUMBER = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,6})?")


def currency_exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has (ISO 4217): 2, but 0 for JPY and 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def parse_price(text: str) -> int:
    """Read a price or cost per unit ("2.55") as micros (2550000). Raises ValueError with a sentence."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain amount with at most 6 decimals")
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(6, "0"))


def price_text(micros: int) -> str:
    """Write micros as a decimal string with at least two decimals: 2550000 → "2.55", 1234 → "0.001234"."""
    text = f"{Decimal(micros).scaleb(-6):.6f}"
    head, _, tail = text.partition(".")
    return f"{head}.{tail.rstrip('0').ljust(2, '0')}"


def amount(price_micros: int, quantity: int, unit_decimals: int, exponent: int = 2) -> int:
    """What `quantity` smallest units cost at a price per whole unit, in minor units, half-up.

    Raises ValueError when the result leaves the range of a bigint.
    """
    result: int = half_up(price_micros * quantity * 10**exponent, MICROS * 10**unit_decimals)
    if abs(result) > BIGINT_MAX:
        raise ValueError("the amount is too large")
    return result


def parse_minor(text: str, exponent: int = 2) -> int:
    """Read an amount ("12.50") as minor units (1250). Raises ValueError when it has more decimals than the currency."""
    micros = parse_price(text)
    scale: int = 10 ** (6 - exponent)
    if micros % scale:
        raise ValueError(f"{text} has more decimals than the currency")
    return micros // scale


def format_minor(minor: int, exponent: int = 2) -> str:
    """Write minor units as a decimal string with the currency's decimals: 1250 → "12.50"."""
    return f"{Decimal(minor).scaleb(-exponent):.{exponent}f}"
