"""Discounts: their order, their rules, what is spread, which of them the customer gets, and who may give them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sales.domain.shop import (
    MANAGER,
    SKIN,
    TILL,
    ByHand,
    charge,
    discount,
    line,
    nets,
    product,
    shop,
    taken,
)

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.definitions import Discount, Limit
from lotwise.sales.domain.drafts import Circumstances, Rights
from lotwise.sales.domain.pricing_refusals import (
    BadDiscount,
    BeyondLimit,
    DiscountDoesNotFit,
    DiscountNotInForce,
    UnknownDiscount,
)
from lotwise.sales.domain.refusals import NotPermitted
from lotwise.values import Refusal

DEAR, A, B, C = (product(code) for code in ("DEAR", "A", "B", "C"))
PRICES = ((DEAR, "150"), (A, "40"), (B, "30"), (C, "20"))
AMOUNT: dict[str, Any] = {"form": "amount"}


def test_percent_comes_before_amount() -> None:
    """CAT-10 CAT-11 SAL-04: of 150.00, 10 % then 20 off leaves 115.00 whatever the order they were put up in."""
    book = shop(PRICES, discount("a twenty", "20", **AMOUNT), discount("ten", "10"))
    priced = charge(book, line("DEAR"))
    assert nets(priced) == [11500]
    assert taken(priced) == [[("ten", 1500), ("a twenty", 2000)]]


def test_twenty_off_then_ten_percent_needs_the_cart() -> None:
    """SAL-04: 20 off the line, then 10 % of the cart leaves 117.00 of 150.00."""
    book = shop(PRICES, discount("twenty", "20", **AMOUNT), discount("ten", "10", scope="cart"))
    assert nets(charge(book, line("DEAR"))) == [11700]


def test_percentages_follow_on_each_other() -> None:
    """SAL-04: 10 % and 5 % leave 128.25 of 150.00, not the 127.50 of 15 %."""
    book = shop(PRICES, discount("ten", "10"), discount("five", "5"))
    assert nets(charge(book, line("DEAR"))) == [12825]


def test_a_cart_discount_is_spread_by_largest_remainder() -> None:
    """SAL-04: 10.00 over 40, 30 and 20 takes 4.45, 3.33 and 2.22; 100.00 over three equal lines 33.34, 33.33, 33.33."""
    book = shop(PRICES, discount("ten", "10", scope="cart", **AMOUNT))
    priced = charge(book, line("A"), line("B"), line("C"))
    assert taken(priced) == [[("ten", 445)], [("ten", 333)], [("ten", 222)]]
    book = shop(PRICES, discount("hundred", "100", scope="cart", **AMOUNT))
    assert taken(charge(book, *[line("DEAR")] * 3)) == [[("hundred", 3334)], [("hundred", 3333)], [("hundred", 3333)]]


def test_nothing_costs_less_than_nothing() -> None:
    """CAT-11: 50 off a 40.00 product is 40.00; what is left of a line bounds bundle and cart too."""
    book = shop(
        PRICES,
        discount("a", "50", **AMOUNT),
        discount("b", "100", scope="bundle"),
        discount("c", "9", scope="cart", **AMOUNT),
    )
    priced = charge(book, line("A"))
    assert (nets(priced), taken(priced)) == ([0], [[("a", 4000)]])
    both = charge(shop(PRICES, discount("c", "500", scope="cart", **AMOUNT)), line("A"), line("C"))
    assert (nets(both), taken(both)) == ([0, 0], [[("c", 4000)], [("c", 2000)]])


def test_a_discount_is_taken_before_tax() -> None:
    """SAL-04 SAL-05: 10 % of 40.00 leaves 36.00; 5 % on that is 1.80 and 7 % is 2.52."""
    book = shop([(A._replace(tax_code=5), "40")], discount("ten", "10"))
    (only,) = charge(book, line("A")).lines
    assert (only.net_minor, only.tax_1_minor, only.tax_2_minor, only.list_price) == (3600, 180, 252, 40_000_000)


def test_an_inclusive_price_is_discounted_with_its_tax() -> None:
    """CAT-25 SAL-04: 10 % off 112.00 with 12 % inside leaves 100.80 to pay: 90.00, 4.50 and 6.30."""
    book = shop([(A._replace(tax_code=5, tax_inclusive=True), "112")], discount("ten", "10"))
    (only,) = charge(book, line("A")).lines
    assert (only.net_minor, only.tax_1_minor, only.tax_2_minor, only.total_minor) == (9000, 450, 630, 10080)


@pytest.mark.parametrize(("quantity", "net"), [("2", 8000), ("3", 10800), ("4", 14800), ("6", 21600)])
def test_a_bundle_counts_full_sets(quantity: str, net: int) -> None:
    """CAT-12: 10 % from three on: not at two, on three of four, on all of six."""
    book = shop(PRICES, discount("three", "10", scope="bundle", min_quantity=3_000_000))
    assert nets(charge(book, line("A", quantity))) == [net]


def test_a_bundle_of_several_products_takes_the_dearest() -> None:
    """CAT-12: 12 off each set of three, spread over the units that make it up: 40, 30 and 30 of 40, 30, 30 and 20."""
    book = shop(PRICES, discount("mix", "12", scope="bundle", min_quantity=3_000_000, **AMOUNT))
    priced = charge(book, line("C"), line("B", "2"), line("A"))
    assert taken(priced) == [[], [("mix", 720)], [("mix", 480)]]
    assert nets(priced) == [2000, 5280, 3520]


@pytest.mark.parametrize(
    ("rule", "net"),
    [
        ({}, 3600),
        ({"product_ids": frozenset({A.product_id})}, 3600),
        ({"product_ids": frozenset({B.product_id})}, 4000),
        ({"category_ids": frozenset({SKIN})}, 3600),
        ({"category_ids": frozenset({named_id("hair")})}, 4000),
        ({"at_sites": frozenset({"harley"})}, 3600),
        ({"at_sites": frozenset({"soho"})}, 4000),
        ({"starts_on": date(2026, 11, 21), "ends_on": date(2026, 11, 21)}, 3600),
        ({"starts_on": date(2026, 11, 22)}, 4000),
        ({"ends_on": date(2026, 11, 20)}, 4000),
        ({"min_quantity": 2_000_000}, 4000),
        ({"min_spend": 40_000_000}, 3600),
        ({"min_spend": 40_010_000}, 4000),
        ({"audience": "members"}, 4000),
        ({"is_automatic": False}, 4000),
        ({"is_archived": True}, 4000),
    ],
)
def test_a_discount_has_rules(rule: dict[str, Any], net: int) -> None:
    """CAT-13: product, category, site, days, quantity, spending, membership: each decides by itself."""
    book = shop([(A._replace(category_id=SKIN), "40")], discount("ten", "10", **rule))
    assert nets(charge(book, line("A"))) == [net]


def test_days_are_those_of_the_site() -> None:
    """CAT-13: at 23:30 UTC it is tomorrow in Auckland: a promotion that starts tomorrow has begun there."""
    rule = discount("ten", "10", starts_on=date(2026, 11, 22))
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert nets(charge(shop(PRICES, rule), line("A"), at=late)) == [4000]
    assert nets(charge(shop(PRICES, rule, time_zone="Pacific/Auckland"), line("A"), at=late)) == [3600]


def test_members_have_discounts_of_their_own() -> None:
    """CAT-65: a members' discount is taken for an active membership alone."""
    book = shop(PRICES, discount("club", "25", audience="members"))
    assert nets(charge(book, line("A"), around=Circumstances(is_member=True))) == [3000]


