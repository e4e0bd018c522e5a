"""The only home of taking over what catalog and stock tell: each keeps only what is newer, then wakes what waited."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from lotwise.contracts.catalog import (
    CategoryDefined,
    CategoryPriceChanged,
    DiscountDefined,
    PackageDefined,
    PreferencesDefined,
    PriceChanged,
    ProductDefined,
    ProductPurposeChanged,
    RecipeDefined,
    SiteDefined,
    TaxDefined,
)
from lotwise.contracts.stock import StockLevelChanged
from lotwise.kit.database import Tx
from lotwise.kit.inbox import redrive
from lotwise.sales.domain.definitions import (
    CategoryPrice,
    Discount,
    Package,
    PackageItem,
    Preferences,
    Price,
    Product,
    Site,
    TaxSlots,
)
from lotwise.sales.domain.treatments import DECIMALS
from lotwise.sales.repository import definitions as rows
from lotwise.sales.repository import pricing, recipes
from lotwise.sales.repository.definitions import Level, Named
from lotwise.values import parse_price, parse_quantity


async def define_sites(tx: Tx, events: Iterable[SiteDefined]) -> None:
    """Keep sites' settings."""
    sites = [
        Site(
            one.slug, one.name, one.time_zone, one.stock_unreachable, one.tax_rounding, one.revision,
            one.cash_rounding_minor, one.package_tax_point,
        )
        for one in events
    ]  # fmt: skip
    await rows.put_sites(tx, sites)
    await rows.tell_price_books(tx, [])
    await redrive(tx, "site", *(site.slug for site in sites))


async def define_taxes(tx: Tx, events: Iterable[TaxDefined]) -> None:
    """Keep sites' taxes from a day on."""
    await rows.put_taxes(tx, [(one.slug, slots_of(one)) for one in events])
    await rows.tell_price_books(tx, [])


def slots_of(event: TaxDefined) -> TaxSlots:
    """The slots of an event with rates in millionths of a percent."""
    one, two = event.tax_1, event.tax_2
    return TaxSlots(
        event.valid_from,
        one.name,
        parse_price(one.rate_1),
        parse_price(one.rate_2),
        two.name,
        parse_price(two.rate_1),
        parse_price(two.rate_2),
        event.revision,
    )


async def define_categories(tx: Tx, events: Iterable[CategoryDefined]) -> None:
    """Keep categories' names; their products are shown with the new one."""
    changed = await rows.put_categories(tx, [(one.category_id, one.name, one.revision) for one in events])
    await rows.tell_price_books(tx, changed)


async def define_products(tx: Tx, events: Sequence[ProductDefined]) -> None:
    """Keep products with all that they may be scanned as; reports of tills that waited for a code go on."""
    named = [named_of(one) for one in events]
    await rows.put_products(tx, named)
    await rows.tell_price_books(tx, [one.product.product_id for one in named])
    await redrive(tx, "code", *(name for one in named for name in one.names))


def named_of(event: ProductDefined) -> Named:
    """The product of an event with its code first among its names."""
    product = Product(
        event.product_id,
        event.code,
        event.name,
        event.kind,
        event.purpose,
        event.category_name,
        event.unit,
        event.unit_decimals,
        event.tax_code,
        event.application_code,
        event.tax_inclusive,
        event.is_archived,
        event.revision,
        {tax.at_site: (tax.tax_code, tax.application_code) for tax in event.site_taxes},
        event.confirm_lot,
        event.drug_class,
        event.category_id,
        event.variant_of,
        event.variant_name,
        event.add_on_kind,
        event.add_ons,
        event.price_per,
        _micros(event.cost),
        event.duration_slots,
    )
    names = [event.code, *event.barcodes, *(pack.gtin for pack in event.packs if pack.gtin)]
    return Named(product, list(dict.fromkeys(names)))


def _micros(text: str | None) -> int | None:
    return None if text is None else parse_price(text)


async def archive_products(tx: Tx, products: Sequence[tuple[UUID, int]]) -> None:
    """Mark products as archived."""
    await rows.archive_products(tx, products)
    await rows.tell_price_books(tx, [product_id for product_id, _ in products])


