"""Use case: a batch of signals changes which alerts stand, and says so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from lotwise.alerts.domain.signals import Open, Signal, Thing, judge, severity, title
from lotwise.alerts.repository import definitions
from lotwise.alerts.repository import signals as rows
from lotwise.contracts.alerts import AlertCleared, AlertRaised
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message
from lotwise.kit.outbox import Told, tell


async def apply(tx: Tx, heard: Sequence[tuple[Signal, Message[Any]]]) -> None:
    """Fold signals into the alerts that stand; tell each alert that was raised or cleared, once."""
    if not heard:
        return
    of: dict[Thing, list[Signal]] = defaultdict(list)
    for signal, _ in heard:
        of[signal.thing].append(signal)
    causes = {signal.event_id: message for signal, message in heard}
    known = await rows.known(tx, sorted(of))
    verdicts = [judge(thing, known[thing], of[thing]) for thing in sorted(of)]
    raised = [verdict.raised for verdict in verdicts if verdict.raised]
    ids = [uuid7() for _ in raised]
    await rows.store(tx, verdicts, ids)
    cleared = [verdict.cleared for verdict in verdicts if verdict.cleared]
    names = await _names(tx, raised)
    await tell(
        tx,
        *(Told(_cleared(alert, over), causes[over.event_id]) for alert, over in cleared),
        *(Told(_raised(one, key, names), causes[one.signal.event_id]) for one, key in zip(raised, ids, strict=True)),
    )


async def _names(tx: Tx, raised: Sequence[Open]) -> Mapping[UUID, str]:
    ids = {one.signal.product_id for one in raised if one.signal.product_id}
    return await definitions.product_names(tx, sorted(ids)) if ids else {}


def _raised(alert: Open, alert_id: UUID, names: Mapping[UUID, str]) -> AlertRaised:
    signal = alert.signal
    thing = signal.thing
    name = names.get(signal.product_id, str(signal.product_id)) if signal.product_id else "A product"
    return AlertRaised.model_validate(
        {
            "site": thing.site,
            "alert_id": alert_id,
            "kind": thing.kind,
            "subject_id": str(thing.subject_id),
            "severity": severity(thing.kind, signal.facts),
            "title": title(thing.kind, name, signal.facts),
            "happened_at": signal.happened_at,
        }
    )


def _cleared(alert: Open, over: Signal) -> AlertCleared:
    thing = over.thing
    return AlertCleared.model_validate(
        {
            "site": thing.site,
            "alert_id": alert.alert_id,
            "kind": thing.kind,
            "subject_id": str(thing.subject_id),
            "happened_at": over.happened_at,
        }
    )
