"""What sales hears of what prices a charge: kept in any order, any number of times, and in memory at once."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from tests.sales.harness import BOTOX, FACIAL, SITE, Sales

from lotwise.contracts.catalog import (
    CategoryPriceChanged,
    DiscountDefined,
    PackageDefined,
    PackageItem,
    PreferencesDefined,
    PriceChanged,
    ProductDefined,
    SiteDefined,
)
from lotwise.contracts.ids import named_id
from lotwise.sales.domain import definitions as defined

OLD = datetime(2010, 1, 1, tzinfo=UTC)
SKIN = named_id("skin")
DISCOUNT = DiscountDefined(
    discount_id=named_id("spring"), name="Spring", scope="bundle", form="amount", value="20", min_quantity="2.5",
    min_spend="100", product_ids=(BOTOX,), category_ids=(SKIN,), at_sites=(SITE,), starts_on=date(2026, 3, 1),
    ends_on=date(2026, 5, 31), is_automatic=False, is_combinable=False, audience="members", coupon="Spring26",
)  # fmt: skip
PACKAGE = PackageDefined(
    product_id=named_id("six"), package_type="treatment", items=(PackageItem(product_id=FACIAL, quantity="6"),),
    valid_days=365, redeem_at=(SITE,), refund_rule="list",
)  # fmt: skip
EVENTS: tuple[Any, ...] = (
    DISCOUNT,
    PACKAGE,
    CategoryPriceChanged(category_price_id=named_id("cp"), category_id=SKIN, markup="45", valid_from=OLD),
    PreferencesDefined(use_service_pricing_tables=False, slot_minutes=20, revision=3),
    SiteDefined(
        slug=SITE, name="Harley", time_zone="Europe/London", cash_rounding_minor=5, package_tax_point="redemption",
        revision=2,
    ),
    ProductDefined(
        product_id=named_id("laser"), code=".LASER", name="Laser", kind="service", category_id=SKIN, price_per="hour",
        add_ons=(FACIAL, BOTOX), duration_slots=3, cost="10.5",
    ),
    ProductDefined(
        product_id=named_id("50u"), code="BOT50", name="Botox 50 U", kind="physical", variant_of=BOTOX,
        variant_name="50 U", add_on_kind="product",
    ),
    PriceChanged(price_id=named_id("m"), product_id=BOTOX, price="9", audience="members", valid_from=OLD),
)  # fmt: skip


async def test_what_prices_a_charge_is_kept_and_in_memory(sales: Sales) -> None:
    """CAT-05 CAT-09 CAT-13 to CAT-16 CAT-57 CAT-65: each definition is in the price book as it was told."""
    await sales.hear(*EVENTS)
    await sales.selling.prices.load()
    book = sales.selling.prices.book
    spring = book.discounts[DISCOUNT.discount_id]
    assert spring[:7] == (DISCOUNT.discount_id, "Spring", "bundle", "amount", 20_000_000, 2_500_000, 100_000_000)
    assert [sorted(one) for one in spring[7:10]] == [[BOTOX], [SKIN], [SITE]]
    assert spring[10:] == (date(2026, 3, 1), date(2026, 5, 31), False, False, "members", "Spring26", False, 1)
    assert (book.coupons["spring26"], book.automatic) == (spring, ())
    item = defined.PackageItem(FACIAL, 6_000_000, is_unlimited=False)
    assert book.packages[PACKAGE.product_id] == (
        PACKAGE.product_id, "treatment", (item,), 365, None, 0, (SITE,), "list", 1,
    )  # fmt: skip
    assert book.preferences == (12, False, 20, 3)
    assert book.sites[SITE][-2:] == (5, "redemption")
    laser = book.products[named_id("laser")]
    assert (laser.price_per, laser.add_ons, laser.duration_slots, laser.cost) == ("hour", (FACIAL, BOTOX), 3, 10500000)
    assert [one.variant_name for one in book.variants_of(BOTOX)] == ["50 U"]
    price = book.price(named_id("laser"), SITE, datetime.now(UTC))
    assert price is not None
    assert (price.micros, price.price_id) == (15_225_000, named_id("cp"))
    everyone, members = (book.price(BOTOX, SITE, datetime.now(UTC), is_member=one) for one in (False, True))
    assert [one and one.micros for one in (everyone, members)] == [12_000_000, 9_000_000]


async def test_definitions_twice_or_older_change_nothing(sales: Sales) -> None:
    """N-02: heard again, or in an older revision, what prices a charge stays as it is."""
    newer = [one.model_copy(update={"revision": 9}) for one in EVENTS]
    await sales.hear(*newer)
    before = await sales.state()
    await sales.hear(*EVENTS)
    await sales.hear(DISCOUNT.model_copy(update={"name": "Autumn", "revision": 8}))
    assert await sales.state() == before


async def test_a_discount_taken_back_is_gone_at_once(sales: Sales) -> None:
    """CAT-13: the running service drops an archived discount and an empty package without a restart."""
    await sales.hear(*EVENTS)
    await sales.hear(DISCOUNT.model_copy(update={"is_archived": True, "revision": 2}))
    await sales.hear(PACKAGE.model_copy(update={"items": (), "revision": 2}))
    for _ in range(100):
        book = sales.selling.prices.book
        spring = book.discounts.get(DISCOUNT.discount_id)
        if spring is not None and spring.is_archived and PACKAGE.product_id not in book.packages:
            break
        await asyncio.sleep(0.02)
    assert book.discounts[DISCOUNT.discount_id].is_archived
    assert (book.coupons, book.packages) == ({}, {})
