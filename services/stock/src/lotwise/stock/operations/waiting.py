"""The only home of deeds that wait for a second person: judged by the rule of their site, written down, moved later."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.stock.domain.reasons import WASTE, Reason
from lotwise.stock.domain.witness import Rule, rule_of
from lotwise.stock.repository.adjustments import add_adjustments
from lotwise.stock.repository.reasons import all_reasons, rules_of

PENDING = "pending"
CLOCK = "stock"
"""The actor of a deed that no person entered: it waits until somebody witnesses it, however long."""


class Judge(NamedTuple):
    """The managed reasons and witness rules of some sites."""

    reasons: dict[str, Reason]
    rules: dict[str, Rule]

    def why(self, site: str, reason: str, drug_class: str, cost: int) -> str:
        """Why a deed needs a witness: "reason", "class" or "value"; "" when one person is enough."""
        found = self.reasons.get(reason) or Reason(reason, reason, WASTE)
        return rule_of(self.rules, site).why(found, drug_class, cost)

    def account(self, reason: str) -> str:
        """The account of a reason; what is not managed is waste."""
        found = self.reasons.get(reason)
        return found.account if found else WASTE

    def until(self, site: str, now: datetime) -> datetime:
        """Until when a deed of a site waits."""
        return now + timedelta(hours=rule_of(self.rules, site).hours)


class Waiting(NamedTuple):
    """A write-off that waits: `quantity` and `cost` are above zero; one of the last three says what it is part of."""

    site: str
    product_id: UUID
    lot_id: UUID | None
    area: str
    quantity: int
    cost: int
    reason: str
    note: str
    needed: str
    happened_at: datetime
    actor: str
    trace_id: str = ""
    damage_id: UUID | None = None
    container_id: UUID | None = None
    transfer_id: UUID | None = None


async def judge_of(tx: Tx, sites: Iterable[str]) -> Judge:
    """What deeds at these sites are judged by."""
    return Judge(await all_reasons(tx), await rules_of(tx, set(sites)))


async def wait_for_witness(tx: Tx, waiting: Sequence[Waiting], judge: Judge, now: datetime) -> list[UUID]:
    """Write deeds down as pending: nothing moves until a witness confirms them (N-22). Returns their ids.

    A person's deed waits as long as the rule of its site says; the clock's has no end.
    """
    ids = [uuid7() for _ in waiting]
    ends = [None if one.actor == CLOCK else judge.until(one.site, now) for one in waiting]
    rows = [
        (
            key, one.site, one.product_id, one.lot_id, one.area, -one.quantity, -one.cost, one.reason,
            judge.account(one.reason), one.note, PENDING, one.needed, one.happened_at, now, one.actor, one.trace_id,
            end, one.damage_id, one.container_id, one.transfer_id,
        )
        for key, one, end in zip(ids, waiting, ends, strict=True)
    ]  # fmt: skip
    await add_adjustments(tx, rows)
    return ids
