"""The privacy canary over what leaves a process beside its answers: log lines, spans and metrics."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.security.services import DOORMAN

from lotwise.contracts.ids import uuid7
from lotwise.kit.migrate import upgrade
from lotwise.onebox.ports import free_ports

CANARY = {"name": "Zebedee Canary", "phone": "0555-31337", "email": "canary@example.test"}
WORDS = ("zebedee", "canary", "31337")


@dataclass
class Process:
    """A service that runs, what it wrote so far, and a client that may do everything."""

    process: subprocess.Popen[bytes]
    client: httpx.AsyncClient
    log: Path
    spans: Path


@pytest.fixture
async def sales(postgres: Any, tmp_path: Path) -> AsyncIterator[Process]:
    """Sales as a process of its own, traced to a file, the bus away and the log at its most talkative."""
    login = postgres.login("canary")
    await upgrade("lotwise.sales", login.owner_url(postgres.admin_url), login.app)
    cache, log, spans, port = tmp_path / "jwks.json", tmp_path / "log", tmp_path / "spans", free_ports(1)[0]
    cache.write_text(json.dumps(DOORMAN.jwks()))
    environment = {
        "SALES_DATABASE_URL": login.app_url(postgres.admin_url), "SALES_NATS_URL": "nats://127.0.0.1:9",
        "SALES_PORT": str(port), "SALES_JWKS_CACHE": str(cache), "SALES_STOCK_URL": "http://127.0.0.1:9",
        "SALES_LOG_LEVEL": "DEBUG", "SALES_TRACE_SAMPLE_RATIO": "1", "LOTWISE_TRACE_FILE": str(spans),
    }  # fmt: skip
    process = _started(environment, log)
    grants = [{"role": role, "sites": ["*"]} for role in ("owner", "importer")]
    headers = {"Authorization": f"Bearer {DOORMAN.token('owner', grants=grants)}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client:
        await _ready(client)
        yield Process(process, client, log, spans)
    process.kill()
    process.wait()


def _started(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Sales, with its log lines in a file."""
    with log.open("wb") as written:
        command = [sys.executable, "-m", "lotwise.sales"]
        return subprocess.Popen(command, env=os.environ | environment, stderr=written)


async def _ready(client: httpx.AsyncClient) -> None:
    """Wait until it answers."""
    async with asyncio.timeout(40):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.1)


async def test_a_name_leaves_in_answers_only(sales: Process) -> None:
    """WEB-09: a planted name, phone and e-mail, sent rightly and wrongly, occur 0 times in logs, spans and metrics."""
    made = await sales.client.post("/v1/members", json=CANARY, headers={"Idempotency-Key": str(uuid7())})
    assert made.status_code == 201, made.text
    assert made.json()["name"] == CANARY["name"]
    wrong: list[dict[str, Any]] = [
        {"method": "POST", "url": "/v1/members", "json": CANARY | {"name": ["Zebedee Canary"]}},
        {"method": "POST", "url": "/v1/members", "json": {"nickname": "Zebedee Canary"}},
        {"method": "POST", "url": "/v1/members", "content": b'{"name": "Zebedee Canary\\u0000"}'},
        {
            "method": "POST",
            "url": "/v1/charges",
            "json": {"site": "Zebedee Canary", "member_id": "canary@example.test"},
        },
        {"method": "GET", "url": "/v1/members", "params": {"search": "Zebedee"}},
        {"method": "GET", "url": "/v1/members", "params": {"after": "Zebedee Canary"}},
        {"method": "GET", "url": "/v1/members/Zebedee Canary"},
        {"method": "GET", "url": "/v1/Zebedee/Canary"},
        {"method": "GET", "url": f"/v1/members/{made.json()['member_id']}"},
    ]
    for asked in wrong:
        headers = {"Idempotency-Key": str(uuid7()), "Content-Type": "application/json"}
        assert (await sales.client.request(**asked, headers=headers)).status_code < 500
    metrics = (await sales.client.get("/metrics")).text
    sales.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(sales.process.wait, 30) == 0
    told = {"log": sales.log.read_text(), "spans": sales.spans.read_text(), "metrics": metrics}
    assert "POST /v1/members" in told["spans"]
    for where, text in told.items():
        assert not [word for word in WORDS if word in text.lower()], where
