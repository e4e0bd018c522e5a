"""Every service that stands here, as an app without a database: for tests that read its whole OpenAPI document."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import httpx
from fastapi import FastAPI
from tests.kit.web.doorman import Doorman

from lotwise.kit.service import Runtime, Service, create_app

NAMES = ("backoffice", "catalog", "sales", "stock", "purchasing", "alerts", "reporting")
DOORMAN = Doorman()
EXAMPLES: dict[str, Any] = {
    "uuid": "0197d0c0-0000-7000-8000-000000000001",
    "date": "2026-01-05",
    "date-time": "2026-01-05T10:00:00Z",
}


class NoDatabase:
    """A database that is away: what would have been done is never begun."""

    is_away = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Refuse the connection."""
        if self.is_away:
            raise ConnectionRefusedError("no database in this test")
        yield

    reading = transaction

    @property
    def pool(self) -> Any:
        """Refuse the connection."""
        raise ConnectionRefusedError("no database in this test")


@dataclass(frozen=True)
class Operation:
    """One endpoint of a service's OpenAPI document."""

    service: str
    method: str
    path: str
    spec: dict[str, Any]

    PUBLIC: ClassVar[str] = "public"

    def __str__(self) -> str:
        """The name that a failing test shows."""
        return f"{self.service} {self.method} {self.path}"

    @property
    def permission(self) -> str:
        """What a caller needs."""
        return str(self.spec["x-permission"])

    @property
    def scope(self) -> str:
        """Where the request names its site."""
        return str(self.spec["x-site-scope"])

    def request(self, *sites: str) -> dict[str, Any]:
        """A request at these sites (the last one names the wrong one in a batch), with as little else as possible."""
        path, query = self.path, {}
        for parameter in self.spec.get("parameters", ()):
            value = sites[-1] if parameter["name"] in {"site", "slug"} else example(parameter.get("schema", {}))
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", str(value))
            elif parameter["in"] == "query" and (parameter.get("required") or parameter["name"] == "site"):
                query[parameter["name"]] = value
        asked: dict[str, Any] = {"method": self.method, "url": path, "params": query}
        where, _, name = self.scope.partition(":")
        if self.method in {"POST", "PUT"}:
            rows = {name: [{"site": site} for site in sites]}
            asked["json"] = {"body": {name: sites[-1]}, "rows": rows}.get(where, {})
        return asked


def example(schema: dict[str, Any]) -> Any:
    """A value that fits the schema of a parameter, roughly."""
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return example(choice)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") in EXAMPLES:
        return EXAMPLES[schema["format"]]
    return {"integer": max(1, schema.get("minimum", 1)), "boolean": "true", "number": 1}.get(
        schema.get("type", ""), "x" * 12
    )


def services() -> Iterator[Service]:
    """Every service that has an app."""
    for name in NAMES:
        if find_spec(f"lotwise.{name}.app") is not None:
            yield import_module(f"lotwise.{name}.app").SERVICE


def app_of(service: Service) -> FastAPI:
    """The service's app with a door's keys and without a database."""
    settings = service.settings(database_url="postgresql://nobody@127.0.0.1:9/none")
    app = create_app(service, settings)
    runtime = Runtime(service, settings)
    runtime.db = NoDatabase()  # type: ignore[assignment]
    runtime.verifier.load(DOORMAN.jwks())
    app.state.runtime = runtime
    return app


def operations_of(app: FastAPI, name: str) -> list[Operation]:
    """Every endpoint in the app's document."""
    return [
        Operation(name, method.upper(), path, spec)
        for path, methods in app.openapi()["paths"].items()
        for method, spec in methods.items()
    ]


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client that speaks to the app in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://service")
