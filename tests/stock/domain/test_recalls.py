"""What a recall's line means: products, numbers, ranges, look-alikes and expiries."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.stock.domain.recalls import Identity, Scope, best, matches, names_nothing, within

ONE, OTHER = UUID(int=1), UUID(int=2)
LOT = Identity(ONE, frozenset({"09506000134376"}), "Maker", "AB-12", date(2027, 6, 30))


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(ONE, kind="lot", first="AB-12"), "exact"),
        (Scope(ONE, kind="lot", first="ab 12"), "alike"),
        (Scope(ONE, kind="lot", first="AB-13"), None),
        (Scope(OTHER, kind="lot", first="AB-12"), None),
        (Scope(ONE, kind="range", first="AB-10", last="AB-20"), "exact"),
        (Scope(ONE, kind="range", first="AC-10", last="AC-20"), None),
        (Scope(ONE, kind="range", first="AB-13", last="AB-20"), None),
        (Scope(gtin="09506000134376"), "exact"),
        (Scope(gtin="09506000134377"), None),
        (Scope(manufacturer="MAKER"), "exact"),
        (Scope(manufacturer="Other"), None),
        (Scope(ONE, expires_from=date(2027, 6, 1), expires_until=date(2027, 6, 30)), "exact"),
        (Scope(ONE, expires_from=date(2027, 7, 1)), None),
        (Scope(ONE, expires_until=date(2027, 6, 29)), None),
    ],
)
def test_a_line_means_what_it_names(scope: Scope, expected: str | None) -> None:
    """STK-41: a product, a GTIN or a maker, with a number, a range, all, or a window of expiries."""
    assert matches(scope, LOT) == expected


def test_a_lot_without_an_expiry_is_meant_by_a_window_but_not_surely() -> None:
    """STK-41: who does not know its expiry cannot be let through."""
    lot = LOT._replace(expires_on=None)
    assert best([Scope(ONE, expires_from=date(2027, 1, 1))], lot) == "alike"


@given(st.integers(0, 10**30), st.integers(0, 10**30), st.integers(0, 10**30))
def test_a_range_is_a_range_of_numbers_however_long(low: int, here: int, high: int) -> None:
    """STK-41: 30-digit numbers are compared as numbers, both ends included."""
    assert within(f"L{here:031}", f"L{low:031}", f"L{high:031}") == (low <= here <= high)


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        (Scope(), "product_id"),
        (Scope(ONE, kind="lot"), "first"),
        (Scope(ONE, kind="lot", first="--"), "first"),
        (Scope(ONE, kind="range", first="A1"), "last"),
        (Scope(ONE, kind="range", first="A9", last="A1"), "last"),
        (Scope(ONE, kind="range", first="A1", last="B9"), "last"),
        (Scope(ONE, expires_from=date(2027, 2, 1), expires_until=date(2027, 1, 1)), "expires_until"),
        (Scope(ONE), None),
    ],
)
def test_a_line_that_blocks_nothing_says_why(scope: Scope, field: str | None) -> None:
    """STK-41: the field that is missing or senseless is named."""
    assert names_nothing(scope) == field