async def change_purposes(tx: Tx, events: Sequence[ProductPurposeChanged]) -> None:
    """Take over what products are for; a definition of the same revision says it too."""
    await rows.change_purposes(tx, [(one.product_id, one.now, one.revision) for one in events])
    await rows.tell_price_books(tx, [one.product_id for one in events])


async def define_prices(tx: Tx, events: Iterable[PriceChanged]) -> None:
    """Keep prices with their periods."""
    prices = [
        (
            one.product_id,
            Price(one.price_id, one.at_site, parse_price(one.price), one.valid_from, one.valid_to, one.audience),
            one.revision,
        )
        for one in events
    ]
    await rows.put_prices(tx, prices)
    await rows.tell_price_books(tx, [product_id for product_id, _, _ in prices])


async def define_category_prices(tx: Tx, events: Iterable[CategoryPriceChanged]) -> None:
    """Keep what categories' products cost without a price of their own (CAT-05)."""
    await pricing.put_category_prices(
        tx,
        [
            CategoryPrice(
                one.category_price_id, one.category_id, one.at_site, _micros(one.amount), _micros(one.markup),
                one.valid_from, one.valid_to, one.revision,
            )
            for one in events
        ],
    )  # fmt: skip
    await rows.tell_price_books(tx, [])


async def define_discounts(tx: Tx, events: Iterable[DiscountDefined]) -> None:
    """Keep discounts with their rules (CAT-10 to CAT-13)."""
    await pricing.put_discounts(tx, [discount_of(one) for one in events])
    await rows.tell_price_books(tx, [])


def discount_of(event: DiscountDefined) -> Discount:
    """The discount of an event: percent in millionths, money in micros, quantities in millionths of a unit."""
    return Discount(
        event.discount_id,
        event.name,
        event.scope,
        event.form,
        parse_price(event.value),
        parse_quantity(event.min_quantity, DECIMALS),
        _micros(event.min_spend),
        frozenset(event.product_ids),
        frozenset(event.category_ids),
        frozenset(event.at_sites),
        event.starts_on,
        event.ends_on,
        event.is_automatic,
        event.is_combinable,
        event.audience,
        event.coupon,
        event.is_archived,
        event.revision,
    )


async def define_packages(tx: Tx, events: Iterable[PackageDefined]) -> None:
    """Keep what packages, memberships and kits hold (CAT-16 to CAT-20)."""
    await pricing.put_packages(tx, [package_of(one) for one in events])
    await rows.tell_price_books(tx, [])


def package_of(event: PackageDefined) -> Package:
    """The package of an event with quantities in millionths of each product's unit."""
    items = tuple(
        PackageItem(item.product_id, parse_quantity(item.quantity, DECIMALS), item.is_unlimited) for item in event.items
    )
    return Package(
        event.product_id,
        event.package_type,
        items,
        event.valid_days,
        event.period,
        event.rollover_periods,
        event.redeem_at,
        event.refund_rule,
        event.revision,
    )


async def define_preferences(tx: Tx, events: Iterable[PreferencesDefined]) -> None:
    """Keep the chain's preferences (CAT-53, CAT-57)."""
    newest = max(events, key=lambda one: one.revision)
    preferences = Preferences(
        newest.code_length_max, newest.use_service_pricing_tables, newest.slot_minutes, newest.revision
    )
    await pricing.put_preferences(tx, preferences)
    await rows.tell_price_books(tx, [])


async def define_recipes(tx: Tx, events: Iterable[RecipeDefined]) -> None:
    """Keep each revision of what services consume."""
    await recipes.put(
        tx,
        [
            (one.service_id, one.revision, [[str(line.product_id), line.quantity] for line in one.lines])
            for one in events
        ],
    )


async def take_levels(tx: Tx, events: Iterable[StockLevelChanged]) -> None:
    """Keep stock's figures for display."""
    await rows.put_levels(
        tx,
        [
            Level(event.site, one.product_id, one.on_hand, one.available, one.minimum, one.revision)
            for event in events
            for one in event.levels
        ],
    )