@pytest.mark.parametrize(
    ("alone", "others", "expected"),
    [
        ("10", ("5", "4"), [("alone", 400)]),
        ("8", ("5", "4"), [("0", 200), ("1", 152)]),
        ("9", (), [("alone", 360)]),
    ],
)
def test_one_that_stands_alone_is_taken_if_it_is_better(
    alone: str, others: tuple[str, ...], expected: list[tuple[str, int]]
) -> None:
    """CAT-13: a discount that cannot be combined competes with all others together; the customer gets the better."""
    rivals = [discount(str(i), value) for i, value in enumerate(others)]
    book = shop(PRICES, discount("alone", alone, is_combinable=False), *rivals)
    assert taken(charge(book, line("A"))) == [expected]


def test_a_lonely_cart_discount_is_weighed_against_everything() -> None:
    """CAT-13: 35 % of the whole cart beats 10 % here and 20 off there; 15 % does not."""
    others = (discount("ten", "10"), discount("twenty", "20", product_ids=frozenset({B.product_id}), **AMOUNT))
    lines = [line("A"), line("B"), line("C")]
    for value, nets_expected in (("35", [2600, 1950, 1300]), ("15", [3600, 700, 1800])):
        book = shop(PRICES, discount("all", value, scope="cart", is_combinable=False), *others)
        assert nets(charge(book, *lines)) == nets_expected


