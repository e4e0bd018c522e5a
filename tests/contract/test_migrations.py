"""Promises of the migrations of every service."""

import importlib
from typing import Any

import pytest
from tests.house.test_house import SERVICES

from lotwise.kit.migrate import drift, upgrade


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_build_what_the_tables_say(service: str, postgres: Any) -> None:
    """An empty database migrated to the head shows no difference to tables.py, and running again changes nothing."""
    owner_url, app_url = postgres.database(service)
    role = app_url.split("//")[1].split(":")[0]
    metadata = importlib.import_module(f"lotwise.{service}.tables").Base.metadata

    await upgrade(f"lotwise.{service}", owner_url, role)
    await upgrade(f"lotwise.{service}", owner_url, role)

    assert await drift(owner_url, metadata) == []
