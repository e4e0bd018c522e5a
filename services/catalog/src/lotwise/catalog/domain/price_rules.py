"""The only home of how the price-setting tool makes a new price of an old one (CAT-58)."""

from dataclasses import dataclass
from enum import StrEnum

from lotwise.catalog.domain.products import price_from_markup
from lotwise.values import BIGINT_MAX, MICROS, BadValue, half_up, parse_price

PERCENT, AMOUNT, SET, MARKUP = "percent", "amount", "set", "markup"
EXACT = "exact"
_ENDINGS = {".00": 0, ".49": 490_000, ".95": 950_000, ".99": 990_000}
_STEPS = {"0.05": 50_000, "1": MICROS}
_WHOLE = 100 * MICROS


class Reason(StrEnum):
    """Why a price stays as it is, as a machine names it."""

    NO_PRICE = "no_price"
    NO_COST = "no_cost"
    BELOW_ZERO = "below_zero"
    TOO_LARGE = "too_large"
    SAME = "same"
    OVERLAP = "overlap"


SENTENCES = {
    Reason.NO_PRICE: "It has no price to start from.",
    Reason.NO_COST: "Nobody knows its cost yet.",
    Reason.BELOW_ZERO: "The price would fall below zero.",
    Reason.TOO_LARGE: "The price would be larger than any price.",
    Reason.SAME: "The price is this already.",
    Reason.OVERLAP: "Another price begins at that very time.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do to a price: `value` is a percentage or money in micros; `ending` is how the result must end."""

    kind: str
    value: int
    ending: str = EXACT


def rule_of(kind: str, value: str, ending: str, minor_exponent: int) -> Rule:
    """The rule from a decimal string. Raises BadValue with the field.

    A percentage takes at most the whole price off; a set price and a mark-up are not below zero; endings in
    hundredths need a currency that has them.
    """
    number = parse_price(value)
    if kind == PERCENT and number < -_WHOLE:
        raise BadValue("No more than 100 percent can be taken off.", field="value")
    if kind in {SET, MARKUP} and number < 0:
        raise BadValue("It cannot be below zero.", field="value")
    if minor_exponent < 2 and ending not in {EXACT, "1", ".00"}:
        raise BadValue("The currency has no hundredths to end in.", field="ending")
    return Rule(kind, number, ending)


def new_price(rule: Rule, price: int | None, cost: int | None, minor_exponent: int) -> int | Reason:
    """The price after the rule in micros, rounded to the currency and its ending, or why there is none."""
    raw = _raw(rule, price, cost, minor_exponent)
    if isinstance(raw, Reason):
        return raw
    if raw < 0:
        return Reason.BELOW_ZERO
    rounded = _ended(raw, rule.ending, minor_exponent)
    return Reason.TOO_LARGE if rounded > BIGINT_MAX else rounded


def _raw(rule: Rule, price: int | None, cost: int | None, minor_exponent: int) -> int | Reason:
    if rule.kind == SET:
        return rule.value
    if rule.kind == MARKUP:
        return Reason.NO_COST if cost is None else price_from_markup(cost, rule.value, minor_exponent)
    if price is None:
        return Reason.NO_PRICE
    return price + rule.value if rule.kind == AMOUNT else half_up(price * (_WHOLE + rule.value), _WHOLE)


def _ended(price: int, ending: str, minor_exponent: int) -> int:
    if ending in _ENDINGS:
        return _nearest(price, _ENDINGS[ending])
    step: int = _STEPS.get(ending, 10 ** (6 - minor_exponent))
    return half_up(price, step) * step


def _nearest(price: int, ending: int) -> int:
    """The nearest price of that ending, the upper one of two as near, never below zero."""
    above = -(-(price - ending) // MICROS) * MICROS + ending
    below = above - MICROS
    return below if below >= 0 and price - below < above - price else max(above, ending)
