"""Sales tax against published numbers: nine codes, two applications, inclusive prices, rounding by line or invoice."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.sales.domain.definitions import TaxSlots
from lotwise.sales.domain.taxes import CODES, WHOLE, Rates, Taxable, Taxed, rates_of, tax_invoice, tax_line

PERCENT = 1_000_000
SLOTS = TaxSlots(date(2000, 1, 1), "T1", 5 * PERCENT, 13 * PERCENT, "T2", 7 * PERCENT, 9_975_000, 1)
rates = st.builds(Rates, st.integers(0, WHOLE // 2), st.integers(0, WHOLE // 2), st.booleans())
amounts = st.integers(-(10**9), 10**9)


@pytest.mark.parametrize(
    ("code", "application", "tax_1", "tax_2", "total"),
    [
        (0, 0, 0, 0, 1999), (1, 0, 100, 0, 2099), (2, 0, 260, 0, 2259), (3, 0, 0, 140, 2139), (4, 0, 0, 199, 2198),
        (5, 0, 100, 140, 2239), (6, 0, 260, 199, 2458), (7, 0, 260, 140, 2399), (8, 0, 100, 199, 2298),
        (0, 1, 0, 0, 1999), (1, 1, 100, 0, 2099), (2, 1, 260, 0, 2259), (3, 1, 0, 140, 2139), (4, 1, 0, 199, 2198),
        (5, 1, 100, 147, 2246), (6, 1, 260, 225, 2484), (7, 1, 260, 158, 2417), (8, 1, 100, 209, 2308),
    ],
)  # fmt: skip
def test_nine_codes_and_two_applications(code: int, application: int, tax_1: int, tax_2: int, total: int) -> None:
    """CAT-27 CAT-28 CAT-29: 19.99 at T1 5 %/13 %, T2 7 %/9.975 % gives the table's taxes for each code, half-up."""
    taxed = tax_line(1999, rates_of(SLOTS, code, application), inclusive=False)
    assert taxed == (1999, tax_1, tax_2)
    assert sum(taxed) == total


@pytest.mark.parametrize(("application", "tax_2"), [(0, 700), (1, 735)])
def test_the_application_code_stacks_tax_two(application: int, tax_2: int) -> None:
    """CAT-28 CAT-29: 100 at 5 % and 7 % is 5.00 + 7.00 apart, 5.00 + 7.35 stacked."""
    assert tax_line(10000, rates_of(SLOTS, 5, application), inclusive=False) == (10000, 500, tax_2)


@pytest.mark.parametrize(
    ("price", "first", "second", "compound", "parts"),
    [
        (11498, 5 * PERCENT, 9_975_000, False, (10000, 500, 998)),
        (11550, 5 * PERCENT, 10 * PERCENT, True, (10000, 500, 1050)),
        (11200, 5 * PERCENT, 7 * PERCENT, False, (10000, 500, 700)),
    ],
)
def test_inclusive_prices_add_up(
    price: int, first: int, second: int, *, compound: bool, parts: tuple[int, ...]
) -> None:
    """CAT-25: a tax-inclusive price splits into net and taxes as published; the last tax takes what is left."""
    assert tax_line(price, Rates(first, second, compound), inclusive=True) == parts
    assert tax_invoice([Taxable(price, Rates(first, second, compound), inclusive=True)]) == [parts]


@pytest.mark.parametrize(
    ("prices", "rate", "by_line", "by_invoice"),
    [
        ([30] * 3, 5 * PERCENT, 6, 5),
        ([110] * 10, 5 * PERCENT, 60, 55),
        ([777, 333, 1249], 9_975_000, 236, 235),
        ([3195], 13 * PERCENT, 415, 415),
    ],
)
def test_rounding_by_line_or_by_invoice(prices: list[int], rate: int, by_line: int, by_invoice: int) -> None:
    """SAL-05: where the choice shows, each line rounded gives one sum and the invoice rounded once the other."""
    rated = Rates(rate, 0, compound=False)
    assert sum(tax_line(price, rated, inclusive=False).tax_1 for price in prices) == by_line
    assert (
        sum(taxed.tax_1 for taxed in tax_invoice([Taxable(price, rated, inclusive=False) for price in prices]))
        == by_invoice
    )


def test_two_taxes_are_rounded_each() -> None:
    """SAL-05: 31.95 at 5 % + 8 % is 1.60 + 2.56 = 4.16, a cent more than 13 % at once."""
    assert tax_line(3195, Rates(5 * PERCENT, 8 * PERCENT, compound=False), inclusive=False) == (3195, 160, 256)


def test_quebec_before_and_after_2013() -> None:
    """CAT-63: 100 at 5 % then 9.5 % on top, or 9.975 % on the price alone, both cost 114.98."""
    before = tax_line(10000, Rates(5 * PERCENT, 9_500_000, compound=True), inclusive=False)
    after = tax_line(10000, Rates(5 * PERCENT, 9_975_000, compound=False), inclusive=False)
    assert (before, sum(before)) == ((10000, 500, 998), 11498)
    assert (after, sum(after)) == ((10000, 500, 998), 11498)


def test_an_invoice_tax_is_spread_to_the_largest_remainders() -> None:
    """SAL-05: the one rounded tax of 3 x 0.30 at 5 % (.015 each) lands as .02, .02, .01: ties go to the first lines."""
    taxed = tax_invoice([Taxable(30, Rates(5 * PERCENT, 0, compound=False), inclusive=False)] * 3)
    assert [one.tax_1 for one in taxed] == [2, 2, 1]


@given(amounts, rates)
def test_an_inclusive_price_always_adds_up(amount: int, rated: Rates) -> None:
    """CAT-25: net + taxes is the price, whatever the rates, and no part goes against its sign."""
    net, tax_1, tax_2 = tax_line(amount, rated, inclusive=True)
    assert net + tax_1 + tax_2 == amount
    assert all(part * amount >= 0 for part in (net, tax_1, tax_2))


@given(st.lists(st.builds(Taxable, amounts, rates, st.booleans()), min_size=1, max_size=20))
def test_a_line_of_an_invoice_differs_from_its_exact_tax_by_less_than_a_cent_each(lines: list[Taxable]) -> None:
    """SAL-05: the invoice is the sum of its lines; no line's tax is a whole cent off, and untaxed lines pay none."""
    for line, taxed in zip(lines, tax_invoice(lines), strict=True):
        alone = tax_line(line.amount, line.rates, inclusive=line.inclusive)
        assert abs(taxed.tax_1 - alone.tax_1) <= 1
        assert abs(taxed.tax_2 - alone.tax_2) <= 2
        if line.inclusive:
            assert sum(taxed) == line.amount
        if not line.rates.first:
            assert taxed.tax_1 == 0


@given(amount=amounts, rated=rates, inclusive=st.booleans())
def test_giving_back_is_the_mirror_of_selling(amount: int, rated: Rates, *, inclusive: bool) -> None:
    """SAL-16: a negative amount is taxed exactly like the positive one with its sign turned."""
    there = tax_line(amount, rated, inclusive=inclusive)
    back = tax_line(-amount, rated, inclusive=inclusive)
    assert Taxed(-back.net, -back.tax_1, -back.tax_2) == there


def test_each_code_names_its_slots() -> None:
    """CAT-27: the nine codes choose (none, rate 1, rate 2) of Tax 1 and of Tax 2."""
    assert CODES == ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (2, 2), (2, 1), (1, 2))
