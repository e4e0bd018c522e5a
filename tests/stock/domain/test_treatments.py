"""One consumption per treatment and product, whatever speaks of it first."""

from datetime import UTC, datetime
from itertools import permutations
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stock.domain.bench import MULTI, NONE, SINGLE, Ground, entry

from lotwise.stock.domain.containers import OPEN, Visitor, discard
from lotwise.stock.domain.treatments import Use, figures_of, settle

TREATMENT = UUID(int=77)
VISITOR = Visitor(UUID(int=5), TREATMENT)


class Said(NamedTuple):
    """An event about the treatment: charged, back (of a charge), wasted (of a charge) or completed (a revision).

    `charge` tells charges of the same quantity apart; `of` is the charge's quantity when only a part comes back. `at`
    is the hour of the charge and `back_at` that of what comes back: one charge after the other unless said.
    """

    kind: str
    quantity: int = 0
    drawn: int | None = None
    revision: int = 0
    charge: int = 0
    of: int = 0
    at: int | None = None
    back_at: int | None = None

    @property
    def source(self) -> "Said":
        """The charge of which this comes back."""
        return Said("charged", self.of or self.quantity, charge=self.charge, at=self.at)

    @property
    def charge_id(self) -> UUID:
        """The charge that this says or takes back."""
        return UUID(int=1000 * self.charge + (self.of or self.quantity))

    @property
    def happened_at(self) -> datetime:
        """When it happened by its own clock."""
        hour = 2 * self.charge if self.at is None else self.at
        if self.kind != "charged":
            hour = hour + 1 if self.back_at is None else self.back_at
        return datetime(2026, 5, 4, hour, tzinfo=UTC)


def hear(ground: Ground, said: list[Said], *, twice: bool = False) -> Use:
    """Let the events come in this order; a return waits for its charge, an older revision is ignored."""
    use = Use(TREATMENT, ground.product.id, "harley")
    done: set[Said] = set()
    revision = 0
    waiting = []
    for one in [one for one in said for _ in range(1 + twice)]:
        if one in done or (one.kind == "completed" and one.revision <= revision):
            continue
        done.add(one)
        if one.kind in {"back", "wasted"} and one.source not in done:
            waiting.append(one)
            continue
        due = [one]
        if one.kind == "charged":
            due += [later for later in waiting if later.source == one]
        for now in due:
            revision = max(revision, now.revision)
            apply(ground, use, now)
    return use


def apply(ground: Ground, use: Use, one: Said) -> None:
    """Let one event take its effect, and end the visit with a completion."""
    if one.kind == "charged":
        use.charge(one.charge_id, one.happened_at, one.quantity)
    elif one.kind in {"back", "wasted"}:
        use.take_back(one.charge_id, one.happened_at, one.quantity, is_thrown=one.kind == "wasted")
    else:
        use.expected, use.drawn, use.is_completed = one.quantity, one.drawn, True
    settle(ground.case, use, entry("treatment", 8), VISITOR, "harley")
    for container in ground.opened.of(ground.cell):
        if use.is_completed and container.state == OPEN and not container.is_shared:
            discard(ground.books, ground.opened, ground.cell, container, entry("visit_end", 9))
    ground.must_agree()


quantities = st.integers(1, 130)
stories = st.lists(
    st.one_of(
        st.builds(
            lambda quantity, charge, at: Said("charged", quantity, charge=charge, at=at),
            quantities, st.integers(0, 1), st.integers(0, 5),
        ),
        st.builds(
            lambda quantity, drawn, revision: Said("completed", quantity, drawn, revision),
            st.integers(0, 130), st.none() | st.integers(0, 130), st.integers(1, 2),
        ),
    ),
    min_size=1, max_size=4, unique_by=lambda one: (one.kind, one.revision or (one.quantity, one.charge)),
)  # fmt: skip


