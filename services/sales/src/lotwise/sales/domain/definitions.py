"""The only home of what catalog told: sites, taxes, products and prices as frozen values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

NOWHERE: Mapping[str, tuple[int, int]] = {}
"""The site taxes of a product that is taxed the same at every site."""


class Site(NamedTuple):
    """A site with the settings that selling needs."""

    slug: str
    name: str
    time_zone: str
    stock_unreachable: str
    tax_rounding: str
    revision: int


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
    controlled (STK-40).
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

    @property
    def asks_for_care(self) -> bool:
        """Whether a line of it needs a lot or a prescription."""
        return self.confirm_lot or self.drug_class != "otc"

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


NO_TAX = TaxSlots(date(1970, 1, 1), "", 0, 0, "", 0, 0, 0)
"""What a site charges whose taxes were never defined."""
