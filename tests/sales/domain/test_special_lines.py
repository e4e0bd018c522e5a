"""Lines that are more than quantity times price: time, variants, add-ons, money, kits, packages, what is given away."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sales.domain.shop import (
    LONG_AGO,
    MANAGER,
    PERSON,
    SKIN,
    TILL,
    charge,
    discount,
    line,
    nets,
    package,
    product,
    set_price,
    shop,
    taken,
)

from lotwise.contracts.ids import named_id
from lotwise.sales.domain.charges import Asked, Priced
from lotwise.sales.domain.definitions import CategoryPrice, Limit, Preferences
from lotwise.sales.domain.drafts import Circumstances, Rights
from lotwise.sales.domain.prices import PriceBook
from lotwise.sales.domain.pricing_refusals import (
    AddOnWithoutService,
    BadMinutes,
    BeyondLimit,
    ChooseVariant,
    MinutesNeeded,
    NameNeeded,
    PerformerNeeded,
)
from lotwise.sales.domain.receipts import tax_totals
from lotwise.sales.domain.refusals import (
    AmountTooLarge,
    BadPrice,
    BadQuantity,
    NoPrice,
    NotForSale,
    NotPermitted,
    ProductIsArchived,
)
from lotwise.sales.domain.returns import Sold, refund
from lotwise.values import Refusal

LASER = product(".LASER", "service", price_per="hour")
TREATMENT = named_id("treatment")
BOTOX, SMALL, LARGE = (product(code) for code in ("BOTOX", "BOTOX100", "BOTOX50"))
MASK = product("MASK", add_on_kind="product")
FACIAL = product(".FACIAL", "service", add_ons=(MASK.product_id,))
SERUM, CREAM, CLOTH = product("SERUM", tax_code=1), product("CREAM", tax_code=4), product("CLOTH")
KIT, SIX = product("KIT", "digital"), product("SIX", "digital")
UND, TIP, ROA, GIFT = (product(code, "service", tax_code=1) for code in (".UND", ".TIP", ".ROA", ".GIFT25"))


def mall(**site: Any) -> PriceBook:
    """A shop of everything special: a kit of three for 100.00, six facials for 900.00."""
    variants = [one._replace(variant_of=BOTOX.product_id, variant_name=one.code) for one in (SMALL, LARGE)]
    book = shop(
        [
            (LASER, "100"), (BOTOX, "12"), *((one, "500") for one in variants), (MASK, "15"), (FACIAL, "200"),
            (SERUM, "60"), (CREAM, "45"), (CLOTH, "15"), (KIT, "100"), (SIX, "900"), (UND, ""), (TIP, ""), (ROA, ""),
            (GIFT, "25"),
        ],
        **site,
    )  # fmt: skip
    book.put_packages(
        [
            package("KIT", "bundle", ("SERUM", "1"), ("CREAM", "1"), ("CLOTH", "2")),
            package("SIX", "treatment", (".FACIAL", "5"), ("SERUM", "1")),
        ]
    )
    return book


@pytest.mark.parametrize(
    ("minutes", "price_per", "net"), [(45, "hour", 7500), (20, "hour", 3333), (1, "hour", 167), (45, "minute", 450000)]
)
def test_time_costs_its_rate(minutes: int, price_per: str, net: int) -> None:
    """CAT-09 SAL-03: 100.00 an hour for 45 minutes is 75.00; the list price of the line is that of the time."""
    book = mall()
    book.put_product(LASER._replace(price_per=price_per), [])
    (only,) = charge(book, line(".LASER", minutes=minutes)).lines
    assert (only.net_minor, only.unit_price, only.more.minutes) == (net, only.list_price, minutes)


def test_time_comes_from_the_appointment_or_the_service() -> None:
    """SAL-03 CAT-53: without minutes on the line the treatment's appointment counts, then the service's own slots."""
    book = mall()
    around = Circumstances(minutes={TREATMENT: 30})
    assert nets(charge(book, line(".LASER", treatment_id=TREATMENT), around=around)) == [5000]
    with pytest.raises(MinutesNeeded):
        charge(book, line(".LASER"))
    book.put_product(LASER._replace(duration_slots=3), [])
    assert nets(charge(book, line(".LASER", "2"))) == [15000]
    assert nets(charge(book, line(".LASER", minutes=60, treatment_id=TREATMENT), around=around)) == [10000]


@pytest.mark.parametrize("minutes", [0, -5, 1441, 2**31])
def test_absurd_minutes_are_refused(minutes: int) -> None:
    """CAT-09: a treatment lasts from a minute to a day."""
    with pytest.raises(BadMinutes):
        charge(mall(), line(".LASER", minutes=minutes))


def test_a_base_is_sold_as_a_variant() -> None:
    """CAT-14 SAL-06: the base alone is refused with its variants as ways out; a variant is sold, a fact is taken."""
    book = mall()
    with pytest.raises(ChooseVariant) as caught:
        charge(book, line("BOTOX"))
    assert caught.value.ways_out == ("choose BOTOX100 (BOTOX100)", "choose BOTOX50 (BOTOX50)")
    offered = caught.value.numbers["variants"]
    assert isinstance(offered, list)
    assert [(one["code"], one["price"]) for one in offered] == [("BOTOX100", "500.00"), ("BOTOX50", "500.00")]
    assert nets(charge(book, line("BOTOX50"))) == [50000]
    assert nets(charge(book, line("BOTOX"), rights=TILL, is_fact=True)) == [1200]
    for one in (SMALL, LARGE):
        book.put_product(one._replace(is_archived=True, variant_of=BOTOX.product_id), [])
    assert nets(charge(book, line("BOTOX"))) == [1200]


def test_an_add_on_goes_with_a_service_that_offers_it() -> None:
    """CAT-15 SAL-07: tied to the named line, or to the first that offers it; refused alone or with another service."""
    book = mall()
    priced = charge(book, line("MASK"), line(".LASER", minutes=60), line(".FACIAL"), line(".FACIAL"))
    assert [one.more.add_on_to for one in priced.lines] == [3, None, None, None]
    assert charge(book, line(".FACIAL"), line(".FACIAL"), line("MASK", add_on_to=2)).lines[2].more.add_on_to == 2
    for lines in (
        [line("MASK")],
        [line("MASK"), line(".LASER", minutes=60)],
        [line("MASK", add_on_to=2), line(".LASER", minutes=60), line(".FACIAL")],
        [line("MASK", add_on_to=9), line(".FACIAL")],
        [line("SERUM", add_on_to=2), line(".FACIAL")],
    ):
        with pytest.raises(AddOnWithoutService):
            charge(book, *lines)
    with pytest.raises(AddOnWithoutService) as caught:
        charge(book, line("MASK"))
    assert caught.value.ways_out[0] == "add .Facial (.FACIAL)"
    assert nets(charge(book, line("MASK"), rights=TILL, is_fact=True)) == [1500]


def test_an_undefined_item_is_named_and_priced_at_the_sale() -> None:
    """CAT-42 SAL-14: .UND needs both its name and its price, and anybody may give them."""
    book = mall()
    (only,) = charge(book, line(".UND", unit_price="12.50", description="Brush")).lines
    assert (only.net_minor, only.tax_1_minor, only.description, only.effect) == (1250, 63, "Brush", "sale")
    for asked in (line(".UND"), line(".UND", unit_price="5"), line(".UND", description="Brush")):
        with pytest.raises(NameNeeded):
            charge(book, asked)


def test_money_lines_are_no_sale() -> None:
    """SAL-14 CAT-37 CAT-40 CAT-41: tips, money on account and certificates move no stock; the first two know no tax."""
    book = mall()
    priced = charge(
        book,
        line(".TIP", unit_price="10", performer="Ana"),
        line(".ROA", unit_price="50"),
        line(".GIFT25"),
        line(".GIFT25", unit_price="25"),
    )
    told = [(one.effect, one.more.owed, one.net_minor, one.tax_1_minor) for one in priced.lines]
    assert told[:2] == [("none", "tip", 1000, 0), ("none", "account", 5000, 0)]
    assert told[2:] == [("none", "gift", 2500, 125)] * 2
    assert priced.lines[0].more.performer == "Ana"


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (line(".TIP", unit_price="10"), PerformerNeeded),
        (line(".TIP", performer="Ana"), NoPrice),
        (line(".ROA"), NoPrice),
        (line(".ROA", unit_price="-5"), BadPrice),
        (line(".GIFT25", unit_price="30"), NotPermitted),
    ],
)
def test_money_lines_that_cannot_be(asked: Asked, refusal: type[Refusal]) -> None:
    """SAL-14: a tip without its person, money without an amount, a certificate worth more than it costs."""
    with pytest.raises(refusal):
        charge(mall(), asked)


def test_money_takes_no_discount() -> None:
    """SAL-14: 10 % off everything is not 10 % off a tip or a certificate."""
    book = mall()
    book.put_discounts([discount("ten", "10")])
    assert nets(charge(book, line(".TIP", unit_price="10", performer="Ana"), line(".GIFT25"))) == [1000, 2500]


def test_a_category_prices_what_has_no_price() -> None:
    """CAT-05: an amount or a mark-up on cost, at the site before the chain; the product's own price wins."""
    book = shop([(SERUM._replace(category_id=SKIN, cost=10_000_000), ""), (CREAM._replace(category_id=SKIN), "")])
    with pytest.raises(NoPrice):
        charge(book, line("SERUM"))
    rule = CategoryPrice(named_id("c"), SKIN, None, None, 45_000_000, LONG_AGO, None)
    book.put_category_prices([rule])
    (only,) = charge(book, line("SERUM")).lines
    assert (only.net_minor, only.price_id) == (1450, named_id("c"))
    with pytest.raises(NoPrice):
        charge(book, line("CREAM"))
    here = CategoryPrice(named_id("h"), SKIN, "harley", 20_000_000, None, LONG_AGO, None)
    book.put_category_prices([rule, here, here._replace(category_price_id=named_id("o"), valid_to=LONG_AGO)])
    assert nets(charge(book, line("SERUM"), line("CREAM"))) == [2000, 2000]
    set_price(book, CREAM, "9")
    assert nets(charge(book, line("SERUM"), line("CREAM"))) == [2000, 900]


