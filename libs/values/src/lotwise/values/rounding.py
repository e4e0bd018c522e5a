"""The only home of rounding: half-up on integers, and spreading a total without losing a cent."""

from collections.abc import Sequence


def half_up(numerator: int, denominator: int) -> int:
    """Round the fraction to the nearest integer, a half away from zero (0.125 → 0.13, -0.125 → -0.13).

    Raises ZeroDivisionError for a zero denominator.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` by largest remainder; ties go to the first; the sum is exact.

    Weights are not negative; when all are zero every share is as equal as possible. No weights: no shares,
    and then `total` must be zero (ValueError otherwise).
    """
    if not weights:
        if total:
            raise ValueError("a total cannot be spread over nothing")
        return []
    if any(weight < 0 for weight in weights):
        raise ValueError("weights cannot be negative")
    base = sum(weights)
    if base == 0:
        weights, base = [1] * len(weights), len(weights)
    sign = -1 if total < 0 else 1
    parts = [divmod(abs(total) * weight, base) for weight in weights]
    shares = [whole for whole, _ in parts]
    left = abs(total) - sum(shares)
    by_remainder = sorted(range(len(parts)), key=lambda i: (-parts[i][1], i))
    for i in by_remainder[:left]:
        shares[i] += 1
    return [sign * share for share in shares]
