"""What a count decides, without a database."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.stock.domain.counts import CAUSES, Difference, Line, Rules, debt_before, explains, needs_recount

NOBODY = UUID(int=0)


def line(counted: int, recorded: int, unattributed: int = 0) -> Line:
    """A counted line."""
    return Line(1, NOBODY, NOBODY, 1, None, None, 0, False, False, 1, False, None, "", counted, recorded, unattributed)


@pytest.mark.parametrize(
    ("difference", "recorded", "decimals", "allowed"),
    [
        (5, 100, 0, True),
        (-5, 100, 0, True),
        (6, 100, 0, False),
        (2, 10, 0, True),
        (3, 10, 0, False),
        (20, 0, 1, True),
        (21, 0, 1, False),
        (0, 0, 0, True),
    ],
)
def test_the_larger_of_two_tolerances_counts(difference: int, recorded: int, decimals: int, allowed: bool) -> None:
    """N-15: five percent or two units, whichever is more; units are whole units whatever the decimals."""
    assert Rules(False, 500, 2_000_000).allows(difference, recorded, decimals) is allowed


def test_without_a_tolerance_nothing_is_counted_again() -> None:
    """N-15: a count without tolerances asks for no second pass; one of zero asks for it at any difference."""
    assert needs_recount(Rules(), 0, [(-90, 100)]) is False
    assert needs_recount(Rules(False, 0), 0, [(-1, 100)]) is True
    assert needs_recount(Rules(False, 0), 0, [(0, 100)]) is False


def test_a_second_pass_confirms_or_asks_for_a_third() -> None:
    """N-15: beyond the tolerance, two passes in a row must find the same difference, whatever was sold between."""
    rules = Rules(False, None, 1_000_000)
    assert needs_recount(rules, 0, [(-3, 10), (-3, 8)]) is False
    assert needs_recount(rules, 0, [(-3, 10), (-4, 10)]) is True
    assert needs_recount(rules, 0, [(-3, 10), (-4, 10), (-3, 10)]) is True
    assert needs_recount(rules, 0, [(-3, 10), (-1, 10)]) is False
    assert needs_recount(rules, 0, []) is False


def test_every_cause_explains_a_sign_and_none_both_but_error() -> None:
    """STK-07: loss, theft and damage explain less, found explains more, a wrong record either; other words nothing."""
    assert {name for name in CAUSES if explains(name, 1)} == {"found", "error"}
    assert {name for name in CAUSES if explains(name, -1)} == set(CAUSES) - {"found"}
    assert not explains("magic", -1)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_difference_is_anchored_in_time(counted: int, recorded: int, late: int, after: int) -> None:
    """N-15: ledger now + difference = counted + what happened after, however much of the past came late."""
    found = Difference(line(counted, recorded), late)
    ledger_now = recorded + late + after
    assert ledger_now + found.quantity == counted + after
    assert Difference(line(counted, recorded), late, is_superseded=True).quantity == 0


def test_what_is_owed_from_before_is_never_more_than_is_owed_now() -> None:
    """DESIGN 3.7: the debt of the least indebted pass, and what a receipt has settled since is gone."""
    both = [Difference(line(1, 1, -5), 0), Difference(line(1, 1, -3), 0)]
    assert debt_before(both, 9) == 3
    assert debt_before(both, 2) == 2
    assert debt_before(both, 0) == 0
    assert debt_before([], 9) == 0
