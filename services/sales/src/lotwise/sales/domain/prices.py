"""The only home of the price book: which product a code means, and what it costs at a site and instant."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from lotwise.sales.domain.definitions import (
    DEFAULT_LIMITS,
    NO_TAX,
    CategoryPrice,
    Discount,
    Limit,
    Package,
    Preferences,
    Price,
    Product,
    Site,
    TaxSlots,
)
from lotwise.values import half_up

WHOLE = 100_000_000
"""100 % in millionths of a percent."""
_DAYS_KEPT = 512


def price_at(prices: Iterable[Price], site: str, at: datetime, *, is_member: bool = False) -> Price | None:
    """The price in force at a site: the members' own before everybody's, the site's before the chain's.

    Of two alike the one that began later. Members' prices (CAT-65) are for members alone.
    """
    best: Price | None = None
    for price in prices:
        if price.valid_from > at or (price.valid_to is not None and price.valid_to <= at):
            continue
        if price.at_site is not None and price.at_site != site:
            continue
        if price.audience != "everyone" and not is_member:
            continue
        if best is None or _rank(price) > _rank(best):
            best = price
    return best


def _rank(price: Price) -> tuple[bool, bool, datetime, UUID]:
    return price.audience != "everyone", price.at_site is not None, price.valid_from, price.price_id


def category_price_at(prices: Iterable[CategoryPrice], product: Product, site: str, at: datetime) -> Price | None:
    """What a category's rule makes a product cost (CAT-05): an amount, or the product's cost plus a mark-up.

    None without a rule in force, or where a mark-up has no cost to stand on.
    """
    best: CategoryPrice | None = None
    for rule in prices:
        if rule.valid_from > at or (rule.valid_to is not None and rule.valid_to <= at):
            continue
        if rule.at_site is not None and rule.at_site != site:
            continue
        if rule.amount is None and product.cost is None:
            continue
        if best is None or _category_rank(rule) > _category_rank(best):
            best = rule
    if best is None:
        return None
    micros = best.amount
    if micros is None:
        micros = half_up((product.cost or 0) * (WHOLE + (best.markup or 0)), WHOLE)
    return Price(best.category_price_id, best.at_site, micros, best.valid_from, best.valid_to, "category")


def _category_rank(rule: CategoryPrice) -> tuple[bool, datetime, UUID]:
    return rule.at_site is not None, rule.valid_from, rule.category_price_id


def slots_at(slots: Iterable[TaxSlots], day: date) -> TaxSlots:
    """The taxes in force on a site's day (CAT-63); a site without any charges none."""
    started = [slot for slot in slots if slot.valid_from <= day]
    return max(started, key=lambda slot: slot.valid_from) if started else NO_TAX