@given(
    stories, st.lists(st.tuples(st.sampled_from(["back", "wasted"]), st.integers(0, 6)), max_size=2),
    st.sampled_from([NONE, MULTI, SINGLE]),
    st.sampled_from([(300, 0), (100, 200), (60, 300), (40, 0), (0, 0)]), st.randoms(use_true_random=False),
)  # fmt: skip
def test_any_order_of_events_ends_in_the_same_balances(
    story: list[Said], backs: list[tuple[str, int]], rule: str, lots: tuple[int, int], luck: object
) -> None:
    """DESIGN 3.8: given any charges, returns and revisions of one treatment over any stock;
    when they come in every order, and each of them twice; then all accounts hold the same.
    """
    charges = [one for one in story if one.kind == "charged"]
    said = story + [one._replace(kind=kind, back_at=at) for (kind, at), one in zip(backs, charges, strict=False)]
    ends = []
    orders = list(permutations(said))
    luck.shuffle(orders)  # type: ignore[attr-defined]
    for number, order in enumerate(orders[:24]):
        ground = Ground(rule, lots)
        use = hear(ground, list(order), twice=number % 2 == 1)
        assert use.consumed == figures_of(use).consumed
        ends.append(ground.balances())
    assert all(one == ends[0] for one in ends)


@pytest.mark.parametrize("rule", [NONE, MULTI, SINGLE])
@pytest.mark.parametrize("order", [0, 1])
def test_treated_and_charged_leaves_once(rule: str, order: int) -> None:
    """SAL-18: given 20 U treated and charged; when they come in either order; then 20 U leave."""
    ground = Ground(rule, (100,))
    said = [Said("charged", 20), Said("completed", 10, 20, 1)]
    use = hear(ground, said if order else said[::-1])
    assert use.consumed == 20
    assert ground.balances()["patient", "", "A"] == (20, 10_000)


def test_what_was_drawn_goes_before_what_was_charged() -> None:
    """SAL-18: given 20 drawn and 18 charged; then 20 leave; without a word of drawing 18 do, without a charge 15."""
    assert (
        figures_of(Use(TREATMENT, TREATMENT, "h", charged=18, drawn=20, expected=15, is_completed=True)).consumed == 20
    )
    assert figures_of(Use(TREATMENT, TREATMENT, "h", charged=18, expected=15, is_completed=True)).consumed == 18
    assert figures_of(Use(TREATMENT, TREATMENT, "h", expected=15, is_completed=True)).consumed == 15
    assert figures_of(Use(TREATMENT, TREATMENT, "h", expected=15)).consumed == 0


def test_what_left_a_container_for_it_is_never_less() -> None:
    """N-07: given 22 drawn from a vial and a completed treatment that says 20; then 22 were consumed."""
    assert figures_of(Use(TREATMENT, TREATMENT, "h", poured=22, drawn=20, is_completed=True)).consumed == 22


def test_a_vial_that_nobody_opened_after_all_is_closed_again() -> None:
    """DESIGN 3.8: given 110 U charged, which opens two vials; when the treatment drew 90;
    then the second vial lies on the shelf, closed, and the first has 10 left.
    """
    ground = Ground(MULTI, (300,))
    hear(ground, [Said("charged", 110), Said("completed", 0, 90, 1)])
    assert ground.balances()["shelf", "", "A"] == (200, 100_000)
    assert [(one.state, one.left) for one in ground.opened.of(ground.cell)] == [("open", 10), ("unopened", 100)]


def test_the_rest_of_a_visit_is_waste_and_a_later_word_of_more_uses_it() -> None:
    """STK-37: given a vial for one patient of which 30 were drawn and 70 wasted at the visit's end;
    when a revision says 45; then 55 are waste and no other vial was opened.
    """
    ground = Ground(SINGLE, (200,))
    hear(ground, [Said("completed", 0, 30, 1), Said("completed", 0, 45, 2)])
    assert ground.balances()["waste", "", "A"] == (55, 27_500)
    assert ground.balances()["shelf", "", "A"] == (100, 50_000)


def test_a_return_of_treated_goods_reaches_no_shelf() -> None:
    """SAL-19: given 20 charged and nothing recorded as drawn; when they come back; then they are set apart;
    when the recipe expects 12, 8 are; when the treatment says that 12 were drawn, the other 8 never left the shelf.
    """
    ground = Ground(NONE, (100,))
    hear(ground, [Said("charged", 20), Said("back", 20)])
    assert ground.balances()["quarantine", "", "A"] == (20, 10_000)
    other = Ground(NONE, (100,))
    hear(other, [Said("charged", 20), Said("back", 20), Said("completed", 12, None, 1)])
    assert (other.balances()["quarantine", "", "A"], other.balances()["patient", "", "A"]) == ((8, 4000), (12, 6000))
    hear(drawn := Ground(NONE, (100,)), [Said("charged", 20), Said("back", 20), Said("completed", 0, 12, 1)])
    assert drawn.balances()["shelf", "", "A"] == (88, 44_000)


