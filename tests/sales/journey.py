"""The only home of 75,000 real lines with three kinds of discount (Complete Journey, CC0), as charges to record.

What the till took for a line is `sales_value`; beside it stand what the loyalty card, coupons and the store's doubling
of coupons took. The list price of a line is all four together. Lines without a quantity, and those whose price per
unit has no exact six decimals, are sold as one.
"""

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from lotwise.contracts.ids import named_id
from lotwise.values import amount

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "completejourney" / "transactions_sample.csv.gz"
REASON = "the Complete Journey lines are not beside the repository"
KINDS = ("retail_disc", "coupon_disc", "coupon_match_disc")
NET, RETAIL, COUPON, MATCH = 23_393_524, 4_018_091, 135_671, 24_210
"""What the whole file adds up to, minor units: paid, and taken by each kind of discount."""


class Line(NamedTuple):
    """A line of the file: minor units, and what each kind of discount took."""

    basket: str
    product_id: UUID
    quantity: str
    unit_price: str
    net: int
    taken: tuple[int, int, int]


def lines() -> Iterator[Line]:
    """Every line of the file."""
    with gzip.open(DATA, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            net, *taken = (round(Decimal(row[name]) * 100) for name in ("sales_value", *KINDS))
            yield _line(row, net, (taken[0], taken[1], taken[2]))


def _line(row: dict[str, str], net: int, taken: tuple[int, int, int]) -> Line:
    gross, quantity = net + sum(taken), int(Decimal(row["quantity"]))
    if quantity:
        micros = (gross * 10_000 + quantity // 2) // quantity
        if amount(micros, quantity, 0) == gross:
            price = f"{micros // 1_000_000}.{micros % 1_000_000:06}"
            return Line(row["basket_id"], named_id("journey", row["product_id"]), str(quantity), price, net, taken)
    whole = f"{gross // 100}.{gross % 100:02}"
    return Line(row["basket_id"], named_id("journey", row["product_id"]), "1", whole, net, taken)


def baskets(count: int | None = None) -> dict[str, list[Line]]:
    """The lines by basket, in the order of the file; of the first `count` baskets."""
    found: dict[str, list[Line]] = {}
    for line in lines():
        if line.basket in found or count is None or len(found) < count:
            found.setdefault(line.basket, []).append(line)
    return found


def by_hand(line: Line) -> list[dict[str, Any]]:
    """What was taken from a line, as discounts by hand with their kind as reason."""
    return [
        {"amount": f"{minor // 100}.{minor % 100:02}", "reason": kind}
        for kind, minor in zip(KINDS, line.taken, strict=True)
        if minor
    ]
