"""The group commit when the database fails, and what a stop leaves behind."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.sales.harness import Sales, fact

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.sales.operations import answers, recording
from lotwise.sales.operations.recording import Ready, Recorder
from lotwise.sales.repository.charges import load


async def test_a_broken_connection_is_an_answer_for_each_and_the_next_charge_succeeds(sales: Sales) -> None:
    """F2: with every connection cut, waiting charges hear 503 or are recorded; sent again, each is recorded once."""
    bodies = [fact() for _ in range(10)]
    calls = [asyncio.create_task(sales.call("POST", "/v1/charges", body, who="till")) for body in bodies]
    killer = await asyncpg.connect(sales.db.url)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND pid <> pg_backend_pid()"
    )
    await killer.close()
    statuses = {answer.status_code for answer in await asyncio.gather(*calls)}
    assert statuses <= {201, 503}
    for body in bodies:
        await sales.post("/v1/charges", body, who="till")
    assert len(await sales.told(SaleRecorded)) == 10
    await asyncio.sleep(1.5)
    assert (await sales.charge())["number"] == "harley-000011"


async def test_more_than_can_wait_is_put_off(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits: beyond the limit of waiting charges the answer is 503 with Retry-After, and nothing is kept of it."""
    before = await sales.state()
    monkeypatch.setattr(recording, "WAITING_MAX", 0)
    answer = await sales.call("POST", "/v1/charges", fact(), who="till")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "1")
    assert await sales.state() == before


async def test_a_stop_records_what_waits(sales: Sales) -> None:
    """DESIGN 6: a graceful stop finishes the charges that wait, then no longer records."""
    recorder = Recorder(sales.db, 500)
    recorder.start()
    sales.selling.recorder._last.clear()
    await sales.charge()
    (kept,) = await sales.owner.fetch("SELECT charge_id FROM charge")
    async with sales.db.reading() as tx:
        charge = (await load(tx, [kept["charge_id"]]))[kept["charge_id"]].charge
    waiting = asyncio.create_task(recorder.record([Ready(charge._replace(charge_id=uuid7()))]))
    await asyncio.sleep(0)
    await recorder.stop()
    (outcome,) = await waiting
    assert outcome.replayed is False  # type: ignore[union-attr]
    assert await sales.owner.fetchval("SELECT count(*) FROM charge") == 2


async def test_a_charge_that_the_database_refuses_fails_alone(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    """F7: when one charge of a group cannot be stored, the others of the group are recorded all the same."""
    real, poison = answers.recorded_event, uuid7()

    def event(charge: Any, till_id: UUID | None) -> bytes:
        """The event, one of them larger than the outbox takes."""
        return b"x" * 1_000_000 if charge.charge_id == poison else real(charge, till_id)

    monkeypatch.setattr(recording, "recorded_event", event)
    bodies = [fact(), fact(charge_id=str(poison)), fact()]
    found = await asyncio.gather(*(sales.call("POST", "/v1/charges", body, who="till") for body in bodies))
    assert [answer.status_code for answer in found] == [201, 422, 201]
    assert await sales.owner.fetchval("SELECT count(*) FROM charge") == 2
