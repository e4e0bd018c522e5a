"""The only home of metrics: what is counted, under which names (docs/telemetry.json), with bounded labels."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUEST_SECONDS = Histogram(
    "lotwise_http_request_seconds",
    "Duration of HTTP requests by method, route template and status.",
    ("method", "route", "status"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
MESSAGES_APPLIED = Counter(
    "lotwise_messages_applied_total", "Fresh messages applied, by consumer.", ("consumer",), registry=REGISTRY
)
DUPLICATES = Counter(
    "lotwise_messages_duplicate_total",
    "Messages that came again and were absorbed by the inbox.",
    ("consumer",),
    registry=REGISTRY,
)
PARKED = Counter(
    "lotwise_messages_parked_total",
    "Messages set aside, by consumer and reason.",
    ("consumer", "reason"),
    registry=REGISTRY,
)
APPLY_DELAY_SECONDS = Histogram(
    "lotwise_message_delay_seconds",
    "From the bus taking a message to the commit that applied it.",
    ("consumer",),
    buckets=(*_SECONDS, 30, 60, 300),
    registry=REGISTRY,
)
PUBLISHED = Counter("lotwise_outbox_published_total", "Outbox rows taken by the bus.", registry=REGISTRY)
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

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_requests: dict[tuple[str, str, int], Histogram] = {}


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request; `route` is a template, never a path, so that labels stay few."""
    key = (method, route, status)
    child = _requests.get(key)
    if child is None:
        child = _requests[key] = REQUEST_SECONDS.labels(method, route, str(status))
    child.observe(seconds)


def exposition() -> bytes:
    """All metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)
