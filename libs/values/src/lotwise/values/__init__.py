"""Exact quantities, money, rounding and days: the only library that a service's domain may import."""

from lotwise.values.currencies import CURRENCIES
from lotwise.values.days import SiteDay, day_bounds, month_end, site_day
from lotwise.values.money import MICROS, amount, currency_exponent, format_minor, parse_minor, parse_price, price_text
from lotwise.values.quantity import BIGINT_MAX, format_quantity, parse_quantity
from lotwise.values.refusals import BadValue, Refusal, Unknown
from lotwise.values.rounding import half_up, spread

__all__ = [
    "BIGINT_MAX",
    "CURRENCIES",
    "MICROS",
    "BadValue",
    "Refusal",
    "SiteDay",
    "Unknown",
    "amount",
    "currency_exponent",
    "day_bounds",
    "format_minor",
    "format_quantity",
    "half_up",
    "month_end",
    "parse_minor",
    "parse_price",
    "parse_quantity",
    "price_text",
    "site_day",
    "spread",
]
