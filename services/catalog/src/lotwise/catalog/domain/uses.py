"""The only home of the decision whether a product may be deleted or its unit changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lotwise.catalog.domain.refusals import ProductInUse, UsesNotKnown

ASKED = ("stock", "sales", "purchasing")


@dataclass(frozen=True, slots=True)
class Uses:
    """What one service answered: how often it knows the product, in words."""

    count: int
    reasons: tuple[str, ...] = ()


def must_be_unused(code: str, answers: Mapping[str, Uses | None], own: Sequence[str] = ()) -> None:
    """Pass only on "unused" from everybody (CAT-22). Raises ProductInUse with the reasons, or UsesNotKnown."""
    reasons = [*own, *(reason for uses in answers.values() if uses is not None for reason in _words(uses))]
    if reasons:
        raise ProductInUse(
            f"{code} is in use: {'; '.join(reasons)}.", ways_out=("archive it instead",), reasons=reasons
        )
    silent = [service for service in ASKED if answers.get(service) is None]
    if silent:
        raise UsesNotKnown(
            f"{', '.join(silent)} did not answer whether {code} is used.",
            ways_out=("archive it instead", "try again later"),
            silent=silent,
        )


def _words(uses: Uses) -> tuple[str, ...]:
    return uses.reasons or ((f"{uses.count} uses",) if uses.count else ())
