"""Rules of the catalog as pure functions."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwise.catalog.domain import codes, prices, products, recipes, uses
from lotwise.catalog.domain.barcodes import looks_like_gtin
from lotwise.catalog.domain.prices import Price
from lotwise.catalog.domain.products import Product
from lotwise.catalog.domain.refusals import (
    BadCode,
    FieldNotForKind,
    PriceOverlap,
    ProductInUse,
    RecipeNotAllowed,
    UsesNotKnown,
)
from lotwise.catalog.domain.uses import Uses
from lotwise.values import BadValue

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCT = UUID(int=1)


@pytest.mark.parametrize(
    ("typed", "kind", "code"),
    [
        ("CUT", "service", ".CUT"),
        (".CUT", "service", ".CUT"),
        ("85123A", "physical", "85123A"),
        ("gift_0001_20", "physical", "gift_0001_20"),
        ("BANK CHARGES", "service", ".BANK CHARGES"),
        ("a.b-c", "digital", "a.b-c"),
        ("A" * 14, "physical", "A" * 14),
    ],
)
def test_codes_that_are_taken(typed: str, kind: str, code: str) -> None:
    """CAT-34, CAT-36, CAT-44: services get their period, the rest stays as typed."""
    assert codes.code_of(typed, kind) == code


@pytest.mark.parametrize(
    ("typed", "kind"),
    [(".X", "physical"), (".X", "digital"), ("", "service"), (".", "service"), ("A" * 14, "service"),
     ("A" * 15, "physical"), ("A;B", "physical"), (" A", "physical"), ("A\n", "physical"), ("\u00c4", "physical")],
)  # fmt: skip
def test_codes_that_are_refused(typed: str, kind: str) -> None:
    """CAT-44, CAT-45: a leading period, odd characters, spaces around or too many characters are refused."""
    with pytest.raises(BadCode):
        codes.code_of(typed, kind)


@pytest.mark.parametrize(
    ("code", "kind", "purpose", "shown"),
    [
        (".GIFT25", "service", None, "gift_certificate"),
        (".SPA1", "service", None, "spa"),
        (".TAN1", "service", None, "tanning"),
        (".ROA", "service", None, "received_on_account"),
        (".ROAD", "service", None, "service"),
        (".TIP", "service", None, "tip"),
        (".UND", "service", None, "undefined"),
        ("BTX", "physical", "back_bar", "back_bar"),
        ("CARD", "digital", None, "digital"),
    ],
)
def test_the_type_shown_follows_from_the_prefix(code: str, kind: str, purpose: str | None, shown: str) -> None:
    """CAT-37 to CAT-43: lists show the type that the prefix, kind and purpose say; .ROA, .TIP, .UND are exact."""
    assert codes.item_type(code, kind, purpose) == shown


def test_digits_capitals_then_lower_case() -> None:
    """CAT-35: byte order puts "." first, then digits, capitals, lower case; look-alikes are found across case."""
    assert sorted(["a", "A", "9", ".C"]) == [".C", "9", "A", "a"]
    assert products.look_alikes("ab C", ["ABC", "ab C", "abd"]) == ["ABC"]


def blank(kind: str = "physical", **fields: object) -> Product:
    """A product with only what it must have."""
    return products.define(Product(uuid4(), "A", "A", kind), {"code": "A", **fields})


@pytest.mark.parametrize("name", ["reorder_at", "normal_order_quantity"])
@pytest.mark.parametrize("kind", ["service", "digital"])
def test_only_physical_products_have_stock_fields(kind: str, name: str) -> None:
    """CAT-02, CAT-59: a service or digital product refuses a stock field and names it."""
    with pytest.raises(FieldNotForKind) as refused:
        blank(kind, **{name: "5"})
    assert refused.value.field == name


@pytest.mark.parametrize(("code", "slots"), [("CUT", 1), ("SPA1", 1), ("TAN9", 1), ("TIP", None), ("GIFT25", None)])
def test_only_timed_services_have_a_duration(code: str, slots: int | None) -> None:
    """CAT-53: service, spa and tanning default to one slot; tips and gift certificates have none and refuse one."""
    service = products.define(Product(uuid4(), "", "A", "service"), {"code": code})
    assert service.duration_slots == slots
    if slots is None:
        with pytest.raises(FieldNotForKind):
            products.define(service, {"duration_slots": 2})


def test_quantities_keep_their_meaning_when_decimals_change() -> None:
    """DESIGN 3.1: more decimals shift exactly; fewer are refused where a digit would be lost."""
    product = blank(reorder_at="15", packs=[{"name": "box", "units": "10"}])
    finer = products.define(product, {"unit_decimals": 1})
    assert (finer.reorder_at, finer.packs[0].units) == (150, 100)
    assert products.define(finer, {"unit_decimals": 0}).reorder_at == 15
    with pytest.raises(BadValue):
        products.define(products.define(finer, {"reorder_at": "1.5"}), {"unit_decimals": 0})


@pytest.mark.parametrize(
    ("cost", "percent", "exponent", "price"),
    [
        ("10", "45", 2, 14_500_000),
        ("0.05", "50", 2, 80_000),
        ("9.99", "33.333333", 2, 13_320_000),
        ("10", "45", 0, 15_000_000),
        ("10", "45", 3, 14_500_000),
    ],
)
def test_mark_up_gives_a_price_in_money(cost: str, percent: str, exponent: int, price: int) -> None:
    """CAT-55: cost x (1 + m/100), half-up to the currency's smallest unit; 10.00 and 45 % → 14.50."""
    product = blank(cost=cost, markup=percent)
    assert product.cost is not None
    assert product.markup is not None
    assert products.price_from_markup(product.cost, product.markup, exponent) == price


