"""The only home of error answers: problem+json (RFC 9457) for every no, whoever raised it.

Bad input is a 4xx that says which field; 5xx is our own fault and shows only a trace id.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lotwise.kit.telemetry import trace_id
from lotwise.values import Refusal

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request is not well formed", 401: "Please sign in", 403: "You may not do this",
    404: "There is no such thing",
    405: "This address does not take that method", 406: "No such representation", 409: "This cannot be done",
    411: "The length is missing", 412: "This was changed by somebody else", 413: "The request is too large",
    415: "This kind of content is not taken", 422: "A value is not allowed", 428: "Say which version you edit",
    429: "Too many tries", 500: "This is our fault", 503: "Not available for a moment",
}  # fmt: skip
_SURROGATES = re.compile("[\ud800-\udfff]")
log = structlog.get_logger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field, by its path ("lines.0.quantity")."""

    field: str
    message: str


class Problem(BaseModel):
    """An answer that says no: a stable code, a sentence, the numbers compared and the ways out."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    errors: list[FieldError] | None = None
    numbers: dict[str, Any] = {}
    ways_out: list[str] = []
    trace_id: str | None = None


class ProblemAnswer(Response):
    """A problem on its way out."""

    media_type = MEDIA_TYPE


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    field: str | None = None,
    errors: Sequence[FieldError] | None = None,
    numbers: Mapping[str, object] | None = None,
    ways_out: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> ProblemAnswer:
    """Build the answer; the trace id comes from the context."""
    body: dict[str, Any] = {
        "type": f"urn:lotwise:problem:{code}",
        "title": title or TITLES.get(status, "This cannot be done"),
        "status": status,
        "code": code,
        "detail": detail,
        "field": field,
        "numbers": dict(numbers or {}),
        "ways_out": list(ways_out),
        "trace_id": trace_id(),
    }
    if errors is not None:
        body["errors"] = [error.model_dump() for error in errors]
    return ProblemAnswer(_json(body), status, headers=dict(headers) if headers else None)


def of_refusal(refusal: Refusal) -> ProblemAnswer:
    """The answer to a business no."""
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else None
    if retry_after := refusal.numbers.get("retry_after_seconds"):
        headers = {"Retry-After": str(retry_after)}
    return problem(
        refusal.status,
        refusal.code,
        refusal.detail,
        title=refusal.title,
        field=refusal.field,
        numbers=refusal.numbers,
        ways_out=refusal.ways_out,
        headers=headers,
    )


def of_validation(errors: Sequence[Mapping[str, Any]]) -> ProblemAnswer:
    """422 with a list of {field, message}; what was sent is never repeated."""
    rows = [FieldError(field=_field(error["loc"]), message=_sentence(str(error["msg"]))) for error in errors[:50]]
    first = rows[0] if rows else FieldError(field="", message="not valid")
    detail = f"{first.field}: {first.message}" if first.field else first.message
    return problem(422, "invalid", detail[:500], field=first.field or None, errors=rows)


_BAD_VALUES = (asyncpg.DataError, asyncpg.exceptions._base.DataError)  # noqa: SLF001 - the client's own has no other name
_BUSY = (
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
)
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
)
_DATABASE: tuple[tuple[tuple[type[BaseException], ...], int, str, str], ...] = (
    (_BAD_VALUES, 422, "bad-value", "A value cannot be stored as it was sent."),
    (
        (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError),
        409,
        "already-exists",
        "Something with the same identity exists already.",
    ),
    (
        (asyncpg.ForeignKeyViolationError,),
        409,
        "unknown-reference",
        "It refers to something that does not exist, or is still in use.",
    ),
    (
        (asyncpg.CheckViolationError, asyncpg.NotNullViolationError),
        422,
        "not-allowed",
        "A rule of the database forbids these values.",
    ),
    (_BUSY, 503, "busy", "Too much at once; try again."),
    (_AWAY, 503, "unavailable", "The database cannot be reached; try again."),
)


def of_database(error: Exception) -> ProblemAnswer | None:
    """What a database's no means to the caller; None when it is our own fault."""
    for kinds, status, code, detail in _DATABASE:
        if isinstance(error, kinds):
            return problem(status, code, detail, headers={"Retry-After": "1"} if status == 503 else None)
    return None


def of_any(error: Exception) -> ProblemAnswer:
    """The answer to an exception nobody caught: the database's no, or 500 with a trace id and a log line."""
    known = of_database(error)
    if known is not None:
        if known.status_code >= 500:
            log.warning("request failed", error=type(error).__name__)
        return known
    log.error("request failed", error=type(error).__name__, exc_info=error)
    return problem(500, "our-fault", "Something went wrong on our side; nothing was changed.")


def install(app: FastAPI) -> None:
    """Make every exception of the app leave as a problem."""

    async def refusal(_request: Request, error: Exception) -> Response:
        return of_refusal(error) if isinstance(error, Refusal) else of_any(error)

    async def validation(_request: Request, error: Exception) -> Response:
        return of_validation(error.errors()) if isinstance(error, RequestValidationError) else of_any(error)

    async def http(_request: Request, error: Exception) -> Response:
        return _of_http(error) if isinstance(error, HTTPException) else of_any(error)

    app.add_exception_handler(Refusal, refusal)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)


_CODES = {404: "unknown", 405: "method-not-allowed", 413: "too-large", 400: "malformed"}


def _of_http(error: HTTPException) -> ProblemAnswer:
    code = _CODES.get(error.status_code, "refused")
    return problem(
        error.status_code, code, TITLES.get(error.status_code, str(error.detail)) + ".", headers=error.headers
    )


def _field(location: Sequence[object]) -> str:
    names = [str(part) for part in location]
    if names and names[0] in {"body", "query", "path", "header"}:
        names = names[1:]
    return ".".join(names)[:200]


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")[:300]


def _json(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body, default=str)
    except TypeError:
        return orjson.dumps(_storable(body), default=str)


def _storable(value: Any) -> Any:
    """Text that came in with lone surrogates goes out with replacement characters."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(part) for part in value]
    return value