@pytest.mark.parametrize("rule", [NONE, MULTI])
@pytest.mark.parametrize(
    ("charged", "again", "consumed", "apart"),
    [(20, 20, 20, 0), (42, 20, 20, 22), (22, 20, 20, 2), (20, 42, 42, 0), (42, 0, 20, 22), (20, 0, 20, 0)],
)
def test_charged_taken_back_and_charged_again_leaves_once(
    rule: str, charged: int, again: int, consumed: int, apart: int
) -> None:
    """SAL-18, SAL-19: given a recipe of 20 U, a charge that is voided and a charge in its place; when they come in
    every order; then what one charge took leaves once, and only what the voided one took above it is set apart.
    """
    said = [Said("completed", 20, None, 1), Said("charged", charged), Said("back", charged)]
    said += [Said("charged", again, charge=1)] if again else []
    for order in permutations(said):
        ground = Ground(rule, (200,))
        use = hear(ground, list(order))
        assert figures_of(use) == (consumed, apart, 0)
        found = ground.balances()
        assert found["patient", "", "A"] == (consumed, 500 * consumed)
        assert found.get(("quarantine", "", "A"), (0, 0)) == (apart, 500 * apart)
        assert sum(found.get((kind, "", "A"), (0, 0))[0] for kind in ("shelf", "in_use")) == 200 - consumed - apart


@pytest.mark.parametrize("kind", ["back", "wasted"])
def test_what_came_back_of_charges_that_took_each_others_place_counts_once(kind: str) -> None:
    """SAL-19: given a recipe of 20 U, charges of 30 and 26 that are both taken back, and one of 20; when they come in
    any order; then the 10 that the larger took above it lie apart, or are thrown away, and no more.
    """
    charges = [Said("charged", 30), Said("charged", 26, charge=1)]
    said = [*charges, *(one._replace(kind=kind) for one in charges), Said("charged", 20, charge=2)]
    said.append(Said("completed", 20, None, 1))
    for order in permutations(said):
        use = hear(Ground(NONE, (200,)), list(order))
        places = [use.at(place) for place in ("patient", "quarantine", "waste")]
        assert places == ([20, 10, 0] if kind == "back" else [20, 0, 10])


@pytest.mark.parametrize("kind", ["back", "wasted"])
def test_what_comes_back_of_one_of_two_standing_charges_reaches_no_shelf(kind: str) -> None:
    """SAL-19: given a recipe of 20 U and charges of 20 and 30 that stood at one time; when the first is taken back
    after the second was made, and all of it comes in any order; then 30 are the patient's and 20 lie apart, or are
    thrown away; taken back before the second was made, it had stood in its place and nothing lies apart.
    """
    for back_at, apart in ((3, 20), (2, 0), (1, 0)):
        said = [
            Said("completed", 20, None, 1), Said("charged", 20, at=0), Said("charged", 30, charge=1, at=2),
            Said(kind, 20, at=0, back_at=back_at),
        ]  # fmt: skip
        for order in permutations(said):
            ground = Ground(NONE, (200,))
            use = hear(ground, list(order))
            places = [use.at(place) for place in ("patient", "quarantine", "waste")]
            assert places == ([30, apart, 0] if kind == "back" else [30, 0, apart])
            assert ground.balances()["shelf", "", "A"][0] == 200 - 30 - apart


def test_a_part_of_a_charge_that_came_back_lies_apart() -> None:
    """SAL-19: given a recipe of 20 U and 30 charged, of which 6 and then 4 come back; when they come in any order;
    then 20 are the patient's and 10 lie apart.
    """
    said = [
        Said("completed", 20, None, 1), Said("charged", 30), Said("back", 6, of=30), Said("back", 4, of=30),
    ]  # fmt: skip
    for order in permutations(said):
        ground = Ground(NONE, (100,))
        hear(ground, list(order))
        assert ground.balances() == {
            ("supplier", "", "A"): (-100, -50_000), ("shelf", "", "A"): (70, 35_000),
            ("patient", "", "A"): (20, 10_000), ("quarantine", "", "A"): (10, 5000),
        }  # fmt: skip


def test_what_no_lot_covered_is_owed_less() -> None:
    """DESIGN 3.7, 3.8: given nothing on the shelf and 20 charged; when 12 were drawn; then 12 are owed."""
    ground = Ground(NONE, (0,))
    use = hear(ground, [Said("charged", 20), Said("completed", 0, 12, 1)])
    assert (ground.cell.level.unattributed, use.unattributed) == (-12, 12)