@pytest.mark.parametrize(
    ("cost", "price", "percent"),
    [(10_000_000, 14_500_000, 45_000_000), (3_000_000, 4_000_000, 33_330_000), (None, 1, None), (0, 1, None)],
)
def test_a_price_implies_a_mark_up(cost: int | None, price: int, percent: int | None) -> None:
    """CAT-55: 14.50 over 10.00 is 45 %, to two decimals; without a cost there is none."""
    assert products.implied_markup(cost, price) == percent


def listed(plan: prices.Plan[Price], before: list[Price]) -> list[Price]:
    """The price list after a plan."""
    changed = {row.id: row for row in plan.changed}
    return sorted([*(changed.get(row.id, row) for row in before), *plan.new], key=lambda row: row.valid_from)


periods = st.tuples(st.integers(1, 5), st.integers(0, 30), st.one_of(st.none(), st.integers(1, 20)), st.integers(0, 30))


@settings(max_examples=60, deadline=None)
@given(st.lists(periods, max_size=8))
def test_price_lists_never_overlap_and_new_prices_win(wanted: list[tuple[int, int, int | None, int]]) -> None:
    """DESIGN 3.4: whatever is put on the list, periods never overlap, and what was accepted is valid when it begins."""
    rows: list[Price] = []
    for value, begins, length, now in wanted:
        start = NOW + timedelta(days=begins)
        end = None if length is None else start + timedelta(days=length)
        price = Price(uuid4(), PRODUCT, None, value, start, end)
        try:
            rows = listed(prices.place(rows, price, uuid4(), NOW + timedelta(days=now)), rows)
        except PriceOverlap:
            continue
        valid = prices.valid_at(rows, start, None)
        assert valid is not None
        assert valid.price == value
    for earlier, later in pairwise(rows):
        assert earlier.valid_to is not None
        assert earlier.valid_to <= later.valid_from


def test_a_price_never_covers_history() -> None:
    """DESIGN 3.4: a period over the beginning of another price is refused; the same price again changes nothing."""
    first = Price(uuid4(), PRODUCT, None, 10, NOW)
    later = Price(uuid4(), PRODUCT, None, 12, NOW + timedelta(days=10))
    rows = listed(prices.place([first], later, uuid4(), NOW), [first])
    over = Price(uuid4(), PRODUCT, None, 9, NOW + timedelta(days=5), NOW + timedelta(days=15))
    with pytest.raises(PriceOverlap):
        prices.place(rows, over, uuid4(), NOW)
    again = Price(uuid4(), PRODUCT, None, 12, NOW + timedelta(days=11))
    assert prices.place(rows, again, uuid4(), NOW) == prices.Plan()


def test_the_sites_own_price_wins() -> None:
    """CAT-05, CAT-56: where a site has its own price, the chain's does not count there."""
    chain = Price(uuid4(), PRODUCT, None, 10, NOW)
    own = Price(uuid4(), PRODUCT, "harley", 12, NOW)
    assert prices.valid_at([chain, own], NOW, "harley") == own
    assert prices.valid_at([chain, own], NOW, "soho") == chain


def test_a_recipe_names_each_product_once() -> None:
    """DESIGN 3.8: a product twice in a recipe is refused; a recipe of none takes it back."""
    service = products.define(Product(uuid4(), "", "S", "service"), {"code": "CUT"})
    vial = blank()
    with pytest.raises(RecipeNotAllowed):
        recipes.recipe_of(service, [(vial.id, "1"), (vial.id, "2")], {vial.id: vial})
    assert recipes.recipe_of(service, [], {}) == ()


def test_only_three_answers_of_unused_delete() -> None:
    """CAT-22: a use is named before a silence; three times unused passes."""
    unused: dict[str, Uses | None] = dict.fromkeys(("stock", "sales", "purchasing"), Uses(0))
    uses.must_be_unused("A", unused)
    with pytest.raises(UsesNotKnown):
        uses.must_be_unused("A", unused | {"stock": None})
    with pytest.raises(ProductInUse) as refused:
        uses.must_be_unused("A", unused | {"stock": None, "sales": Uses(2, ("2 charges",))}, ["a recipe"])
    assert refused.value.numbers["reasons"] == ["a recipe", "2 charges"]


@pytest.mark.parametrize(
    ("barcode", "is_gtin"), [("12345670", True), ("1234567", False), ("4006381333931", True), ("A" * 12, False)]
)
def test_only_gtins_have_a_check_digit(barcode: str, is_gtin: bool) -> None:
    """CAT-44: 8, 12, 13 or 14 digits look like a GTIN; anything else is a barcode of one's own."""
    assert looks_like_gtin(barcode) is is_gtin
