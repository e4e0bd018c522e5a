"""The office of each test: a fresh fake chain, an open door, a browser that wants HTML and one that is htmx."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from tests.backoffice.fakes import Chain
from tests.backoffice.office import OpenDoor, browser, office


@pytest.fixture
def chain() -> Chain:
    """The services behind the pages."""
    return Chain()


@pytest.fixture
def door() -> OpenDoor:
    """A door through which an owner has come."""
    return OpenDoor()


@pytest.fixture
def app(chain: Chain, door: OpenDoor) -> FastAPI:
    """The office."""
    return office(chain, door)


@pytest.fixture
async def page(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that opens whole pages."""
    async with browser(app) as client:
        yield client


@pytest.fixture
async def htmx(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A page that asks for fragments."""
    async with browser(app, htmx=True) as client:
        yield client
