"""What a treatment takes: the recipe times the sessions, what was drawn beside it, and how a lot was chosen."""

from datetime import date
from uuid import UUID

import pytest

from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.dispensing import Named, Offer, Place, check_lot, choose
from lotwise.sales.domain.refusals import BadQuantity, DuplicateLine, LotNotConfirmed
from lotwise.sales.domain.treatments import Drawn, TreatmentLine, expected, lines_of

A, B, LOT, OTHER = (UUID(int=i) for i in range(1, 5))
OFFERS = [Offer(LOT, "", None, "5"), Offer(OTHER, "B", date(2027, 1, 31), "9")]
GOODS = Product(A, "A", "A", "physical", "retail", None, "U", 0, 0, 0, False, False, 1, confirm_lot=True)


def drawn(product: UUID, quantity: str | None) -> Drawn:
    """What was drawn of a product."""
    return Drawn(product, quantity, None, "", "")


def test_a_recipe_counts_once_a_session() -> None:
    """SAL-18: 2.5 ml a session are 7.5 in three; a product that the recipe names twice counts together."""
    assert expected([(A, "2.5"), (A, "0.000001")], 3) == {A: 7_500_003}


def test_what_is_drawn_stands_beside_what_is_expected() -> None:
    """SAL-18: drawn zero is a word too; a product beside the recipe has nothing expected."""
    lines = lines_of([(A, "20")], 1, [drawn(A, "0"), drawn(B, "1.5")])
    assert lines == [TreatmentLine(A, 20_000_000, 0, None, "", ""), TreatmentLine(B, 0, 1_500_000, None, "", "")]
    assert [line.used for line in lines] == [0, 1_500_000]


@pytest.mark.parametrize("quantity", ["-1", "1.0000001", "9" * 19, "1e3", ""])
def test_quantities_that_cannot_be_drawn(quantity: str) -> None:
    """Bad input: below zero, too fine, too large or no number: BadQuantity at its line."""
    with pytest.raises(BadQuantity) as no:
        lines_of([], 1, [drawn(B, "1"), drawn(A, quantity)])
    assert no.value.field == "lines.1.drawn"


def test_a_product_is_named_once() -> None:
    """Bad input: two lines of one product are refused; too many sessions of a large recipe too."""
    with pytest.raises(DuplicateLine):
        lines_of([], 1, [drawn(A, "1"), drawn(A, "1")])
    with pytest.raises(BadQuantity):
        expected([(A, "9000000000000")], 2)


@pytest.mark.parametrize(
    ("lot", "offers", "choice"),
    [
        (LOT, OFFERS, ("fefo", LOT)),
        (OTHER, OFFERS, ("deviation", LOT)),
        (OTHER, [], ("unchecked", None)),
        (OTHER, None, ("unchecked", None)),
        (None, OFFERS, ("assumed", None)),
    ],
)
def test_how_a_lot_was_chosen(lot: UUID | None, offers: list[Offer] | None, choice: tuple[str, UUID | None]) -> None:
    """STK-36: the first of the shelf is FEFO, another one deviates, without a look it is unchecked, unnamed assumed."""
    assert choose(Named(lot, "", "", is_treated=False), GOODS, offers) == choice
    assert choose(Named(lot, "", "", is_treated=False), GOODS._replace(confirm_lot=False), offers) == ("none", None)


def test_the_way_out_names_the_lot_that_goes_first() -> None:
    """STK-36: with lots there is a proposal; with none there is only the scanner."""
    nobody = Named(None, "", "", is_treated=False)
    with pytest.raises(LotNotConfirmed) as no:
        check_lot(nobody, GOODS, OFFERS, Place(3))
    assert no.value.ways_out == ("scan the lot", "choose lot without a number: it goes first")
    assert (no.value.field, no.value.numbers["line"]) == ("lines.3.lot_id", 4)
    with pytest.raises(LotNotConfirmed) as bare:
        check_lot(nobody, GOODS, None, Place(0))
    assert (bare.value.ways_out, bare.value.numbers["proposal"]) == (("scan the lot",), None)
    check_lot(nobody._replace(lot_id=LOT), GOODS, OFFERS, Place(0))