class PriceBook:
    """Sales' own copy of the definitions, in memory: plain dictionaries of frozen values."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.taxes: dict[str, tuple[TaxSlots, ...]] = {}
        self.products: dict[UUID, Product] = {}
        self.prices: dict[UUID, tuple[Price, ...]] = {}
        self.codes: dict[str, UUID] = {}
        self.packages: dict[UUID, Package] = {}
        self.discounts: dict[UUID, Discount] = {}
        self.automatic: tuple[Discount, ...] = ()
        self.coupons: dict[str, Discount] = {}
        self.category_prices: dict[UUID, tuple[CategoryPrice, ...]] = {}
        self.preferences = Preferences()
        self.limits: dict[str, Limit] = dict(DEFAULT_LIMITS)
        self.has_member_discounts = False
        self.variants: dict[UUID, set[UUID]] = {}
        self.peculiar: set[str] = set()
        """The codes of products of which a line needs more than quantity times price."""
        self._in_force: dict[tuple[str, date, bool], tuple[Discount, ...]] = {}
        self._names: dict[UUID, tuple[str, ...]] = {}

    def put_product(self, product: Product, names: Iterable[str]) -> None:
        """Keep a product under its id, and under its code, its barcodes and its packs' numbers."""
        product_id = product.product_id
        for name in self._names.get(product_id, ()):
            if self.codes.get(name) == product_id:
                del self.codes[name]
        self._group(product)
        if (was := self.products.get(product_id)) is not None and was.code != product.code:
            self.peculiar.discard(was.code)
        self.products[product_id] = product
        self._mark(product_id)
        self._names[product_id] = (product.code, *names)
        for name in self._names[product_id]:
            self.codes.setdefault(name, product_id)
        self.codes[product.code] = product_id

    def _group(self, product: Product) -> None:
        """Keep which variants a base product groups (CAT-14)."""
        was = self.products.get(product.product_id)
        if was is not None and was.variant_of is not None:
            self.variants.get(was.variant_of, set()).discard(product.product_id)
            self._mark(was.variant_of)
        if product.variant_of is not None:
            self.variants.setdefault(product.variant_of, set()).add(product.product_id)
            self._mark(product.variant_of)

    def _mark(self, product_id: UUID) -> None:
        product = self.products.get(product_id)
        if product is None:
            return
        if product.is_peculiar or product_id in self.packages or self.variants.get(product_id):
            self.peculiar.add(product.code)
        else:
            self.peculiar.discard(product.code)

    def has_price_tables(self, product: Product) -> bool:
        """Whether the price book prices it: services only while the preference says so (CAT-57)."""
        return product.kind != "service" or self.preferences.use_service_pricing_tables

    def put_packages(self, packages: Iterable[Package]) -> None:
        """Replace all packages; one without items is no package any more."""
        was, self.packages = self.packages, {one.product_id: one for one in packages if one.items}
        for product_id in {*was, *self.packages}:
            self._mark(product_id)

    def in_force(self, site: str, day: date, *, is_member: bool) -> tuple[Discount, ...]:
        """The automatic discounts of a site's day, for members or for everybody else."""
        key = (site, day, is_member)
        found = self._in_force.get(key)
        if found is None:
            if len(self._in_force) >= _DAYS_KEPT:
                self._in_force.clear()
            found = tuple(one for one in self.automatic if one.holds(site, day, is_member=is_member))
            self._in_force[key] = found
        return found

    def variants_of(self, base: UUID) -> list[Product]:
        """What is offered of a base product, by code; empty for a product that is no base."""
        known = self.variants.get(base)
        if not known:
            return []
        found = [self.products[one] for one in known if one in self.products]
        return sorted((one for one in found if not one.is_archived), key=lambda one: one.code)

    def add_ons_of(self, service: Product) -> list[Product]:
        """What is offered with a service, or with the base that it is a variant of (CAT-15)."""
        base = self.products.get(service.variant_of) if service.variant_of is not None else None
        ids = service.add_ons or (base.add_ons if base is not None else ())
        return [found for one in ids if (found := self.products.get(one)) is not None and not found.is_archived]

    def put_discounts(self, discounts: Iterable[Discount]) -> None:
        """Replace all discounts: archived ones are known by id alone, coupons by their text in any case."""
        known = sorted(discounts, key=lambda one: (one.name, one.discount_id))
        self.discounts = {one.discount_id: one for one in known}
        offered = [one for one in known if not one.is_archived]
        self.has_member_discounts = any(one.audience != "everyone" for one in offered)
        self.automatic = tuple(one for one in offered if one.is_automatic)
        self._in_force.clear()
        self.coupons = {one.coupon.casefold(): one for one in reversed(offered) if one.coupon}

    def is_for_members(self, product_id: UUID) -> bool:
        """Whether a product costs members something else."""
        return any(price.audience != "everyone" for price in self.prices.get(product_id, ()))

    def put_category_prices(self, prices: Iterable[CategoryPrice]) -> None:
        """Replace all category prices."""
        found: dict[UUID, list[CategoryPrice]] = {}
        for one in prices:
            found.setdefault(one.category_id, []).append(one)
        self.category_prices = {category: tuple(rules) for category, rules in found.items()}

    def limit(self, permission: str) -> Limit:
        """How far a permission of the desk goes; one without a limit has no bound."""
        return self.limits.get(permission) or Limit(permission, None, None)

    def by_code(self, code: str) -> Product | None:
        """The product that a typed or scanned code means, case-sensitive."""
        product_id = self.codes.get(code)
        return None if product_id is None else self.products.get(product_id)

    def names_of(self, product_id: UUID) -> tuple[str, ...]:
        """All that a product may be typed or scanned as."""
        return self._names.get(product_id, ())

    def price(self, product_id: UUID, site: str, at: datetime, *, is_member: bool = False) -> Price | None:
        """The price in force of a product at a site and instant: its own, or else its category's."""
        own = price_at(self.prices.get(product_id, ()), site, at, is_member=is_member)
        if own is not None or not self.category_prices:
            return own
        product = self.products.get(product_id)
        rules = self.category_prices.get(product.category_id) if product and product.category_id else None
        return category_price_at(rules, product, site, at) if rules and product else None

    def slots(self, site: str, day: date) -> TaxSlots:
        """The taxes in force at a site on its day."""
        return slots_at(self.taxes.get(site, ()), day)
