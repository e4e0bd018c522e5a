"""Which lots leave first, and what cost goes with them: formulas against worked examples and properties."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.stock.domain.allocations import allocate, fefo
from lotwise.stock.domain.costs import share, unit_cost, value_of

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NIL = UUID(int=0)


@dataclass
class OnShelf:
    """A lot on a shelf."""

    name: str
    on_hand: int
    expires_on: date | None = None
    received_at: datetime = LONG_AGO
    lot_key: UUID = NIL


def taken(lots: list[OnShelf], wanted: int, at: datetime = NOW) -> tuple[list[tuple[str, int]], int]:
    """What is taken of which lot, and what is missing."""
    order = fefo(lots)
    plan = allocate(order, wanted, TODAY, at)
    return [(order[pick.position].name, pick.quantity) for pick in plan.picks], plan.missing


def test_the_worked_example_of_first_expiry_first_out() -> None:
    """STK-13: given A 12-01 5, B 11-25 3, C none 10, D 11-20 4 (over); when 10 are taken on 11-21;
    then B 3, A 5, C 2.
    """
    lots = [
        OnShelf("A", 5, date(2026, 12, 1)), OnShelf("B", 3, date(2026, 11, 25)), OnShelf("C", 10),
        OnShelf("D", 4, date(2026, 11, 20)),
    ]  # fmt: skip
    assert taken(lots, 10) == ([("B", 3), ("A", 5), ("C", 2)], 0)


def test_a_lot_is_usable_through_its_last_day() -> None:
    """DESIGN 3.5: given a lot of today and one of yesterday; when 5 are taken;
    then only today's gives, the rest is missing.
    """
    lots = [OnShelf("today", 3, TODAY), OnShelf("yesterday", 9, date(2026, 11, 20))]
    assert taken(lots, 5) == ([("today", 3)], 2)


def test_ties_go_to_the_first_received_then_to_the_lot_id() -> None:
    """SPEC decision 3: given equal expiries; when one is taken;
    then the earlier receipt, then the smaller id, gives it.
    """
    same = date(2027, 1, 1)
    lots = [
        OnShelf("later", 1, same, datetime(2026, 2, 1, tzinfo=UTC), UUID(int=1)),
        OnShelf("b", 1, same, LONG_AGO, UUID(int=3)),
        OnShelf("a", 1, same, LONG_AGO, UUID(int=2)),
    ]
    assert taken(lots, 3)[0] == [("a", 1), ("b", 1), ("later", 1)]


def test_a_lot_that_came_later_is_taken_only_when_those_of_the_time_do_not_suffice() -> None:
    """DESIGN 3.7: given a lot of that time and a sooner-expiring one that came later; when 3 are taken as of then;
    then 2 + 1.
    """
    lots = [
        OnShelf("then", 2, date(2027, 6, 1)),
        OnShelf("after", 5, date(2027, 1, 1), datetime(2026, 11, 21, 13, tzinfo=UTC)),
    ]
    assert taken(lots, 3) == ([("then", 2), ("after", 1)], 0)


lot_lists = st.lists(
    st.builds(
        OnShelf,
        st.text("xyz", min_size=1, max_size=3),
        st.integers(0, 50),
        st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
        st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it
        st.uuids(),
    ),
    max_size=8,
)


@given(lot_lists, st.integers(1, 200))
def test_an_allocation_never_invents_goods(lots: list[OnShelf], wanted: int) -> None:
    """N-08: given any lots; when any quantity is taken;
    then taken + missing = wanted, no lot gives more than it has or twice.
    """
    order = fefo(lots)
    plan = allocate(order, wanted, TODAY, NOW)
    assert sum(pick.quantity for pick in plan.picks) + plan.missing == wanted
    assert len({pick.position for pick in plan.picks}) == len(plan.picks)
    assert all(0 < pick.quantity <= order[pick.position].on_hand for pick in plan.picks)
    usable = [one for one in order if one.expires_on is None or one.expires_on >= TODAY]
    assert plan.missing == max(0, wanted - sum(one.on_hand for one in usable))


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_shares_of_a_cost_add_up_to_the_last_cent(cost: int, parts: list[int]) -> None:
    """DESIGN 3.2: given any balance; when it leaves in any parts;
    then the costs sum to it and an empty balance has none.
    """
    left, on_hand, gone = cost, sum(parts), 0
    for part in parts:
        taken_cost = share(left, part, on_hand)
        assert 0 <= taken_cost <= left
        gone, left, on_hand = gone + taken_cost, left - taken_cost, on_hand - part
    assert (gone, left, on_hand) == (cost, 0, 0)


@pytest.mark.parametrize(
    ("cost", "quantity", "on_hand", "taken_cost"), [(1000, 1, 3, 333), (667, 1, 2, 334), (333, 1, 1, 333)]
)
def test_a_share_is_rounded_half_up(cost: int, quantity: int, on_hand: int, taken_cost: int) -> None:
    """DESIGN 3.2: given 10.00 for 3 pieces; when they leave one by one; then 3.33, 3.34, 3.33."""
    assert share(cost, quantity, on_hand) == taken_cost


def test_costs_per_unit_keep_six_decimals() -> None:
    """DESIGN 3.2: given 0.333333 per ml kept in tenths; when 2.5 ml are valued;
    then 0.83, and 10.00 for 3.0 ml is 3.333333.
    """
    assert value_of(333_333, 25, 1, 2) == 83
    assert unit_cost(1000, 30, 1, 2) == 3_333_333
    assert unit_cost(0, 0, 1, 2) == 0


def test_the_worked_example_of_specific_cost() -> None:
    """SPEC decision 12: given lots of 10 at 5.00, 6.50, 8.00; when 10 of lot 3 and 5 of lot 1 leave;
    then COGS 105.00.
    """
    assert share(8000, 10, 10) + share(5000, 5, 10) == 10_500
    assert 5000 - share(5000, 5, 10) + 6500 == 9_000
