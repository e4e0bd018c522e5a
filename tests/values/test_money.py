"""Promises of money and prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.values import CURRENCIES, amount, currency_exponent, format_minor, parse_minor, parse_price, price_text


def test_a_price_keeps_six_decimals() -> None:
    """A unit price of 0.001234 is kept exactly; two decimals are always shown (DESIGN 3.2)."""
    assert parse_price("0.001234") == 1234
    assert price_text(1234) == "0.001234"
    assert price_text(2_550_000) == "2.55"
    assert price_text(12_000_000) == "12.00"
    assert price_text(-1_500_000) == "-1.50"


def test_an_amount_is_rounded_once() -> None:
    """20 U at 12.00 are 240.00; 3 pieces at 0.335 are 1.01, rounded half-up on the exact product (CAT-08)."""
    assert amount(parse_price("12"), 20, 0) == 24000
    assert amount(parse_price("0.335"), 3, 0) == 101
    assert amount(parse_price("10"), 25, 1) == 2500
    assert amount(parse_price("-11062.06"), 1, 0) == -1106206
    assert amount(parse_price("100"), 3, 0, currency_exponent("JPY")) == 300


def test_an_amount_out_of_range_is_refused() -> None:
    """An amount larger than a bigint is refused instead of wrapping round."""
    with pytest.raises(ValueError, match="too large"):
        amount(10**18, 10**12, 0)


def test_an_amount_with_more_decimals_than_the_currency_is_refused() -> None:
    """Half a cent cannot be paid."""
    assert parse_minor("12.50") == 1250
    with pytest.raises(ValueError, match="more decimals"):
        parse_minor("12.505")
    with pytest.raises(ValueError, match="plain amount"):
        parse_price("1e400")


@given(st.integers(-(10**13) + 1, 10**13 - 1), st.sampled_from([0, 2, 3]))
def test_writing_and_reading_an_amount_changes_nothing(minor: int, exponent: int) -> None:
    """An amount in any currency, up to ten thousand billion minor units, is read back as the same (N-08)."""
    assert parse_minor(format_minor(minor, exponent), exponent) == minor


@given(st.integers(-(10**18), 10**18))
def test_writing_and_reading_a_price_changes_nothing(micros: int) -> None:
    """A price of six decimals survives being written as text."""
    assert parse_price(price_text(micros)) == micros


def test_the_currencies_are_those_of_today() -> None:
    """Bad input: a code that no country pays with is none; those with no or three decimals are known."""
    assert {"USD", "GBP", "EUR", "CAD", "JPY", "KWD"} <= CURRENCIES
    assert {"XYZ", "DEM", "usd", ""}.isdisjoint(CURRENCIES)
