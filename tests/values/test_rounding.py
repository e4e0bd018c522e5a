"""Promises of rounding and spreading."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.values import half_up, spread


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(125, 10, 13), (-125, 10, -13), (124, 10, 12), (2675, 10, 268), (0, 7, 0), (1, -2, -1), (7, 1, 7)],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    """A half is rounded away from zero, never to even and never through a float (0.125 → 0.13; ORACLES 3)."""
    assert half_up(numerator, denominator) == expected


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_is_never_off_by_more_than_a_half(numerator: int, denominator: int) -> None:
    """The rounded figure differs from the exact one by at most a half, at any size (N-08)."""
    assert abs(half_up(numerator, denominator) - Fraction(numerator, denominator)) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (1000, [40, 30, 20], [445, 333, 222]),
        (10000, [1, 1, 1], [3334, 3333, 3333]),
        (50000, [1] * 6, [8334, 8334, 8333, 8333, 8333, 8333]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [0, 0], [3, 2]),
        (0, [], []),
    ],
)
def test_a_total_is_spread_by_largest_remainder(total: int, weights: list[int], shares: list[int]) -> None:
    """A discount over 40/30/20 is 4.45, 3.33, 2.22; ties go to the first line (ORACLES 3, SAL-04)."""
    assert spread(total, weights) == shares


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_no_cent_is_lost_in_spreading(total: int, weights: list[int]) -> None:
    """The shares always add up to the total, and none is further than one unit from its exact share (N-08)."""
    shares = spread(total, weights)

    assert sum(shares) == total
    base = sum(weights)
    if base:
        assert all(
            abs(share - Fraction(total * weight, base)) < 1 for share, weight in zip(shares, weights, strict=True)
        )


def test_a_total_cannot_be_spread_over_nothing() -> None:
    """Money without a line to carry it is refused rather than dropped; so is a negative weight."""
    with pytest.raises(ValueError, match="over nothing"):
        spread(1, [])
    with pytest.raises(ValueError, match="negative"):
        spread(1, [1, -1])
