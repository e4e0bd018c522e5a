"""The only home of what the desk offers to choose: variants, add-ons, discounts, and how far a person may go."""

from collections.abc import Iterable
from datetime import datetime

from lotwise.kit.principal import Principal
from lotwise.sales.api.desk_shapes import Ask, ChoiceOut, MayOut, OfferOut
from lotwise.sales.domain.definitions import Product, Site
from lotwise.sales.domain.discounts import PERCENT
from lotwise.sales.domain.drafts import UNDEFINED
from lotwise.sales.domain.prices import PriceBook
from lotwise.values import format_minor, format_quantity, price_text, site_day

MILLION = 1_000_000


def offers(book: PriceBook, products: Iterable[Product], site: str, at: datetime) -> list[OfferOut]:
    """Products to choose with their prices at a site."""
    found = []
    for one in products:
        price = book.price(one.product_id, site, at)
        shown = None if price is None else price_text(price.micros)
        found.append(
            OfferOut(
                product_id=one.product_id,
                code=one.code,
                name=one.name,
                kind=one.kind,
                price=shown,
                variant_name=one.variant_name,
                add_on_kind=one.add_on_kind,
            )
        )
    return found


def asks_for(book: PriceBook, product: Product, site: str, at: datetime) -> list[Ask]:
    """What a line of a product needs beside its quantity."""
    is_free = product.money_kind in {"tip", "account"} or product.code == UNDEFINED
    needs: tuple[tuple[Ask, bool], ...] = (
        ("variant", bool(book.variants_of(product.product_id))),
        ("minutes", product.price_per != "unit" and product.duration_slots is None),
        ("name", product.code == UNDEFINED),
        ("price", is_free or not book.has_price_tables(product) or book.price(product.product_id, site, at) is None),
        ("performer", product.money_kind == "tip"),
        ("service", product.add_on_kind is not None),
        ("lot", product.confirm_lot),
        ("prescription", product.drug_class != "otc"),
    )
    return [ask for ask, is_needed in needs if is_needed]


def choices(book: PriceBook, site: Site, at: datetime, exponent: int) -> list[ChoiceOut]:
    """The discounts that the desk of a site may choose today."""
    day = site_day(at, site.time_zone)
    return [
        ChoiceOut(
            discount_id=one.discount_id,
            name=one.name,
            scope=one.scope,
            form=one.form,
            value=format_quantity(one.value, 6) if one.form == PERCENT else price_text(one.value),
            min_quantity=format_quantity(one.min_quantity, 6),
            min_spend=None
            if one.min_spend is None
            else format_minor(one.min_spend * 10**exponent // MILLION, exponent),
            for_members=one.audience != "everyone",
            is_combinable=one.is_combinable,
            needs_coupon=bool(one.coupon),
        )
        for one in book.discounts.values()
        if not one.is_automatic and one.holds(site.slug, day, is_member=True)
    ]


def may(book: PriceBook, who: Principal, site: str) -> MayOut:
    """What somebody may do at the desk of a site, and how far."""
    discount, free = book.limit("charge.discount"), book.limit("charge.free")
    return MayOut(
        discount=who.allows("charge.discount", site),
        free=who.allows("charge.free", site),
        price=who.allows("catalog.price", site),
        beyond=who.allows("charge.override", site),
        discount_percent=None if discount.percent is None else format_quantity(discount.percent, 6),
        discount_minor=discount.amount_minor,
        free_minor=free.amount_minor,
    )
