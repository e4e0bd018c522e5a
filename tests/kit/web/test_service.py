"""A service as a process: it answers, says whether it is ready, and leaves gracefully with its outbox said."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from nats.aio.client import Client
from tests.kit.conftest import PASSWORDS
from tests.kit.web.doorman import Doorman
from tests.kit.web.shop import body, prepare

from lotwise.contracts.ids import uuid7
from lotwise.kit.client import MachineToken, Refused, ServiceClient, Unreachable
from lotwise.kit.principal import Unauthenticated
from lotwise.kit.tokens import NoKeys, Verifier
from lotwise.onebox.ports import free_ports
from lotwise.onebox.servers import NatsServer

PROGRAM = textwrap.dedent("""
    from lotwise.kit.service import Service, run
    from lotwise.kit.settings import ServiceSettings
    from pydantic_settings import SettingsConfigDict
    from tests.kit.web.test_telemetry import router
    class Settings(ServiceSettings):
        model_config = SettingsConfigDict(env_prefix="SALES_")
    run(Service(name="sales", package="tests", settings=Settings, routers=(router,)))
""")


class Process:
    """A service in a process of its own, with a key cache instead of a door."""

    def __init__(self, url: str, nats: NatsServer, folder: Path, doorman: Doorman) -> None:
        self.port = free_ports(1)[0]
        cache = folder / "jwks.json"
        cache.write_text(json.dumps(doorman.jwks()))
        environment = {
            "SALES_DATABASE_URL": url, "SALES_NATS_URL": nats.url, "SALES_NATS_USER": "sales",
            "SALES_NATS_PASSWORD": PASSWORDS["sales"], "SALES_PORT": str(self.port), "SALES_JWKS_CACHE": str(cache),
            "SALES_JWKS_URL": "http://127.0.0.1:9/none",
        }  # fmt: skip
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], env=os.environ | environment, stderr=log, cwd=Path(__file__).parents[3]
            )
        self.address = f"http://127.0.0.1:{self.port}"

    def client(self, headers: dict[str, str]) -> httpx.AsyncClient:
        """A client that speaks to it."""
        return httpx.AsyncClient(base_url=self.address, headers=headers)

    def wait_until_ready(self) -> None:
        """Wait until it answers, at most 20 s."""
        for _ in range(200):
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise TimeoutError(self.log.read_text()[-2000:])


@pytest.fixture
async def process(postgres: Any, guarded_nats: NatsServer, ops: Client, tmp_path: Path, doorman: Doorman) -> Any:
    """A running service."""
    owner, app = postgres.database("process")
    await prepare(owner, app)
    process = Process(app, guarded_nats, tmp_path, doorman)
    process.url = app  # type: ignore[attr-defined]
    process.wait_until_ready()
    yield process
    process.process.kill()
    process.process.wait()


def test_a_start_that_fails_ends_with_its_own_status(
    postgres: Any, guarded_nats: NatsServer, tmp_path: Path, doorman: Doorman
) -> None:
    """DESIGN 6: given a database that is not there, when a service starts, then it ends with 3: no good end."""
    _, app = postgres.database("nobody")
    process = Process(f"{app}_gone", guarded_nats, tmp_path, doorman)
    assert process.process.wait(60) == 3


async def test_a_process_from_start_to_end(process: Any, doorman: Doorman) -> None:
    """DESIGN 5, 6: starts without the door, tells how it does, and leaves with its outbox said.

    The door is away: tokens are read with the keys kept on disk. Status and metrics agree. After SIGTERM what was
    accepted is on the bus, the process ends with 0, and every log line is JSON.
    """
    async with process.client(doorman.bearer("owner", "*")) as client:
        foreign = await client.get("/v1/ops/status", headers=Doorman(kid="x").bearer("owner", "*"))
        assert foreign.status_code == 401
        assert (await client.post("/v1/sell", headers={"Idempotency-Key": str(uuid7())})).status_code == 200
        status = await _said(client)
        assert (status["service"], status["bus_connected"], status["dead_letters"]) == ("sales", True, 0)
        text = (await client.get("/metrics")).text
        assert "lotwise_outbox_depth 0.0" in text
        assert "lotwise_outbox_published_total 1.0" in text
        assert 'lotwise_http_request_seconds_count{method="POST",route="/v1/sell",status="200"} 1.0' in text
        for _ in range(39):
            answer = await client.post("/v1/sell", headers={"Idempotency-Key": str(uuid7())})
            assert answer.status_code == 200
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(30) == 0
    connection = await asyncpg.connect(process.url)
    assert await connection.fetchval("select count(*) from outbox") == 40
    assert await connection.fetchval("select count(*) from outbox where published_at is null") == 0
    await connection.close()
    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    assert {"event", "level", "service", "timestamp"} <= set(lines[-1])


async def _said(client: httpx.AsyncClient) -> dict[str, Any]:
    """The status once the outbox is empty."""
    async with asyncio.timeout(20):
        while True:
            status: dict[str, Any] = (await client.get("/v1/ops/status")).json()
            if status["outbox_depth"] == 0:
                return status
            await asyncio.sleep(0.05)


async def test_not_ready_without_a_database(shop: FastAPI, client: httpx.AsyncClient) -> None:
    """DESIGN 6: readiness follows the database and not the bus: selling goes on while the bus is away."""
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (200, {"started": True, "database": True, "bus": False})
    whole, shop.state.runtime.db = shop.state.runtime.db, _Away()
    try:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/livez")).status_code == 200
        down = await client.post("/v1/things", json=body(), headers={"Idempotency-Key": "down"})
        assert (down.status_code, down.json()["code"]) == (503, "unavailable")
        assert down.headers["retry-after"] == "1"
    finally:
        shop.state.runtime.db = whole


class _Away:
    """A database that does not answer."""

    @property
    def pool(self) -> Any:
        """Nobody there."""
        raise ConnectionRefusedError

    def transaction(self) -> Any:
        """Nobody there."""
        raise ConnectionRefusedError

    reading = transaction


class _Door:
    """A door's HTTP face that counts how often it was asked."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer by path; what is not listed does not answer at all."""
        self.asked.append(f"{request.method} {request.url.path}")
        found = self.answers.get(request.url.path)
        if found is None:
            raise httpx.ConnectTimeout("silence", request=request)
        return found