def test_a_price_that_was_agreed_takes_no_promotion() -> None:
    """CAT-13 SAL-04: a price given by whoever may, or taken by a till, is not lowered by itself; a coupon is taken."""
    book = shop(PRICES, discount("ten", "10"), discount("five", "5", is_automatic=False, coupon="V"))
    assert nets(charge(book, line("A", unit_price="35"), rights=MANAGER)) == [3500]
    assert nets(charge(book, line("A", unit_price="40"), rights=TILL, is_fact=True)) == [4000]
    assert nets(charge(book, line("A", unit_price="35"), rights=MANAGER, coupons=["v"])) == [3325]


def test_a_coupon_or_a_choice_takes_what_does_not_come_by_itself() -> None:
    """CAT-13: named by its coupon in any case, or chosen for a line or for the charge."""
    spring = discount("spring", "10", is_automatic=False, coupon="Spring")
    book = shop(PRICES, spring)
    chosen = ByHand(spring.discount_id, reason="")
    assert nets(charge(book, line("A"), line("B"), coupons=[" SPRING "])) == [3600, 2700]
    assert nets(charge(book, line("A"), line("B", discounts=[chosen]))) == [4000, 2700]
    assert nets(charge(book, line("A"), line("B"), cart=[chosen])) == [3600, 2700]
    assert nets(charge(book, line("A"), cart=[chosen, chosen], coupons=["spring"])) == [3600]


def test_by_hand_says_why_and_counts_last() -> None:
    """SAL-04 SAL-22: 10 % by itself, then 5 % by hand of the line, then 10.00 by hand of the charge."""
    book = shop(PRICES, discount("ten", "10"))
    priced = charge(
        book, line("A", discounts=[ByHand(percent="5")]), line("C"), cart=[ByHand(amount="1.11", reason="late")]
    )
    assert [[one[1:] for one in row.more.discounts] for row in priced.lines] == [
        [("ten", 400, ""), ("By hand", 180, "a regular"), ("By hand", 73, "late")],
        [("ten", 200, ""), ("By hand", 38, "late")],
    ]
    assert nets(priced) == [3347, 1762]


SPRING = discount("spring", "10", is_automatic=False, coupon="SPRING", product_ids=frozenset({A.product_id}))
OVER = discount("over", "10", is_automatic=False, coupon="OVER", ends_on=date(2026, 11, 20))
MUCH = discount("much", "10", is_automatic=False, coupon="MUCH", scope="cart", min_spend=100_000_000)
THREE = discount("three", "10", is_automatic=False, coupon="THREE", scope="bundle", min_quantity=3_000_000)


@pytest.mark.parametrize(
    ("given", "refusal", "field"),
    [
        ({"line": ByHand(percent="-5")}, BadDiscount, "lines.0.discounts.0.percent"),
        ({"line": ByHand(percent="0")}, BadDiscount, "lines.0.discounts.0.percent"),
        ({"line": ByHand(percent="100.01")}, BadDiscount, "lines.0.discounts.0.percent"),
        ({"line": ByHand(amount="0.004")}, BadDiscount, "lines.0.discounts.0.amount"),
        ({"cart": ByHand(amount="1e3")}, BadDiscount, "discounts.0.amount"),
        ({"cart": ByHand(amount="5", reason=" ")}, BadDiscount, "discounts.0.reason"),
        ({"cart": ByHand(named_id("?"))}, UnknownDiscount, "discounts.0"),
        ({"coupon": "SUMMER"}, UnknownDiscount, "coupons.0"),
        ({"coupon": "OVER"}, DiscountNotInForce, "coupons.0"),
        ({"cart": ByHand(OVER.discount_id)}, DiscountNotInForce, "discounts.0"),
        ({"line": ByHand(SPRING.discount_id)}, DiscountDoesNotFit, "lines.0.discounts.0"),
        ({"line": ByHand(MUCH.discount_id)}, DiscountDoesNotFit, "lines.0.discounts.0"),
        ({"coupon": "SPRING"}, DiscountDoesNotFit, "discounts"),
        ({"coupon": "MUCH"}, DiscountDoesNotFit, "discounts"),
        ({"coupon": "THREE"}, DiscountDoesNotFit, "discounts"),
    ],
)
def test_discounts_that_cannot_be_taken(given: dict[str, Any], refusal: type[Refusal], field: str) -> None:
    """CAT-11 CAT-13: below zero, unknown, over, for others, for more: each is refused, with a way out."""
    book = shop(PRICES, SPRING, OVER, MUCH, THREE)
    with pytest.raises(refusal) as caught:
        charge(
            book,
            line("B", discounts=[given["line"]] if "line" in given else []),
            cart=[given["cart"]] if "cart" in given else (),
            coupons=[given["coupon"]] if "coupon" in given else (),
        )
    assert caught.value.field == field


