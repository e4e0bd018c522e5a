"""F15: schemathesis and our own nasty values against every endpoint of every service, on a real database.

No answer is a 5xx, every status is documented, every no is a problem, every yes has the declared shape.
LOTWISE_FUZZ_EXAMPLES sets how many requests each endpoint gets of each kind; the seed is printed when a test fails.
"""

import copy
import json
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.security.nasty import QUERIES, spoiled
from tests.security.services import DOORMAN, Operation, operations_of, services

from lotwise.contracts.ids import uuid7
from lotwise.kit.migrate import upgrade
from lotwise.kit.service import Service, create_app

EXAMPLES = int(os.environ.get("LOTWISE_FUZZ_EXAMPLES", "2"))
SPOILED = max(4, 24 // EXAMPLES)
"""Nasty copies of each right body: 24 for an endpoint at least, and four times the examples of a long run."""
SEED = int(os.environ.get("LOTWISE_FUZZ_SEED", "20260105"))
EVERYTHING = [{"role": role, "sites": ["*"]} for role in ("owner", "importer", "till", "service")]
HARMLESS = {"/metrics"}


@pytest.fixture(scope="module", params=list(services()), ids=lambda service: service.name)
async def app(request: pytest.FixtureRequest, postgres: Any) -> AsyncIterator[FastAPI]:
    """Each service in turn, on a fresh database, with the bus away."""
    service: Service = request.param
    login = postgres.login(f"fuzz_{service.name}")
    await upgrade(service.package, login.owner_url(postgres.admin_url), login.app)
    app = create_app(
        service,
        service.settings(
            database_url=login.app_url(postgres.admin_url), nats_url="nats://127.0.0.1:9", client_secret="f" * 32
        ),
    )
    app.state.name = service.name
    async with app.router.lifespan_context(app):
        await app.state.runtime.jobs.stop()
        app.state.runtime.verifier.load(DOORMAN.jwks())
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service", timeout=30) as client:
        yield client


def _headers() -> dict[str, str]:
    token = DOORMAN.token("owner", grants=EVERYTHING)
    return {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": str(uuid7()),
        "If-Match": "*",
        "Content-Type": "application/json",
    }


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with closed objects: what is generated is what we know, not what anybody may add."""
    closed = copy.deepcopy(document)
    for schema in closed["components"]["schemas"].values():
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    return closed


def _cases(app: FastAPI, count: int) -> dict[tuple[str, str], list[Any]]:
    """Right requests for every endpoint, by method and path."""
    document = schemathesis.openapi.from_dict(_closed(app.openapi()))
    found: dict[tuple[str, str], list[Any]] = {}
    for result in document.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        found[operation.method.upper(), operation.path] = _drawn(operation.as_strategy(), count)
    return found


def _drawn(strategy: Any, count: int) -> list[Any]:
    drawn: list[Any] = []
    checks = list(HealthCheck)

    @seed(SEED)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=checks)
    @given(case=strategy)
    def collect(case: Any) -> None:
        drawn.append(case)

    collect()
    return drawn


@pytest.fixture(scope="module")
def cases(app: FastAPI) -> dict[tuple[str, str], list[Any]]:
    """Right requests for every endpoint."""
    return _cases(app, EXAMPLES)


def _faults(app: FastAPI, operation: Operation, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer."""
    faults = []
    documented = operation.spec["responses"].get(str(answer.status_code))
    if answer.status_code >= 500:
        faults.append(f"a {answer.status_code}: {answer.text[:300]}")
    if documented is None:
        faults.append(f"{answer.status_code} is not documented: {answer.text[:200]}")
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
        faults.append(f"{answer.status_code} is no problem: {answer.headers['content-type']}")
    content = (documented or {}).get("content", {}).get("application/json")
    if answer.status_code < 300 and content and content.get("schema"):
        whole = {**content["schema"], "components": app.openapi()["components"]}
        faults += [error.message[:200] for error in jsonschema.Draft202012Validator(whole).iter_errors(answer.json())][
            :2
        ]
    return faults


def _taken_amiss(app: FastAPI, operation: Operation, body: bytes, answer: httpx.Response) -> list[str]:
    """Why a body that was taken should not have been: it is no JSON, or not of the declared shape."""
    asked = operation.spec.get("requestBody", {}).get("content", {}).get("application/json")
    if answer.status_code >= 300 or not asked or _refused_rows(answer):
        return []
    try:
        value = json.loads(body, parse_constant=_refuse)
    except ValueError as problem:
        return [f"a {answer.status_code} for what is no JSON: {problem}"]
    whole = {**asked["schema"], "components": app.openapi()["components"]}
    errors = jsonschema.Draft202012Validator(whole).iter_errors(value)
    return [f"a {answer.status_code} for what the document refuses: {error.message[:200]}" for error in errors][:2]


def _refused_rows(answer: httpx.Response) -> bool:
    """Whether a call of many rows refused some of them: each has an outcome of its own."""
    rows = answer.json()
    rows = (rows.get("results") or rows.get("rows") or []) if isinstance(rows, dict) else []
    return any(isinstance(row, dict) and row.get("outcome") == "refused" for row in rows)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


async def test_right_requests(app: FastAPI, client: httpx.AsyncClient, cases: dict[tuple[str, str], list[Any]]) -> None:
    """F15: requests that fit the document are answered as the document says."""
    faults = []
    for operation in operations_of(app, app.state.name):
        for case in cases[operation.method, operation.path]:
            asked: dict[str, Any] = {"params": case.query or None}
            if operation.method in {"POST", "PUT"}:
                asked["json"] = _body(case)
            answer = await client.request(operation.method, case.formatted_path, headers=_headers(), **asked)
            faults += [f"{operation} {asked}: {fault}"[:600] for fault in _faults(app, operation, answer)]
    assert not faults, "\n".join(faults)


async def test_nasty_bodies(app: FastAPI, client: httpx.AsyncClient, cases: dict[tuple[str, str], list[Any]]) -> None:
    """F15: NUL, surrogates, wildcards, huge and tiny numbers, odd dates anywhere in a body are never a 5xx.

    What is no JSON or not of the declared shape is never taken.
    """
    chance = random.Random(SEED)
    faults = []
    for operation in operations_of(app, app.state.name):
        if operation.method not in {"POST", "PUT"}:
            continue
        for case in cases[operation.method, operation.path]:
            for body in spoiled(_body(case), chance, SPOILED):
                answer = await client.request(operation.method, case.formatted_path, headers=_headers(), content=body)
                found = _faults(app, operation, answer) + _taken_amiss(app, operation, body, answer)
                faults += [f"{operation} {body[:300]!r}: {fault}" for fault in found]
    assert not faults, "\n".join(faults[:20])


async def test_nasty_addresses(app: FastAPI, client: httpx.AsyncClient) -> None:
    """F15: the same in every path and query parameter."""
    faults = []
    for operation in operations_of(app, app.state.name):
        for parameter in operation.spec.get("parameters", ()):
            if parameter["in"] not in {"path", "query"} or operation.path in HARMLESS:
                continue
            for value in QUERIES:
                asked = operation.request("harley")
                if parameter["in"] == "path":
                    start = operation.path.replace("{" + parameter["name"] + "}", value or "%20")
                    asked["url"] = start if "{" not in start else asked["url"]
                else:
                    asked["url"] += f"?{parameter['name']}={value}"
                    asked.pop("params")
                answer = await client.request(**asked, headers=_headers())
                if answer.status_code not in {404, 405} or answer.headers["content-type"] != "application/problem+json":
                    faults += [
                        f"{operation} {parameter['name']}={value}: {one}" for one in _faults(app, operation, answer)
                    ]
    assert not faults, "\n".join(faults[:20])


def _body(case: Any) -> Any:
    return case.body if isinstance(case.body, dict | list | str | int | float | bool) else {}
