"""The only home of what happens around every request: its trace, its size, its duration, its safe headers.

Pure ASGI and one layer only: a request passes it in a few microseconds.
"""

import re
import time
from collections.abc import Iterable
from contextvars import ContextVar, Token
from typing import Any

from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lotwise.kit import context, metrics, telemetry
from lotwise.kit.problems import of_any, problem

BODY_BYTES_MAX = 1_000_000
BATCH_BYTES_MAX = 8_000_000
FILE_BYTES_MAX = 30_000_000
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_TRACEPARENT = re.compile(rb"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-9a-f]$")
_CORRELATION = re.compile(rb"^[!-~]{1,200}$")
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
UNMATCHED = "unmatched"
Tokens = tuple[tuple[ContextVar[Any], Token[Any]], ...]


class TooLarge(HTTPException):
    """A body without a declared length grew over its limit."""

    def __init__(self) -> None:
        super().__init__(413)


class Edge:
    """The outermost layer of a service's app."""

    def __init__(self, app: ASGIApp, headers: Iterable[tuple[bytes, bytes]] = SECURITY_HEADERS) -> None:
        self._app = app
        self._headers = tuple(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request through; everything else (lifespan) goes on untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send, self._headers)
        tokens = passage.enter()
        try:
            await self._guarded(scope, receive, passage)
        finally:
            passage.leave(tokens)

    async def _guarded(self, scope: Scope, receive: Receive, passage: "_Passage") -> None:
        refused = _unreadable(scope)
        if refused is not None:
            await refused(scope, receive, passage.send)
            return
        try:
            await self._app(scope, _limited(scope, receive), passage.send)
        except TooLarge:
            await _too_large(scope)(scope, receive, passage.send)
        except Exception as error:
            if passage.status:
                raise
            await of_any(error)(scope, receive, passage.send)


class _Passage:
    """One request on its way through the edge."""

    __slots__ = ("_began", "_headers", "_scope", "_send", "_span", "status")

    def __init__(self, scope: Scope, send: Send, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self._began = time.perf_counter()
        self._span: trace.Span | None = None
        self.status = 0

    def enter(self) -> "Tokens":
        """Make the request's trace, story and (not yet known) actor the current ones."""
        parent, story = _traces(self._scope["headers"])
        if telemetry.wants(parent):
            self._span = telemetry.server_span(self._scope["method"], parent)
            here = telemetry.traceparent_of(self._span)
        else:
            here = telemetry.new_traceparent(parent, sampled=False)
        self._scope["lotwise.trace"] = here
        return (
            (context.traceparent, context.traceparent.set(here)),
            (context.correlation_id, context.correlation_id.set(story or here[3:35])),
            (context.actor, context.actor.set(None)),
            (context.cause_id, context.cause_id.set(None)),
        )

    def leave(self, tokens: Tokens) -> None:
        """Count the request, end its span and forget its context."""
        route = getattr(self._scope.get("route"), "path", UNMATCHED)
        method, status = self._scope["method"], self.status or 499
        metrics.request_done(method if route != UNMATCHED else "-", route, status, time.perf_counter() - self._began)
        if self._span is not None:
            telemetry.end_server(self._span, method, route, status)
        for variable, token in tokens:
            variable.reset(token)

    async def send(self, message: Message) -> None:
        """Send on, with the safe headers that the answer did not set itself."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = message.setdefault("headers", [])
            given = {name for name, _ in headers}
            headers.extend(header for header in self._headers if header[0] not in given)
            if self._scope["scheme"] == "https":
                headers.append(HTTPS_ONLY)
            headers.append((b"x-trace-id", self._scope["lotwise.trace"][3:35].encode()))
        await self._send(message)


def _traces(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str | None, str | None]:
    parent = story = None
    for name, value in headers:
        if name == b"traceparent" and _TRACEPARENT.match(value):
            parent = value.decode()
        elif name == b"x-correlation-id" and _CORRELATION.match(value):
            story = value.decode()
    return parent, story


def _limit(scope: Scope) -> int:
    path: str = scope["path"]
    if path.endswith(":batch"):
        return BATCH_BYTES_MAX
    return FILE_BYTES_MAX if path.endswith(":upload") else BODY_BYTES_MAX


def _too_large(scope: Scope) -> ASGIApp:
    limit = _limit(scope)
    return problem(
        413, "too-large", f"A request here has at most {limit:,} bytes.", numbers={"limit_bytes": limit},
        ways_out=("Send it in smaller parts.",), headers={"Connection": "close"},
    )  # fmt: skip


def _unreadable(scope: Scope) -> ASGIApp | None:
    """Refuse by the head alone: a declared length over the limit, or a NUL in the address."""
    if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
        return problem(422, "bad-value", "The address contains a NUL character.")
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value[:19]) > _limit(scope)):
            return _too_large(scope)
    return None


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Count a body whose length was not declared; declared ones are held to their word by the server."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return receive
    left = _limit(scope)

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return counted
