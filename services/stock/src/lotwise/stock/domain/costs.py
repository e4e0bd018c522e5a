"""The only home of how cost follows quantity: by share, the last unit takes the rest (DESIGN 3.2)."""

from lotwise.values import amount, half_up


def share(cost: int, quantity: int, on_hand: int) -> int:
    """The minor units that leave with `quantity` of a balance: half_up(cost x quantity / on_hand).

    Taking everything takes all the cost that is left, so an empty balance has none. `0 <= quantity <= on_hand`.
    """
    if quantity == on_hand:
        return cost
    return half_up(cost * quantity, on_hand)


def value_of(unit_cost: int, quantity: int, decimals: int, exponent: int) -> int:
    """The minor units of `quantity` smallest units at a cost per whole unit in micros, half-up."""
    return amount(unit_cost, quantity, decimals, exponent)


def unit_cost(cost: int, quantity: int, decimals: int, exponent: int) -> int:
    """The cost per whole unit in micros, for display and as the last known cost; 0 for an empty balance."""
    if not quantity:
        return 0
    return half_up(cost * 10 ** (6 - exponent) * 10**decimals, quantity)