async def test_client_between_services() -> None:
    """DESIGN 4: one token for many calls; another's no keeps its code; silence and 5xx are Unreachable."""
    token = httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 300})
    no = httpx.Response(409, json={"status": 409, "code": "not-enough-stock", "title": "No", "detail": "3 left"})
    door = _Door(
        {
            "/v1/tokens": token,
            "/v1/no": no,
            "/v1/ill": httpx.Response(500, text="x"),
            "/v1/yes": httpx.Response(200, json=[1]),
        }
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(door)) as http:
        client = ServiceClient("stock", "http://stock", http, MachineToken("http://door", "sales", "s"))
        assert await client.get("/v1/yes") == [1]
        with pytest.raises(Refused) as refused:
            await client.post("/v1/no", json={}, key="k")
        assert (refused.value.status, refused.value.code, refused.value.detail) == (409, "not-enough-stock", "3 left")
        for path in ("/v1/ill", "/v1/silent"):
            with pytest.raises(Unreachable):
                await client.get(path, timeout=0.2)
    assert door.asked.count("POST /v1/tokens") == 1


async def test_a_token_that_is_not_believed_is_renewed() -> None:
    """DESIGN 5: after the door has new keys, a call is sent once more with a new token; a person's token is not."""
    given = iter(("old", "new", "newer"))

    def answer(request: httpx.Request) -> httpx.Response:
        """Believe the new token only."""
        if request.url.path == "/v1/tokens":
            return httpx.Response(200, json={"access_token": next(given), "expires_in": 300})
        believed = request.headers["authorization"] == "Bearer new"
        return httpx.Response(200, json=1) if believed else httpx.Response(401, json={"status": 401, "code": "x"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = ServiceClient("stock", "http://stock", http, MachineToken("http://door", "sales", "s"))
        assert await client.get("/v1/yes") == 1
        with pytest.raises(Refused):
            await client.get("/v1/yes", token="a person's")
    assert next(given) == "newer"


async def test_key_set_is_fetched_for_an_unknown_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN 5: an unknown key makes a service ask the door, at most once in five seconds; it keeps the answer."""
    doorman = Doorman()
    door = _Door({"/v1/jwks": httpx.Response(200, json=doorman.jwks())})
    real = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **_given: real(transport=httpx.MockTransport(door)))
    verifier = Verifier("http://door/v1/jwks", tmp_path / "caches" / "jwks.json")
    assert (await verifier.admit(doorman.token("owner", "*"))).subject == "user:owner"
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verifier.admit(Doorman(kid=str(uuid7())).token("owner", "*"))
    assert door.asked == ["GET /v1/jwks"]
    again = Verifier("", tmp_path / "caches" / "jwks.json")
    again.load_cache()
    assert (await again.admit(doorman.token("owner", "*"))).subject == "user:owner"


async def test_without_any_key() -> None:
    """DESIGN 5: a fresh service that never reached the door answers 503, not 401: the token may be fine."""
    verifier = Verifier("http://127.0.0.1:9/v1/jwks")
    with pytest.raises(NoKeys):
        await verifier.admit(Doorman().token("owner", "*"))
    with pytest.raises(Unauthenticated):
        await verifier.admit("nonsense")


def test_log_lines() -> None:
    """DESIGN 6: a line is JSON with service, level and time; secrets are blanked, odd text does not break it.

    A failure shows its kinds and places, never its words, which may hold what a person entered.
    """
    program = textwrap.dedent("""
        import logging, structlog
        from lotwise.kit import logs
        logs.start("stock")
        structlog.get_logger("x").info("said", api_key="ck_1_2", password="p", odd="\\ud800", amount=3)
        logging.getLogger("library").warning("also %s", "this")
        try:
            raise KeyError("Jane Doe")
        except KeyError:
            structlog.get_logger("x").exception("failed")
    """)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True).stderr
    line, foreign, failed = (json.loads(row) for row in told.splitlines())
    assert (line["service"], line["level"], line["event"], line["amount"]) == ("stock", "info", "said", 3)
    assert (line["api_key"], line["password"], line["odd"]) == ("***", "***", "\ud800")
    assert failed["stack"] == ["KeyError", "  <string>:8 <module>"]
    assert b"Jane" not in told
    assert (foreign["service"], foreign["event"], foreign["logger"]) == ("stock", "also this", "library")
