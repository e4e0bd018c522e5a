"""The only home of an alert's life: one per thing that is wrong, raised once, cleared by itself (N-16).

Events may come twice, late and out of order. Their ids are ordered in time by their one speaker, so a signal that is
older than what is already known about the same thing changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

BELOW_MINIMUM = "below-minimum"
STOCK_OUT = "stock-out"
SHORTAGE = "shortage"
LOT_EXPIRING = "lot-expiring"
LOT_EXPIRED = "lot-expired"
LOT_QUARANTINED = "lot-quarantined"
LOT_RECALLED = "lot-recalled"
HOLD_BROKEN = "hold-broken"
COUNT_OVERDUE = "count-overdue"
TRANSFER_OVERDUE = "transfer-overdue"
MAINTENANCE_DUE = "maintenance-due"
WARRANTY_ENDING = "warranty-ending"
CONTRACT_ENDING = "contract-ending"
OUT_IN_HISTORY = "out-in-history"
_PASTS = UUID("1d6f0d0e-6b0e-7b1c-8f0a-51c7a3c0a9e2")
"""What the ids of the things `OUT_IN_HISTORY` are named under, a site each."""

SEVERITIES = {
    BELOW_MINIMUM: "warning",
    STOCK_OUT: "critical",
    SHORTAGE: "warning",
    LOT_EXPIRING: "info",
    LOT_EXPIRED: "warning",
    LOT_QUARANTINED: "warning",
    LOT_RECALLED: "critical",
    HOLD_BROKEN: "critical",
    COUNT_OVERDUE: "warning",
    TRANSFER_OVERDUE: "warning",
    MAINTENANCE_DUE: "warning",
    WARRANTY_ENDING: "info",
    CONTRACT_ENDING: "warning",
    OUT_IN_HISTORY: "info",
}
"""Every kind of alert with its severity."""

BY_HAND = frozenset(
    {
        LOT_EXPIRED,
        LOT_QUARANTINED,
        LOT_RECALLED,
        HOLD_BROKEN,
        SHORTAGE,
        OUT_IN_HISTORY,
        COUNT_OVERDUE,
        WARRANTY_ENDING,
        CONTRACT_ENDING,
    }
)
"""Kinds that a person may close; the others end when their cause does."""

HISTORY_AFTER = timedelta(days=7)
"""A stock-out told more than this after it happened is history: an import or a till that was away for weeks told it."""


class Thing(NamedTuple):
    """What is wrong: a kind, the site, and the product, lot or hold it is about."""

    kind: str
    site: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Signal:
    """One event's word about a thing: it is wrong (with what there is to know), or it is over.

    History is not alerted one by one: all that ran out in the past at a site is one alert of that site.
    """

    thing: Thing
    event_id: UUID
    happened_at: datetime
    is_over: bool = False
    product_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_history: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that stands: since which event, and how often it was told."""

    alert_id: UUID | None
    signal: Signal
    times: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a thing before a batch: the alert that stands, and the newest word that it was over."""

    open: Open | None = None
    over: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a batch changed about a thing."""

    thing: Thing
    cleared: tuple[Open, Signal] | None = None
    raised: Open | None = None
    told_again: Open | None = None
    over: UUID | None = None


def judge(thing: Thing, known: Known, signals: Iterable[Signal]) -> Verdict:
    """Fold the signals of one thing, in the order they were said, over what is known of it.

    An alert raised and cleared within the batch leaves no trace; one cleared and raised again is a new alert. What is
    history and happens again now is an alert of its own from then on.
    """
    now, over = known.open, known.over
    cleared: tuple[Open, Signal] | None = None
    for signal in sorted(signals, key=lambda one: one.event_id):
        if over is not None and signal.event_id <= over:
            continue
        if signal.is_over:
            over = signal.event_id
            if now is not None and now.signal.event_id < signal.event_id:
                cleared = (now, signal) if now.alert_id is not None else cleared
                now = None
        elif now is None:
            now = Open(None, signal)
        elif signal.event_id > now.signal.event_id:
            if now.signal.is_history and not signal.is_history:
                cleared = (now, signal) if now.alert_id is not None else cleared
                now = Open(None, signal)
            else:
                kept = replace(signal, is_history=now.signal.is_history)
                now = replace(now, signal=kept, times=now.times + 1)
    return Verdict(
        thing,
        cleared,
        raised=now if now is not None and now.alert_id is None else None,
        told_again=now if now is not None and now.alert_id is not None and now != known.open else None,
        over=over if over != known.over else None,
    )