def test_members_have_a_price_of_their_own() -> None:
    """CAT-65: it goes before the site's and the chain's for an active membership, and is nobody else's."""
    book = shop([(CLOTH, "15")])
    set_price(book, CLOTH, "14", at_site="harley")
    set_price(book, CLOTH, "11", audience="members")
    member = Circumstances(is_member=True)
    assert nets(charge(book, line("CLOTH"))) == [1400]
    assert nets(charge(book, line("CLOTH"), around=member)) == [1100]
    set_price(book, CLOTH, "10.50", audience="members", at_site="harley")
    assert nets(charge(book, line("CLOTH"), around=member)) == [1050]


def test_without_price_tables_services_are_priced_at_the_sale() -> None:
    """CAT-57: with the preference off a service needs its price at the sale; goods keep theirs."""
    book = mall()
    book.preferences = Preferences(use_service_pricing_tables=False)
    with pytest.raises(NoPrice):
        charge(book, line(".FACIAL"))
    assert nets(charge(book, line(".FACIAL", unit_price="180"), line("SERUM"))) == [18000, 6000]


def test_a_kit_is_its_components() -> None:
    """CAT-19 CAT-64: 100.00 over 60, 45 and 2 x 15 is 44.44, 33.33 and 22.22, the cent too few to the largest part."""
    priced = charge(mall(), line("KIT", description="gift wrapped"))
    told = [(one.line, one.product_id, one.quantity, one.effect, one.net_minor) for one in priced.lines]
    assert told == [
        (1, SERUM.product_id, 1, "sale", 4445),
        (2, CREAM.product_id, 1, "sale", 3333),
        (3, CLOTH.product_id, 2, "sale", 2222),
    ]
    assert [one.tax_1_minor + one.tax_2_minor for one in priced.lines] == [222, 332, 0]
    assert {one.more.kit_id for one in priced.lines} == {KIT.product_id}
    assert [one.unit_price for one in priced.lines] == [44_450_000, 33_330_000, 11_110_000]
    assert [one.product_id for one in priced.asked] == [one.product_id for one in priced.lines]


