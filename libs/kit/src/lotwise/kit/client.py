"""The only home of calls from one service to another: with its own token, a deadline, and the trace passed on."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

from lotwise.kit import context
from lotwise.kit.telemetry import client_span
from lotwise.values import Refusal

TOKEN_MARGIN_SECONDS = 60.0
DEADLINE_SECONDS = 2.0


class Unreachable(Refusal):
    """Another service did not answer in time; what that means is the caller's rule."""

    code = "service-unreachable"
    title = "Another part of the system does not answer"
    status = 503


class Refused(Refusal):
    """Another service said no; `problem` is its answer."""

    code = "refused-elsewhere"

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(
            str(problem.get("detail", "")), field=problem.get("field"), **dict(problem.get("numbers") or {})
        )
        self.problem = problem
        self.status = int(problem.get("status", 409))  # type: ignore[misc]
        self.code = str(problem.get("code", "refused"))  # type: ignore[misc]
        self.title = str(problem.get("title", self.title))  # type: ignore[misc]
        self.ways_out = tuple(problem.get("ways_out") or ())


class MachineToken:
    """This service's own token from the door, renewed a minute before it runs out."""

    def __init__(self, door_url: str, client_id: str, client_secret: str) -> None:
        self._door_url = door_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._token = ""
        self._expires_at = 0.0

    async def get(self, http: httpx.AsyncClient, timeout: float) -> str:  # noqa: ASYNC109 - httpx has its own deadline
        """A token that holds for a while. Raises Unreachable when the door does not answer, Refused when it says no."""
        if time.time() > self._expires_at - TOKEN_MARGIN_SECONDS:
            body = {
                "grant_type": "client_credentials",
                "client_id": self._client_id,
                "client_secret": self._client_secret,
            }
            try:
                response = await http.post(f"{self._door_url}/v1/tokens", json=body, timeout=timeout)
            except httpx.HTTPError as error:
                if time.time() < self._expires_at - 1:
                    return self._token
                raise Unreachable("The door does not answer.") from error
            answer = _read(response)
            self._token = answer["access_token"]
            self._expires_at = time.time() + float(answer["expires_in"])
        return self._token

    def forget(self) -> None:
        """Ask the door for a new token next time: this one was not believed (the door has new keys)."""
        self._expires_at = 0.0


class ServiceClient:
    """Calls to one service. Every method raises Unreachable (no answer in time, or a 5xx) or Refused (its problem)."""

    def __init__(self, name: str, url: str, http: httpx.AsyncClient, token: MachineToken) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._http = http
        self._token = token

    async def get(
        self,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
        token: str | None = None,
    ) -> Any:
        """Read; `timeout` in seconds; `token` speaks for a person instead of this service."""
        return await self._call("GET", path, timeout, token, params=params)

    async def post(
        self,
        path: str,
        *,
        json: Any,
        key: str,
        timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
        token: str | None = None,
    ) -> Any:
        """Do, once, under an idempotency key: a call that timed out may be sent again with the same key."""
        return await self._call("POST", path, timeout, token, json=json, headers={"Idempotency-Key": key})

    async def put(
        self,
        path: str,
        *,
        json: Any,
        match: str | None = None,
        timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
        token: str | None = None,
    ) -> Any:
        """Edit, naming with `match` the ETag that was read."""
        headers = {"If-Match": match} if match else {}
        return await self._call("PUT", path, timeout, token, json=json, headers=headers)

    async def stream(
        self,
        path: str,
        *,
        timeout: float = DEADLINE_SECONDS,  # noqa: ASYNC109
        token: str | None = None,
    ) -> AsyncIterator[bytes]:
        """Read what is large, piece by piece, as it comes; `timeout` in seconds is for each piece."""
        bearer = token or await self._token.get(self._http, timeout)
        try:
            async with self._http.stream(
                "GET", self._url + path, headers=_headers(bearer), timeout=timeout
            ) as response:
                if response.status_code >= 500:
                    raise Unreachable(f"{self.name} answered {response.status_code}.", service=self.name)
                if response.status_code >= 400:
                    await response.aread()
                    _read(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.name} does not answer ({type(error).__name__}).", service=self.name) from error

    async def _call(
        self,
        method: str,
        path: str,
        timeout: float,  # noqa: ASYNC109
        token: str | None,
        *,
        json: Any = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        until = time.monotonic() + timeout
        response = await self._send(method, path, until, token, json=json, params=params, headers=headers)
        if response.status_code == 401 and token is None:
            self._token.forget()
            response = await self._send(method, path, until, token, json=json, params=params, headers=headers)
        if response.status_code >= 500:
            raise Unreachable(f"{self.name} answered {response.status_code}.", service=self.name)
        return _read(response)

    async def _send(
        self,
        method: str,
        path: str,
        until: float,
        token: str | None,
        *,
        json: Any,
        params: dict[str, Any] | None,
        headers: dict[str, str] | None,
    ) -> httpx.Response:
        bearer = token or await self._token.get(self._http, max(0.01, until - time.monotonic()))
        with client_span(method, self.name):
            left = max(0.01, until - time.monotonic())
            try:
                async with asyncio.timeout(left):
                    return await self._http.request(
                        method,
                        self._url + path,
                        content=None if json is None else orjson.dumps(json, default=str),
                        params=params,
                        timeout=left,
                        headers=_headers(bearer) | (headers or {}),
                    )
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                raise Unreachable(
                    f"{self.name} does not answer ({type(error).__name__}).", service=self.name
                ) from error


def _headers(bearer: str) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    if traceparent := context.current_traceparent():
        headers["traceparent"] = traceparent
    if correlation_id := context.correlation_id.get():
        headers["X-Correlation-Id"] = correlation_id
    return headers


def _read(response: httpx.Response) -> Any:
    try:
        body = orjson.loads(response.content) if response.content else None
    except ValueError:
        body = None
    if response.status_code >= 400:
        raise Refused(body if isinstance(body, dict) else {"status": response.status_code, "detail": "refused"})
    return body
