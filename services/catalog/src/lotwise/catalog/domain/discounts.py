"""The only home of what a discount is and when it may stand (CAT-10 to CAT-13)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from lotwise.catalog.domain.refusals import BadDiscount
from lotwise.values import MICROS, parse_price, parse_quantity

PERCENT, LINE, BUNDLE, CART = "percent", "line", "bundle", "cart"
_WHOLE = 100 * MICROS
_LISTS = ("product_ids", "category_ids", "at_sites")


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount: `value` in percent or money, `min_spend` in money, `min_quantity` in units, all in micros."""

    id: UUID
    name: str
    value: int
    scope: str = LINE
    form: str = PERCENT
    min_quantity: int = MICROS
    min_spend: int | None = None
    product_ids: tuple[UUID, ...] = ()
    category_ids: tuple[UUID, ...] = ()
    at_sites: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None
    is_automatic: bool = True
    is_combinable: bool = True
    audience: str = "everyone"
    coupon: str = ""
    is_archived: bool = False
    revision: int = 0


FIELDS = tuple(field.name for field in fields(Discount) if field.name not in {"id", "revision"})


def define(current: Discount, told: Mapping[str, Any], minor_exponent: int) -> Discount:
    """The discount after the changes (value and spend as decimal strings); what is not named stays.

    A coupon that is named without saying so is not automatic. Raises BadDiscount with the field.
    """
    changes = {name: value for name, value in told.items() if name in FIELDS}
    for name in ("value", "min_spend"):
        if changes.get(name) is not None:
            changes[name] = parse_price(changes[name])
    if "min_quantity" in changes:
        changes["min_quantity"] = parse_quantity(changes["min_quantity"], 6)
    for name in _LISTS:
        if name in changes:
            changes[name] = tuple(sorted(set(changes[name])))
    if "coupon" in changes:
        changes["coupon"] = changes["coupon"].strip()
        if changes["coupon"]:
            changes.setdefault("is_automatic", False)
    return _checked(replace(current, **changes), minor_exponent)


def _checked(discount: Discount, minor_exponent: int) -> Discount:
    _check_value(discount, minor_exponent)
    _check_scope(discount)
    if discount.starts_on and discount.ends_on and discount.ends_on < discount.starts_on:
        raise BadDiscount(
            f"It would end on {discount.ends_on}, before it starts on {discount.starts_on}.", field="ends_on"
        )
    if discount.coupon and discount.is_automatic:
        raise BadDiscount("A discount with a coupon is not automatic: somebody names the coupon.", field="is_automatic")
    return discount


def _check_value(discount: Discount, minor_exponent: int) -> None:
    if discount.value <= 0:
        raise BadDiscount("A discount takes more than nothing off.", field="value")
    if discount.form == PERCENT and discount.value > _WHOLE:
        raise BadDiscount("A discount takes at most 100 percent off.", field="value", percent_max=100)
    if discount.form != PERCENT and discount.value % 10 ** (6 - minor_exponent):
        raise BadDiscount("An amount has no more decimals than the currency.", field="value")
    if discount.min_quantity <= 0:
        raise BadDiscount("It needs a quantity above nothing.", field="min_quantity")
    if discount.min_spend is not None and discount.min_spend < 0:
        raise BadDiscount("What must be spent cannot be below zero.", field="min_spend")


def _check_scope(discount: Discount) -> None:
    if discount.scope == BUNDLE and discount.min_quantity <= MICROS:
        raise BadDiscount("A bundle is of more than one: say how many (min_quantity).", field="min_quantity")
    if discount.scope == CART and (discount.product_ids or discount.category_ids):
        raise BadDiscount("A discount on the whole charge names no products or categories.", field="scope")
    if discount.scope != CART and discount.min_spend is not None:
        raise BadDiscount("Only a discount on the whole charge asks for a spend.", field="min_spend")


def changed(was: Discount, now: Discount) -> Discount | None:
    """The discount with its next revision, or None when nothing changed."""
    return replace(now, revision=was.revision + 1) if was.revision == 0 or differences(was, now) else None


def differences(was: Discount, now: Discount) -> list[tuple[str, Any, Any]]:
    """The fields that changed, each with its old and new value."""
    pairs = ((name, getattr(was, name), getattr(now, name)) for name in FIELDS)
    return [pair for pair in pairs if pair[1] != pair[2]]
