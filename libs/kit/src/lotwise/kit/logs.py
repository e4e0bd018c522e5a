"""The only home of logging: JSON lines with the trace id, from structlog and the standard library alike."""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

from lotwise.kit import context
from lotwise.kit.telemetry import trace_id

FRAMES_MAX = 12
STACK_LINES_MAX = 40
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key")


def start(service: str, level: str = "INFO") -> None:
    """Send all log lines to stderr as JSON with time, level, service, trace id and actor."""
    structlog.contextvars.clear_contextvars()
    shared = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_work(service),
        _without_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _stack,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _with_work(service: str) -> Any:
    def add(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        if (here := trace_id()) is not None:
            event["trace_id"] = here
        if (actor := context.actor.get()) is not None:
            event["actor"] = actor
        return event

    return add


def _without_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "***"
    return event


def _stack(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kinds and places, without its words: those may hold what a person entered."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    places: list[str] = []
    while isinstance(error, BaseException) and len(places) < STACK_LINES_MAX:
        places.append(type(error).__qualname__)
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
        places += [f"  {frame.filename.rsplit('site-packages/')[-1]}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or error.__context__
    if places:
        event["stack"] = places[:STACK_LINES_MAX]
    return event


def _json(event: Any, **_options: Any) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # a lone surrogate somewhere: written with escapes
        return json.dumps(event, default=str)
