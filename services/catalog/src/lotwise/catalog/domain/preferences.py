"""The only home of the chain's preferences and the tax codes last used."""

from collections.abc import Mapping
from dataclasses import dataclass

from lotwise.catalog.domain.codes import LENGTH_DEFAULT


@dataclass(frozen=True, slots=True)
class Preferences:
    """How long codes may be, whether services carry prices, and the length of a normal slot."""

    code_length_max: int = LENGTH_DEFAULT
    use_service_pricing_tables: bool = True
    slot_minutes: int = 15
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What a definition depends on beside its own fields: preferences, and the taxes last used by inventory type."""

    preferences: Preferences
    taxes: Mapping[str, tuple[int, int]]
    minor_exponent: int = 2
