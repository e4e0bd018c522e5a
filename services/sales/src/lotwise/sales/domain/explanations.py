"""The only home of why a line costs what it costs (SAL-13): sentences in the order in which the engine worked."""

from lotwise.sales.domain.charges import ChargeLine, Priced
from lotwise.sales.domain.definitions import Product
from lotwise.sales.domain.taxes import CODES
from lotwise.values import format_minor, format_quantity, price_text


def explain(priced: Priced, line: ChargeLine, product: Product, exponent: int = 2) -> list[str]:
    """The steps from the list price to the line's total, a sentence each."""
    return [
        _list_price(line, product.unit),
        _charged(line, exponent),
        *_taxes(priced, line, exponent),
        _total(line, exponent),
    ]


def _list_price(line: ChargeLine, unit: str) -> str:
    if line.list_price is None:
        return "The price book has no price here; the price was given."
    if line.list_price != line.unit_price:
        return f"List price {price_text(line.list_price)} per {unit}; charged {price_text(line.unit_price)}."
    return f"List price {price_text(line.list_price)} per {unit}."


def _charged(line: ChargeLine, exponent: int) -> str:
    quantity = format_quantity(line.quantity, line.unit_decimals)
    before = line.net_minor + (line.tax_1_minor + line.tax_2_minor if line.tax_inclusive else 0)
    inside = ", tax included" if line.tax_inclusive else ""
    return f"{quantity} at {price_text(line.unit_price)} = {format_minor(before, exponent)}{inside}."


def _taxes(priced: Priced, line: ChargeLine, exponent: int) -> list[str]:
    slots = priced.slots
    one, two = CODES[line.tax_code]
    if not one and not two:
        return ["No tax (tax code 0)."]
    base = f"{slots.name_1 or 'Tax 1'} included" if one and line.application_code else "the price"
    said = [
        (one, slots.name_1 or "Tax 1", (0, slots.rate_1_1, slots.rate_1_2)[one], line.tax_1_minor, "the price"),
        (two, slots.name_2 or "Tax 2", (0, slots.rate_2_1, slots.rate_2_2)[two], line.tax_2_minor, base),
    ]
    rounding = "per line" if priced.site.tax_rounding == "line" else "once per invoice"
    return [
        f"{name} {percent_text(rate)} % on {on} = {format_minor(tax, exponent)}, rounded {rounding}."
        for chosen, name, rate, tax, on in said
        if chosen
    ]


def percent_text(rate: int) -> str:
    """A rate in millionths of a percent as a decimal: 9_975_000 → "9.975", 5_000_000 → "5"."""
    return format_quantity(rate, 6)


def _total(line: ChargeLine, exponent: int) -> str:
    return f"Line total {format_minor(line.total_minor, exponent)}."
