"""Promises of quantities at the edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.values import BIGINT_MAX, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [("2.5", 1, 25), ("20", 0, 20), ("-3.25", 2, -325), ("1.500", 1, 15), ("0", 0, 0), ("0.000001", 6, 1)],
)
def test_a_quantity_becomes_smallest_units(text: str, decimals: int, value: int) -> None:
    """A decimal string is read exactly; trailing zeros do not count as decimals (DESIGN 3.1, N-08)."""
    assert parse_quantity(text, decimals) == value


@pytest.mark.parametrize(
    "text", ["1e400", "NaN", "Infinity", "", " 1", "1.", ".5", "1,5", "0x1", "\u0661", "1.0000001", "9" * 20]
)
def test_what_is_not_a_plain_number_is_refused(text: str) -> None:
    """Exponents, other digits, spaces and more than six decimals are refused with a sentence."""
    with pytest.raises(ValueError, match="plain decimal number"):
        parse_quantity(text, 6)


def test_more_decimals_than_the_product_has_are_refused() -> None:
    """Half a piece of a product kept in whole pieces is refused, not rounded."""
    with pytest.raises(ValueError, match="more decimals than the 0"):
        parse_quantity("0.5", 0)


def test_more_than_a_bigint_holds_is_refused() -> None:
    """A quantity beyond the range of the ledger is refused at the edge."""
    with pytest.raises(ValueError, match="larger than any stock"):
        parse_quantity(str(BIGINT_MAX), 6)


@given(st.integers(-BIGINT_MAX, BIGINT_MAX), st.integers(0, 6))
def test_writing_and_reading_a_quantity_changes_nothing(value: int, decimals: int) -> None:
    """What was written is read back as the same number of smallest units, for the whole range (N-08)."""
    assert parse_quantity(format_quantity(value, decimals), decimals) == value
