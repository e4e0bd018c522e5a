"""The only home of when a deed needs a second person: by its value, the drug's class, or its reason (N-22, STK-40)."""

from typing import NamedTuple

from lotwise.stock.domain.reasons import Reason

CHAIN = "chain"
CONTROLLED = "controlled"
PRESCRIPTION = "prescription"


class Rule(NamedTuple):
    """A scope's rule: `above_minor` is the value a person may correct alone, None for any; `hours` a deed waits."""

    above_minor: int | None = None
    classes: tuple[str, ...] = (CONTROLLED,)
    hours: int = 24
    revision: int = 0

    def why(self, reason: Reason, drug_class: str, cost: int) -> str:
        """Why a witness is needed: "reason", "class" or "value"; "" when one person is enough. Cost in minor units."""
        if reason.needs_witness:
            return "reason"
        if drug_class in self.classes:
            return "class"
        if self.above_minor is not None and abs(cost) > self.above_minor:
            return "value"
        return ""


def rule_of(rules: dict[str, Rule], site: str) -> Rule:
    """The rule of a site: its own, else the chain's, else the one every chain begins with."""
    return rules.get(site) or rules.get(CHAIN) or Rule()
