"""The only home of what products of a category cost that have no price of their own (CAT-05)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lotwise.catalog.domain.products import micros, price_from_markup
from lotwise.values import BadValue


@dataclass(frozen=True, slots=True)
class CategoryPrice:
    """A rule over a period: an amount in micros, or a mark-up on the product's cost in percent (micros)."""

    id: UUID
    category_id: UUID
    at_site: str | None
    amount: int | None
    markup: int | None
    valid_from: datetime
    valid_to: datetime | None = None
    revision: int = 1

    @property
    def worth(self) -> tuple[int | None, int | None]:
        """The amount and the mark-up, one of which is there."""
        return self.amount, self.markup


def rule_of(amount: str | None, markup: str | None) -> tuple[int | None, int | None]:
    """The amount or the mark-up of a rule, in micros. Raises BadValue unless there is just one, not below zero."""
    if (amount is None) == (markup is None):
        raise BadValue("Say either an amount or a mark-up on the cost.", field="amount")
    if amount is not None:
        return micros("amount", amount), None
    return None, micros("markup_percent", markup or "")


def price_by(rule: CategoryPrice, cost: int | None, minor_exponent: int) -> int | None:
    """What a product costs by a rule, in micros; a mark-up on a cost that nobody knows gives none."""
    if rule.amount is not None:
        return rule.amount
    if cost is None or rule.markup is None:
        return None
    return price_from_markup(cost, rule.markup, minor_exponent)