def test_by_hand_needs_the_right_and_keeps_to_the_limit() -> None:
    """SAL-22: charge.discount reaches to the chain's limit (20 % unless it sets another), charge.override beyond."""
    book = shop(PRICES)
    for percent, net in (("20", 3200), ("19.99", 3200)):
        assert nets(charge(book, line("A", discounts=[ByHand(percent=percent)]))) == [net]
    over = line("A", discounts=[ByHand(percent="15"), ByHand(amount="2.01")])
    with pytest.raises(BeyondLimit) as caught:
        charge(book, over)
    assert caught.value.numbers["given_minor"] == 801
    assert nets(charge(book, over, rights=MANAGER)) == [3199]
    with pytest.raises(NotPermitted):
        charge(book, line("A", discounts=[ByHand(percent="1")]), rights=Rights(state_facts=False, set_prices=False))
    book.limits["charge.discount"] = Limit("charge.discount", None, 500)
    assert nets(charge(book, line("DEAR"), line("A"), cart=[ByHand(amount="5")])) == [14605, 3895]
    with pytest.raises(BeyondLimit):
        charge(book, line("DEAR"), line("A"), cart=[ByHand(amount="5.01")])


rules = st.builds(
    discount,
    st.sampled_from(["p", "q", "r", "s", "t"]),
    st.integers(1, 60).map(str),
    scope=st.sampled_from(["line", "bundle", "cart"]),
    form=st.sampled_from(["percent", "amount"]),
    min_quantity=st.sampled_from([1_000_000, 2_000_000, 3_000_000]),
    is_combinable=st.booleans(),
    product_ids=st.sampled_from([frozenset(), frozenset({A.product_id}), frozenset({B.product_id, C.product_id})]),
)
bought = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 9)), min_size=1, max_size=8)


@given(bought, st.lists(rules, max_size=5, unique_by=lambda one: one.name), st.sampled_from(["line", "invoice"]))
def test_what_is_taken_is_what_the_lines_say(
    lines: list[tuple[str, int]], found: list[Discount], rounding: str
) -> None:
    """SAL-04: list price less each discount is the net of a line, never below zero, and the sum is the invoice."""
    book = shop(PRICES, *found, tax_rounding=rounding)
    priced = charge(book, *(line(code, str(count)) for code, count in lines))
    prices = {"A": 4000, "B": 3000, "C": 2000}
    for (code, count), sold in zip(lines, priced.lines, strict=True):
        off = [one.minor for one in sold.more.discounts]
        assert all(one > 0 for one in off)
        assert sold.net_minor == count * prices[code] - sum(off) >= 0
    assert priced.total_minor == sum(one.total_minor for one in priced.lines)


@given(bought, st.lists(rules, max_size=5, unique_by=lambda one: one.name))
def test_a_rival_never_makes_it_dearer(lines: list[tuple[str, int]], found: list[Discount]) -> None:
    """CAT-13: with the discounts that stand alone nobody pays more than without them."""
    asked = [line(code, str(count)) for code, count in lines]
    together = [one for one in found if one.is_combinable]
    assert charge(shop(PRICES, *found), *asked).net_minor <= charge(shop(PRICES, *together), *asked).net_minor
