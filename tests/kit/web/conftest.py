"""A running toy service on a real database, with tokens of a door of its own; the bus is away."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.web.doorman import Doorman
from tests.kit.web.shop import prepare, running

from lotwise.kit.settings import ServiceSettings


@pytest.fixture(scope="session")
def doorman() -> Doorman:
    """A door that signs what a test wants."""
    return Doorman()


@pytest.fixture(scope="session")
async def shop_settings(postgres: Any) -> ServiceSettings:
    """The settings of a toy service with a fresh database and no bus."""
    owner, app = postgres.database("shop")
    await prepare(owner, app)
    return ServiceSettings(database_url=app, nats_url="nats://127.0.0.1:9", client_secret="s" * 32)


@pytest.fixture(scope="session")
async def shop(shop_settings: ServiceSettings, doorman: Doorman) -> AsyncIterator[FastAPI]:
    """The running toy service."""
    async with running(shop_settings) as (app, _):
        app.state.runtime.verifier.load(doorman.jwks())
        await app.state.runtime.jobs.stop()
        yield app


@pytest.fixture
async def client(shop: FastAPI, doorman: Doorman) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an owner's token for every site, and with idempotency keys of its own."""
    transport = httpx.ASGITransport(shop, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {doorman.token('owner', '*')}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
        yield client


@pytest.fixture
async def db(shop: FastAPI) -> Any:
    """The toy's database."""
    return shop.state.runtime.db
