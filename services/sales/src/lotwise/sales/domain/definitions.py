"""The only home of what catalog told: sites, taxes, products and prices as frozen values."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID


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
    """A product or service as selling sees it."""

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


class Price(NamedTuple):
    """A price per unit in micros for a period; at one site, or for the chain when `at_site` is None."""

    price_id: UUID
    at_site: str | None
    micros: int
    valid_from: datetime
    valid_to: datetime | None


NO_TAX = TaxSlots(date(1970, 1, 1), "", 0, 0, "", 0, 0, 0)
"""What a site charges whose taxes were never defined."""
