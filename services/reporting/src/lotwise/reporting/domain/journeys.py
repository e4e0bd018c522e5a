"""The only home of how far a journey goes: what to look for next, and when to stop."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from lotwise.reporting.domain.references import threads

ENTRIES_MAX = 500
ROUNDS_MAX = 6
_TOO_BROAD = frozenset({"site-defined", "ledger-sealed"})


@dataclass(slots=True)
class Search:
    """A journey as far as it is known: which entries were found, and which ids were already followed."""

    named: set[str]
    seen: set[UUID] = field(default_factory=set)
    asked_names: set[str] = field(default_factory=set)
    asked_causes: set[UUID] = field(default_factory=set)
    wanted: set[UUID] = field(default_factory=set)

    def found(self, event_id: UUID, name: str, cause_id: UUID | None, body: Mapping[str, Any]) -> None:
        """Note an entry: its cause and its ids are followed, unless it tells of too much to lead anywhere."""
        self.seen.add(event_id)
        if name in _TOO_BROAD:
            self.asked_causes.add(event_id)
            return
        self.named |= threads(body)
        if cause_id is not None:
            self.wanted.add(cause_id)

    def next_names(self) -> set[str]:
        """Ids to look for that were not looked for yet."""
        new = self.named - self.asked_names
        self.asked_names |= new
        return new

    def next_entries(self) -> set[UUID]:
        """Causes that were not read yet."""
        return self.wanted - self.seen

    def next_causes(self) -> set[UUID]:
        """Entries whose effects were not looked for yet."""
        new = self.seen - self.asked_causes
        self.asked_causes |= new
        return new


def depths(causes: Mapping[UUID, UUID | None], order: Iterable[UUID]) -> dict[UUID, int]:
    """How many known causes lie before each entry: 0 for a beginning; a circle (which nobody should tell) ends."""
    found: dict[UUID, int] = {}
    for entry in order:
        chain: list[UUID] = []
        at: UUID | None = entry
        while at is not None and at in causes and at not in found and at not in chain:
            chain.append(at)
            at = causes[at]
        base = found.get(at, -1) if at is not None else -1
        found.update((one, step) for step, one in enumerate(reversed(chain), base + 1))
    return found
