"""The only home of what a printed receipt says: lines, each tax with its name and rate, payments and change."""

from collections.abc import Iterable
from typing import NamedTuple

from lotwise.sales.domain.charges import ChargeLine
from lotwise.sales.domain.definitions import TaxSlots
from lotwise.sales.domain.taxes import CODES


class TaxTotal(NamedTuple):
    """One tax of a receipt: its name, its rate in millionths of a percent, what was taxed and the tax, minor units."""

    name: str
    rate: int
    base_minor: int
    tax_minor: int


def tax_totals(lines: Iterable[ChargeLine], slots: TaxSlots) -> list[TaxTotal]:
    """The taxes of a receipt, one row per name and rate, Tax 1 before Tax 2.

    A tax the site does not have, without name and rate, is no row; one that is named and takes 0 % is.
    """
    rates_1, rates_2 = (0, slots.rate_1_1, slots.rate_1_2), (0, slots.rate_2_1, slots.rate_2_2)
    sums: dict[tuple[int, str, int], tuple[int, int]] = {}
    for line in (part for sold in lines for part in sold.more.shares or (sold,)):
        one, two = CODES[line.tax_code]
        base_2 = line.net_minor + (line.tax_1_minor if line.application_code else 0)
        for slot, chosen, name, rate, base, tax in (
            (1, one, slots.name_1, rates_1[one], line.net_minor, line.tax_1_minor),
            (2, two, slots.name_2, rates_2[two], base_2, line.tax_2_minor),
        ):
            if chosen and (name or rate):
                key = (slot, name or f"Tax {slot}", rate)
                known = sums.get(key, (0, 0))
                sums[key] = (known[0] + base, known[1] + tax)
    return [TaxTotal(name, rate, base, tax) for (_, name, rate), (base, tax) in sorted(sums.items())]


def charge_number(site: str, number: int) -> str:
    """The number printed on a charge: site and count, "harley-000042"."""
    return f"{site}-{number:06d}"


def return_number(site: str, number: int) -> str:
    """The number printed on a return: "harley-R000042"."""
    return f"{site}-R{number:06d}"
