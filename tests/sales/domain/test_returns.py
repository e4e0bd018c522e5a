"""Taking back: how much, for how much, and where to."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.sales.domain.refusals import MoreThanSold, NotReturnable, TreatedGoods
from lotwise.sales.domain.returns import Sold, check_disposition, check_returnable, refund

PRODUCT = uuid4()


def sold(quantity: int, net: int, tax_1: int = 0, tax_2: int = 0, returned: int = 0, **more: Any) -> Sold:
    """A sold line."""
    line = Sold(1, PRODUCT, quantity, 0, "sale", 1, net, tax_1, tax_2, None, returned)
    return line._replace(**more)


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=12),
    st.integers(0, 10**9),
    st.integers(0, 10**8),
    st.integers(0, 10**8),
)
def test_a_line_returned_in_any_parts_refunds_exactly_what_was_taken(
    parts: list[int], net: int, tax_1: int, tax_2: int
) -> None:
    """SAL-16 CAT-63: however a line comes back, the refunds add up to the stored net and taxes, to the cent."""
    line = sold(sum(parts), net, tax_1, tax_2)
    totals = [0, 0, 0]
    for part in parts:
        totals = [total + back for total, back in zip(totals, refund(line, part), strict=True)]
        line = line._replace(returned=line.returned + part)
    assert totals == [net, tax_1, tax_2]


def test_a_third_of_ten_cents() -> None:
    """SAL-16: three pieces at .10 together come back as .03, .04, .03."""
    assert [refund(sold(3, 10, returned=before), 1).net for before in (0, 1, 2)] == [3, 4, 3]


def test_no_more_comes_back_than_was_sold() -> None:
    """SAL-16: of 5 sold and 3 returned at most 2 come back; the refusal says so with the numbers."""
    with pytest.raises(MoreThanSold) as refused:
        check_returnable(sold(5, 100, returned=3), 3, "restock")
    assert refused.value.numbers == {"line": 1, "sold": "5", "returned": "3", "wanted": "3"}
    check_returnable(sold(5, 100, returned=3), 2, "restock")


def test_only_sales_come_back() -> None:
    """SAL-16: a correction line is not goods."""
    with pytest.raises(NotReturnable):
        check_returnable(sold(1, 100, effect="none"), 1, "restock")


@pytest.mark.parametrize("disposition", ["quarantine", "waste"])
def test_treated_goods_never_return_to_the_shelf(disposition: str) -> None:
    """SAL-19: goods of a treatment go to quarantine or waste, never to sellable stock."""
    treated = sold(1, 100, treatment_id=UUID(int=7))
    with pytest.raises(TreatedGoods):
        check_disposition([sold(1, 5), treated], "restock")
    check_disposition([treated], disposition)
