"""The only home of what reporting's tests share: a migrated database, and events as messages."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from tests.catalog.harness import Bench, bench, who

from lotwise.contracts.envelope import Event
from lotwise.contracts.ids import uuid7
from lotwise.kit.database import Database
from lotwise.kit.message import Message
from lotwise.kit.migrate import upgrade
from lotwise.reporting.app import SERVICE


@pytest.fixture(scope="session")
async def reporting_urls(postgres: Any) -> tuple[str, str]:
    """A migrated reporting database: the owner's address and the app role's."""
    login = postgres.login("reporting")
    owner, app = login.owner_url(postgres.admin_url), login.app_url(postgres.admin_url)
    await upgrade("lotwise.reporting", owner, app.split("//")[1].split(":")[0])
    return owner, app


@pytest.fixture
async def db(reporting_urls: tuple[str, str]) -> AsyncIterator[Database]:
    """An empty reporting database."""
    import asyncpg

    owner = await asyncpg.connect(reporting_urls[0])
    await owner.execute(
        "truncate journal, journal_ref, sale_day, charge_day, cost_day, waste_day, level, purchase_order, site,"
        " product, category, supplier, owed_day, owed_home, membership_step, fee_run, free_line,"
        " inbox, outbox, dead_letter, idempotency, audit"
    )
    await owner.close()
    database = await Database.open(reporting_urls[1], connections_max=4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def reporting_bench(postgres: Any) -> AsyncIterator[Bench]:
    """Reporting over a fresh database; `local` is a manager of the site `harley` alone."""
    async with bench(SERVICE, postgres, {"local": who("manager", ["harley"])}) as found:
        yield found


@pytest.fixture
async def reporting(reporting_bench: Bench) -> Bench:
    """Reporting with nothing heard."""
    await reporting_bench.empty()
    await reporting_bench.owner.execute("insert into projection (id, live, last) values (1, 1, 1)")
    return reporting_bench


_sequence = iter(range(1, 10**9))


def said(event: Event, cause: "Message[Any] | None" = None) -> "Message[Any]":
    """An event as it comes from the bus."""
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "correlation_id": "story"}
    if cause is not None:
        headers["causation_id"] = str(cause.id)
    body = event.model_dump_json().encode()
    return Message(id=uuid7(), subject=event.subject(), body=body, headers=headers, sequence=next(_sequence))


def uid(number: int) -> UUID:
    """A small id that reads well."""
    return UUID(int=(7 << 76) | (2 << 62) | number)
