"""The only home of metrics: what is counted, under which names (docs/telemetry.json), with bounded labels."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUEST_SECONDS = Histogram(
    "lotwise_http_request_seconds",
    "Duration of HTTP requests by method, route template and status.",
    ("method", "route", "status"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
APPLY_DELAY_SECONDS = Histogram(
    "lotwise_message_delay_seconds",
    "From the bus taking a message to the commit that applied it.",
    ("consumer",),
    buckets=(*_SECONDS, 30, 60, 300),
    registry=REGISTRY,
)
JOB_SECONDS = Histogram("lotwise_job_seconds", "Duration of job runs.", ("job",), buckets=_SECONDS, registry=REGISTRY)
OUTBOX_DEPTH = Gauge("lotwise_outbox_depth", "Outbox rows that are not on the bus yet.", registry=REGISTRY)
OUTBOX_AGE_SECONDS = Gauge(
    "lotwise_outbox_oldest_seconds", "Age of the oldest unpublished outbox row.", registry=REGISTRY
)
OUTBOX_FAILED = Gauge(
    "lotwise_outbox_failed", "Outbox rows that the bus refused for their own sake.", registry=REGISTRY
)
CONSUMER_LAG = Gauge(
    "lotwise_consumer_lag", "Messages of a consumer that are not delivered yet.", ("consumer",), registry=REGISTRY
)
DEAD_LETTERS = Gauge("lotwise_dead_letters", "Parked messages that nobody settled.", registry=REGISTRY)
WAITING = Gauge("lotwise_waiting_messages", "Messages that wait for a definition.", registry=REGISTRY)

SITE_FIGURES = {
    name: Gauge(f"lotwise_site_{metric}", text, ("site",), registry=REGISTRY)
    for name, metric, text in (
        ("charges", "charges_today", "Charges of a site's day so far."),
        ("net_minor", "net_minor_today", "Sales without tax of a site's day so far, in minor units."),
        ("waste_minor", "waste_minor_today", "Cost of what was lost on a site's day so far, in minor units."),
        ("value_minor", "stock_value_minor", "What a site's stock is worth at cost, in minor units."),
        ("below_minimum", "products_below_minimum", "Products of a site that stand below their minimum."),
        ("run_out", "products_out", "Products that a site wants to have and has none of."),
    )
}
"""The figures of each site, which one service (reporting) knows; sites are few and named by their slugs."""


class Heard(NamedTuple):
    """What became of a consumer's messages since the start of the process."""

    consumer: str
    applied: int
    duplicates: int
    dead: int
    waiting: int


class Tallies(Collector):
    """Counters that the two ends of the bus keep themselves; they are read only when somebody asks."""

    def __init__(self) -> None:
        self.heard: Callable[[], Iterable[Heard]] = tuple
        self.published: Callable[[], int] = int

    def collect(self) -> Iterator[Metric]:
        """The counters as they are now."""
        applied = CounterMetricFamily(
            "lotwise_messages_applied", "Fresh messages applied, by consumer.", labels=("consumer",)
        )
        again = CounterMetricFamily(
            "lotwise_messages_duplicate",
            "Messages that came again and were absorbed by the inbox.",
            labels=("consumer",),
        )
        parked = CounterMetricFamily(
            "lotwise_messages_parked", "Messages set aside, by consumer and reason.", labels=("consumer", "reason")
        )
        for one in self.heard():
            applied.add_metric([one.consumer], one.applied)
            again.add_metric([one.consumer], one.duplicates)
            parked.add_metric([one.consumer, "dead"], one.dead)
            parked.add_metric([one.consumer, "waiting"], one.waiting)
        said = CounterMetricFamily("lotwise_outbox_published", "Outbox rows taken by the bus.", value=self.published())
        yield from (applied, again, parked, said)


TALLIES = Tallies()
REGISTRY.register(TALLIES)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_requests: dict[tuple[str, str, int], Histogram] = {}
_delays: dict[str, Histogram] = {}


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request; `route` is a template, never a path, so that labels stay few."""
    key = (method, route, status)
    child = _requests.get(key)
    if child is None:
        child = _requests[key] = REQUEST_SECONDS.labels(method, route, str(status))
    child.observe(seconds)


def applied(consumer: str, published_ns: Sequence[int]) -> None:
    """Count how late messages were when they were applied, by the bus's clock for each (nanoseconds)."""
    child = _delays.get(consumer)
    if child is None:
        child = _delays[consumer] = APPLY_DELAY_SECONDS.labels(consumer)
    now = time.time_ns()
    for taken in published_ns:
        child.observe(max(0, now - taken) / 1e9)


def site_figures(figures: Mapping[str, Mapping[str, float]]) -> None:
    """Tell dashboards these figures of each site, by the names of SITE_FIGURES; a site that is gone is told no more."""
    for name, gauge in SITE_FIGURES.items():
        gauge.clear()
        for site, row in figures.items():
            gauge.labels(site).set(row[name])


def exposition() -> bytes:
    """All metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)
