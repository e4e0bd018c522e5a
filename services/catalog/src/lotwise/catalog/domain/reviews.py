"""The only home of what a price review says: how much of a price is margin, and why somebody should look (CAT-60)."""

from lotwise.values import half_up

COST_ROSE, MARGIN_LOW = "cost_rose", "margin_low"


def margin_percent(price: int | None, cost: int) -> int | None:
    """What of a price is left over its cost, in hundredths of a percent; none without a price above zero."""
    return half_up((price - cost) * 10_000, price) if price else None


def reasons(price: int | None, cost: int, priced_cost: int | None, target_micros: int) -> list[str]:
    """Why a price should be looked at: the cost rose since it was set, or its margin is under the target (percent)."""
    found = [COST_ROSE] if priced_cost is not None and cost > priced_cost else []
    if price and (price - cost) * 100_000_000 < target_micros * price:
        found.append(MARGIN_LOW)
    return found
