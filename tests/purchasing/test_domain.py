"""Rules of purchasing as pure functions."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from lotwise.purchasing.domain.orders import MOVES, Delivered, Line, Order, check_move, deliver, number_text, numbered
from lotwise.purchasing.domain.refusals import MoveRefused, OverDelivery
from lotwise.purchasing.domain.shortages import Need, order_quantity


@pytest.mark.parametrize(
    ("usable", "on_order", "minimum", "reorder_at", "quantity"),
    [
        (9, 0, None, 10, 50),
        (10, 0, None, 10, 50),
        (11, 0, None, 10, 0),
        (9, 0, 10, None, 50),
        (10, 0, 10, None, 0),
        (11, 0, 10, None, 0),
        (5, 4, None, 10, 50),
        (5, 5, None, 10, 50),
        (5, 6, None, 10, 0),
        (5, 4, 10, None, 50),
        (5, 5, 10, None, 0),
        (99, 0, 100, 50, 0),
        (50, 0, 100, 50, 50),
        (51, 0, 100, 50, 0),
        (0, 0, None, None, 0),
    ],
)
def test_two_levels_at_one_less_and_one_more(
    usable: int, on_order: int, minimum: int | None, reorder_at: int | None, quantity: int
) -> None:
    """PUR-20: a draft when usable + on order ≤ reorder-at, or with none when below the minimum; table at ±1."""
    assert order_quantity(Need(usable, on_order, minimum, reorder_at, normal=50)) == quantity


@pytest.mark.parametrize(
    ("need", "quantity"),
    [
        (Need(0, 0, None, 10, normal=5, pack=4), 12),
        (Need(0, 0, None, 10, normal=12, pack=4), 12),
        (Need(0, 0, None, 10, normal=13, pack=4), 16),
        (Need(-30, 0, None, 10, normal=5, pack=100), 100),
        (Need(3, 0, None, 10), 8),
        (Need(0, 8, None, 10, pack=10), 10),
    ],
)
def test_quantities_are_whole_packs_that_exceed_the_level(need: Need, quantity: int) -> None:
    """PUR-19: the normal quantity in pack multiples, and always enough that usable + on order exceed the level."""
    assert order_quantity(need) == quantity
    assert need.usable + need.on_order + quantity > (need.reorder_at or 0)
    assert quantity % need.pack == 0


def order(status: str, *lines: Line) -> Order:
    """An order of a state."""
    return Order(
        uuid4(), "PO-000001", uuid4(), "harley", status, "person", datetime(2026, 1, 1, tzinfo=UTC), lines=lines
    )


ALLOWED = {
    ("draft", "sent"), ("draft", "cancelled"), ("sent", "pending"), ("sent", "received"), ("sent", "cancelled"),
    ("pending", "pending"), ("pending", "received"), ("pending", "cancelled"),
}  # fmt: skip


@pytest.mark.parametrize("was", sorted(MOVES))
@pytest.mark.parametrize("to", sorted(MOVES))
def test_only_the_listed_moves_are_made(was: str, to: str) -> None:
    """PUR-02: Draft → Sent → Pending → Received, Cancelled from any but Received; other moves are refused by name."""
    if (was, to) in ALLOWED:
        check_move(order(was), to)
    else:
        with pytest.raises(MoveRefused) as refused:
            check_move(order(was), to)
        assert refused.value.numbers == {"status_now": was, "wanted": to}


def test_a_short_delivery_leaves_the_rest_pending() -> None:
    """PUR-04: 6 of 10 leave 4 outstanding and the order Pending; the other 4 make it Received."""
    first = deliver(order("sent", Line(1, uuid4(), 10, 5)), [Delivered(1, 6, 5)], confirm_over=False)
    assert (first.status, first.lines[0].outstanding) == ("pending", 4)
    assert deliver(first, [Delivered(1, 4, 5)], confirm_over=False).status == "received"


def test_over_delivery_needs_a_confirmation() -> None:
    """PUR-04: 11 of 10 are refused with the numbers, and taken when confirmed."""
    sent = order("sent", Line(1, uuid4(), 10, 5))
    with pytest.raises(OverDelivery) as refused:
        deliver(sent, [Delivered(1, 6, 5), Delivered(1, 5, 5)], confirm_over=False)
    assert refused.value.numbers["lines"] == [{"line": 1, "ordered": 10, "received": 11}]
    assert deliver(sent, [Delivered(1, 11, 5)], confirm_over=True).status == "received"


def test_receipt_lines_have_numbers_of_their_own() -> None:
    """PUR-03: the first lot of an order line keeps its number, further lots get new ones, so that each counts once."""
    sent = order("sent", Line(1, uuid4(), 10, 5), Line(2, uuid4(), 10, 5))
    lots = [Delivered(2, 1, 5), Delivered(1, 2, 5), Delivered(2, 3, 5)]
    assert [(number, one.line, one.quantity) for number, one in numbered(sent, lots)] == [
        (2, 2, 1),
        (1, 1, 2),
        (3, 2, 3),
    ]


@pytest.mark.parametrize(("number", "text"), [(1, "PO-000001"), (123, "PO-000123"), (1234567, "PO-1234567")])
def test_order_numbers_are_readable(number: int, text: str) -> None:
    """PUR-01: an order's number is PO- and at least six digits."""
    assert number_text(number) == text