def is_history(kind: str, minimum: str | None, happened_at: datetime, told_at: datetime) -> bool:
    """Whether a crossing belongs to the past: a product without a minimum that ran out long before it was told.

    Where a minimum is set somebody minds this shelf: it is alerted by itself, whenever it ran out.
    """
    return kind == STOCK_OUT and minimum is None and told_at - happened_at > HISTORY_AFTER


def of_the_past(site: str) -> Thing:
    """The one alert of all that ran out in the past at a site."""
    return Thing(OUT_IN_HISTORY, site, uuid5(_PASTS, site))


def severity(kind: str, facts: Mapping[str, Any]) -> str:
    """How bad it is: by kind; a lot within seven days of its expiry is a warning."""
    if kind == LOT_EXPIRING and int(facts.get("days_left", 99)) <= 7:
        return "warning"
    return SEVERITIES[kind]


def title(kind: str, name: str, facts: Mapping[str, Any]) -> str:
    """A sentence for a person; `name` is the product's (or what stands for it)."""
    lot = f"lot {facts['lot_number']}" if facts.get("lot_number") else "a lot without a number"
    units = f"unit {facts['serials']} of " if facts.get("serials") else ""
    reference = f" ({facts['reference']})" if facts.get("reference") else ""
    many = int(facts.get("products", 0))
    asked = f" of which other sites ask {facts['requested']}" if facts.get("requested") else ""
    left = f"{facts.get('on_hand')} left{asked}"
    sentences = {
        BELOW_MINIMUM: f"{name} is below its minimum: {left}, minimum {facts.get('minimum')}",
        STOCK_OUT: f"{name} has run out",
        SHORTAGE: f"{name}: {facts.get('quantity')} sold that no lot covers",
        LOT_EXPIRING: f"{name}, {lot} expires on {_day(facts.get('expires_on'))}",
        LOT_EXPIRED: f"{name}, {lot} has expired: {facts.get('quantity')} moved to quarantine",
        LOT_QUARANTINED: f"{name}, {lot} is in quarantine: {facts.get('quantity')} set apart",
        LOT_RECALLED: f"{name}, {units}{lot} is recalled: {facts.get('quantity')} here, {facts.get('reason')}",
        COUNT_OVERDUE: f"The count “{facts.get('name')}” was due on {_day(facts.get('due_on'))}",
        TRANSFER_OVERDUE: f"A transfer from {facts.get('from_site')} is on its way for {facts.get('days')} days",
        MAINTENANCE_DUE: f"{name} {facts.get('serial')}: {facts.get('work') or 'maintenance'} is due since"
        f" {_day(facts.get('due_on'))}",
        WARRANTY_ENDING: f"{name} {facts.get('serial')}: the warranty ends on {_day(facts.get('due_on'))}",
        CONTRACT_ENDING: f"The contract with {facts.get('supplier')}{reference} ends on {_day(facts.get('due_on'))}",
        HOLD_BROKEN: f"{name}: a hold of {facts.get('quantity')} cannot be honoured",
        OUT_IN_HISTORY: f"Imported history: {many:,} {'product is' if many == 1 else 'products are'} out of stock",
    }
    return sentences[kind]


def _day(text: object) -> str:
    """A day as a person writes it: 2026-12-01 is 1 Dec 2026."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return f"{day.day} {day:%b %Y}"
