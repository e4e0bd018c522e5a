"""Use case: a batch of signals changes which alerts stand, and says so."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from lotwise.alerts.domain.signals import (
    OUT_IN_HISTORY,
    Open,
    Signal,
    Thing,
    judge,
    of_the_past,
    severity,
    title,
)
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
    summaries = await _summaries(tx, raised, causes)
    await rows.store(tx, verdicts, ids, summaries)
    cleared = [verdict.cleared for verdict in verdicts if verdict.cleared]
    names = await _names(tx, raised)
    await tell(
        tx,
        *(Told(_cleared(alert, over), causes[over.event_id]) for alert, over in cleared if not alert.signal.is_history),
        *(
            Told(_raised(one, key, names), causes[one.signal.event_id])
            for one, key in zip(raised, ids, strict=True)
            if not one.signal.is_history
        ),
    )
    past = {alert.signal.thing.site: over for alert, over in cleared if alert.signal.is_history}
    await _recount(tx, past, {*past, *summaries}, causes)


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


async def _summaries(tx: Tx, raised: Sequence[Open], causes: Mapping[UUID, Message[Any]]) -> dict[str, UUID]:
    """The alert of the past at each site where something of the past was raised; a missing one is raised and told."""
    history = {one.signal.thing.site: one for one in raised if one.signal.is_history}
    standing = await rows.pasts(tx, history.keys(), OUT_IN_HISTORY) if history else {}
    found = {site: past.alert_id for site, past in standing.items()}
    for site in sorted(history.keys() - found.keys()):
        first = history[site].signal
        many = sum(one.signal.is_history and one.signal.thing.site == site for one in raised)
        thing = of_the_past(site)
        alert = Open(None, Signal(thing, first.event_id, first.happened_at, facts={"products": many}))
        found[site] = uuid7()
        await rows.raise_one(tx, alert, found[site])
        await tell(tx, Told(_raised(alert, found[site], {}), causes[first.event_id]))
    return found


async def _recount(
    tx: Tx, over: Mapping[str, Signal], sites: Collection[str], causes: Mapping[UUID, Message[Any]]
) -> None:
    """Let the alerts of the past say how many products they stand for; one that stands for none is over."""
    if not sites:
        return
    for site, past in sorted((await rows.pasts(tx, sites, OUT_IN_HISTORY)).items()):
        if past.products == past.said:
            continue
        await rows.recount(tx, past)
        if not past.products and site in over:
            signal = over[site]
            ended = Open(past.alert_id, signal)
            gone = replace(signal, thing=of_the_past(site))
            await tell(tx, Told(_cleared(ended, gone), causes[signal.event_id]))
