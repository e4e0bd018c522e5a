"""The only home of what one legal entity owes another for goods: cost plus a percent, tax, credits to the cent."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lotwise.values import half_up

HUNDRED = 100_000_000
"""A hundred percent, in millionths of a percent."""

Key = tuple[int, str]
"""A line of a note: the transfer's line and the lot's id."""


class Sums(NamedTuple):
    """What a note comes to, in minor units."""

    cost: int
    price: int
    tax: int


def price_of(cost: int, markup: int) -> int:
    """The transfer price of goods: cost plus a percent in millionths, half-up to the minor unit."""
    return half_up(cost * (HUNDRED + markup), HUNDRED)


def sums_of(lines: Sequence[Mapping[str, Any]], tax_percent: int) -> Sums:
    """A note's sums: tax is taken once, of the whole price."""
    price = sum(line["price_minor"] for line in lines)
    return Sums(sum(line["cost_minor"] for line in lines), price, half_up(price * tax_percent, HUNDRED))


def credited(
    original: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], back: Mapping[Key, int]
) -> list[dict[str, Any]]:
    """The lines that credit quantities of a note's lines, below zero; all of a line credited sums to the line.

    `before` are lines that credited it already; quantities are in smallest units under `units`.
    """
    found = []
    for line in original:
        key = (line["line"], line["lot_id"])
        quantity = back.get(key, 0)
        if not quantity:
            continue
        gone = [one for one in before if (one["line"], one["lot_id"]) == key]
        so_far = -sum(one["units"] for one in gone)
        upto = min(line["units"], so_far + quantity)
        new = {**line, "units": -(upto - so_far)}
        for money in ("cost_minor", "price_minor"):
            new[money] = -half_up(line[money] * upto, line["units"]) - sum(one[money] for one in gone)
        found.append(new)
    return found


def credited_tax(original: Sums, before: Sequence[Sums], price: int) -> int:
    """The tax of a credit, below zero: the tax of what is credited in all less what was credited before."""
    if not original.price:
        return 0
    upto = -(sum(one.price for one in before) + price)
    return -half_up(original.tax * upto, original.price) - sum(one.tax for one in before)


def undone(lines: Sequence[Mapping[str, Any]], by_lot: Mapping[str, int]) -> list[dict[str, Any]]:
    """The lines that take quantities by lot of a credit's lines back again: above zero, all of a line its whole."""
    left = dict(by_lot)
    found = []
    for line in lines:
        part = min(-line["units"], left.get(line["lot_id"], 0))
        if part > 0:
            left[line["lot_id"]] -= part
            money = {name: -half_up(line[name] * part, -line["units"]) for name in ("cost_minor", "price_minor")}
            found.append({**line, "units": part, **money})
    return found
