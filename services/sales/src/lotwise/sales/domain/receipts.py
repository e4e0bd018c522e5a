"""The only home of what a printed receipt says: lines, each tax with its name and rate, payments and change."""

from collections.abc import Iterable
from typing import NamedTuple

from lotwise.sales.domain.charges import ChargeLine
from lotwise.sales.domain.definitions import TaxSlots
from lotwise.sales.domain.lines import Share
from lotwise.sales.domain.taxes import CODES, rates_of


class TaxTotal(NamedTuple):
    """One tax of a receipt: its name, its rate in millionths of a percent, what was taxed and the tax, minor units."""

    name: str
    rate: int
    base_minor: int
    tax_minor: int


def line_taxes(line: ChargeLine | Share, slots: TaxSlots) -> list[tuple[int, TaxTotal]]:
    """The taxes of one line, Tax 1 before Tax 2, each with the number of its slot.

    A tax the site does not have, without name and rate, is none; one that is named and takes 0 % is.
    """
    one, two = CODES[line.tax_code]
    rates = rates_of(slots, line.tax_code, line.application_code)
    base_2 = line.net_minor + (line.tax_1_minor if rates.compound else 0)
    return [
        (slot, TaxTotal(name or f"Tax {slot}", rate, base, tax))
        for slot, chosen, name, rate, base, tax in (
            (1, one, slots.name_1, rates.first, line.net_minor, line.tax_1_minor),
            (2, two, slots.name_2, rates.second, base_2, line.tax_2_minor),
        )
        if chosen and (name or rate)
    ]


def tax_totals(lines: Iterable[ChargeLine], slots: TaxSlots) -> list[TaxTotal]:
    """The taxes of a receipt, one row per name and rate, Tax 1 before Tax 2."""
    sums: dict[tuple[int, str, int], tuple[int, int]] = {}
    for line in (part for sold in lines for part in sold.more.shares or (sold,)):
        for slot, (name, rate, base, tax) in line_taxes(line, slots):
            known = sums.get((slot, name, rate), (0, 0))
            sums[slot, name, rate] = (known[0] + base, known[1] + tax)
    return [TaxTotal(name, rate, base, tax) for (_, name, rate), (base, tax) in sorted(sums.items())]


def charge_number(site: str, number: int) -> str:
    """The number printed on a charge: site and count, "harley-000042"."""
    return f"{site}-{number:06d}"


def return_number(site: str, number: int) -> str:
    """The number printed on a return: "harley-R000042"."""
    return f"{site}-R{number:06d}"
