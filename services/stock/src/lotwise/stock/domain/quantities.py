"""The only home of how a list of quantities is changed at once: set to, add, by percent (STK-09)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from lotwise.stock.domain.refusals import BadQuantity
from lotwise.values import BIGINT_MAX, parse_quantity

SET = "set"
ADD = "add"
PERCENT = "percent"
PERCENT_MAX = 1000


def changed(on_hand: int, way: str, value: str, decimals: int) -> int:
    """The new quantity in smallest units, half-up, never below zero and at most what a stock may be.

    `value` is a quantity in the product's unit for `set` and `add`, else a signed percentage: "-10" takes a tenth.
    Raises BadQuantity.
    """
    if way == PERCENT:
        new = _by_percent(on_hand, value)
    else:
        try:
            amount = parse_quantity(value, decimals)
        except ValueError as error:
            raise BadQuantity(str(error), field="value", unit_decimals=decimals) from error
        new = amount if way == SET else on_hand + amount
    if new < 0:
        raise BadQuantity("That is less than nothing", field="value")
    if new > BIGINT_MAX:
        raise BadQuantity("That is more than any stock", field="value")
    return new


def _by_percent(on_hand: int, value: str) -> int:
    try:
        percent = Decimal(value)
    except InvalidOperation as error:
        raise BadQuantity("Enter a percentage such as -10 or 2.5", field="value") from error
    if not abs(percent) <= PERCENT_MAX:
        raise BadQuantity(f"A percentage lies within {PERCENT_MAX}", field="value")
    return int((Decimal(on_hand) * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))
