"""The only home of sales tax: nine codes choose slots, two application codes stack them, integers half-up."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

from lotwise.sales.domain.definitions import TaxSlots
from lotwise.values import half_up

WHOLE = 100_000_000
"""100 % in millionths of a percent."""

CODES: tuple[tuple[int, int], ...] = ((0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (2, 2), (2, 1), (1, 2))
"""Tax code → which rate of Tax 1 and of Tax 2 (0 none), CAT-27."""


class Rates(NamedTuple):
    """What a line is taxed with: two rates in millionths of a percent; compound = Tax 2 on price + Tax 1."""

    first: int
    second: int
    compound: bool


class Taxed(NamedTuple):
    """A line's money in minor units: net + tax_1 + tax_2 is what is paid."""

    net: int
    tax_1: int
    tax_2: int


class Taxable(NamedTuple):
    """A line before tax: its amount (with the tax inside when inclusive) and its rates."""

    amount: int
    rates: Rates
    inclusive: bool


def rates_of(slots: TaxSlots, tax_code: int, application_code: int) -> Rates:
    """The rates that a product's tax code (0-8) and application code (0, 1) choose from a site's slots."""
    one, two = CODES[tax_code]
    first = (0, slots.rate_1_1, slots.rate_1_2)[one]
    second = (0, slots.rate_2_1, slots.rate_2_2)[two]
    return Rates(first, second, application_code == 1)


def tax_line(amount: int, rates: Rates, *, inclusive: bool) -> Taxed:
    """Tax one line by itself, half-up per tax. Inclusive: the last tax takes what is left, so the parts add up."""
    first, second, compound = rates
    if not first and not second:
        return Taxed(amount, 0, 0)
    if not inclusive:
        tax_1 = half_up(amount * first, WHOLE)
        return Taxed(amount, tax_1, half_up((amount + tax_1 if compound else amount) * second, WHOLE))
    net = _net_of(amount, rates)
    if not second:
        return Taxed(net, amount - net, 0)
    tax_1 = half_up(net * first, WHOLE)
    if abs(tax_1) > abs(amount - net):
        tax_1 = amount - net
    return Taxed(net, tax_1, amount - net - tax_1)


def _net_of(gross: int, rates: Rates) -> int:
    if rates.compound:
        return half_up(gross * WHOLE * WHOLE, (WHOLE + rates.first) * (WHOLE + rates.second))
    return half_up(gross * WHOLE, WHOLE + rates.first + rates.second)


def tax_invoice(lines: Sequence[Taxable]) -> list[Taxed]:
    """Tax a whole invoice: each tax is rounded once, then spread over its lines by largest remainder.

    Tax 2 of a compound line is taken on its net + its share of the rounded Tax 1. Net = amount - taxes when inclusive.
    """
    first = _rounded_once([_exact_first(line) for line in lines])
    second = _rounded_once([_exact_second(line, tax_1) for line, tax_1 in zip(lines, first, strict=True)])
    return [
        Taxed(line.amount - tax_1 - tax_2 if line.inclusive else line.amount, tax_1, tax_2)
        for line, tax_1, tax_2 in zip(lines, first, second, strict=True)
    ]


def _exact_first(line: Taxable) -> Fraction:
    amount, rates, inclusive = line
    if not inclusive:
        return Fraction(amount * rates.first, WHOLE)
    return _exact_net(line) * rates.first / WHOLE


def _exact_second(line: Taxable, tax_1: int) -> Fraction:
    amount, rates, inclusive = line
    if inclusive:
        base = amount - Fraction(amount * WHOLE, WHOLE + rates.second) if rates.compound else None
        return base if base is not None else _exact_net(line) * rates.second / WHOLE
    return Fraction((amount + tax_1 if rates.compound else amount) * rates.second, WHOLE)


def _exact_net(line: Taxable) -> Fraction:
    amount, rates, _ = line
    if rates.compound:
        return Fraction(amount * WHOLE * WHOLE, (WHOLE + rates.first) * (WHOLE + rates.second))
    return Fraction(amount * WHOLE, WHOLE + rates.first + rates.second)


def _rounded_once(shares: Sequence[Fraction]) -> list[int]:
    """Round the sum half-up and hand it out: floors first, the rest to the largest remainders, ties to the first."""
    total = sum(shares, Fraction(0))
    whole = [floor(share) for share in shares]
    left = half_up(total.numerator, total.denominator) - sum(whole)
    by_remainder = sorted(range(len(shares)), key=lambda i: (whole[i] - shares[i], i))
    for i in by_remainder[:left]:
        whole[i] += 1
    return whole