def test_a_discounted_kit_adds_up() -> None:
    """CAT-19 SAL-04: 10 % off a kit of 100.00 is shared like its price; the components cost 90.00."""
    book = mall()
    book.put_discounts([discount("ten", "10", product_ids=frozenset({KIT.product_id}))])
    priced = charge(book, line("CLOTH"), line("KIT"))
    assert nets(priced) == [1500, 4000, 3000, 2000]
    assert taken(priced) == [[], [("ten", 445)], [("ten", 333)], [("ten", 222)]]


@pytest.mark.parametrize(
    ("changed", "refusal"), [({"is_archived": True}, ProductIsArchived), ({"purpose": "back_bar"}, NotForSale)]
)
def test_a_kit_needs_its_components(changed: dict[str, Any], refusal: type[Refusal]) -> None:
    """CAT-23 CAT-33: a kit with a component that is not for sale is refused; a fact is taken."""
    book = mall()
    book.put_product(CREAM._replace(**changed), [])
    with pytest.raises(refusal):
        charge(book, line("KIT"))
    assert sum(nets(charge(book, line("KIT"), rights=TILL, is_fact=True))) == 10000


def test_half_a_component_is_refused() -> None:
    """CAT-19: a kit of half a cloth cannot be sold once, but twice."""
    book = mall()
    book.put_packages([package("KIT", "bundle", ("CLOTH", "0.5"), ("SERUM", "1"))])
    with pytest.raises(BadQuantity):
        charge(book, line("KIT"))
    assert [one.quantity for one in charge(book, line("KIT", "2")).lines] == [1, 2]


