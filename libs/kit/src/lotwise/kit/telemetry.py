"""The only home of spans: their names (docs/telemetry.json), their parents, and where they are sent.

Without an exporter no span is made, only trace ids; with one, unsampled work costs a random number. A message carries
its trace in `traceparent`, so that one trace runs from an HTTP request through every outbox and inbox behind it.
"""

import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from lotwise.kit import context

TRACE_FILE = "LOTWISE_TRACE_FILE"
_SPANS = "lotwise.kit"


class _State:
    """Whether spans are made in this process, by which tracer, and which share of new traces."""

    tracer: trace.Tracer | None = None
    provider: TracerProvider | None = None
    ratio: float = 1.0


class JsonLines(SpanExporter):
    """Appends finished spans to a file, one JSON object a line; many processes may share the file."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the spans with one append."""
        lines = b"".join(orjson.dumps(_plain(span)) + b"\n" for span in spans)
        with self._lock:
            os.write(self._file, lines)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        os.close(self._file)


def _plain(span: ReadableSpan) -> dict[str, Any]:
    own = span.context
    return {
        "name": span.name,
        "kind": span.kind.name,
        "service": span.resource.attributes.get("service.name"),
        "trace_id": f"{own.trace_id:032x}" if own else None,
        "span_id": f"{own.span_id:016x}" if own else None,
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "links": [f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in span.links],
        "attributes": dict(span.attributes or {}),
        "status": span.status.status_code.name,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
    }


def start(service: str, *, otlp_endpoint: str | None = None, ratio: float = 1.0) -> None:
    """Begin making spans if there is where to send them: an OTLP/HTTP endpoint, or the file of LOTWISE_TRACE_FILE."""
    exporters: list[SpanExporter] = []
    if otlp_endpoint:
        exporters.append(OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces", timeout=5))
    if path := os.environ.get(TRACE_FILE):
        exporters.append(JsonLines(path))
    if not exporters or _State.provider is not None:
        return
    provider = TracerProvider(
        sampler=ALWAYS_ON, resource=Resource.create({"service.name": service}), shutdown_on_exit=False
    )
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    _State.provider, _State.tracer, _State.ratio = provider, provider.get_tracer(_SPANS), ratio


def stop() -> None:
    """Send what is left and stop making spans."""
    provider, _State.provider, _State.tracer = _State.provider, None, None
    if provider is not None:
        provider.shutdown()


def trace_id() -> str | None:
    """The 32 hexadecimal digits that log lines and problems of this work show."""
    here = context.current_traceparent()
    return here[3:35] if here else None


def new_traceparent(parent: str | None, *, sampled: bool) -> str:
    """A traceparent for work of its own: in the parent's trace if there is one, in a new trace otherwise."""
    number = f"{random.getrandbits(192):048x}"
    return f"00-{parent[3:35] if parent else number[:32]}-{number[32:]}-0{int(sampled)}"


def wants(parent: str | None) -> bool:
    """Whether a span should be made: the parent decides, else chance by the configured share."""
    if _State.tracer is None:
        return False
    if parent is not None:
        return parent[-1] in "13579bdf"
    return _State.ratio >= 1 or random.random() < _State.ratio  # noqa: S311 - sampling, not a secret


def traceparent_of(span: Span) -> str:
    """A span's place as a W3C traceparent."""
    own = span.get_span_context()
    return f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"


def _remote(traceparent: str) -> SpanContext:
    return SpanContext(
        int(traceparent[3:35], 16),
        int(traceparent[36:52], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(traceparent[53:55], 16)),
    )


def _begin(
    name: str, kind: SpanKind, parent: str | None, attributes: dict[str, Any], links: Sequence[Link] = ()
) -> Span:
    if _State.tracer is None:
        return trace.INVALID_SPAN
    above = trace.set_span_in_context(trace.NonRecordingSpan(_remote(parent))) if parent else Context()
    return _State.tracer.start_span(name, context=above, kind=kind, attributes=attributes, links=links)


def server_span(method: str, parent: str | None) -> Span:
    """The span of one HTTP request; the caller names its route with `end_server` once it is known."""
    return _begin(method, SpanKind.SERVER, parent, {"http.request.method": method})


def end_server(span: Span, method: str, route: str, status: int) -> None:
    """Name, mark and end a request's span; only 5xx are errors."""
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))
    span.end()


@contextmanager
def _around(name: str, kind: SpanKind, attributes: dict[str, Any]) -> Iterator[None]:
    parent = context.current_traceparent()
    if not wants(parent):
        yield
        return
    span = _begin(name, kind, parent, attributes)
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=True):
        yield


def client_span(method: str, service: str) -> Any:
    """The span of one call to another service."""
    return _around(f"{method} {service}", SpanKind.CLIENT, {"http.request.method": method, "peer.service": service})


def transaction_span(kind: str) -> Any:
    """The span of one database transaction, `command` or `reading`: its SQL is not listed one by one."""
    return _around("db.transaction", SpanKind.CLIENT, {"db.system.name": "postgresql", "db.operation.name": kind})


@contextmanager
def job_span(name: str) -> Iterator[None]:
    """The span of one run of a job: always a trace of its own."""
    token = context.traceparent.set(new_traceparent(None, sampled=wants(None)))
    try:
        with _around(f"job {name}", SpanKind.INTERNAL, {"lotwise.job": name}):
            yield
    finally:
        context.traceparent.reset(token)
