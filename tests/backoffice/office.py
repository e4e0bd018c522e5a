"""The back office as its tests see it: the real pages before fake services and an open door."""

import contextlib
import copy
import functools
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, ClassVar

import httpx
from fastapi import FastAPI, Request
from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.datastructures import State
from tests.backoffice.fakes import Chain

from lotwise.backoffice import refusals
from lotwise.backoffice.live import Live
from lotwise.backoffice.screens import routers
from lotwise.backoffice.settings import BackofficeSettings
from lotwise.kit import problems
from lotwise.kit.client import ServiceClient
from lotwise.kit.principal import Grant, Principal, Unauthenticated, compile_reach
from lotwise.kit.web import add_routes


class OpenDoor:
    """A door that knows one person; nobody when `who` is None."""

    def __init__(self, role: str | None = "owner", sites: tuple[str, ...] = ("*",), name: str = "Olga Novak") -> None:
        self.who: Principal | None = person(role, sites, name) if role else None

    async def admit(self, _request: Request) -> Principal:
        """The person, or Unauthenticated."""
        if self.who is None:
            raise Unauthenticated("Please sign in.")
        return self.who


def person(role: str, sites: tuple[str, ...] = ("*",), name: str = "Olga Novak") -> Principal:
    """A person with one role."""
    grants = (Grant(role, sites),)
    return Principal("user:olga", name, compile_reach(grants), grants, time.time() + 300, f"token-of-{role}")


class NoUsers:
    """A database in which nobody is written down."""

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """A reading that finds nobody."""
        yield self

    async def fetch(self, *_: Any) -> list[dict[str, Any]]:
        """No rows."""
        return []


class FakeRuntime(SimpleNamespace):
    """A runtime whose clients speak to the fake chain."""

    def client(self, name: str) -> ServiceClient:
        """The client of a fake service."""
        return ServiceClient(name, f"http://{name}", self.http, None)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close the client at the end."""
    yield
    await app.state.runtime.http.aclose()


@functools.cache
def _house() -> FastAPI:
    """All pages, their guard and refusals for persons, built once: that takes longer than most tests."""
    app = FastAPI(lifespan=_lifespan, docs_url=None)
    add_routes(app, routers)
    refusals.install(app)
    problems.install(app)
    return app


def office(chain: Chain, door: OpenDoor, **settings: Any) -> FastAPI:
    """The app with a state of its own: these services behind it, this door before it."""
    app = copy.copy(_house())
    app.state = State()
    http = httpx.AsyncClient(transport=chain.transport())
    runtime = FakeRuntime(
        http=http,
        db=NoUsers(),
        state={"door": door, "live": Live(_no_bus)},
        settings=BackofficeSettings(**settings),
        machinery=None,
        name="backoffice",
    )
    app.state.runtime = runtime
    return app


async def _no_bus() -> Any:
    class Quiet:
        stats: ClassVar = {"reconnects": 0}

        async def flush(self) -> None:
            """Nothing is on its way."""

        async def subscribe(self, *_: Any, **__: Any) -> Any:
            return SimpleNamespace(unsubscribe=_nothing)

    return Quiet()


async def _nothing() -> None:
    return None


def find(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """The first match on a page; the test fails when there is none."""
    found = tree.css_first(selector)
    assert found is not None, f"nothing on the page is {selector}"
    return found


def browser(app: FastAPI, *, htmx: bool = False) -> httpx.AsyncClient:
    """A client that behaves like a browser on this very site."""
    headers = {"accept": "text/html", "sec-fetch-site": "same-origin"} | ({"hx-request": "true"} if htmx else {})
    return httpx.AsyncClient(base_url="http://office", transport=httpx.ASGITransport(app), headers=headers)
