"""The only home of what is known about the work at hand: who acts, which story it belongs to, which trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID

from opentelemetry import trace

actor: ContextVar[str | None] = ContextVar("actor", default=None)
correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
cause_id: ContextVar[UUID | None] = ContextVar("cause_id", default=None)


def current_traceparent() -> str | None:
    """The W3C traceparent of the running span, else the one that came in from outside, else None."""
    here = trace.get_current_span().get_span_context()
    if here.is_valid:
        return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"
    return traceparent.get()


class Here(NamedTuple):
    """The four facts of the work at hand, each None when unknown."""

    actor: str | None
    correlation_id: str | None
    traceparent: str | None
    cause_id: UUID | None


def current() -> Here:
    """What is known here and now."""
    return Here(actor.get(), correlation_id.get(), current_traceparent(), cause_id.get())


@contextmanager
def work(
    *,
    by: str | None = None,
    correlation: str | None = None,
    trace_parent: str | None = None,
    cause: UUID | None = None,
) -> Iterator[None]:
    """Run a piece of work as `by`, within a story and a trace; what was known before comes back afterwards."""
    who, which, where, why = (
        actor.set(by),
        correlation_id.set(correlation),
        traceparent.set(trace_parent),
        cause_id.set(cause),
    )
    try:
        yield
    finally:
        actor.reset(who)
        correlation_id.reset(which)
        traceparent.reset(where)
        cause_id.reset(why)
