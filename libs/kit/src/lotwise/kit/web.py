"""The only home of routes: each declares its permission and where its site is found, or the app does not start.

The guard runs before a body is validated: 401 without a token that holds, 403 without the permission, then the site.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lotwise.contracts.permissions import PERMISSIONS
from lotwise.kit import context
from lotwise.kit.commands import Answer, Command
from lotwise.kit.etag import Expected
from lotwise.kit.principal import Principal, Unauthenticated, forbidden
from lotwise.values import BadValue, Refusal

PUBLIC = "public"
PRINCIPAL = "lotwise.principal"
F = TypeVar("F", bound=Callable[..., Any])
Authenticate = Callable[[Request], Awaitable[Principal]]
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint as it was declared."""

    method: str
    path: str
    endpoint: Callable[..., Any]
    permission: str
    site_scope: str
    status_code: int
    refusals: tuple[type[Refusal], ...]
    tags: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


class Router:
    """A group of routes. Without a permission a route cannot be declared; PUBLIC says that anybody may call it.

    Where the site of a request is found (`site=`) is read from the signature, or given: `path`, `query`,
    `body:<field>`, `rows:<field>` (each row of a list names its site), `record` (the operation checks the site of
    what it loads), `chain` (belongs to no site: the permission at any site is enough).
    """

    def __init__(
        self, prefix: str = "/v1", tags: Sequence[str] = (), *, authenticate: Authenticate | None = None
    ) -> None:
        self.prefix = prefix
        self.tags = tuple(tags)
        self.authenticate = authenticate
        self.routes: list[Route] = []

    def get(self, path: str, *, permission: str, **options: Any) -> Callable[[F], F]:
        """Declare a reading."""
        return self._declare("GET", path, permission, options)

    def post(self, path: str, *, permission: str, **options: Any) -> Callable[[F], F]:
        """Declare a deed; a handler that takes `Cmd` requires an Idempotency-Key."""
        return self._declare("POST", path, permission, options)

    def put(self, path: str, *, permission: str, **options: Any) -> Callable[[F], F]:
        """Declare an edit; a handler that takes `IfMatch` requires If-Match."""
        return self._declare("PUT", path, permission, options)

    def delete(self, path: str, *, permission: str, **options: Any) -> Callable[[F], F]:
        """Declare a removal."""
        return self._declare("DELETE", path, permission, options)

    def _declare(self, method: str, path: str, permission: str, options: dict[str, Any]) -> Callable[[F], F]:
        if permission != PUBLIC and permission not in PERMISSIONS:
            raise ValueError(f"{method} {path}: {permission!r} is not in the table of permissions")

        def add(endpoint: F) -> F:
            given = dict(options)
            scope = given.pop("site", None) or find_site_scope(path, endpoint)
            self.routes.append(
                Route(
                    method,
                    self.prefix + path,
                    endpoint,
                    permission,
                    "none" if permission == PUBLIC else scope,
                    given.pop("status_code", 200),
                    tuple(given.pop("refusals", ())),
                    self.tags,
                    given,
                )
            )
            return endpoint

        return add


def find_site_scope(path: str, endpoint: Callable[..., Any]) -> str:
    """Where a request of this endpoint names its site, read from its path and signature."""
    if "{site}" in path:
        return "path"
    hints = get_type_hints(endpoint, include_extras=True)
    for name, hint in hints.items():
        shape = bare(hint)
        if name == "return" or not (isinstance(shape, type) and issubclass(shape, BaseModel)):
            continue
        if found := _site_of_model(shape):
            return found
    if "site" in inspect.signature(endpoint).parameters:
        return "query"
    return "record" if "{" in path else "chain"


def _site_of_model(model: type[BaseModel]) -> str | None:
    for name in ("site", "from_site"):
        if name in model.model_fields:
            return f"body:{name}"
    for name, info in model.model_fields.items():
        if any("site" in row.model_fields for row in _models_in(info.annotation)):
            return f"rows:{name}"
    return None


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    for part in get_args(annotation):
        shape = bare(part)
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            yield shape


def bare(hint: Any) -> Any:
    """A type without its Annotated dress and without its parameters."""
    while hasattr(hint, "__metadata__"):
        hint = hint.__origin__
    return get_origin(hint) or hint


class KitRequest(Request):
    """A request whose JSON is read strictly: no NaN, no lone surrogates, no NUL in any text."""

    async def body(self) -> bytes:
        """The whole body, read once, without the generators of the framework: nearly all come in one piece."""
        if not hasattr(self, "_body"):
            pieces = [await self._piece()]
            while not self._stream_consumed:
                pieces.append(await self._piece())
            self._body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return self._body

    async def _piece(self) -> bytes:
        """What came next. Raises ClientDisconnect when nobody sends any more."""
        message = await self._receive()
        if message["type"] != "http.request":
            self._is_disconnected = True
            raise ClientDisconnect
        self._stream_consumed = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    async def json(self) -> Any:
        """The body as JSON, parsed once. Raises JSONDecodeError, or BadValue for a NUL."""
        if not hasattr(self, "_json"):
            body = await self.body()
            value = orjson.loads(body)
            if b"\\u0000" in body and _has_nul(value):
                raise BadValue("A text contains a NUL character, which cannot be stored.")
            self._json = value
        return self._json


