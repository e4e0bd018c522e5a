"""What a package owes: exact shares, refunds by rule, expiry and extension; the debt never lies."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwise.contracts.ids import named_id
from lotwise.sales.domain import packages
from lotwise.sales.domain.balance_refusals import BadExtension, BalanceEmpty, BalanceExpired, BalanceUsed
from lotwise.sales.domain.packages import SCALE, Item, Package, Use
from lotwise.values import Refusal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MEMBER = named_id("member")
FACIAL, PEEL = named_id("facial"), named_id("peel")


def sold(value: int, items: list[tuple[Any, int, int]], rule: str = "pro_rata", **more: Any) -> Package:
    """A package for `value`, with (product, whole units, list price of all of them)."""
    shares = packages.shares(value, [weight for _, _, weight in items])
    kept = [
        Item(product, units * SCALE, 0, share, 0, weight, is_unlimited=False)
        for (product, units, weight), share in zip(items, shares, strict=True)
    ]
    package = Package(
        named_id("balance"), named_id("package"), None, MEMBER, "harley", named_id("charge"), 1, "active", value,
        0, 0, 0, 0, 0, 0, True, False, NOW, None, rule, (), "USD", 1, kept,
    )  # fmt: skip
    return package._replace(**more)


def used(package: Package, product: Any, units: int) -> tuple[Package, Use]:
    """The package after some units of a product were used."""
    return packages.use(package, packages.item_of(package, [product], "lines.0"), units * SCALE, "lines.0")


@pytest.mark.parametrize(("rule", "back", "kept"), [("list", 50_000, 10_000), ("pro_rata", 60_000, 0)])
def test_a_refund_follows_its_rule(rule: str, back: int, kept: int) -> None:
    """SAL-20: 6 of 200 sold at 900, 2 used: 500 come back less list, 600 pro rata; the rest of the debt is kept."""
    package, _ = used(sold(90_000, [(FACIAL, 6, 120_000)], rule), FACIAL, 2)
    closed, refund = packages.refund(package)
    assert (refund.net_minor, refund.kept_minor) == (back, kept)
    assert (closed.state, closed.outstanding_minor) == ("refunded", 0)
    with pytest.raises(Refusal, match="refunded already"):
        packages.refund(closed)


def test_a_refund_gives_the_tax_back_in_proportion() -> None:
    """SAL-20: 900 taxed 45 and 63 at its sale: 600 of it come back with 30 and 42."""
    package, _ = used(sold(90_000, [(FACIAL, 6, 120_000)], tax_1_minor=4500, tax_2_minor=6300), FACIAL, 2)
    assert packages.refund(package)[1] == (60_000, 3000, 4200, 0)


def test_the_last_use_takes_the_rest() -> None:
    """SAL-20: 100.00 over three uses is 33.33 + 33.34 + 33.33, and nothing stays."""
    package, values = sold(10_000, [(FACIAL, 3, 30_000)]), []
    for _ in range(3):
        package, one = used(package, FACIAL, 1)
        values.append(one.value_minor)
    assert values == [3333, 3334, 3333]
    assert package.outstanding_minor == 0


def test_a_mixed_package_is_shared_by_stand_alone_prices() -> None:
    """CAT-64: 1,000 for parts of 600 and 700 is 461.54 + 538.46."""
    package = sold(100_000, [(FACIAL, 3, 60_000), (PEEL, 1, 70_000)])
    assert [item.value_minor for item in package.items] == [46_154, 53_846]


def test_over_use_is_refused_with_what_is_left() -> None:
    """SAL-10: a bank of 100 U of which 40 were used gives 60, not 61; the refusal says so and names the ways out."""
    package, first = used(sold(100_000, [(FACIAL, 100, 120_000)]), FACIAL, 40)
    assert (first.value_minor, package.outstanding_minor) == (40_000, 60_000)
    with pytest.raises(BalanceEmpty) as refused:
        used(package, FACIAL, 61)
    assert (refused.value.numbers["left"], refused.value.numbers["wanted"]) == ("60", "61")
    assert refused.value.ways_out
    assert used(package, FACIAL, 60)[0].outstanding_minor == 0


def test_expiry_earns_and_an_extension_owes_again() -> None:
    """SAL-24 SAL-20: what is left at expiry is earned; a manager's extension owes the same amount again."""
    package, _ = used(sold(90_000, [(FACIAL, 6, 120_000)], expires_at=NOW), FACIAL, 2)
    gone, breakage = packages.expire(package)
    assert (breakage, gone.outstanding_minor, gone.state) == (60_000, 0, "expired")
    with pytest.raises(BalanceExpired):
        packages.refund(gone)
    with pytest.raises(BadExtension):
        packages.extend(gone, date(2026, 5, 31), "Europe/London", NOW)
    again, owed = packages.extend(gone, date(2026, 7, 31), "Europe/London", NOW)
    assert (owed, again.outstanding_minor, again.state) == (60_000, 60_000, "active")
    assert again.expires_at == datetime(2026, 7, 31, 23, tzinfo=UTC)


