"""F16: every endpoint by six roles by own site, other site, none, expired: what is not declared is denied.

The cells are made from the OpenAPI document of each service, so a new endpoint is in the matrix by itself.
"""

import inspect
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.security.services import DOORMAN, Operation, app_of, client_of, operations_of, services

from lotwise.contracts.permissions import PERMISSIONS, ROLES
from lotwise.kit.service import Service
from lotwise.kit.web import KitRoute

OWN, OTHER = "own-site", "other-site"
PEOPLE = ("owner", "manager", "front_desk", "practitioner", "buyer", "auditor")
DENIED = {401, 403}
PUBLIC_PATHS = {"/asyncapi.json", "/livez", "/readyz", "/metrics", "/v1/tokens", "/v1/jwks"}
SITE_IN_REQUEST = ("path", "query", "body", "rows")
BOUND = ("stock.", "charge.", "sales.", "order.", "alert", "purchasing.", "reporting.")
"""Permissions over data of sites: an endpoint without a named site must ask which sites the caller may see."""
OF_THE_CHAIN = {
    "/v1/uses/{product_id}",
    "/v1/last-movements",
    "/v1/codes/{code}",
    "/v1/suppliers",
    "/v1/suppliers/{supplier_id}",
    "/v1/supplier-products",
    "/v1/reasons",
    "/v1/recalls",
    "/v1/recalls:read",
    "/v1/recall-drills",
    "/v1/receipt-mail",
}
"""What belongs to no site although its permission does: how often a product is used, when it last moved,
codes, suppliers, reasons, recalls (a lot is blocked in the whole chain; what of it lies at a site is shown by site),
whether a mail server is set."""


@pytest.fixture(scope="module", params=list(services()), ids=lambda service: service.name)
def service(request: pytest.FixtureRequest) -> Service:
    """Each service in turn."""
    found: Service = request.param
    return found


@pytest.fixture(scope="module")
def app(service: Service) -> FastAPI:
    """Its app, with a door's keys and without a database."""
    return app_of(service)


@pytest.fixture(scope="module")
def operations(app: FastAPI, service: Service) -> list[Operation]:
    """Its endpoints."""
    return operations_of(app, service.name)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks to it."""
    async with client_of(app) as client:
        yield client


async def _status(client: httpx.AsyncClient, asked: dict[str, Any], token: str | None) -> int:
    headers = {"Idempotency-Key": f"k{time.time_ns()}", "If-Match": "*"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return (await client.request(**asked, headers=headers)).status_code


def _tokens(*sites: str) -> dict[str, str]:
    return {role: DOORMAN.token(role, *sites) for role in PEOPLE}


async def test_every_endpoint_is_declared(operations: list[Operation]) -> None:
    """F16: each endpoint names a permission of the table and where its site is found; public ones are on one list."""
    assert operations
    for operation in operations:
        if operation.permission == Operation.PUBLIC:
            assert operation.path in PUBLIC_PATHS, str(operation)
        else:
            assert operation.permission in PERMISSIONS, str(operation)
            assert operation.spec["security"] == [{"token": []}], str(operation)
        assert operation.scope.partition(":")[0] in {*SITE_IN_REQUEST, "record", "chain", "none"}, str(operation)


async def test_without_a_token_that_holds(client: httpx.AsyncClient, operations: list[Operation]) -> None:
    """F16: no token, an expired one, one of a foreign door: 401 at every endpoint that is not public."""
    now = int(time.time())
    expired = DOORMAN.token("owner", "*", iat=now - 600, exp=now - 301)
    for operation in operations:
        if operation.permission == Operation.PUBLIC:
            continue
        for token in (None, expired, "nonsense"):
            assert (str(operation), await _status(client, operation.request(OWN), token)) == (str(operation), 401)


async def test_without_any_role(client: httpx.AsyncClient, operations: list[Operation]) -> None:
    """F16: a person without roles, or with a role that nobody knows, is 403 everywhere."""
    nothing = DOORMAN.token("owner", grants=[])
    unknown = DOORMAN.token("wizard", "*")
    for operation in operations:
        if operation.permission != Operation.PUBLIC:
            for token in (nothing, unknown):
                assert (str(operation), await _status(client, operation.request(OWN), token)) == (str(operation), 403)


async def test_roles_at_their_own_site(client: httpx.AsyncClient, operations: list[Operation]) -> None:
    """F16: at their own site each of the six roles passes exactly where the table gives the permission."""
    tokens = _tokens(OWN)
    for operation in operations:
        if operation.permission == Operation.PUBLIC:
            continue
        for role, token in tokens.items():
            status = await _status(client, operation.request(OWN, OWN), token)
            allowed = operation.permission in ROLES[role]
            assert (str(operation), role, status not in DENIED) == (str(operation), role, allowed), status


async def test_roles_at_another_site(client: httpx.AsyncClient, operations: list[Operation]) -> None:
    """F16: where the request names its site, nobody but a person of every site passes at another one."""
    bound, everywhere = _tokens(OWN), _tokens("*")
    for operation in operations:
        if operation.scope.partition(":")[0] not in SITE_IN_REQUEST:
            continue
        for role in PEOPLE:
            asked = operation.request(OWN, OTHER)
            assert (str(operation), role, await _status(client, asked, bound[role])) == (str(operation), role, 403)
            allowed = operation.permission in ROLES[role]
            passed = await _status(client, asked, everywhere[role]) not in DENIED
            assert (str(operation), role, passed) == (str(operation), role, allowed)


def test_what_names_no_site_asks_who(app: FastAPI, service: Service) -> None:
    """F16: an endpoint over data of sites whose request names none looks at the caller: to check, or to filter."""
    silent = []
    for route in app.routes:
        if not isinstance(route, KitRoute) or not route.permission.startswith(BOUND) or not route.include_in_schema:
            continue
        if route.site_scope.partition(":")[0] in {"path", "body", "rows"} or _always_names_its_site(route):
            continue
        if route.path not in OF_THE_CHAIN and not _looks_at_who(getattr(route.endpoint, "direct", route.endpoint)):
            silent.append(f"{service.name} {route.methods} {route.path} ({route.site_scope})")
    assert not silent


def _always_names_its_site(route: KitRoute) -> bool:
    site = inspect.signature(route.endpoint).parameters.get("site")
    return site is not None and site.default is inspect.Parameter.empty


def _looks_at_who(function: Any, depth: int = 3) -> bool:
    """Whether a function, or one of ours that it calls, reads the caller."""
    code = getattr(function, "__code__", None)
    if code is None or not function.__module__.startswith("lotwise."):
        return False
    if {"who", "visible", "at"} & {*code.co_names, *code.co_varnames} or "lotwise.principal" in code.co_consts:
        return True
    called = (function.__globals__.get(name) for name in code.co_names)
    return depth > 0 and any(_looks_at_who(one, depth - 1) for one in called if callable(one))


def test_pages_have_a_guard_too(app: FastAPI) -> None:
    """F16: what is not in the document (pages, live updates) went through a guarded router as well."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            assert isinstance(route, KitRoute), route.path