def _has_nul(value: Any) -> bool:
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            if "\x00" in part:
                return True
        elif isinstance(part, dict):
            stack.extend(part)
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return False


class KitRoute(APIRoute):
    """A route that admits a request before anything of it is validated.

    An endpoint with an attribute `direct` (request → response) is only declared by its signature: once admitted, a
    request goes straight to `direct`, which validates the bytes itself: for the few doors where microseconds count.
    """

    authenticator: Authenticate

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the guard. Raises ValueError when the route declares no permission."""
        extra = self.openapi_extra or {}
        if "x-permission" not in extra:
            raise ValueError(f"{self.path} declares no permission")
        self.permission: str = extra["x-permission"]
        self.site_scope: str = extra["x-site-scope"]
        direct: Handle | None = getattr(self.endpoint, "direct", None)
        inner = direct or super().get_route_handler()

        async def handle(request: Request) -> Response:
            request = KitRequest(request.scope, request.receive)
            if self.permission != PUBLIC:
                await self.admit(request)
            else:
                request.scope[PRINCIPAL] = Principal.NOBODY
            if direct is None:
                await _read_json(request)
            return await inner(request)

        return handle

    async def admit(self, request: Request) -> None:
        """Let the request in. Raises Unauthenticated, or Forbidden for a missing permission or another's site."""
        who = await self.authenticator(request)
        request.scope[PRINCIPAL] = who
        context.actor.set(who.actor)
        if self.permission not in who.reach:
            raise forbidden(self.permission, None)
        sites = who.reach[self.permission]
        if sites is None:
            return
        for site in await _named_sites(request, self.site_scope):
            if site not in sites:
                raise forbidden(self.permission, str(site))


def header_of(request: Request, name: bytes) -> str | None:
    """The first header of this lower-case name, read as it came."""
    for key, value in request.scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


async def bearer(request: Request) -> Principal:
    """Who the bearer token speaks for. Raises Unauthenticated."""
    header = header_of(request, b"authorization") or ""
    if header[:7].lower() != "bearer ":
        raise Unauthenticated("A bearer token is needed.", ways_out=("Get one from the door: POST /v1/tokens.",))
    principal: Principal = await request.app.state.runtime.verifier.admit(header[7:].strip())
    return principal


async def _named_sites(request: Request, scope: str) -> Iterable[Any]:
    if scope == "path":
        return (request.path_params["site"],)
    if scope == "query":
        return request.query_params.getlist("site")
    where, _, name = scope.partition(":")
    if where not in {"body", "rows"}:
        return ()
    try:
        body = await request.json()
    except ValueError:
        return ()
    value = body.get(name) if isinstance(body, dict) else None
    if where == "body":
        return () if value is None else (str(value),)
    rows = value if isinstance(value, list) else ()
    return {str(row["site"]) for row in rows if isinstance(row, dict) and row.get("site") is not None}


async def _read_json(request: Request) -> None:
    """Parse the body once, strictly; what is not JSON is left to the validation, which names it."""
    if request.method in {"POST", "PUT", "DELETE"} and "json" in request.headers.get("content-type", ""):
        try:
            await request.json()
        except ValueError:
            return


def add_routes(app: FastAPI, routers: Iterable[Router]) -> None:
    """Put declared routes into the app, with their permission and site scope in the OpenAPI document."""
    for router in routers:
        kind = type("KitRoute", (KitRoute,), {"authenticator": staticmethod(router.authenticate or bearer)})
        for route in router.routes:
            app.router.add_api_route(
                route.path,
                route.endpoint,
                methods=[route.method],
                status_code=route.status_code,
                tags=list(route.tags),
                response_model=route.options.get("response_model", _answer_shape(route.endpoint)),
                openapi_extra=_extra(route),
                route_class_override=kind,
                operation_id=_operation_id(route),
                **{name: value for name, value in route.options.items() if name != "response_model"},
            )


def refuse_undeclared(app: FastAPI) -> None:
    """Pass when every endpoint went through a Router. Raises ValueError naming the one that slipped in."""
    for route in app.routes:
        if isinstance(route, APIRoute) and not isinstance(route, KitRoute):
            raise ValueError(f"{route.path} declares no permission")  # noqa: TRY004 - a fault of the table of contents


def _extra(route: Route) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "x-permission": route.permission,
        "x-site-scope": route.site_scope,
        "x-refusals": sorted({(refusal.status, refusal.code) for refusal in route.refusals}),
    }
    parameters = _header_parameters(route)
    if parameters:
        extra["parameters"] = parameters
    if route.permission != PUBLIC:
        extra["security"] = [{"token": []}]
    return extra


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    shapes = {bare(hint) for hint in get_type_hints(route.endpoint).values()}
    text = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
    parameters: list[dict[str, Any]] = []
    if Command in shapes:
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "required": route.method == "POST", "schema": text}
        )
    if Expected in shapes:
        parameters.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}})
    return parameters


def _answer_shape(endpoint: Callable[..., Any]) -> Any:
    shape = get_type_hints(endpoint).get("return")
    if get_origin(shape) is Answer:
        return get_args(shape)[0]
    if isinstance(shape, type) and issubclass(shape, Response):
        return None
    return shape


def _operation_id(route: Route) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in route.path).split()
    return "_".join([route.method.lower(), *words])
