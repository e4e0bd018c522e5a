"""The only home of spans on the bus: a sampled message keeps one trace from its speaker through its hearer and on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from lotwise.kit.message import Message

_tracer = trace.get_tracer("lotwise.kit.bus")


def span_context(traceparent: str | None) -> SpanContext | None:
    """The remote span that a traceparent names; None when there is none."""
    if not traceparent or len(traceparent) != 55:
        return None
    try:
        return SpanContext(
            int(traceparent[3:35], 16), int(traceparent[36:52], 16), True, TraceFlags(int(traceparent[53:], 16))
        )
    except ValueError:
        return None


def traceparent_of(span: Span) -> str | None:
    """The traceparent that makes others children of this span; None when the span is in no trace."""
    here = span.get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def is_sampled(traceparent: str | None) -> bool:
    """Whether somebody records this trace: only then are spans worth their time."""
    return traceparent is not None and len(traceparent) == 55 and traceparent[54] in "13579bdf"


def child_of(
    traceparent: str, name: str, kind: SpanKind, attributes: Mapping[str, str], links: Sequence[Link] = ()
) -> Span:
    """A started span below a remote one."""
    remote = span_context(traceparent)
    parent = trace.set_span_in_context(NonRecordingSpan(remote)) if remote else None
    return _tracer.start_span(name, context=parent, kind=kind, links=list(links), attributes=dict(attributes))


@contextmanager
def story(name: str, messages: Sequence[Message[Any]]) -> Iterator[None]:
    """The spans of applying a batch: one per sampled message in its own trace, linked with the span of the batch.

    A message alone is the batch: its span is the current one, so that its SQL stands below it.
    """
    sampled = [message for message in messages if is_sampled(message.traceparent)]
    if not sampled:
        yield
        return
    alone = len(messages) == 1
    batch = None if alone else _batch_span(name, sampled, len(messages))
    spans = [_message_span(message, batch) for message in sampled]
    try:
        with trace.use_span(spans[0] if batch is None else batch, end_on_exit=False):
            yield
    except Exception as error:
        for span in spans:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
        raise
    finally:
        for span in spans:
            span.end()
        if batch is not None:
            batch.end()


def _batch_span(name: str, sampled: Sequence[Message[Any]], size: int) -> Span:
    links = [Link(remote) for message in sampled if (remote := span_context(message.traceparent))]
    attributes: dict[str, str | int] = {"messaging.system": "nats", "messaging.batch.message_count": size}
    return _tracer.start_span(name, kind=SpanKind.CONSUMER, links=links, attributes=attributes)


def _message_span(message: Message[Any], batch: Span | None) -> Span:
    links = [] if batch is None else [Link(batch.get_span_context())]
    event = message.subject.rsplit(".", 2)[-2]
    attributes = {
        "messaging.system": "nats",
        "messaging.destination.name": message.subject,
        "messaging.message.id": str(message.id),
    }
    span = child_of(message.traceparent or "", f"process {event}", SpanKind.CONSUMER, attributes, links)
    message.trace = traceparent_of(span) or message.traceparent
    return span