def test_kits_do_not_make_a_charge_too_long() -> None:
    """CAT-19: 167 kits of three parts are 501 lines, one more than a charge has; 166 are charged."""
    assert len(charge(mall(), *[line("KIT")] * 166).lines) == 498
    with pytest.raises(BadQuantity) as caught:
        charge(mall(), *[line("KIT")] * 167)
    assert caught.value.field == "lines"


def test_prices_beyond_money_are_refused() -> None:
    """CAT-09 SAL-14: a price, or the price of a time, that no column can hold is refused, not an error."""
    with pytest.raises(BadPrice):
        charge(mall(), line(".UND", unit_price="9999999999999", description="Moon"))
    book = shop([(LASER._replace(price_per="minute"), "9000000000000")])
    with pytest.raises(AmountTooLarge):
        charge(book, line(".LASER", minutes=1440))


def test_a_package_is_taxed_by_what_it_holds() -> None:
    """CAT-64: 900.00 for 5 facials (1,000.00, no tax) and a serum (60.00, 5 %): 50.94 of it is taxed with 2.55."""
    (only,) = charge(mall(), line("SIX")).lines
    assert (only.effect, only.more.owed, only.net_minor, only.tax_1_minor) == ("none", "package", 90000, 255)
    assert [(one.product_id, one.quantity, one.net_minor, one.tax_1_minor) for one in only.more.shares] == [
        (FACIAL.product_id, 5_000_000, 84906, 0),
        (SERUM.product_id, 1_000_000, 5094, 255),
    ]
    (gst,) = tax_totals([only], mall().slots("harley", LONG_AGO.date()))
    assert (gst.name, gst.base_minor, gst.tax_minor) == ("GST", 5094, 255)


def test_a_package_may_be_taxed_when_it_is_used() -> None:
    """CAT-64: where the site's tax point is redemption, the sale of a package bears no tax."""
    (only,) = charge(mall(package_tax_point="redemption"), line("SIX")).lines
    assert (only.net_minor, only.tax_1_minor, only.more.shares) == (90000, 0, [])


def test_what_is_given_away_costs_nothing_and_says_why() -> None:
    """SAL-23: price 0 at the list price beside it, stock moves, the reason stays; no discount touches it."""
    book = mall()
    book.put_discounts([discount("ten", "10")])
    priced = charge(book, line("SERUM", free_reason="tester"), line("CLOTH"))
    first = priced.lines[0]
    assert (first.net_minor, first.unit_price, first.list_price) == (0, 0, 60_000_000)
    assert (first.effect, first.more.free_reason, first.more.discounts) == ("sale", "tester", ())
    assert nets(priced) == [0, 1350]


def test_giving_away_has_a_limit_at_cost() -> None:
    """SAL-23: charge.free reaches to the chain's limit at cost (the price where no cost is known), override beyond."""
    book = mall()
    book.put_product(SERUM._replace(cost=30_000_000), [])
    free = {"free_reason": "staff"}
    assert nets(charge(book, line("SERUM", "3", **free))) == [0]
    with pytest.raises(BeyondLimit) as caught:
        charge(book, line("SERUM", "3", **free), line("CLOTH", **free))
    assert (caught.value.numbers["cost_minor"], caught.value.numbers["limit_minor"]) == (10500, 10000)
    assert nets(charge(book, line("SERUM", "4", **free), rights=MANAGER)) == [0]
    assert nets(charge(book, line(".FACIAL", "9", **free))) == [0]
    book.limits["charge.free"] = Limit("charge.free", None, None)
    assert nets(charge(book, line("SERUM", "99", **free))) == [0]
    with pytest.raises(NotPermitted):
        charge(book, line("CLOTH", **free), rights=Rights(state_facts=False, set_prices=True))
    with pytest.raises(BadPrice):
        charge(book, line("CLOTH", unit_price="1", **free))


