"""The totals of sites: how changes add to them, and what of them expires by a day (N-04)."""

from datetime import date

from lotwise.stock.domain.sums import Change, Sums, changed, together

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)
NOTHING = Sums().figures(JUNE)


def test_each_kind_of_place_has_its_figure() -> None:
    """N-04: given changes at every kind of place; when they are taken in; then each adds to its own figure, a
    supplier's goods apart from ours.
    """
    found = changed({}, [
        Change("harley", "shelf", False, MAY, 700, 2, 0),
        Change("harley", "shelf", True, None, 50, 1, 0),
        Change("harley", "shelf", False, None, 0, 0, 2),
        Change("harley", "quarantine", False, MAY, 30, 1, 0),
        Change("harley", "transit", False, MAY, 20, 1, 0),
        Change("harley", "unattributed", False, None, -9, 1, 1),
        Change("soho", "shelf", False, JUNE, 5, 1, 1),
    ])  # fmt: skip
    assert found["harley"].figures(MAY) == {
        "stocked": 2, "unattributed": 1, "value_minor": 700, "consigned_minor": 50, "quarantined_minor": 30,
        "in_transit_minor": 20, "lots_expiring": 2, "expiring_minor": 700,
    }  # fmt: skip
    assert found["soho"].figures(MAY) == NOTHING | {"stocked": 1, "value_minor": 5}
    both = together(found.values(), JUNE)
    assert (both["stocked"], both["value_minor"], both["lots_expiring"], both["expiring_minor"]) == (3, 705, 3, 705)


def test_what_ran_out_leaves_no_day_behind() -> None:
    """N-04: given lots of two days; when those of one are gone; then only the other is kept, and no sites add up to
    zeros.
    """
    sums = changed({}, [Change("harley", "shelf", False, day, 10, 1, 0) for day in (MAY, JUNE)])["harley"]
    sums.change(Change("harley", "shelf", False, MAY, -10, -1, 0))
    assert sums.expiring == {JUNE: (1, 10)}
    assert together([], JUNE) == NOTHING
