"""The only home of who hears whom: the streams, the durables and their filters, as plain values.

A filter names events without their version: an event of an unknown version is heard and becomes a dead letter, it is
not silently missed. A handler for an event that is not named here never sees it; the service says so when it starts.
"""

from dataclasses import dataclass

from lotwise.contracts import messages
from lotwise.contracts.envelope import SPEAKERS, Event, kebab, stream_of

EVERYTHING: tuple[str, ...] = ()
SERVICES = ("catalog", "sales", "stock", "purchasing", "alerts", "reporting", "backoffice")

_CATALOG_TO_COUNTERS = (
    "site-defined", "tax-defined", "category-defined", "product-defined", "product-archived", "product-purpose-changed",
    "price-changed", "recipe-defined", "category-price-changed", "discount-defined", "package-defined",
    "preferences-defined", "function-keys-pinned",
)  # fmt: skip
_CATALOG_TO_SHELVES = (
    "site-defined", "category-defined", "product-defined", "product-archived", "product-purpose-changed",
    "recipe-defined",
)  # fmt: skip
_SHORTAGES = ("stock-below-min", "reorder-point-reached", "stock-restored", "stock-out", "minimum-changed")

HEARS: dict[str, dict[str, tuple[str, ...]]] = {
    "catalog": {"purchasing": ("cost-updated", "supplier-defined")},
    "sales": {
        "catalog": _CATALOG_TO_COUNTERS,
        "stock": ("stock-level-changed",),
        "till": ("sale-reported", "appointment-reported"),
    },
    "stock": {
        "catalog": _CATALOG_TO_SHELVES,
        "sales": ("sale-recorded", "sale-voided", "sale-returned", "treatment-completed"),
        "purchasing": (
            "purchase-order-sent", "purchase-order-received", "purchase-order-cancelled", "supplier-defined",
            "cost-updated",
        ),
    },
    "purchasing": {"catalog": _CATALOG_TO_SHELVES, "stock": (*_SHORTAGES, "resupply-changed")},
    "alerts": {
        "catalog": ("site-defined", "product-defined"),
        "stock": (
            "stock-below-min", "stock-restored", "stock-out", "shortage-recorded", "lot-expiring",
            "lot-expired", "lot-quarantined", "lot-released", "stock-received", "transfer-received", "hold-broken",
            "lot-recalled", "count-overdue", "count-posted", "transfer-overdue", "transfer-cancelled",
            "maintenance-due", "maintenance-recorded", "warranty-ending", "warranty-changed", "serial-moved",
        ),
        "purchasing": (
            "purchase-order-drafted", "purchase-order-sent", "purchase-order-cancelled", "contract-ending",
            "contract-changed",
        ),
    },
    "reporting": dict.fromkeys(SPEAKERS, EVERYTHING),
    "backoffice": {},
}  # fmt: skip
"""By service and speaker: the events it hears; EVERYTHING is all of them. Owners of services may add their lines."""

OVERHEARS: dict[str, tuple[str, ...]] = {"backoffice": ("catalog", "sales", "stock", "purchasing", "alerts")}
"""Who listens to speakers as they speak, without a durable: every replica hears, nothing is kept (live pages)."""


@dataclass(frozen=True)
class Durable:
    """A durable consumer: its name, the stream it reads and the subjects it lets through."""

    name: str
    service: str
    speaker: str
    stream: str
    filters: tuple[str, ...]


def topology() -> tuple[Durable, ...]:
    """Every durable consumer of the system, one per service and speaker it hears."""
    return tuple(
        Durable(f"{service}-{speaker}", service, speaker, stream_of(speaker), _filters(speaker, events))
        for service, speakers in HEARS.items()
        for speaker, events in speakers.items()
    )


def _filters(speaker: str, events: tuple[str, ...]) -> tuple[str, ...]:
    if not events:
        return (f"lotwise.*.{speaker}.>",)
    return tuple(sorted(f"lotwise.*.{speaker}.{event}.*" for event in events))


def streams() -> tuple[str, ...]:
    """The stream of every speaker: CATALOG, SALES … TILLS."""
    return tuple(stream_of(speaker) for speaker in SPEAKERS)


def is_heard(service: str, event: type[Event]) -> bool:
    """Whether the filters let this event through to the service."""
    events = HEARS.get(service, {}).get(event.speaker)
    return events is not None and (not events or kebab(event.__name__) in events)


def unknown_events() -> list[str]:
    """Names in the table above that no contract knows: a test keeps this empty."""
    known = {(speaker, name) for speaker, name, _ in messages.REGISTRY}
    return [
        f"{service} hears {speaker}.{event}"
        for service, speakers in HEARS.items()
        for speaker, events in speakers.items()
        for event in events
        if (speaker, event) not in known
    ]
