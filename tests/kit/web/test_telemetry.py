"""Seeing it run: one trace from an HTTP request over the bus to whoever hears it, under the names that were agreed."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from pydantic import BaseModel
from tests.kit.conftest import PASSWORDS, sale
from tests.kit.web.doorman import Doorman
from tests.kit.web.shop import prepare

from lotwise.contracts.ids import uuid7
from lotwise.contracts.sales import SaleRecorded
from lotwise.contracts.stock import HoldBroken
from lotwise.kit import metrics, telemetry
from lotwise.kit.commands import Answer, Cmd
from lotwise.kit.database import Tx
from lotwise.kit.inbox import Message, Subscription
from lotwise.kit.outbox import Told, tell
from lotwise.kit.service import Service, create_app
from lotwise.kit.settings import ServiceSettings
from lotwise.kit.web import Router
from lotwise.onebox.servers import NatsServer

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "telemetry.json").read_text())
router = Router()


class Done(BaseModel):
    """It is done."""

    done: bool = True


@router.post("/sell", permission="charge.create")
async def sell(cmd: Cmd) -> Answer[Done]:
    """Say a sale."""
    async with cmd.transaction() as tx:
        await tell(tx, sale())
        return await cmd.answer(tx, Done())


async def on_sales(tx: Tx, messages: Sequence[Message[SaleRecorded]]) -> None:
    """Say something because of each sale."""
    for message in messages:
        broken = HoldBroken(site="harley", hold_id=uuid7(), product_id=uuid7(), quantity="1", reason="test")
        await tell(tx, Told(broken, cause=message))


def _sales() -> Service:
    return Service(name="sales", package="tests", settings=ServiceSettings, routers=(router,))


def _stock() -> Service:
    heard = Subscription(speaker="sales", handlers={SaleRecorded: on_sales})
    return Service(name="stock", package="tests", settings=ServiceSettings, subscriptions=(heard,))


async def _settings(postgres: Any, nats: NatsServer, name: str) -> ServiceSettings:
    owner, app = postgres.database(f"trace_{name}")
    await prepare(owner, app)
    return ServiceSettings(
        database_url=app, nats_url=nats.url, nats_user=name, nats_password=PASSWORDS[name], trace_sample_ratio=1
    )


async def _sold(
    postgres: Any, guarded_nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """The spans of one sale that was sold over HTTP, heard by stock and answered with an event of its own."""
    doorman = Doorman()
    monkeypatch.setenv(telemetry.TRACE_FILE, str(tmp_path / "spans.jsonl"))
    stock = create_app(_stock(), await _settings(postgres, guarded_nats, "stock"))
    sales = create_app(_sales(), await _settings(postgres, guarded_nats, "sales"))
    async with sales.router.lifespan_context(sales), stock.router.lifespan_context(stock):
        sales.state.runtime.verifier.load(doorman.jwks())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(sales), base_url="http://sales") as client:
            headers = doorman.bearer("owner", "*") | {"Idempotency-Key": str(uuid7())}
            answer = await client.post("/v1/sell", headers=headers)
            assert answer.status_code == 200, answer.text
        await _until_said(stock.state.runtime.db)
        scraped = metrics.exposition().decode()
    assert 'lotwise_messages_applied_total{consumer="stock-sales"} 1.0' in scraped
    assert 'lotwise_message_delay_seconds_count{consumer="stock-sales"} ' in scraped  # other tests count too
    lines = (tmp_path / "spans.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


async def _until_said(db: Any) -> None:
    async with asyncio.timeout(15):
        while True:
            async with db.reading() as tx:
                if await tx.fetchval("select count(*) from outbox where published_at is not null"):
                    return
            await asyncio.sleep(0.05)


async def test_one_trace_through_it_all(
    postgres: Any, guarded_nats: NatsServer, ops: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N-18: request → transaction → publish → process → publish is one trace, each below its cause.

    Every span has a name, a kind and attributes of docs/telemetry.json.
    """
    spans = await _sold(postgres, guarded_nats, tmp_path, monkeypatch)
    request = next(span for span in spans if span["kind"] == "SERVER")
    assert request["name"] == "POST /v1/sell"
    assert request["attributes"]["http.response.status_code"] == 200
    story = [span for span in spans if span["trace_id"] == request["trace_id"]]
    parents = {span["span_id"]: span for span in story}
    last: dict[str, Any] | None = next(span for span in story if span["name"] == "publish hold-broken")
    names = []
    while last is not None:
        names.append((last["name"], last["kind"]))
        last = parents.get(last["parent_id"])
    assert names == [
        ("publish hold-broken", "PRODUCER"),
        ("process sale-recorded", "CONSUMER"),
        ("publish sale-recorded", "PRODUCER"),
        ("db.transaction", "CLIENT"),
        ("POST /v1/sell", "SERVER"),
    ]
    for span in spans:
        known = [one for one in SCHEMA["spans"] if re.match(one["name"], span["name"]) and one["kind"] == span["kind"]]
        assert known, span
        assert set(span["attributes"]) <= set(known[0]["attributes"]), span


def test_metrics_keep_to_the_schema() -> None:
    """N-18: the metrics of a service are those of docs/telemetry.json, no more and no fewer, with these labels."""
    ours = {family.name: family for family in metrics.REGISTRY.collect() if family.name.startswith("lotwise_")}
    agreed = {one["name"]: one for one in SCHEMA["metrics"]}
    assert set(ours) == set(agreed)
    for name, family in ours.items():
        assert family.type == agreed[name]["type"], name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(agreed[name]["labels"]), name
