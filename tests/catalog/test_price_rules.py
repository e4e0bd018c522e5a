"""The price tool's rules as pure functions."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwise.catalog.domain import price_rules, price_runs
from lotwise.catalog.domain.periods import Plan
from lotwise.catalog.domain.price_rules import Reason, Rule, new_price, rule_of
from lotwise.catalog.domain.price_runs import Candidate, Place
from lotwise.catalog.domain.prices import Price, valid_at
from lotwise.values import MICROS, BadValue

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CREAM = Candidate(UUID(int=1), "CREAM", "Cream", 10 * MICROS)


@pytest.mark.parametrize(
    ("kind", "value", "ending", "price", "cost", "result"),
    [
        ("percent", "10", "exact", "20", None, "22"),
        ("percent", "-12.5", "exact", "19.99", None, "17.49"),
        ("amount", "-0.5", "exact", "20", None, "19.50"),
        ("set", "18", "exact", None, None, "18"),
        ("markup", "45", "exact", None, "10", "14.50"),
        ("percent", "5", ".99", "20", None, "20.99"),
        ("percent", "3", ".99", "20", None, "20.99"),
        ("amount", "0.48", ".99", "20", None, "19.99"),
        ("amount", "0.49", ".99", "20", None, "20.99"),
        ("percent", "3", ".95", "20", None, "20.95"),
        ("percent", "3", ".49", "20", None, "20.49"),
        ("percent", "3", ".00", "20", None, "21"),
        ("percent", "3", "1", "20", None, "21"),
        ("percent", "3", "0.05", "20.01", None, "20.60"),
        ("set", "0.10", ".99", None, None, "0.99"),
        ("percent", "-100", "exact", "20", None, "0"),
    ],
)  # fmt: skip
def test_rules_and_endings(
    kind: str, value: str, ending: str, price: str | None, cost: str | None, result: str
) -> None:
    """CAT-58, CAT-55: percent, amount, set and mark-up, then the nearest price of the ending, the upper of two."""
    rule = rule_of(kind, value, ending, 2)
    start, known = (None if text is None else round(float(text) * 100) * 10_000 for text in (price, cost))
    assert new_price(rule, start, known, 2) == round(float(result) * 100) * 10_000


@pytest.mark.parametrize(
    ("rule", "price", "cost", "reason"),
    [
        (Rule("percent", MICROS), None, 1, Reason.NO_PRICE),
        (Rule("amount", -5 * MICROS), 4 * MICROS, 1, Reason.BELOW_ZERO),
        (Rule("markup", MICROS), 4 * MICROS, None, Reason.NO_COST),
        (Rule("percent", 10**12), 2**62, None, Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_priced_says_why(rule: Rule, price: int | None, cost: int | None, reason: Reason) -> None:
    """CAT-58: a product without price or cost, or a price out of range, is skipped with its reason and a sentence."""
    assert new_price(rule, price, cost, 2) is reason
    assert price_rules.SENTENCES[reason].endswith(".")


@pytest.mark.parametrize(
    ("kind", "value", "ending", "exponent", "field"),
    [("percent", "-100.01", "exact", 2, "value"), ("set", "-1", "exact", 2, "value"),
     ("markup", "-1", "exact", 2, "value"), ("set", "5", ".99", 0, "ending"), ("set", "5", "0.05", 0, "ending")],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused(kind: str, value: str, ending: str, exponent: int, field: str) -> None:
    """CAT-58: more than the whole price off, negative prices, hundredths of a currency without them: refused."""
    with pytest.raises(BadValue) as refused:
        rule_of(kind, value, ending, exponent)
    assert refused.value.field == field


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**12), st.sampled_from([".00", ".49", ".95", ".99"]))
def test_an_ending_is_always_met_and_near(price: int, ending: str) -> None:
    """CAT-58: whatever the price, the result has its ending, is not below zero, and lies at most half a unit away."""
    found = new_price(Rule("set", price, ending), None, None, 2)
    assert isinstance(found, int)
    assert f"{found / MICROS:.2f}".endswith(ending)
    assert found >= 0
    assert abs(found - price) <= MICROS // 2 or price < MICROS


def listed(known: list[Price], plan: Plan[Price] | None) -> list[Price]:
    """The list after a plan; what was withdrawn is gone."""
    assert plan is not None
    changed = {row.id: row for row in plan.changed}
    rows = [*(changed.get(row.id, row) for row in known), *plan.new]
    return [row for row in rows if row.valid_to != row.valid_from]


@pytest.mark.parametrize("days", [0, 30])
@pytest.mark.parametrize(
    ("at_site", "audience"), [(None, "everyone"), ("soho", "everyone"), (None, "members"), ("soho", "members")]
)
def test_a_run_and_its_undoing(days: int, at_site: str | None, audience: str) -> None:
    """CAT-58: on each list, now or later, 10 % up starts from the best price known and undoing brings it back."""
    chain = Price(uuid4(), CREAM.product_id, None, 20 * MICROS, NOW - timedelta(days=9))
    begins, later = NOW + timedelta(days=days), NOW + timedelta(days=days, hours=1)
    place = Place(at_site, audience, begins)
    rule = Rule("percent", 10 * MICROS)
    row = price_runs.priced(CREAM, [chain], rule, place, NOW, (uuid4(), uuid4()), 2)
    assert (row.was, row.now) == (20 * MICROS, 22 * MICROS)
    after = listed([chain], row.plan)
    assert valid_at(after, begins, at_site, audience).price == 22 * MICROS  # type: ignore[union-attr]
    price_id = next(one.id for one in row.plan.new)
    kept = (price_id, 22 * MICROS, row.was_own)
    undone = listed(after, price_runs.undone(after, kept, place, later if not days else NOW, (uuid4(), uuid4())))
    own = [one for one in undone if one.shares_list(at_site, audience)]
    back = valid_at(own, later, at_site, audience)
    assert (back.price if back else None) == row.was_own


def test_a_price_changed_since_is_not_undone() -> None:
    """CAT-58: another price on that list since the run stays."""
    newer = Price(uuid4(), CREAM.product_id, None, 30 * MICROS, NOW)
    place = Place(None, "everyone", NOW - timedelta(days=1))
    assert price_runs.undone([newer], (uuid4(), 22 * MICROS, 20), place, NOW, (uuid4(), uuid4())) is None
