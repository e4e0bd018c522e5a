"""The only home of what catalog told: sites, taxes, products and prices as frozen values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

NOWHERE: Mapping[str, tuple[int, int]] = {}
"""The site taxes of a product that is taxed the same at every site."""

MONEY_CODES: Mapping[str, str] = {".TIP": "tip", ".ROA": "account"}
"""Codes whose lines are money rather than goods."""


class Site(NamedTuple):
    """A site with the settings that selling needs."""

    slug: str
    name: str
    time_zone: str
    stock_unreachable: str
    tax_rounding: str
    revision: int
    cash_rounding_minor: int = 1
    package_tax_point: str = "sale"


class TaxSlots(NamedTuple):
    """The two taxes of a site from a day on; rates in millionths of a percent (9.975 % = 9_975_000)."""

    valid_from: date
    name_1: str
    rate_1_1: int
    rate_1_2: int
    name_2: str
    rate_2_1: int
    rate_2_2: int
    revision: int


class Product(NamedTuple):
    """A product or service as selling sees it; `site_taxes` has the sites where its tax codes differ (CAT-63).

    `confirm_lot`: a line completes only with a scanned or chosen lot (STK-36). `drug_class` is otc, prescription or
    controlled (STK-40). `variant_of` is the base it is a variant of (CAT-14), `add_ons` what is offered with it
    (CAT-15); its prices are per unit, minute or hour (CAT-09); `cost` is in micros per unit.
    """

    product_id: UUID
    code: str
    name: str
    kind: str
    purpose: str | None
    category_name: str | None
    unit: str
    unit_decimals: int
    tax_code: int
    application_code: int
    tax_inclusive: bool
    is_archived: bool
    revision: int
    site_taxes: Mapping[str, tuple[int, int]] = NOWHERE
    confirm_lot: bool = False
    drug_class: str = "otc"
    category_id: UUID | None = None
    variant_of: UUID | None = None
    variant_name: str = ""
    add_on_kind: str | None = None
    add_ons: tuple[UUID, ...] = ()
    price_per: str = "unit"
    cost: int | None = None
    duration_slots: int | None = None

    @property
    def asks_for_care(self) -> bool:
        """Whether a line of it needs a lot or a prescription."""
        return self.confirm_lot or self.drug_class != "otc"

    @property
    def money_kind(self) -> str | None:
        """What its money is for when it is no sale: a tip, an account, a gift certificate (CAT-37, CAT-40, CAT-41)."""
        if not self.code.startswith("."):
            return None
        return "gift" if self.code.startswith(".GIFT") else MONEY_CODES.get(self.code)

    @property
    def is_peculiar(self) -> bool:
        """Whether a line of it needs more than quantity times price."""
        is_named = self.money_kind is not None or self.code == ".UND"
        return is_named or self.add_on_kind is not None or self.price_per != "unit"

    def tax_codes_at(self, site: str) -> tuple[int, int]:
        """The tax code (0-8) and application code (0, 1) at a site: the site's own, or else the product's."""
        return self.site_taxes.get(site) or (self.tax_code, self.application_code)


class Price(NamedTuple):
    """A price per unit in micros for a period; at one site, or for the chain when `at_site` is None."""

    price_id: UUID
    at_site: str | None
    micros: int
    valid_from: datetime
    valid_to: datetime | None
    audience: str = "everyone"


class CategoryPrice(NamedTuple):
    """What products of a category cost that have no price of their own (CAT-05), for a period.

    `amount` in micros per unit, or `markup` on cost in millionths of a percent; at one site or for the chain.
    """

    category_price_id: UUID
    category_id: UUID
    at_site: str | None
    amount: int | None
    markup: int | None
    valid_from: datetime
    valid_to: datetime | None
    revision: int = 1


class Discount(NamedTuple):
    """A discount as the catalog defined it (CAT-10 to CAT-13), in the order of its columns.

    `value` is millionths of a percent or, of form amount, micros of money; `min_quantity` is in millionths of a unit,
    `min_spend` in micros. Empty sites, products and categories mean all of them; days are the site's, inclusive.
    """

    discount_id: UUID
    name: str
    scope: str
    form: str
    value: int
    min_quantity: int
    min_spend: int | None
    product_ids: frozenset[UUID]
    category_ids: frozenset[UUID]
    at_sites: frozenset[str]
    starts_on: date | None
    ends_on: date | None
    is_automatic: bool
    is_combinable: bool
    audience: str
    coupon: str
    is_archived: bool
    revision: int = 1

    def holds(self, site: str, day: date, *, is_member: bool) -> bool:
        """Whether it is in force at a site on its day, for members or for everybody else."""
        return (
            not self.is_archived
            and (not self.at_sites or site in self.at_sites)
            and (self.starts_on is None or self.starts_on <= day)
            and (self.ends_on is None or day <= self.ends_on)
            and (is_member or self.audience == "everyone")
        )

    def fits(self, product: Product) -> bool:
        """Whether it is for this product, by id or by category."""
        if not self.product_ids and not self.category_ids:
            return True
        return product.product_id in self.product_ids or product.category_id in self.category_ids


class PackageItem(NamedTuple):
    """What a package holds of a product; `quantity` in millionths of its unit."""

    product_id: UUID
    quantity: int
    is_unlimited: bool


class Package(NamedTuple):
    """What the digital product `product_id` gives whoever buys it (CAT-16 to CAT-20), in the order of its columns."""

    product_id: UUID
    package_type: str
    items: tuple[PackageItem, ...]
    valid_days: int | None
    period: str | None
    rollover_periods: int
    redeem_at: tuple[str, ...]
    refund_rule: str
    revision: int = 1


class Preferences(NamedTuple):
    """The chain's preferences (CAT-45, CAT-53, CAT-57)."""

    code_length_max: int = 12
    use_service_pricing_tables: bool = True
    slot_minutes: int = 15
    revision: int = 0


class Limit(NamedTuple):
    """How far a permission of the desk goes without `charge.override`; None is no bound.

    `percent` in millionths of a percent of a line's list price, `amount_minor` of a whole charge in minor units.
    """

    permission: str
    percent: int | None
    amount_minor: int | None


DEFAULT_LIMITS: Mapping[str, Limit] = {
    "charge.discount": Limit("charge.discount", 20_000_000, None),
    "charge.free": Limit("charge.free", None, 10_000),
    "charge.return": Limit("charge.return", None, 50_000),
}
"""What holds until the chain sets its own: a fifth off by hand, 100.00 at cost for nothing, 500.00 paid back."""


NO_TAX = TaxSlots(date(1970, 1, 1), "", 0, 0, "", 0, 0, 0)
"""What a site charges whose taxes were never defined."""
