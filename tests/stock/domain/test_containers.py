"""Opened containers conserve quantity and cost exactly, whatever happens to them."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stock.domain.bench import MULTI, NOW, SINGLE, Ground, entry

from lotwise.stock.domain import places
from lotwise.stock.domain.containers import (
    Container,
    Visitor,
    discard,
    draw,
    draw_waste,
    fill_over,
    give_back,
    in_order,
    label_of,
    open_one,
    use_by_of,
)
from lotwise.stock.domain.draws import Asked, consume
from lotwise.stock.domain.lots import Lot

ANNA, BEA = Visitor(UUID(int=1), UUID(int=11)), Visitor(UUID(int=2), UUID(int=22))
DEEDS = ("open", "draw", "charge", "over", "discard", "back", "rewaste")


def opened(ground: Ground, label: int, number: int, **fields: object) -> Container:
    """A container that a person opened from the first lot that has enough."""
    balance = next(one for one in ground.cell.in_order() if one.on_hand >= label)
    assert balance.lot is not None
    area = places.SHARED if ground.product.container_rule == MULTI else places.BOUND
    place = ground.site.place(places.IN_USE, area)
    one = Container(UUID(int=700 + number), balance.lot, place, label, NOW, "user:a", **fields)  # type: ignore[arg-type]
    return open_one(ground.books, ground.opened, ground.cell, balance, one, entry("opening", number))


@given(
    st.sampled_from([MULTI, SINGLE]),
    st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 90), st.integers(0, 9)), max_size=25),
    st.integers(0, 99_999),
)
def test_any_deeds_on_containers_conserve_quantity_and_cost(
    rule: str, deeds: list[tuple[str, int, int]], odd: int
) -> None:
    """N-07, STK-37: given vials of a lot at an odd cost; when they are opened, drawn, filled over, discarded, given
    back and used after all in any way; then drawn + wasted + left = label + overfill and every cent is somewhere.
    """
    ground = Ground(rule, (0, 0))
    source, shelf = ground.site.place("supplier"), ground.site.place("shelf")
    for lot, quantity in zip(ground.lots, (250, 400), strict=True):
        ground.books.receive(
            ground.cell, lot, quantity, 10_007 * quantity + odd, entry("receipt", 1), source=source, target=shelf
        )
    for number, (deed, quantity, which) in enumerate(deeds):
        _do(ground, deed, quantity, which, number)
        ground.must_agree()
    total = [sum(values) for values in zip(*ground.balances().values(), strict=True)]
    assert total == [0, 0]


def _do(ground: Ground, deed: str, quantity: int, which: int, number: int) -> None:
    books, cell, visitor = ground.books, ground.cell, (ANNA, BEA)[which % 2]
    usable = [one for one in ground.opened.of(cell) if one.state == "open"]
    closed = [one for one in ground.opened.of(cell) if one.state == "discarded" and one.drawn and one.wasted]
    if deed == "open" and any(one.on_hand >= quantity for one in cell.in_order()):
        opened(ground, quantity, number)
    elif deed == "charge":
        consume(ground.case, cell, quantity, Asked(entry("sale", number), visitor))
    elif deed == "rewaste" and closed:
        one = closed[which % len(closed)]
        draw_waste(books, ground.opened, cell, one, min(one.wasted, quantity), entry("treatment", number), visitor)
    elif usable:
        one = usable[which % len(usable)]
        if deed == "draw" and one.left:
            draw(books, ground.opened, cell, one, min(one.left, quantity), entry("treatment", number), visitor)
        elif deed == "over":
            fill_over(books, ground.opened, cell, one, quantity, entry("overfill", number))
        elif deed == "discard":
            discard(books, ground.opened, cell, one, entry("waste", number))
    if deed == "back":
        _give_back(ground, quantity, which, number)


def _give_back(ground: Ground, quantity: int, which: int, number: int) -> None:
    """What was drawn comes back in part, at the cost of one of its draws."""
    drawn = [one for one in ground.opened.draws if one.quantity > 0]
    if not drawn:
        return
    draw_of = drawn[which % len(drawn)]
    one = ground.opened.find(ground.cell, draw_of.container_id)
    given = sum(back.quantity for back in ground.opened.draws if back.container_id == draw_of.container_id)
    part = min(quantity, draw_of.quantity, given)
    if one is not None and part and one.drawn >= part:
        cost = draw_of.cost * part // draw_of.quantity
        give_back(ground.books, ground.opened, ground.cell, one, part, cost, entry("void", number))


def test_an_open_vial_and_a_closed_one_of_another_size() -> None:
    """CAT-62: given an open 50 U vial with 12 left and a closed one of 100; when 20 are charged; then 12 + 8."""
    ground = Ground(MULTI, (50, 100), sizes=(100, 50))
    vial = opened(ground, 50, 1)
    draw(ground.books, ground.opened, ground.cell, vial, 38, entry("treatment", 2), ANNA)
    sources, missing = consume(ground.case, ground.cell, 20, Asked(entry("sale", 3), BEA))
    assert ([one.taken.quantity for one in sources], missing) == ([12, 8], 0)
    assert [(one.state, one.label, one.left) for one in ground.opened.of(ground.cell)] == [
        ("used_up", 50, 0), ("open", 100, 92),
    ]  # fmt: skip


def test_one_is_opened_first_and_drawn_first() -> None:
    """STK-37: given two open vials; when 30 are charged; then the one with the sooner use-by is drawn, then the other.

    Without a use-by a vial comes last.
    """
    ground = Ground(MULTI, (300,))
    late = opened(ground, 100, 1, use_by=NOW + timedelta(hours=9))
    soon = opened(ground, 100, 2, use_by=NOW + timedelta(hours=1))
    never = opened(ground, 100, 3)
    assert in_order([never, late, soon]) == [soon, late, never]
    sources, _ = consume(ground.case, ground.cell, 120, Asked(entry("sale", 3), BEA))
    assert [(one.container_id, one.taken.quantity) for one in sources] == [(soon.id, 100), (late.id, 20)]


def test_the_rest_of_one_patient_is_never_offered_to_another() -> None:
    """STK-37: given a vial for one patient with 80 left; when another is charged 20; then a second vial is opened.

    The first patient's next units come from their own.
    """
    ground = Ground(SINGLE, (300,))
    consume(ground.case, ground.cell, 20, Asked(entry("sale", 1), ANNA))
    consume(ground.case, ground.cell, 20, Asked(entry("sale", 2), BEA))
    consume(ground.case, ground.cell, 30, Asked(entry("sale", 3), ANNA))
    assert [(one.member_id, one.drawn) for one in ground.opened.of(ground.cell)] == [
        (ANNA.member_id, 50), (BEA.member_id, 20),
    ]  # fmt: skip
    assert ground.cell.opened() == 0


def test_what_is_over_or_recalled_is_not_drawn() -> None:
    """N-07: given a vial past its use-by and one of a recalled lot; when 10 are charged; then a third is opened."""
    ground = Ground(MULTI, (300,))
    opened(ground, 100, 1, use_by=NOW - timedelta(minutes=1))
    recalled = opened(ground, 100, 2)
    recalled.lot = recalled.lot._replace(is_recalled=True)
    sources, _ = consume(ground.case, ground.cell, 10, Asked(entry("sale", 3), BEA))
    assert [one.container_id for one in sources] == [ground.opened.of(ground.cell)[2].id]


@pytest.mark.parametrize(("on_hand", "label"), [(300, 100), (150, 50), (50, 50), (30, 30), (130, 100)])
def test_the_next_container_has_the_size_that_fits(on_hand: int, label: int) -> None:
    """CAT-62: given sizes of 100 and 50; when a lot has so many closed units; then the next vial holds so many.

    What no size divides was broken before: the next is at most a label.
    """
    assert label_of(Ground(MULTI, (0,), sizes=(100, 50)).product, on_hand) == label


def test_the_use_by_follows_the_hours_and_never_passes_the_lots_last_day() -> None:
    """N-07, STK-37: given 24 h after opening; then the use-by is 24 h later, or the site's midnight after the lot's
    last day; one for a single patient without hours is over with the day.
    """
    ground = Ground(MULTI, (0,))
    lot = Lot(UUID(int=1), ground.product.id, "A", date(2026, 11, 22), NOW)
    soon = lot._replace(expires_on=date(2026, 11, 21))
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    assert use_by_of(ground.product, ground.site, lot, NOW, is_shared=True) == NOW + timedelta(hours=24)
    assert use_by_of(ground.product, ground.site, soon, NOW, is_shared=True) == midnight
    hourless = ground.product._replace(use_by_hours=None)
    endless = lot._replace(expires_on=None)
    assert use_by_of(hourless, ground.site, endless, NOW, is_shared=True) is None
    assert use_by_of(hourless, ground.site, endless, NOW, is_shared=False) == midnight


def test_what_is_open_counts_as_available_but_not_as_on_hand() -> None:
    """N-07: given 200 on the shelf; when a vial of 100 is opened and 30 drawn; then 100 on hand and 70 open beside."""
    ground = Ground(MULTI, (200,))
    vial = opened(ground, 100, 1)
    draw(ground.books, ground.opened, ground.cell, vial, 30, entry("treatment", 2), ANNA)
    assert (ground.cell.level.on_hand, ground.cell.opened()) == (100, 70)
