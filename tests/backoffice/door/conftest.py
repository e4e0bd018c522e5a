"""A running back office with its door on a real database; the bus is away."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lotwise.backoffice.app import SERVICE
from lotwise.backoffice.door.bootstrap import bootstrap
from lotwise.backoffice.settings import BackofficeSettings
from lotwise.kit.migrate import upgrade
from lotwise.kit.service import create_app

SIGN_INS = {
    "owner": ("owner@lotwise.example", "correct horse 1"),
    "manager": ("manager@lotwise.example", "correct horse 2"),
    "front_desk": ("desk@lotwise.example", "correct horse 3"),
}


@pytest.fixture(scope="session")
async def office_settings(postgres: Any) -> BackofficeSettings:
    """Settings of a back office on a fresh, migrated database with three persons."""
    login = postgres.login("office")
    owner, app = login.owner_url(postgres.admin_url), login.app_url(postgres.admin_url)
    await upgrade("lotwise.backoffice", owner, login.app)
    await bootstrap(app, SIGN_INS)
    return BackofficeSettings(
        database_url=app,
        owner_database_url=owner,
        nats_url="nats://127.0.0.1:9",
        client_secret="b" * 32,
        sales_secret="the secret of sales",
        importer_secret="the secret of the importer",
    )


@pytest.fixture(scope="session")
async def office(office_settings: BackofficeSettings) -> AsyncIterator[FastAPI]:
    """The running back office."""
    app = create_app(SERVICE, office_settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(office: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    transport = httpx.ASGITransport(office, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:
        yield client


@pytest.fixture
async def owner(office: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the token of an owner of every site."""
    from lotwise.kit.principal import Grant

    token = office.state.runtime.state["door"].signer.mint("user:owner", "Owner", [Grant("owner", ("*",))]).token
    transport = httpx.ASGITransport(office, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://office", headers=headers) as client:
        yield client