def test_a_line_taken_from_a_balance_costs_nothing() -> None:
    """SAL-10 SAL-24: a redeemed line has the price 0, keeps its list price and names the balance."""
    (only,) = charge(mall(), line(".FACIAL", redeem=TREATMENT, performer="Ana", seller="Bo")).lines
    assert (only.net_minor, only.list_price, only.more.redeems) == (0, 200_000_000, TREATMENT)
    assert (only.more.performer, only.more.seller) == ("Ana", "Bo")
    with pytest.raises(BadPrice):
        charge(mall(), line(".FACIAL", redeem=TREATMENT, free_reason="staff"))


kits = st.lists(st.tuples(st.integers(0, 99999), st.integers(1, 9)), min_size=1, max_size=6)


@given(kits, st.integers(0, 10**6), st.integers(1, 5), st.sampled_from(["line", "invoice"]), st.integers(0, 100))
def test_shares_add_up(held: list[tuple[int, int]], price: int, kit_count: int, rounding: str, percent: int) -> None:
    """CAT-64: whatever a kit or package holds, its components and shares add up to its price less its discount."""
    parts = [(product(f"P{i}", tax_code=i % 9), f"{worth / 100:.2f}") for i, (worth, _) in enumerate(held)]
    items = [(f"P{i}", str(count)) for i, (_, count) in enumerate(held)]
    for kind in ("bundle", "treatment"):
        book = shop([*parts, (KIT, f"{price / 100:.2f}")], discount("some", str(percent)), tax_rounding=rounding)
        book.put_packages([package("KIT", kind, *items)])
        priced = charge(book, line("KIT", str(kit_count)))
        whole = price * kit_count
        assert priced.net_minor == whole - int(Fraction(whole * percent, 100) + Fraction(1, 2))
        assert all(one.net_minor >= 0 for one in priced.lines)
        off = sum(one.minor for row in priced.lines for one in row.more.discounts)
        assert priced.net_minor + off == whole
        for one in priced.lines:
            if one.more.shares:
                assert sum(share.net_minor for share in one.more.shares) == one.net_minor
                assert sum(share.tax_1_minor for share in one.more.shares) == one.tax_1_minor
                assert sum(share.tax_2_minor for share in one.more.shares) == one.tax_2_minor


def _sold(priced: Priced) -> list[Sold]:
    return [
        Sold(
            one.line, one.product_id, one.quantity, 0, one.effect, one.unit_price, one.net_minor, one.tax_1_minor,
            one.tax_2_minor, None, 0,
        )
        for one in priced.lines
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(["SERUM", "CREAM", "CLOTH", "KIT"]), st.integers(1, 7)), min_size=1, max_size=5),
    st.integers(1, 99),
    st.sampled_from(["line", "invoice"]),
    st.data(),
)
def test_what_comes_back_is_what_was_taken(
    lines: list[tuple[str, int]], percent: int, rounding: str, data: st.DataObject
) -> None:
    """SAL-16: discounted, kit and taxed lines returned in any split give back exactly what was paid for them."""
    book = mall(tax_rounding=rounding)
    book.put_discounts(
        [discount("cart", str(percent), scope="cart"), discount("each", "3", form="amount"), discount("p", "7")]
    )
    priced = charge(book, *(line(code, str(count)) for code, count in lines))
    total = 0
    for sold in _sold(priced):
        left = sold.quantity
        while left:
            part = data.draw(st.integers(1, left))
            back = refund(sold._replace(returned=sold.quantity - left), part)
            assert min(back) >= 0
            total += sum(back)
            left -= part
    assert total == priced.total_minor


def test_plain_lines_stay_plain() -> None:
    """SAL-01: a line without anything special carries nothing beyond its row."""
    assert charge(mall(), line("SERUM", "2")).lines[0].extra is None
    assert charge(mall(), line("SERUM", "2"), rights=PERSON).asked == (line("SERUM", "2"),)