def test_a_sale_is_taken_back_only_unused() -> None:
    """SAL-16: the sale of a package is undone while nothing of it was used."""
    package = sold(90_000, [(FACIAL, 6, 120_000)])
    assert packages.take_sale_back(package).outstanding_minor == 0
    with pytest.raises(BalanceUsed):
        packages.take_sale_back(used(package, FACIAL, 1)[0])


def test_a_package_ends_at_the_sites_midnight() -> None:
    """SAL-08: bought on 27 March with 2 days: it ends when 29 March ends in London, where the clock changed."""
    bought = datetime(2026, 3, 27, 23, 30, tzinfo=UTC)
    assert packages.last_instant(bought, "Europe/London", 2) == datetime(2026, 3, 29, 23, tzinfo=UTC)
    assert packages.last_instant(bought, "Europe/London", None) is None


def test_parts_of_a_use_add_up() -> None:
    """SAL-16: a use of 3 returned one by one gives back exactly what it earned."""
    whole = Use(FACIAL, 3 * SCALE, 10_001)
    parts = [packages.part_of(whole, 1, before, 3) for before in range(3)]
    assert sum(part.value_minor for part in parts) == 10_001
    assert sum(part.quantity for part in parts) == 3 * SCALE


def check(package: Package, told: dict[str, int]) -> None:
    """The figures of a package agree with what was told of it, and none is below zero."""
    assert package.outstanding_minor >= 0
    assert package.value_minor == sum(told.values()) + package.outstanding_minor
    assert package.earned_minor == told["redeemed"] == sum(item.earned_minor for item in package.items)
    for item in package.items:
        assert 0 <= item.earned_minor <= item.value_minor
        assert 0 <= item.used <= item.quantity


deed = st.tuples(st.sampled_from(["use", "back", "refund", "expire", "extend", "void"]), st.integers(1, 9))


@given(
    value=st.integers(0, 10**7),
    units=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**6)), min_size=1, max_size=4),
    rule=st.sampled_from(["list", "pro_rata"]),
    deeds=st.lists(deed, max_size=25),
)
def test_the_debt_never_lies(value: int, units: list[tuple[int, int]], rule: str, deeds: list[tuple[str, int]]) -> None:
    """SAL-20: whatever is done in whatever order, sold = earned + refunded + kept + expired + owed, none below zero."""
    products = [named_id("product", i) for i in range(len(units))]
    package = sold(value, [(p, n, w) for p, (n, w) in zip(products, units, strict=True)], rule)
    uses: list[Use] = []
    told = {"redeemed": 0, "refunded": 0, "kept": 0, "expired": 0}
    for what, number in deeds:
        try:
            if what == "use":
                if package.state != "active":
                    continue
                package, one = used(package, products[number % len(products)], number)
                uses.append(one)
                told["redeemed"] += one.value_minor
            elif what == "back" and uses:
                package = packages.give_back(package, uses[-1])
                told["redeemed"] -= uses.pop().value_minor
            elif what == "refund":
                package, refund = packages.refund(package)
                told["refunded"] += refund.net_minor
                told["kept"] += refund.kept_minor
            elif what == "expire" and package.state == "active":
                package, owed = packages.expire(package)
                told["expired"] += owed
            elif what == "extend":
                until = (package.expires_at or NOW) + timedelta(days=2)
                package, owed = packages.extend(package, until.date(), "UTC", NOW)
                told["expired"] -= owed
            elif what == "void":
                package = packages.take_sale_back(package)
                told["refunded"] += value
        except Refusal:
            pass
        check(package, told)
