"""The working copy of a batch: any sequence of deeds conserves goods and cost."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import uuid7
from lotwise.stock.domain import places
from lotwise.stock.domain.cells import Books, Cell
from lotwise.stock.domain.crossings import Flags, crossings, flags
from lotwise.stock.domain.expiry import due_threshold, expired_at, is_expired
from lotwise.stock.domain.holds import Figures, lacking, summed, to_break
from lotwise.stock.domain.levels import Level
from lotwise.stock.domain.lots import Lot, look_alike
from lotwise.stock.domain.movements import Entry
from lotwise.stock.domain.places import KINDS, Place, Product, Site
from lotwise.stock.domain.scans import scanned_date
from lotwise.stock.domain.transfers import Shipped, arrivals, next_state

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRODUCT = Product(UUID(int=1), "P", "P", "physical", "retail", "U", 0, cost=1_000_000)


def books() -> tuple[Books, Cell]:
    """The books of one empty cell."""
    accounts = {(kind, ""): Place(number, "harley", kind) for number, kind in enumerate(KINDS)}
    accounts["quarantine", "expired"] = Place(99, "harley", "quarantine", "expired")
    cell = Cell(Site("harley", "Europe/London", "block_at_zero", accounts), PRODUCT, Level())
    return Books([cell], NOW, 2, uuid7), cell


def entry(minutes: int = 0) -> Entry:
    """What a deed says of itself."""
    return Entry(NOW + timedelta(minutes=minutes), "user:a", "sale", UUID(int=9))


deeds = st.lists(
    st.tuples(
        st.sampled_from(["receive", "sell", "waste"]), st.integers(1, 60), st.integers(0, 10**5), st.integers(0, 3)
    ),
    max_size=40,
)


@given(deeds)
def test_any_deeds_conserve_goods_and_cost(todo: list[tuple[str, int, int, int]]) -> None:
    """N-08, I2, I3, I8: given any receipts, sales and waste;
    then each account is the sum of its legs, all sum to zero, no dust.
    """
    book, cell = books()
    lots = [Lot(UUID(int=n), PRODUCT.id, str(n), date(2027, 1, 1 + n), NOW) for n in range(1, 5)]
    shelf, supplier = cell.site.place("shelf"), cell.site.place("supplier")
    for deed, quantity, cost, number in todo:
        if deed == "receive":
            book.receive(cell, lots[number], quantity, cost, entry(), source=supplier, target=shelf)
        else:
            target = cell.site.place("patient" if deed == "sell" else "waste")
            taken, _ = book.issue(cell, quantity, target, entry())
            assert sum(one.quantity for one in taken) == quantity
    legs: dict[int, list[int]] = {}
    for moved in book.movements:
        for account, sign in ((moved.from_location, -1), (moved.to_location, 1)):
            total = legs.setdefault(account, [0, 0])
            total[0] += sign * moved.quantity
            total[1] += sign * moved.cost_minor
    assert [sum(total[i] for total in legs.values()) for i in (0, 1)] == [0, 0]
    for kind in places.HOLDING:
        place = cell.site.place(kind)
        found = [one for one in cell.balances.values() if one.place == place]
        assert [sum(one.on_hand for one in found), sum(one.cost for one in found)] == legs.get(place.id, [0, 0])
        for one in found:
            assert one.on_hand >= 0 or kind == places.UNATTRIBUTED
            assert one.on_hand or not one.cost
    assert sum(total[0] for total in book.days.values()) == 0
    on_hand, owed = cell.level.on_hand, cell.level.unattributed
    assert on_hand == sum(one.on_hand for one in cell.balances.values() if one.place == shelf)
    assert owed <= 0 <= on_hand
    assert not (owed and on_hand), "a full shelf beside a debt"


def test_a_named_lot_is_taken_off_the_shelf_before_what_lies_apart() -> None:
    """STK-41: given a lot of which 2 lie apart, set apart before 3 more came onto the shelf; when 4 of it are named;
    then the 3 of the shelf go first and only then 1 that lies apart.
    """
    book, cell = books()
    lot = Lot(UUID(int=1), PRODUCT.id, "A", date(2027, 1, 1), NOW)
    supplier, apart, shelf = (cell.site.place(kind) for kind in ("supplier", "quarantine", "shelf"))
    for target, quantity in ((apart, 2), (shelf, 3)):
        book.receive(cell, lot, quantity, 100 * quantity, entry(), source=supplier, target=target)
    taken, missing = book.take(cell, 4, cell.site.place("patient"), entry(), lot_id=lot.id)
    assert [one.quantity for one in taken] == [3, 1]
    assert (missing, cell.at(shelf, lot).on_hand, cell.at(apart, lot).on_hand) == (0, 0, 1)


def test_a_receipt_settles_what_was_owed_at_its_own_cost() -> None:
    """DESIGN 3.7: given 6 sold uncovered at 1.00; when 4, then 10 arrive at 1.50;
    then 2.00 and 1.00 correct the cost.
    """
    book, cell = books()
    patient, supplier, shelf = (cell.site.place(kind) for kind in ("patient", "supplier", "shelf"))
    assert book.issue(cell, 6, patient, entry())[1] == 6
    lot = Lot(UUID(int=5), PRODUCT.id, "L", None, NOW)
    book.receive(cell, lot, 4, 600, entry(), source=supplier, target=shelf)
    book.receive(cell, lot, 10, 1500, entry(), source=supplier, target=shelf)
    assert (cell.level.on_hand, cell.level.unattributed, cell.level.value_minor) == (8, 0, 1200)
    corrections = [one.cost_minor for one in book.movements if one.reason == "cost_correction"]
    assert corrections == [200, 100]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (10, 9, ["below_min"]), (9, 10, ["restored"]), (10, 10, []), (9, 8, []), (1, 0, ["out"]), (0, 0, []),
        (10, 0, ["below_min", "out"]), (0, 20, ["restored"]),
    ],
)  # fmt: skip
def test_crossings_are_said_once(was: int, now: int, said: list[str]) -> None:
    """DESIGN 3.11: given a minimum of 10; when stock goes from one figure to another;
    then just the crossings are said.
    """
    before = flags(was, 10, None)
    assert crossings(before, flags(now, 10, None), has_shortage=before.is_short) == said


def test_the_reorder_point_is_reached_at_it_and_the_minimum_crossed_under_it() -> None:
    """PUR-20: given both at 10; when stock is 11, 10, 9; then reorder at 10, below at 9."""
    assert [flags(figure, 10, 10) for figure in (11, 10, 9)] == [
        Flags(False, False, False), Flags(False, True, False), Flags(True, True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "wanted", "refused"),
    [
        ("block_at_zero", 7, False),
        ("block_at_zero", 8, True),
        ("block_at_minimum", 2, False),
        ("block_at_minimum", 3, True),
        ("warn", 99, False),
    ],
)
def test_a_hold_stays_within_the_policy(policy: str, wanted: int, refused: bool) -> None:
    """SPEC decision 2: given 10 on hand, 3 held, minimum 5; when the policy counts;
    then 7, 2 or anything is grantable.
    """
    assert bool(lacking({"p": wanted}, {"p": Figures(10, 3, 5)}, policy)) is refused


def test_lines_of_one_product_are_one_wish() -> None:
    """N-03: given two lines of one product; when they are asked for; then they count together."""
    assert summed([("a", 1), ("b", 2), ("a", 3)]) == {"a": 4, "b": 2}


def test_the_newest_promises_are_broken_first() -> None:
    """DESIGN 3.7: given holds of 3, 2, 5 (newest first); when 4 too much are promised;
    then the first two are broken.
    """
    assert to_break([("c", 3), ("b", 2), ("a", 5)], 4) == ["c", "b"]
    assert to_break([("c", 3)], 0) == []


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Europe/London", "2026-06-10T23:00"),
        ("America/New_York", "2026-06-11T04:00"),
        ("Australia/Sydney", "2026-06-10T14:00"),
    ],
)
def test_a_lot_is_over_at_the_sites_midnight(zone: str, midnight: str) -> None:
    """STK-17: given a last day of 10 June; when it is one second to and at midnight at the site;
    then usable, then over.
    """
    over = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    assert expired_at(date(2026, 6, 10), zone) == over
    assert not is_expired(date(2026, 6, 10), over - timedelta(seconds=1), zone)
    assert is_expired(date(2026, 6, 10), over, zone)
    assert not is_expired(None, over, zone)


@pytest.mark.parametrize(
    ("left", "told", "due"),
    [(91, None, None), (90, None, 90), (30, 90, 30), (29, 30, None), (5, 90, 7), (5, 7, None), (-1, None, None)],
)
def test_each_threshold_is_due_once(left: int, told: int | None, due: int | None) -> None:
    """ALR-03: given thresholds 90, 30, 7; when a lot has so many days left; then the narrowest not yet told is due."""
    assert due_threshold(left, (90, 30, 7), told) == due


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("260200", "2026-02-28"),
        ("280200", "2028-02-29"),
        ("490101", "2049-01-01"),
        ("760131", "2076-01-31"),
        ("770131", "1977-01-31"),
    ],
)
def test_the_date_on_a_pack(text: str, day: str) -> None:
    """ORACLES 4: given YYMMDD with day 00 or a far year; when read in 2026;
    then the month's last day, the nearest century.
    """
    assert scanned_date(text, 2026) == date.fromisoformat(day)


def test_a_date_that_does_not_exist_is_no_date() -> None:
    """N-09: given month 13; when it is read; then ValueError."""
    with pytest.raises(ValueError, match="month"):
        scanned_date("261300", 2026)


def test_look_alikes_read_the_same() -> None:
    """DESIGN 3.12: given numbers a tired eye confuses; when they are compared;
    then they are look-alikes, others are not.
    """
    assert look_alike("C-0 1l") == look_alike("co11") == look_alike("CO1I")
    assert look_alike("C2") != look_alike("C3")


def test_a_transfer_goes_one_way() -> None:
    """STK-27: given each state; when each step is tried;
    then only draft ships, only shipped is received, an end is an end.
    """
    assert [next_state("draft", move) for move in ("ship", "receive", "cancel")] == ["shipped", None, "cancelled"]
    assert [next_state("shipped", move) for move in ("ship", "receive", "cancel")] == [None, "received", "cancelled"]
    assert [next_state(state, "ship") for state in ("received", "cancelled")] == [None, None]


def test_counted_goods_are_matched_with_what_was_shipped() -> None:
    """STK-29: given 3 of lot 1 and 2 of lot 2 shipped; when 4 of the product are counted;
    then 3 + 1 arrived, 1 is missing.
    """
    product, one, two = (UUID(int=n) for n in (1, 2, 3))
    shipped = [Shipped(1, product, one, 3), Shipped(1, product, two, 2)]
    found, too_much = arrivals(shipped, {(product, None): 4})
    assert [(each.arrived, each.missing) for each in found] == [(3, 0), (1, 1)]
    assert not too_much
    assert arrivals(shipped, {(product, two): 3})[1] is True
    assert [each.arrived for each in arrivals(shipped, {})[0]] == [3, 2]
